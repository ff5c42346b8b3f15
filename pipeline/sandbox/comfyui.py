"""A stand-in for a self-hosted ComfyUI, from its server's routes.

It queues a workflow, tells its history and shows its pictures, with the workflow in the text that
the engine writes into each. It runs the nodes that a plain workflow from text needs, and draws the
same harmless scenes as the other sandboxes.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from pipeline.sandbox.engine import Engine, EngineFault, picture

_NODES = {
    "CheckpointLoaderSimple": {"ckpt_name"},
    "LoraLoader": {"model", "clip", "lora_name", "strength_model", "strength_clip"},
    "CLIPTextEncode": {"clip", "text"},
    "EmptyLatentImage": {"width", "height", "batch_size"},
    "KSampler": {"model", "positive", "negative", "latent_image", "seed", "steps", "cfg"}
    | {"sampler_name", "scheduler", "denoise"},
    "VAEDecode": {"samples", "vae"},
    "PreviewImage": {"images"},
}
"""The nodes that come with it, as far as they are here, and their inputs."""
Flow = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class ComfyUiSandbox(Engine):
    """One engine; its `extensions` are nodes of others."""

    _queued: int = 0
    _history: dict[str, Any] = field(default_factory=dict[str, Any])
    _pictures: dict[str, bytes] = field(default_factory=dict[str, bytes])

    async def embeddings(self, _request: Request) -> Response:
        """Tell of textual inversion."""
        return JSONResponse(self.loaded.embeddings)

    async def nodes(self, _request: Request) -> Response:
        """Tell of every kind of node, and where it came from."""
        own = {name: {"name": name, "python_module": "nodes"} for name in _NODES}
        others = {
            name: {"name": name, "python_module": f"custom_nodes.{name}"}
            for name in self.loaded.extensions
        }
        return JSONResponse(own | others)

    async def models(self, request: Request) -> Response:
        """Tell of the files of a folder."""
        return JSONResponse([f"{each}.safetensors" for each in self._folder(request)])

    async def metadata(self, request: Request) -> Response:
        """Tell what the header of a file says."""
        name = request.query_params["filename"].removesuffix(".safetensors")
        digest = self._folder(request).get(name)
        if digest is None:
            return Response(status_code=404)
        return JSONResponse({"modelspec.hash_sha256": f"0x{digest}", "sshs_model_hash": digest})

    def _folder(self, request: Request) -> Mapping[str, str]:
        folders = {"checkpoints": self.loaded.checkpoints, "loras": self.loaded.loras}
        return folders.get(request.path_params["folder"], {})

    async def prompt(self, request: Request) -> Response:
        """Queue a workflow."""
        flow: Flow = json.loads(await request.body())["prompt"]
        fault = self.came(flow)
        if fault is EngineFault.HTML:
            return HTMLResponse("<html><title>502 Bad Gateway</title></html>")
        if fault is EngineFault.BROKEN:
            return Response("500 Internal Server Error", 500)
        if problem := self._problem(flow):
            return JSONResponse({"error": {"message": problem}, "node_errors": {}}, 400)
        self._queued += 1
        known_as = f"prompt-{self._queued}"
        if fault is not EngineFault.SLOW:
            await asyncio.to_thread(self._draw, known_as, flow, fault)
        return JSONResponse({"prompt_id": known_as, "number": self._queued, "node_errors": {}})

    def _problem(self, flow: Flow) -> str:
        for node in flow.values():
            known = _NODES.get(node["class_type"])
            if known is None or known != node["inputs"].keys():
                return f"not in this sandbox: {node['class_type']}"
        files = {f"{each}.safetensors" for each in (*self.loaded.checkpoints, *self.loaded.loras)}
        named = {
            node["inputs"][key]
            for node in flow.values()
            for key in ("ckpt_name", "lora_name")
            if key in node["inputs"]
        }
        return "Value not in list" if named - files else ""

    def _draw(self, known_as: str, flow: Flow, fault: EngineFault | None) -> None:
        kinds = {node["class_type"]: node["inputs"] for node in flow.values()}
        size, seed = kinds["EmptyLatentImage"], kinds["KSampler"]["seed"]
        side = size["width"] + (64 if fault is EngineFault.WRONG_SIZE else 0)
        others = _others(flow, "unknown")
        written = others if fault is EngineFault.RELABELLED else flow
        texts, images = {"prompt": json.dumps(written)}, list[dict[str, str]]()
        for index in range(size["batch_size"]):
            name = f"{known_as}_{index}.png"
            drawn = picture(seed + index, (side, size["height"]), texts)
            cut = len(drawn) // 2 if fault is EngineFault.CORRUPT else len(drawn)
            self._pictures[name] = drawn[:cut]
            images.append({"filename": name, "subfolder": "", "type": "temp"})
        changed = {EngineFault.ANOTHERS, EngineFault.OTHER_MODEL}
        ran = others if fault in changed else flow
        shows = next(key for key, node in flow.items() if node["class_type"] == "PreviewImage")
        outputs = {} if fault is EngineFault.NONE else {shows: {"images": images}}
        self._history[known_as] = {
            "prompt": [1, known_as, ran, {}, [shows]],
            "outputs": outputs,
            "status": {"status_str": "success", "completed": True, "messages": []},
        }

    async def history(self, request: Request) -> Response:
        """Tell of a workflow's end; of one that is not at its end, nothing."""
        known_as = request.path_params["prompt_id"]
        found = self._history.get(known_as)
        return JSONResponse({} if found is None else {known_as: found})

    async def view(self, request: Request) -> Response:
        """Show a picture."""
        found = self._pictures.get(request.query_params["filename"])
        return Response(status_code=404) if found is None else Response(found, 200, {}, "image/png")


def create(sandbox: ComfyUiSandbox) -> FastAPI:
    """Return the engine as an ASGI application."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    routes: Sequence[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = (
        ("GET", "/embeddings", sandbox.embeddings),
        ("GET", "/object_info", sandbox.nodes),
        ("GET", "/models/{folder}", sandbox.models),
        ("GET", "/view_metadata/{folder}", sandbox.metadata),
        ("POST", "/prompt", sandbox.prompt),
        ("GET", "/history/{prompt_id}", sandbox.history),
        ("GET", "/view", sandbox.view),
        ("POST", "/sandbox/faults", sandbox.arm),
        ("GET", "/sandbox/calls", sandbox.told),
    )
    for method, path, endpoint in routes:
        app.add_api_route(path, endpoint, methods=[method])
    return app


def _others(flow: Flow, text: str) -> Flow:
    """The workflow with another text: what somebody else asked for."""
    return {
        name: {**node, "inputs": {**node["inputs"], "text": text}}
        if node["class_type"] == "CLIPTextEncode"
        else node
        for name, node in flow.items()
    }
