"""Requests with a marker in one carrier, for every carrier of every route: made from the tables.

Where a table says that a text or a picture may stand, one request is written that holds the marker
there and what is harmless everywhere else. A new key is here as soon as it is in its table.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.novelai.catalogue import MODELS, Family
from pipeline.novelai.encodings import ENCODE, VIBES
from pipeline.novelai.parameters import ENCODED_VIBES, PARAMETERS
from pipeline.novelai.shapes import (
    Choice,
    Flag,
    ListOf,
    Number,
    Object,
    Opaque,
    Picture,
    Shape,
    Words,
)
from pipeline.novelai.tools import AUGMENT, UPSCALE
from tests.unit.pipeline.lookers import WHITE, Colour
from tests.unit.pipeline.world import BLOCK, body, encoding, png, tool, upscaling

GENERATIONS = ("/ai/generate-image", "/ai/generate-image-stream", "/v1/generations")
MODELS_TRIED = ("nai-diffusion-3", "nai-diffusion-4-5-full")
"""Between them they take every carrier that there is."""
HARMLESS, WORD = "a harbour", "blockme"
_PRECISE = (1024, 1536)
_BINARY = ("iVBOR", base64.b64encode(b"\x07\xf3\x00").decode()[:2])
"""How pictures and the double's encodings begin in base64."""
_CACHED = ("reference_image_multiple", "director_reference_images")


@dataclass(frozen=True, slots=True)
class Marker:
    """What is put into a carrier: its text, and the colour of its picture."""

    text: str
    colour: Colour

    def picture(self, *size: int) -> str:
        """The picture in base64."""
        return base64.b64encode(png(self.colour, *size)).decode("ascii")


GUILTY, INNOCENT = Marker(WORD, BLOCK), Marker(HARMLESS, WHITE)


@dataclass(frozen=True, slots=True)
class Carried:
    """One request whose only marker stands in one carrier."""

    carrier: str
    is_picture: bool
    body: Mapping[str, Any] = field(repr=False)

    def form(self) -> Mapping[str, tuple[str, bytes, str]]:
        """The same as a form: each picture a part, named where it stood."""
        parts: dict[str, tuple[str, bytes, str]] = {}
        asked = _in_parts(self.body, parts)
        return {"request": ("blob", json.dumps(asked).encode(), "application/json"), **parts}


def of_generations(marker: Marker) -> Iterator[Carried]:
    """Every carrier of a generation, on models that between them take all."""
    for model in MODELS_TRIED:
        family = MODELS[model].family
        captions: dict[str, Any] = (
            {"v4_prompt": {"caption": {"base_caption": HARMLESS}}} if family.has_captions else {}
        )
        yield Carried(
            f"{model}: input", is_picture=False, body=body(marker.text, model=model, **captions)
        )
        for key, parameter in PARAMETERS.items():
            if family not in parameter.families or (family in ENCODED_VIBES and key == VIBES):
                continue  # an encoding: `of_encodings`
            size = _PRECISE if key.startswith("director") else ()
            for path, is_picture, value in places(parameter.shape, marker, size):
                asked = _whole(model, captions | _beside(key) | {key: value})
                yield Carried(f"{model}: parameters.{key}{path}", is_picture, asked)
        for key in _CACHED:
            if family in PARAMETERS[key].families and (family, key) != (Family.V4_5, VIBES):
                size = _PRECISE if key.startswith("director") else ()
                cached = [{"cache_secret_key": "ab", "data": marker.picture(*size)}]
                asked = _whole(model, captions | _beside(key) | {f"{key}_cached": cached})
                yield Carried(
                    f"{model}: parameters.{key}_cached[0].data", is_picture=True, body=asked
                )


def of_encodings(encoded: bytes) -> Iterator[Carried]:
    """Every carrier of an encoding, each holding this one."""
    model, text = "nai-diffusion-4-5-full", base64.b64encode(encoded).decode("ascii")
    captions = {"v4_prompt": {"caption": {"base_caption": HARMLESS}}, **_beside(VIBES)}
    cached = [{"cache_secret_key": "ab", "data": text}]
    for key, value in ((VIBES, [text]), (f"{VIBES}_cached", cached)):
        asked = _whole(model, {**captions, key: value})
        yield Carried(f"{model}: parameters.{key}[0]", is_picture=True, body=asked)


def of_tools(path: str, marker: Marker) -> Iterator[Carried]:
    """Every carrier of a director tool, of upscaling, or of encoding."""
    shapes, base = {
        "/ai/augment-image": (AUGMENT, tool("sketch")),
        "/ai/upscale": (UPSCALE, upscaling()),
        "/ai/encode-vibe": (ENCODE, encoding()),
    }[path]
    for key, shape in shapes.items():
        for place, is_picture, value in places(shape, marker, ()):
            yield Carried(f"{key}{place}", is_picture, {**base, key: value})


def places(shape: Shape, marker: Marker, size: tuple[int, ...]) -> Iterator[tuple[str, bool, Any]]:
    """Every place of a shape where a text or picture may stand, and a value with it there."""
    match shape:
        case Words():
            yield "", False, marker.text
        case Picture():
            yield "", True, marker.picture(*size)
        case ListOf() if shape.most:
            for path, is_picture, value in places(shape.item, marker, size):
                yield f"[0]{path}", is_picture, [value]
        case Object():
            for key, inner in shape.fields.items():
                for path, is_picture, value in places(inner, marker, size):
                    yield f".{key}{path}", is_picture, {**_needed(shape), key: value}
        case _:
            return


def _needed(shape: Object) -> dict[str, Any]:
    return {key: _filler(shape.fields[key]) for key in shape.needed}


def _filler(shape: Shape) -> Any:
    match shape:
        case Words():
            return HARMLESS
        case Object():
            return _needed(shape)
        case Choice():
            return min(shape.names)
        case Number():
            return shape.high
        case Flag():
            return False
        case ListOf() | Picture() | Opaque():
            return []


def _beside(key: str) -> dict[str, Any]:
    """What a request must hold beside one picture of a kind."""
    description = {"caption": {"base_caption": "character"}}
    beside: dict[str, dict[str, Any]] = {
        "mask": {"image": INNOCENT.picture()},
        "reference_image_multiple": {
            "reference_strength_multiple": [1],
            "reference_information_extracted_multiple": [1],
        },
        "director_reference_images": {
            "director_reference_descriptions": [description],
            "director_reference_strength_values": [1],
            "director_reference_secondary_strength_values": [0],
            "director_reference_information_extracted": [1],
        },
    }
    return beside.get(key, {})


def _whole(model: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    suffix = "-inpainting" if "mask" in parameters else ""
    sources = {key: parameters[key] for key in ("image", "mask") if key in parameters}
    asked = body(HARMLESS, model=model + suffix, **sources)
    return {**asked, "parameters": {**asked["parameters"], **parameters}}


def _in_parts(value: Any, parts: dict[str, tuple[str, bytes, str]]) -> Any:
    if isinstance(value, Mapping):
        return {key: _in_parts(item, parts) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_parts(item, parts) for item in value]
    if isinstance(value, str) and value.startswith(_BINARY):
        name = f"part_{len(parts)}"
        parts[name] = ("blob", base64.b64decode(value), "application/octet-stream")
        return name
    return value
