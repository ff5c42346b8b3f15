"""Does to a picture what a director tool or the upscaler is asked to, in the simplest way."""

from typing import Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from pipeline.sandbox import png, stamp, tools, uploads
from pipeline.sandbox.catalogue import SIDE_STEP
from pipeline.sandbox.faults import Kind
from pipeline.sandbox.stamp import Label
from pipeline.sandbox.studio import Picture
from pipeline.sandbox.tools import Retouch

_SOURCE: Final = "Stable Diffusion XL C1E1DE52"
_PAPER: Final = (250, 250, 246)


def make(work: Retouch, flaw: Kind | None, key: Ed25519PrivateKey) -> list[Picture]:
    """Every picture of a request, with one too many if that is the flaw."""
    before = uploads.decode(work.image, "image")
    drawn = _drawn(before, work.tool)
    drawn += drawn[-1:] if flaw is Kind.EXTRA_ENTRY else []
    wider = SIDE_STEP if flaw is Kind.WRONG_SIZE else 0
    return [_finished(work, one.resize((one.width + wider, one.height)), key) for one in drawn]


def _drawn(before: Image.Image, tool: str) -> list[Image.Image]:
    match tool:
        case tools.UPSCALE:
            return [before.resize((before.width * 2, before.height * 2))]
        case tools.BACKGROUND:
            return _apart(before)
        case "colorize" | "emotion":
            return [ImageOps.colorize(before.convert("L"), (40, 60, 90), (255, 236, 200))]
        case "declutter" | "declutter-keep-bubbles":
            return [before.filter(ImageFilter.MedianFilter(3))]
        case _:
            return [before.filter(ImageFilter.CONTOUR).convert("L").convert("RGB")]


def _apart(before: Image.Image) -> list[Image.Image]:
    """What is in the middle on paper, the paper alone, and both blended."""
    paper = Image.new("RGB", before.size, _PAPER)
    middle = Image.new("L", before.size, 0)
    inner = (before.width // 4, before.height // 4, before.width * 3 // 4, before.height * 3 // 4)
    middle.paste(255, inner)
    masked = Image.composite(before, paper, middle)
    return [masked, paper, Image.blend(masked, paper, 0.5)]


def _finished(work: Retouch, drawn: Image.Image, key: Ed25519PrivateKey) -> Picture:
    """A file: an upscaled picture says nothing of itself, the others are signed."""
    rgb: NDArray[np.uint8] = np.array(drawn)
    if work.tool == tools.UPSCALE:
        opaque = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
        return Picture(png.write(opaque, {}), 0)
    comment: dict[str, object] = {
        "prompt": work.prompt,
        "req_type": work.tool,
        "width": work.width,
        "height": work.height,
        "version": 1,
    }
    label = Label(work.prompt, _SOURCE, comment)
    return Picture(stamp.as_png(rgb, label, stamp.sign(key, rgb, comment)), 0)
