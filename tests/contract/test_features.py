"""What works through the front door, feature by feature, and the page that says so."""

import base64
import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.gateway.novelai import NOT_SERVED
from tests.contract.carriers import HARMLESS, INNOCENT
from tests.unit.pipeline.world import World, body, encoding, open_world, tool, upscaling

PAGE = Path(__file__).parents[2] / "docs" / "features.md"
BEGIN, END = "<!-- made by tests/contract/test_features.py -->\n\n", "\n<!-- to here -->\n"
WRITE = "IMPRIMATUR_WRITE_PAGES"
V3, V4, V4_5, V5 = (
    "nai-diffusion-3",
    "nai-diffusion-4-full",
    "nai-diffusion-4-5-full",
    "nai-diffusion-5-full",
)
PICTURE, CANVAS = INNOCENT.picture(), INNOCENT.picture(1024, 1536)
GENERATE, STREAM = "POST /ai/generate-image", "POST /ai/generate-image-stream"
SUGGEST = "GET /ai/generate-image/suggest-tags?model=nai-diffusion-3&prompt=ha"
ENCODE = "POST /ai/encode-vibe"
MINTED = "minted"
"""Stands for the encoding that the house made before."""
AUGMENT, UPSCALE = "POST /ai/augment-image", "POST /ai/upscale"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a client of NovelAI may ask for."""

    route: str
    name: str
    body: Mapping[str, Any] = field(repr=False)
    accept: str = "*/*"


def on(model: str, **parameters: Any) -> Mapping[str, Any]:
    """A generation on a model."""
    if model != V3 and not model.startswith(f"{V3}-"):
        parameters = {"v4_prompt": {"caption": {"base_caption": HARMLESS}}, **parameters}
    return body(HARMLESS, model=model, **parameters)


def _features() -> list[Feature]:
    there = {"x": 0.5, "y": 0.5}
    two = [{"char_caption": HARMLESS, "centers": [there]} for _ in range(2)]
    characters = {"caption": {"base_caption": HARMLESS, "char_captions": two}, "use_coords": True}
    vibe = {"reference_strength_multiple": [1], "reference_information_extracted_multiple": [1]}
    precise = {
        "director_reference_images": [CANVAS],
        "director_reference_descriptions": [{"caption": {"base_caption": "character"}}],
        "director_reference_strength_values": [1],
        "director_reference_secondary_strength_values": [0],
        "director_reference_information_extracted": [1],
    }
    sources = {"image": PICTURE, "mask": PICTURE}
    older = {"image": PICTURE, "width": 64, "height": 64}
    return [
        *(Feature(GENERATE, f"text to image, {model}", on(model)) for model in (V3, V4, V4_5, V5)),
        Feature(GENERATE, "text to image, models before V3", on("nai-diffusion-2")),
        Feature(GENERATE, "answer as JSON", on(V3), "application/json"),
        Feature(GENERATE, "`image_format` WebP", on(V4_5, image_format="webp")),
        Feature(GENERATE, "characters with positions", on(V4_5, v4_prompt=characters)),
        Feature(GENERATE, "img2img", on(V4_5, image=PICTURE, strength=0.5)),
        Feature(GENERATE, "infill with a mask", on(f"{V4_5}-inpainting", **sources)),
        Feature(
            GENERATE, "infill on V5 curated", on("nai-diffusion-5-curated-inpainting", **sources)
        ),
        Feature(GENERATE, "raw references, V3", on(V3, reference_image_multiple=[PICTURE], **vibe)),
        Feature(GENERATE, "the older single reference, V3", on(V3, reference_image=PICTURE)),
        Feature(ENCODE, "a vibe, V4.5", encoding()),
        Feature(ENCODE, "a vibe, V5", encoding(model=V5)),
        Feature(ENCODE, "a vibe of a part of a picture", encoding(mask=PICTURE)),
        Feature(
            GENERATE,
            "a vibe that was encoded here, V4.5",
            on(V4_5, reference_image_multiple=[MINTED], **vibe),
        ),
        Feature(
            GENERATE,
            "a vibe that was not, V4.5",
            on(V4_5, reference_image_multiple=["B/MB"], **vibe),
        ),
        Feature(
            GENERATE,
            "a picture as a vibe, V4.5",
            on(V4_5, reference_image_multiple=[PICTURE], **vibe),
        ),
        Feature(GENERATE, "precise references, V4.5", on(V4_5, **precise)),
        Feature(GENERATE, "precise references, V5", on(V5, **precise)),
        Feature(GENERATE, "images by cache key alone", on(V4_5, image_cache_secret_key="ab")),
        Feature(GENERATE, "control net", on(V3, controlnet_model="hed")),
        Feature(GENERATE, "a key that nobody knows", on(V3, brand_new=1)),
        Feature(STREAM, "SSE", on(V4_5, stream="sse")),
        Feature(STREAM, "MessagePack", on(V4_5, stream="msgpack")),
        *(
            Feature(AUGMENT, f"`{name}`", tool(name))
            for name in ("bg-removal", "lineart", "sketch", "emotion", "declutter")
        ),
        Feature(AUGMENT, "`declutter-keep-bubbles`", tool("declutter-keep-bubbles")),
        Feature(
            AUGMENT,
            "`colorize` with `prompt` and `defry`",
            tool("colorize", prompt=HARMLESS, defry=1),
        ),
        Feature(UPSCALE, "twice the sides", upscaling()),
        Feature(UPSCALE, "the older body, `scale` 2", {**older, "scale": 2}),
        Feature(UPSCALE, "the older body, `scale` 4", {**older, "scale": 4}),
        Feature(SUGGEST, "English tags", {}),
        Feature(SUGGEST + "&lang=jp", "Japanese tags", {}),
        *(
            Feature(f"GET /user/{name}", "what SDKs expect", {})
            for name in ("subscription", "data", "information", "priority")
        ),
        Feature("POST /user/login", "an access key", {"key": "x" * 64}),
        *(Feature(f"{method} {path}", what, {}) for method, path, what in NOT_SERVED),
    ]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    """A whole house for one test."""
    async with open_world(tmp_path) as opened:
        yield opened


async def answer_of(client: httpx.AsyncClient, feature: Feature) -> str:
    """What became of a feature, for the table."""
    method, path = feature.route.split(" ")
    answer = await client.request(
        method, path, json=await _filled(client, feature.body), headers={"Accept": feature.accept}
    )
    if answer.status_code == 200:
        return "works"
    told = str(answer.json()["message"]).replace("|", "\\|")
    return f"refused, {answer.status_code}: {told}"


async def _filled(client: httpx.AsyncClient, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body with an encoding that was made here, where it asks for one."""
    text = json.dumps(body)
    if f'"{MINTED}"' not in text:
        return body
    made = await client.post("/ai/encode-vibe", json=encoding())
    filled: Mapping[str, Any] = json.loads(
        text.replace(MINTED, base64.b64encode(made.content).decode())
    )
    return filled


async def test_the_page_says_what_works(house: World) -> None:
    """Every feature is asked for here; what came of it is the page."""
    async with house.client() as client:
        rows = [(each, await answer_of(client, each)) for each in _features()]
    head = ["| route | feature | |", "|---|---|---|"]
    made = [f"| `{each.route}` | {each.name} | {came} |" for each, came in rows]
    table = "\n".join([*head, *made]) + "\n"

    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    shown, _, after = rest.partition(END)
    if os.environ.get(WRITE):
        PAGE.write_text(f"{before}{BEGIN}{table}{END}{after}", encoding="utf-8")
        shown = table
    assert shown == table, f"run this test with {WRITE}=1, and look at what changed"
    assert sum(came == "works" for _, came in rows) > (len(rows) - len(NOT_SERVED)) // 2


async def test_nothing_that_is_refused_is_paid(house: World) -> None:
    """Each reason is known before anything is sent."""
    async with house.client() as client:
        for each in _features():
            sent = len(house.upstream.calls)
            if await answer_of(client, each) != "works":
                assert len(house.upstream.calls) == sent, each.name
