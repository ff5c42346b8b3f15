"""Every route that gives a picture gives it through one door, behind which it is marked."""

import ast
import base64
import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from pipeline.marking.xmp import PACKET
from tests.unit.pipeline.streams import read_msgpack, read_sse
from tests.unit.pipeline.world import World, body, open_world, tool, upscaling

HOUSE = Path(__file__).parents[2] / "pipeline"
GIVES = {"binary/octet-stream", "text/event-stream", "image/png"}
"""As what pictures leave; an encoding is none, and `application/json` says nothing by itself."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    """A whole house for one test."""
    async with open_world(tmp_path) as opened:
        yield opened


def zipped(answer: httpx.Response) -> list[bytes]:
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    return [archive.read(name) for name in archive.namelist()]


def inline(answer: httpx.Response) -> list[bytes]:
    return [base64.b64decode(each["image"]) for each in answer.json()["images"]]


def streamed(answer: httpx.Response) -> list[bytes]:
    return [each["image"] for each in read_sse(answer.content)]


def packed(answer: httpx.Response) -> list[bytes]:
    return [each["image"] for each in read_msgpack(answer.content)]


def alone(answer: httpx.Response) -> list[bytes]:
    return [answer.content]


JSON = "application/json"
IMAGE = "/v1/generations/{generation}/images/{index}"
ROUTES: dict[tuple[str, str], tuple[dict[str, object], Callable[[httpx.Response], list[bytes]]]] = {
    ("/ai/generate-image", "*/*"): (body(), zipped),
    ("/ai/generate-image", JSON): (body(), inline),
    ("/ai/generate-image-stream", "sse"): (body(stream="sse"), streamed),
    ("/ai/generate-image-stream", "msgpack"): (body(stream="msgpack"), packed),
    ("/ai/augment-image", "*/*"): (tool(), zipped),
    ("/ai/augment-image", JSON): (tool(), inline),
    ("/ai/upscale", "*/*"): (upscaling(), zipped),
    ("/ai/upscale", JSON): (upscaling(), inline),
    (IMAGE, "*/*"): (body(), alone),
}


@pytest.mark.parametrize(("path", "accept"), ROUTES)
async def test_every_picture_that_leaves_is_marked(house: World, path: str, accept: str) -> None:
    """Art. 50(2) of the AI Act knows no route by which one may leave unmarked."""
    sent, read = ROUTES[path, accept]
    async with house.client() as client:
        if path == IMAGE:
            made = await client.post("/v1/generations", json=sent)
            answer = await client.get(made.json()["images"][0]["url"])
        else:
            answer = await client.post(path, json=sent, headers={"Accept": accept})

    assert answer.status_code == 200, answer.text
    pictures = read(answer)
    assert pictures
    assert all(picture.count(PACKET) == 1 for picture in pictures)


def test_every_route_that_gives_pictures_is_tried_above() -> None:
    """A new one fails here, until somebody has looked at what it gives."""
    paths = json.loads((HOUSE.parent / "docs" / "openapi.json").read_text())["paths"]
    giving = {
        path
        for path, methods in paths.items()
        for operation in methods.values()
        if GIVES & operation["responses"].get("200", {}).get("content", {}).keys()
    }

    assert giving - {"/v1/generations/{generation}/events"} == {path for path, _ in ROUTES}


def test_nobody_else_opens_what_is_sealed() -> None:
    """These give bytes that may leave: to Release, which marks them, and to reviewers."""
    calling = {
        str(path.relative_to(HOUSE))
        for path in HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(("vault.open", "vault.unseal"))
    }

    assert calling == {"stages/release.py", "console/cases.py", "console/checks.py"}
