"""A stand-in for a self-hosted Stable Diffusion WebUI, from its API's specification.

It answers what `/docs` of such an engine says of `/sdapi/v1`: what is loaded, text to picture,
picture to picture, with the `info` and the `parameters` text that the engine writes. It draws the
same harmless scenes as the other sandbox, and fails as it is told by `POST /sandbox/faults`.
"""

import asyncio
import base64
import io
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fastapi import FastAPI
from PIL import Image, UnidentifiedImageError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from pipeline.sandbox.engine import Engine, EngineFault, picture

_SAMPLERS = frozenset({"Euler", "Euler a", "DPM++ 2M", "DPM++ SDE"})
_KNOWN = frozenset(
    {"prompt", "negative_prompt", "width", "height", "batch_size", "n_iter", "steps", "cfg_scale"}
    | {"sampler_name", "seed", "override_settings", "override_settings_restore_afterwards"}
    | {"do_not_save_samples", "do_not_save_grid", "send_images", "save_images"}
    | {"init_images", "denoising_strength"}
)
"""The fields of the specification that this sandbox takes; the engine has more."""


@dataclass(slots=True)
class WebUiSandbox(Engine):
    """One engine."""

    async def embeddings(self, _request: Request) -> Response:
        """Tell of textual inversion: each name acts wherever it stands in a prompt."""
        shape = {"step": 1, "sd_checkpoint": None, "shape": 768, "vectors": 1}
        return JSONResponse({"loaded": dict.fromkeys(self.loaded.embeddings, shape), "skipped": {}})

    async def extensions(self, _request: Request) -> Response:
        """Tell of extensions that did not come with the engine."""
        about = {"remote": "https://example.org", "branch": "main", "commit_hash": "0"}
        rest = {"version": "0", "commit_date": 0, "enabled": True}
        return JSONResponse([{"name": each, **about, **rest} for each in self.loaded.extensions])

    async def models(self, _request: Request) -> Response:
        """Tell of checkpoints."""
        return JSONResponse(
            [
                {
                    "title": _title(name, digest),
                    "model_name": name,
                    "hash": digest[:10],
                    "sha256": digest,
                    "filename": f"/models/{name}.safetensors",
                    "config": None,
                }
                for name, digest in self.loaded.checkpoints.items()
            ]
        )

    async def loras(self, _request: Request) -> Response:
        """Tell of networks."""
        return JSONResponse(
            [
                {
                    "name": name,
                    "alias": name,
                    "path": f"/loras/{name}.safetensors",
                    "metadata": {"sshs_model_hash": digest},
                }
                for name, digest in self.loaded.loras.items()
            ]
        )

    async def draw(self, request: Request) -> Response:
        """Draw, from text or from a picture too."""
        asked: dict[str, Any] = json.loads(await request.body())
        fault = self.came(asked)
        if fault is EngineFault.SLOW:
            await asyncio.sleep(30)
        if fault is EngineFault.HTML:
            return HTMLResponse("<html><title>502 Bad Gateway</title></html>")
        if fault is EngineFault.BROKEN:
            return _error(500, "OutOfMemoryError")
        if problem := self._problem(asked, starts=request.url.path.endswith("img2img")):
            return problem
        return JSONResponse(await asyncio.to_thread(self._drawn, asked, fault))

    def _problem(self, asked: Mapping[str, Any], *, starts: bool) -> Response | None:
        if unknown := asked.keys() - _KNOWN:
            return _error(422, f"not in this sandbox: {sorted(unknown)}")
        if asked["sampler_name"] not in _SAMPLERS:
            return _error(404, "Sampler not found")
        if self._checkpoint(asked) is None:
            return _error(500, "RuntimeError")
        if not starts:
            return None
        try:
            for each in asked.get("init_images") or [""]:
                Image.open(io.BytesIO(base64.b64decode(each))).load()
        except (UnidentifiedImageError, OSError, ValueError):
            return _error(500, "Invalid encoded image")
        return None

    def _checkpoint(self, asked: Mapping[str, Any]) -> tuple[str, str] | None:
        wanted = asked["override_settings"]["sd_model_checkpoint"]
        found = ((n, d) for n, d in self.loaded.checkpoints.items() if _title(n, d) == wanted)
        return next(found, None)

    def _drawn(self, asked: Mapping[str, Any], fault: EngineFault | None) -> dict[str, Any]:
        if fault is EngineFault.ANOTHERS:
            asked = {**asked, "prompt": "what somebody else asked for"}
        samples, width, height = asked["batch_size"], asked["width"], asked["height"]
        first = asked["seed"] if asked["seed"] >= 0 else len(self.calls)
        seeds = [first + each for each in range(samples)]
        name, digest = self._checkpoint(asked) or ("", "")
        if fault is EngineFault.OTHER_MODEL:
            name, digest = "other", sha256(b"another checkpoint").hexdigest()
        texts = [self._infotext(asked, seed, name, digest) for seed in seeds]
        side = width + 64 if fault is EngineFault.WRONG_SIZE else width
        written = (
            ["another prompt\nSteps: 1" for _ in seeds]
            if fault is EngineFault.RELABELLED
            else texts
        )
        pictures = [
            picture(seed, (side, height), {"parameters": text})
            for seed, text in zip(seeds, written, strict=True)
        ]
        if fault is EngineFault.CORRUPT:
            pictures = [each[: len(each) // 2] for each in pictures]
        images = [base64.b64encode(each).decode("ascii") for each in pictures]
        info = {
            "prompt": asked["prompt"],
            "all_prompts": [asked["prompt"]] * samples,
            "negative_prompt": asked["negative_prompt"],
            "all_negative_prompts": [asked["negative_prompt"]] * samples,
            "seed": first,
            "all_seeds": seeds,
            "width": width,
            "height": height,
            "sampler_name": asked["sampler_name"],
            "cfg_scale": asked["cfg_scale"],
            "steps": asked["steps"],
            "batch_size": samples,
            "sd_model_name": name,
            "sd_model_hash": digest[:10],
            "infotexts": texts,
        }
        shown = [] if fault is EngineFault.NONE else images
        return {"images": shown, "parameters": dict(asked), "info": json.dumps(info)}

    def _infotext(self, asked: Mapping[str, Any], seed: int, name: str, digest: str) -> str:
        used = [
            f"{lora}: {known[:12]}"
            for lora, known in self.loaded.loras.items()
            if f"<lora:{lora}:" in asked["prompt"]
        ]
        hashes = f', Lora hashes: "{", ".join(used)}"' if used else ""
        return (
            f"{asked['prompt']}\nNegative prompt: {asked['negative_prompt']}\n"
            f"Steps: {asked['steps']}, Sampler: {asked['sampler_name']}, "
            f"CFG scale: {asked['cfg_scale']}, Seed: {seed}, "
            f"Size: {asked['width']}x{asked['height']}, "
            f"Model hash: {digest[:10]}, Model: {name}{hashes}, Version: v1.10.1"
        )


def create(sandbox: WebUiSandbox) -> FastAPI:
    """Return the engine as an ASGI application."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    routes: Sequence[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = (
        ("GET", "/sdapi/v1/embeddings", sandbox.embeddings),
        ("GET", "/sdapi/v1/extensions", sandbox.extensions),
        ("GET", "/sdapi/v1/sd-models", sandbox.models),
        ("GET", "/sdapi/v1/loras", sandbox.loras),
        ("POST", "/sdapi/v1/txt2img", sandbox.draw),
        ("POST", "/sdapi/v1/img2img", sandbox.draw),
        ("POST", "/sandbox/faults", sandbox.arm),
        ("GET", "/sandbox/calls", sandbox.told),
    )
    for method, path, endpoint in routes:
        app.add_api_route(path, endpoint, methods=[method])
    return app


def _title(name: str, digest: str) -> str:
    return f"{name}.safetensors [{digest[:10]}]"


def _error(status: int, kind: str) -> Response:
    """An error in the engine's form."""
    said = {"error": kind, "detail": kind, "body": "", "errors": kind}
    return JSONResponse(said, status)
