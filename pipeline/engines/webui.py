"""A self-hosted Stable Diffusion WebUI: `/sdapi/v1/txt2img` and `/sdapi/v1/img2img`.

    (1) it is asked what it has loaded: nothing may be there that rewrites prompts unseen
    (2) the checkpoint and each LoRA are there with the digest that was allowed
    (3) the one call, written from allow-listed fields alone
    (4) what it says that it drew is compared with what was approved, sample by sample
    (5) each picture is handed on without its texts, which (4) has compared

Digests are those that the engine tells of its own files: its host is the operator's.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from pipeline.engines.engine import Allowed
from pipeline.engines.pictures import handed_on
from pipeline.engines.wire import Wire
from pipeline.items import Begin, Json, Work, at_once
from pipeline.novelai.archive import Picture
from pipeline.novelai.client import Answer
from pipeline.novelai.errors import (
    UpstreamAbandonedError,
    UpstreamMalformedError,
    UpstreamUnreachableError,
)
from pipeline.novelai.request import SOURCE, Place
from pipeline.novelai.turns import Turns

SAMPLERS: Final = {
    "k_euler": "Euler",
    "k_euler_ancestral": "Euler a",
    "k_dpmpp_2m": "DPM++ 2M",
    "k_dpmpp_sde": "DPM++ SDE",
}
_SHORT, _SHORT_LORA = 10, 12
"""How many hexadecimal digits of a digest it tells of a checkpoint, and of a LoRA."""


@dataclass(frozen=True, slots=True)
class WebUi:
    """One engine. It draws one request at a time."""

    allowed: Allowed
    wire: Wire
    turns: Turns = field(default_factory=lambda: Turns(1))

    async def generate(
        self,
        work: Work,
        images: Mapping[Place, bytes],
        begin: Begin = at_once,
        tenant: str = "",
        *,
        is_job: bool = False,
    ) -> Answer:
        """Give the pictures of `work`.

        Raises:
            UpstreamError: which kind says whether anything was sent.
        """
        async with self.turns.taken(tenant, is_job=is_job):
            started = perf_counter()
            digest, loras = self.allowed.wanted(tenant, work)
            await self._check_extras()  # (1)
            title = await self._title(digest)  # (2)
            await self._check_loras(loras)
            if reason := await begin(""):
                raise UpstreamAbandonedError(reason)
            path, body = _asked(work, images, title)
            said = await self.wire.generate(path, body)  # (3)
            pictures = await asyncio.to_thread(_came, work, said, digest, loras)  # (4), (5)
            return Answer(pictures, self.allowed.name, perf_counter() - started)

    async def check(self) -> None:
        """Return if (1) and (2) hold for all that it may be asked for.

        Raises:
            UpstreamUnreachableError: they do not.
        """
        await self._check_extras()
        for digest in self.allowed.checkpoints.values():
            await self._title(digest)
        await self._check_loras(self.allowed.registered())

    async def _check_extras(self) -> None:
        """Return if neither embeddings nor extensions are there: both act on words in prompts."""
        embeddings = await self.wire.ask("/sdapi/v1/embeddings")
        extensions = await self.wire.ask("/sdapi/v1/extensions")
        loaded = embeddings.get("loaded") if isinstance(embeddings, dict) else None
        if loaded != {} or not isinstance(extensions, list) or any(map(_is_enabled, extensions)):
            message = "engine: embeddings or extensions are on that nobody allowed"
            raise UpstreamUnreachableError(message)

    async def _title(self, digest: str) -> str:
        """Give the engine's own name of a checkpoint.

        Raises:
            UpstreamUnreachableError: it has none of this digest.
        """
        for each in _objects(await self.wire.ask("/sdapi/v1/sd-models")):
            if each.get("sha256") == digest and isinstance(each.get("title"), str):
                return str(each["title"])
        raise UpstreamUnreachableError("engine: it has no checkpoint of the digest on the list")

    async def _check_loras(self, wanted: Mapping[str, str]) -> None:
        """Return if each LoRA is there under its name, with its digest, and no other so called."""
        if not wanted:
            return
        there = _objects(await self.wire.ask("/sdapi/v1/loras"))
        for name, digest in wanted.items():
            found = [each for each in there if name in (each.get("name"), each.get("alias"))]
            metadata = found[0].get("metadata") if len(found) == 1 else None
            told = metadata.get("sshs_model_hash") if isinstance(metadata, dict) else None
            if told != digest:
                raise UpstreamUnreachableError("engine: it has no LoRA of the digest on the list")


def _asked(work: Work, images: Mapping[Place, bytes], title: str) -> tuple[str, Mapping[str, Json]]:
    """Give the route and the body: every field named here, whatever the client sent."""
    given = work.body["parameters"]
    if not isinstance(given, dict):
        raise TypeError("work: expected parameters")  # a bug: `parse` wrote it
    body: dict[str, Json] = {
        "prompt": work.body["input"],
        "negative_prompt": given["negative_prompt"],
        "width": work.width,
        "height": work.height,
        "batch_size": work.samples,
        "n_iter": 1,
        "steps": given["steps"],
        "cfg_scale": given["scale"],
        "sampler_name": SAMPLERS[str(given["sampler"])],
        "seed": given.get("seed", -1),
        "override_settings": {"sd_model_checkpoint": title},
        "override_settings_restore_afterwards": False,
        "do_not_save_samples": True,
        "do_not_save_grid": True,
        "send_images": True,
        "save_images": False,
    }
    if not work.images:
        return "/sdapi/v1/txt2img", body
    body["init_images"] = [base64.b64encode(images[SOURCE, 0]).decode("ascii")]
    body["denoising_strength"] = given["strength"]
    return "/sdapi/v1/img2img", body


def _came(work: Work, said: Json, digest: str, loras: Mapping[str, str]) -> tuple[Picture, ...]:
    """Give the pictures of an answer that tells of exactly what was approved.

    Raises:
        UpstreamMalformedError: it does not.
    """
    images, info = _parts(said)
    if len(images) != work.samples:
        message = f"answer: expected {work.samples} pictures, got {len(images)}"
        raise UpstreamMalformedError(message)
    if not _tells_of(work, info, digest, loras):
        raise UpstreamMalformedError("answer: it tells of another request")
    texts = info["infotexts"]
    told = texts if isinstance(texts, list) else []
    return tuple(
        _picture(index, *each) for index, each in enumerate(zip(images, told, strict=True))
    )


def _parts(said: Json) -> tuple[Sequence[Json], Mapping[str, Json]]:
    """Give the pictures of an answer, and its info, which is JSON in JSON."""
    images = said.get("images") if isinstance(said, dict) else None
    told = said.get("info") if isinstance(said, dict) else None
    try:
        info: Json = json.loads(str(told))
    except (ValueError, RecursionError):
        info = None
    if not isinstance(images, list) or not isinstance(info, dict):
        raise UpstreamMalformedError("answer: expected pictures and their info")
    return images, info


def _tells_of(work: Work, info: Mapping[str, Json], digest: str, loras: Mapping[str, str]) -> bool:
    """Whether every sample was drawn from the texts, the size, the seed and the files approved."""
    given = work.body["parameters"]
    seed = given.get("seed") if isinstance(given, dict) else None
    negative = given.get("negative_prompt") if isinstance(given, dict) else None
    seeds, texts = info.get("all_seeds"), info.get("infotexts")
    return (
        _are_all(info.get("all_prompts"), work.body["input"], work.samples)
        and _are_all(info.get("all_negative_prompts"), negative, work.samples)
        and isinstance(seeds, list)
        and len(seeds) == work.samples
        and (seed is None or seeds == [*range(int(str(seed)), int(str(seed)) + work.samples)])
        and isinstance(texts, list)
        and len(texts) == work.samples
        and (info.get("width"), info.get("height")) == (work.width, work.height)
        and info.get("sd_model_hash") == digest[:_SHORT]
        and all(_names(each, loras) for each in texts)
    )


def _names(infotext: object, loras: Mapping[str, str]) -> bool:
    """Whether the text of a sample names each LoRA with its digest."""
    if not isinstance(infotext, str):
        return False
    return all(f"{name}: {digest[:_SHORT_LORA]}" in infotext for name, digest in loras.items())


def _are_all(told: object, text: Json, samples: int) -> bool:
    return isinstance(told, list) and [_plain(each) for each in told] == [_plain(text)] * samples


def _plain(text: object) -> str:
    return " ".join(str(text).split())


def _picture(index: int, encoded: Json, infotext: Json) -> Picture:
    """Give one picture; what it says of itself MUST be what its info says.

    Raises:
        UpstreamMalformedError: it is none, or of another request.
    """
    try:
        data = base64.b64decode(str(encoded), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    return handed_on(index, data, lambda note: _plain(note.text) == _plain(infotext))


def _objects(said: object) -> Sequence[Mapping[str, Json]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def _is_enabled(extension: object) -> bool:
    """Whether an extension that did not come with the engine is on, or nobody can tell."""
    return not (isinstance(extension, dict) and extension.get("enabled") is False)
