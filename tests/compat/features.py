"""The features of NovelAI's image API, which SDK has each, and what became of it in a run.

A program tries each feature that its SDK has in turn and leaves its pictures behind, or the words
of whatever the SDK raised. Everything has to work, of the sandbox alone and of the gateway before
it, but where `REFUSED` says otherwise.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from tests.compat.environments import SDKS

WORKS, NOT_OFFERED = "works", "not offered by the SDK"
_MOST_WORDS = 300
_MESSAGE = re.compile(r'"message": ?"([^"]*)"')
_ADDRESS = re.compile(r"https?://\S+ \((?=\d+\))|(?<=\d\d\d)\)(?= - )")


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a platform may do, and how many pictures come of it; of tags, none."""

    name: str
    title: str
    pictures: int
    sdks: tuple[str, ...] = SDKS


_SDK, _API, _PYTHON = SDKS

FEATURES = (
    Feature("img2img", "img2img, V4.5", 1),
    Feature("infill", "infill with a mask", 1),
    Feature("characters", "characters with positions, V4.5", 1),
    Feature("references", "raw references, V3", 1, (_API, _PYTHON)),
    Feature("vibes", "vibe transfer, V4 and V4.5", 1),
    Feature("precise", "precise reference, V4.5", 1, (_SDK,)),
    Feature("webp", "`image_format` WebP", 1, (_SDK,)),
    Feature("stream", "stream", 1, (_SDK,)),
    Feature("lineart", "`lineart`", 1),
    Feature("declutter", "`declutter`", 1),
    Feature("background", "`bg-removal`, three pictures", 3),
    Feature("emotion", "`emotion` with a mood", 1),
    Feature("upscale", "upscale", 1),
    Feature("tags", "tag suggestion", 0),
)

_AS_VIBE = "a picture; V4 models take its encoding"
REFUSED: Mapping[tuple[str, str, str], str] = {
    ("sandbox", _PYTHON, "vibes"): "an internal error occurred",
    ("gateway", _PYTHON, "vibes"): _AS_VIBE,
    **{("gateway", sdk, "lineart"): "waiting for a review" for sdk in SDKS},
}
"""What is refused at a side, for an SDK: words of its reason. Everything else MUST work.

The sandbox's line art is lines in black and white, of which the embedded models cannot say whether
it is a drawing or a photograph: it is held.
"""
_FIRST_ALONE: Mapping[str, int] = {_API: 1}
"""It gives the first of three pictures, whoever answers it."""


def outcomes(folder: Path, sdk: str) -> Mapping[str, str]:
    """Return what became of each feature, from what the program of an SDK left in its folder."""
    return {each.name: _outcome(folder, sdk, each) for each in FEATURES}


def wrong(side: str, sdk: str, feature: str, outcome: str) -> str:
    """Return what is wrong with an outcome; nothing if it is what is expected there."""
    expected = REFUSED.get((side, sdk, feature))
    if outcome == NOT_OFFERED or (expected is None and outcome == WORKS):
        return ""
    if expected is not None and expected in outcome:
        return ""
    return f"expected {expected or WORKS!r}, got {outcome!r}"


def _outcome(folder: Path, sdk: str, feature: Feature) -> str:
    if sdk not in feature.sdks:
        return NOT_OFFERED
    refused = folder / f"{feature.name}.refused"
    if refused.exists():
        return f"refused: {_said(refused.read_text(encoding='utf-8'))}"
    if not feature.pictures:
        told = folder / f"{feature.name}.json"
        return WORKS if told.exists() and json.loads(told.read_text()) else "left no tags"
    files = sorted(folder.glob(f"{feature.name}_*.png"))
    expected = min(feature.pictures, _FIRST_ALONE.get(sdk, feature.pictures))
    if len(files) != expected:
        return f"left {len(files)} pictures, expected {expected}"
    return WORKS if all(map(_is_picture, files)) else "left what is no picture"


def _said(words: str) -> str:
    """Return the message in what an SDK raised: beside it stand addresses and ids of this run."""
    found = _MESSAGE.search(words)
    plain = found[1] if found else _ADDRESS.sub("", words)
    return " ".join(plain.split())[:_MOST_WORDS]


def _is_picture(file: Path) -> bool:
    try:
        with Image.open(io.BytesIO(file.read_bytes())) as picture:
            picture.load()
    except (UnidentifiedImageError, OSError):
        return False
    return True
