"""Requests as clients write them, for every test of this folder."""

import base64
import io
from collections.abc import Callable

import pytest
from PIL import Image

from pipeline.items import Json, Work
from pipeline.novelai.limits import Limits
from pipeline.novelai.request import parse

Ask = Callable[..., dict[str, Json]]
Read = Callable[..., Work]

BASE = "a harbour at dawn"


def picture(width: int, height: int) -> str:
    """Give a picture of one colour, in base64."""
    out = io.BytesIO()
    Image.new("L", (width, height)).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode("ascii")


@pytest.fixture
def ask() -> Ask:
    """Give a body for a model, its parameters overwritten by what a test names."""

    def build(model: str = "nai-diffusion-4-5-full", **parameters: Json) -> dict[str, Json]:
        usual: dict[str, Json] = {"width": 832, "height": 1216, "steps": 23, "seed": 1}
        if "-3" not in model:
            usual["v4_prompt"] = {"caption": {"base_caption": BASE, "char_captions": []}}
        return {
            "input": BASE,
            "model": model,
            "action": "infill"
            if parameters.get("mask")
            else "img2img"
            if "image" in parameters
            else "generate",
            "parameters": usual | parameters,
        }

    return build


@pytest.fixture
def read(ask: Ask) -> Read:
    """Give the work of a body for a model."""

    def build(model: str = "nai-diffusion-4-5-full", **parameters: Json) -> Work:
        return parse(ask(model, **parameters), None, limits=Limits())

    return build
