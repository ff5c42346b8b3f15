"""Director tools and upscaling: what is asked of one picture, and what it costs (1.6, 1.7, 2.7)."""

from dataclasses import dataclass, field
from math import ceil
from typing import Final

from pipeline.sandbox import fields, uploads
from pipeline.sandbox.body import Body
from pipeline.sandbox.catalogue import MODELS, MOST_PIXELS
from pipeline.sandbox.errors import RefusedError
from pipeline.sandbox.fields import Fields

UPSCALE: Final = "upscale"
BACKGROUND: Final = "bg-removal"
_TOOLS: Final = frozenset(
    {BACKGROUND, "lineart", "sketch", "colorize", "emotion", "declutter", "declutter-keep-bubbles"}
)
_MOODS: Final = frozenset(
    {"neutral", "happy", "sad", "angry", "scared", "surprised", "tired", "excited", "nervous"}
    | {"thinking", "confused", "shy", "disgusted", "smug", "bored", "laughing", "irritated"}
    | {"aroused", "embarrassed", "worried", "love", "determined", "hurt", "playful"}
)
_BLURS: Final = frozenset({0, 0.30, 0.35, 0.40, 0.45, 0.50})
_MEGAPIXEL: Final = 1_048_576
_UPSCALES: Final = ((_MEGAPIXEL, 1), (1_747_627, 2), (2_446_678, 3), (MOST_PIXELS, 4))
_PER_PIXEL, _PER_PIXEL_STEP, _STEPS = 2.951823174884865e-6, 5.753298233447344e-7, 28
_LONGEST: Final = 16_384


@dataclass(frozen=True, slots=True)
class Retouch:
    """A request that passed every check: what is done with one picture of this size."""

    tool: str
    width: int
    height: int
    prompt: str = field(repr=False)
    image: bytes = field(repr=False)

    @property
    def count(self) -> int:
        """How many pictures come of it."""
        return 3 if self.tool == BACKGROUND else 1

    def cost(self, *, is_opus: bool) -> int:
        """What it costs."""
        pixels = self.width * self.height
        if self.tool == UPSCALE:
            return next(cost for most, cost in _UPSCALES if pixels <= most)
        scaled = min(max(pixels, _MEGAPIXEL), MOST_PIXELS)
        base = ceil(_PER_PIXEL * scaled + _PER_PIXEL_STEP * scaled * _STEPS)
        if self.tool == BACKGROUND:
            return 3 * base + 5
        return 0 if is_opus and pixels <= _MEGAPIXEL else base


def read_augment(body: Body) -> Retouch:
    """Read a request for a director tool.

    Raises:
        RefusedError: 400 with its reason.
    """
    asked = body.fields
    tool = fields.choice(asked, "req_type", "", _TOOLS)
    prompt = fields.text(asked, "prompt")
    fields.whole(asked, "defry", 0, 0, 5)
    if tool == "emotion" and prompt.partition(";;")[0] not in _MOODS:
        raise RefusedError(400, "Validation error: prompt has an unknown mood")
    width, height = (fields.whole(asked, key, None, 1, _LONGEST) for key in ("width", "height"))
    return Retouch(tool, width, height, prompt, _image(body, asked))


def read_upscale(body: Body) -> Retouch:
    """Read a request to upscale, in today's form or in the older one with its own factor.

    Raises:
        RefusedError: 400 with its reason.
    """
    asked = body.fields
    if asked.get("scale") is None:
        model = fields.text(asked, "model")
        if model not in MODELS:
            raise RefusedError(400, f"Validation error: model {model} doesn't exist")
    elif fields.real(asked, "scale", 0, 2, 4) not in {2.0, 4.0}:
        raise RefusedError(400, "Validation error: scale must be 2 or 4")
    if fields.real(asked, "declared_blur_sigma", 0, 0, 0.5) not in _BLURS:
        raise RefusedError(400, "Validation error: declared_blur_sigma has an unknown value")
    image = _image(body, asked)
    width, height = uploads.decode(image, "image").size
    return Retouch(UPSCALE, width, height, "", image)


def _image(body: Body, asked: Fields) -> bytes:
    image = uploads.one(body, asked, "image")
    if image is None:
        raise RefusedError(400, "Error verifying request: image is required")
    uploads.decode(image, "image")
    return image
