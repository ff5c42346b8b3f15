"""A self-hosted ComfyUI: `/prompt`, `/history` and `/view`, by one workflow that is written here.

    (1) it is asked what it has loaded: no embedding, no node that did not come with it
    (2) the checkpoint and each LoRA are there, and their headers tell the digest that was allowed
    (3) the one call: the workflow, of its own nodes alone, filled from allow-listed fields
    (4) its history is read until it tells of an end, and has to tell of this very workflow
    (5) each picture is fetched, has to tell of it too, and is handed on without its texts

It computes no digests: what a file's header says is the word of whoever wrote the file.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from classifiers.container.parts import Note
from pipeline.engines.engine import Allowed
from pipeline.engines.pictures import handed_on
from pipeline.engines.wire import Wire
from pipeline.items import Begin, Json, Work, at_once
from pipeline.novelai.archive import Picture
from pipeline.novelai.client import Answer
from pipeline.novelai.errors import (
    UpstreamAbandonedError,
    UpstreamError,
    UpstreamMalformedError,
    UpstreamUnknownError,
    UpstreamUnreachableError,
)
from pipeline.novelai.request import Place
from pipeline.novelai.turns import Turns

SAMPLERS: Final = {
    "k_euler": "euler",
    "k_euler_ancestral": "euler_ancestral",
    "k_dpmpp_2m": "dpmpp_2m",
    "k_dpmpp_sde": "dpmpp_sde",
}
_POLL_SECONDS: Final = 0.25
_NETWORK: Final = re.compile(r"<lora:([^:<>]+):([0-9.]+)>")
_SHOWS: Final = "show"
"""The node that shows pictures."""
_CHECKPOINT_DIGEST: Final = "modelspec.hash_sha256"
_LORA_DIGEST: Final = "sshs_model_hash"


@dataclass(frozen=True, slots=True)
class ComfyUi:
    """One engine. It draws one request at a time, from text alone."""

    allowed: Allowed
    wire: Wire
    random: Callable[[int], bytes]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
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
        del images  # it takes none: `Allowed` refuses them
        async with self.turns.taken(tenant, is_job=is_job):
            started = perf_counter()
            digest, loras = self.allowed.wanted(tenant, work)
            await self._check_extras()  # (1)
            name = work.model.partition("/")[2]
            checkpoint = await self._file("checkpoints", name, _CHECKPOINT_DIGEST, digest)  # (2)
            files = {
                lora: await self._file("loras", lora, _LORA_DIGEST, known)
                for lora, known in loras.items()
            }
            seed = int.from_bytes(self.random(4), "big")
            flow = workflow(work, checkpoint, files, seed)
            if reason := await begin(""):
                raise UpstreamAbandonedError(reason)
            pictures = await self._drawn(work, flow)
            return Answer(pictures, self.allowed.name, perf_counter() - started)

    async def check(self) -> None:
        """Return if (1) and (2) hold for all that it may be asked for.

        Raises:
            UpstreamUnreachableError: they do not.
        """
        await self._check_extras()
        for name, digest in self.allowed.checkpoints.items():
            await self._file("checkpoints", name, _CHECKPOINT_DIGEST, digest)
        for name, digest in self.allowed.registered().items():
            await self._file("loras", name, _LORA_DIGEST, digest)

    async def _check_extras(self) -> None:
        """Return if there are no embeddings, and no nodes of others: these may rewrite a prompt."""
        embeddings = await self.wire.ask("/embeddings")
        nodes = await self.wire.ask("/object_info")
        if embeddings != [] or not isinstance(nodes, dict) or any(map(_is_foreign, nodes.values())):
            message = "engine: embeddings or nodes are there that nobody allowed"
            raise UpstreamUnreachableError(message)

    async def _file(self, folder: str, name: str, key: str, digest: str) -> str:
        """Give the one file of a name, whose header tells its digest.

        Raises:
            UpstreamUnreachableError: there is none, or more than one.
        """
        there = await self.wire.ask(f"/models/{folder}")
        files = [str(each) for each in there] if isinstance(there, list) else []
        found = [each for each in files if each == f"{name}.safetensors"]
        if len(found) == 1:
            told = await self.wire.ask(f"/view_metadata/{folder}", filename=found[0])
            said = told.get(key) if isinstance(told, dict) else None
            if isinstance(said, str) and said.lower().removeprefix("0x") == digest:
                return found[0]
        message = f"engine: it has no {folder} of the digest on the list"
        raise UpstreamUnreachableError(message)

    async def _drawn(self, work: Work, flow: Mapping[str, Json]) -> tuple[Picture, ...]:
        """Ask once, and wait for the end; nobody may ask again from here on."""
        said = await self.wire.generate("/prompt", {"prompt": {**flow}})  # (3)
        known_as = said.get("prompt_id") if isinstance(said, dict) else None
        if not isinstance(known_as, str) or not known_as.replace("-", "").isalnum():
            raise UpstreamMalformedError("answer: expected the id of what it draws")
        try:
            async with asyncio.timeout(self.wire.generation_seconds):
                shown = _shown(work, flow, await self._end(known_as))  # (4)
                fetched = [await self._fetched(each) for each in shown]
        except TimeoutError:
            message = "answer: no end was told in time"
        else:
            return tuple(
                handed_on(index, data, lambda note: _tells_of(note, flow))  # (5)
                for index, data in enumerate(fetched)
            )
        raise UpstreamUnknownError(message)

    async def _end(self, known_as: str) -> Json:
        """Read the history until it tells of an end; a question that fails is asked again."""
        while True:
            try:
                told = await self.wire.ask(f"/history/{known_as}")
            except UpstreamUnreachableError:
                told = None  # it is drawing all the same
            if isinstance(told, dict) and known_as in told:
                return told[known_as]
            await self.sleep(_POLL_SECONDS)

    async def _fetched(self, image: Mapping[str, str]) -> bytes:
        try:
            return await self.wire.fetch("/view", self.wire.generation_seconds, **image)
        except UpstreamError:
            message = "answer: a picture that it tells of cannot be had"
        raise UpstreamMalformedError(message)


def workflow(
    work: Work, checkpoint: str, loras: Mapping[str, str], seed: int
) -> Mapping[str, Json]:
    """Write the workflow: nodes that come with the engine, and every value named here."""
    given = work.body["parameters"]
    if not isinstance(given, dict):
        raise TypeError("work: expected parameters")  # a bug: `parse` wrote it
    text, negative = str(work.body["input"]), str(given["negative_prompt"])
    nodes: dict[str, Json] = {"load": _node("CheckpointLoaderSimple", ckpt_name=checkpoint)}
    model, clip, last = "load", "load", 0
    for last, match in enumerate(_NETWORK.finditer(text), start=1):
        strength = float(match[2])
        nodes[f"lora{last}"] = _node(
            "LoraLoader",
            model=[model, 0],
            clip=[clip, 1],
            lora_name=loras[match[1]],
            strength_model=strength,
            strength_clip=strength,
        )
        model = clip = f"lora{last}"
    return nodes | {
        "wanted": _node("CLIPTextEncode", clip=[clip, 1], text=_NETWORK.sub("", text)),
        "unwanted": _node("CLIPTextEncode", clip=[clip, 1], text=_NETWORK.sub("", negative)),
        "empty": _node(
            "EmptyLatentImage", width=work.width, height=work.height, batch_size=work.samples
        ),
        "draw": _node(
            "KSampler",
            model=[model, 0],
            positive=["wanted", 0],
            negative=["unwanted", 0],
            latent_image=["empty", 0],
            seed=given.get("seed", seed),
            steps=given["steps"],
            cfg=given["scale"],
            sampler_name=SAMPLERS[str(given["sampler"])],
            scheduler="normal",
            denoise=1.0,
        ),
        "decode": _node("VAEDecode", samples=["draw", 0], vae=["load", 2]),
        _SHOWS: _node("PreviewImage", images=["decode", 0]),
    }


def _node(kind: str, **inputs: Json) -> Json:
    return {"class_type": kind, "inputs": inputs}


def _is_foreign(node: Json) -> bool:
    """Whether a node did not come with the engine, or nobody can tell."""
    module = node.get("python_module") if isinstance(node, dict) else None
    return not isinstance(module, str) or module.startswith("custom_nodes")


def _shown(work: Work, flow: Mapping[str, Json], told: Json) -> Sequence[Mapping[str, str]]:
    """Give where the pictures of an end lie, which MUST be that of this very workflow.

    Raises:
        UpstreamMalformedError: it is not, or there are more or fewer.
    """
    match told:
        case {
            "prompt": [_, _, dict(ran), *_],
            "status": {"status_str": "success"},
            "outputs": dict(outputs),
        } if ran == flow and outputs.keys() == {_SHOWS}:
            shown = outputs[_SHOWS]
        case _:
            raise UpstreamMalformedError("answer: it tells of another request, or of a failure")
    images = shown.get("images") if isinstance(shown, dict) else None
    if not isinstance(images, list) or len(images) != work.samples:
        message = f"answer: expected {work.samples} pictures"
        raise UpstreamMalformedError(message)
    places = [each if isinstance(each, dict) else {} for each in images]
    return [
        {key: str(place.get(key, "")) for key in ("filename", "subfolder", "type")}
        for place in places
    ]


def _tells_of(note: Note, flow: Mapping[str, Json]) -> bool:
    """Whether what a picture says of itself is the workflow that was sent."""
    try:
        return note.key == "prompt" and json.loads(note.text) == flow
    except (ValueError, RecursionError):
        return False
