"""Director tools and upscaling: one picture in, one or three out (novelai-api.md 1.6, 1.7)."""

from collections.abc import Mapping
from typing import Final

from classifiers.content import Grammar, Polarity, Prompt, Purpose, Text
from pipeline.items import Json, Operation, Work
from pipeline.novelai import catalogue, pictures
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.shapes import Choice, Number, Opaque, Picture, Shape, Words, given

UPSCALED_BY: Final = 2
BACKGROUND_REMOVAL: Final = "bg-removal"
_BACKGROUND_PICTURES = 3
"""The one without its background, the background alone, and both blended."""
_PROMPTED = frozenset({"colorize", "emotion"})
_TOOLS = _PROMPTED | {"lineart", "sketch", "declutter", "declutter-keep-bubbles"}
_MOODS = frozenset(
    {"neutral", "happy", "sad", "angry", "scared", "surprised", "tired", "excited", "nervous"}
    | {"thinking", "confused", "shy", "disgusted", "smug", "bored", "laughing", "irritated"}
    | {"aroused", "embarrassed", "worried", "love", "determined", "hurt", "playful"}
)
_BLURS = frozenset({0, 0.30, 0.35, 0.40, 0.45, 0.50})
_UPSCALER = "nai-diffusion-5-curated"
"""For the older body, which names no model."""
_SIDE = Number(1, 16_384, whole=True)

AUGMENT: Mapping[str, Shape] = {
    "req_type": Choice(_TOOLS | {BACKGROUND_REMOVAL}),
    "width": _SIDE,
    "height": _SIDE,
    "image": Picture(Purpose.SOURCE),
    "prompt": Words(Polarity.POSITIVE),
    "defry": Number(0, 5, whole=True),
}
UPSCALE: Mapping[str, Shape] = {
    "image": Picture(Purpose.SOURCE),
    "model": Opaque(),
    "declared_blur_sigma": Number(0, 1),
    "width": _SIDE,
    "height": _SIDE,
    "scale": Number(1, 8),
}
"""The last three are of the older body, whose route is gone: what they say is checked, not sent."""


def parse_augment(
    body: Mapping[str, Json], parts: Mapping[str, bytes] | None, *, limits: Limits
) -> Work:
    """Give the work that a director tool is asked for.

    Raises:
        RequestRefusedError: it asks for something that this gate does not serve.
        UnreadableError: its image is none.
    """
    asked = given(body, AUGMENT, {"req_type", "width", "height", "image"})
    tool, prompt = str(asked["req_type"]), str(asked.get("prompt", ""))
    if len(prompt) > limits.text_characters:
        raise RequestRefusedError(400, f"prompt: expected at most {limits.text_characters}")
    if tool == "emotion" and prompt.partition(";;")[0].strip() not in _MOODS:
        raise RequestRefusedError(400, "prompt: expected one of the moods and ;; before the text")
    images = pictures.taken(AUGMENT, asked, parts, limits)
    width, height = pictures.size_of(images[0])
    if (asked["width"], asked["height"]) != (width, height):
        raise RequestRefusedError(400, "width, height: expected those of the image")
    unsent = {"image"} | (frozenset() if tool in _PROMPTED else {"prompt", "defry"})
    return Work(
        Operation.AUGMENT,
        tool,
        Prompt((Text("prompt", prompt),) if prompt else (), Grammar.V4),
        width,
        height,
        _BACKGROUND_PICTURES if tool == BACKGROUND_REMOVAL else 1,
        {key: value for key, value in asked.items() if key not in unsent},
        images,
    )


def parse_upscale(
    body: Mapping[str, Json], parts: Mapping[str, bytes] | None, *, limits: Limits
) -> Work:
    """Give the work of an upscaling; a body of the older route is translated.

    Raises:
        RequestRefusedError: it asks for something that this gate does not serve.
        UnreadableError: its image is none.
    """
    asked = given(body, UPSCALE, {"image"})
    model = catalogue.find(asked.get("model", _UPSCALER))
    if asked.get("scale", UPSCALED_BY) != UPSCALED_BY:
        raise RequestRefusedError(400, f"scale: expected {UPSCALED_BY}: NovelAI has no other now")
    if asked.get("declared_blur_sigma", 0) not in _BLURS:
        known = ", ".join(map(str, sorted(_BLURS)))
        raise RequestRefusedError(400, f"declared_blur_sigma: expected one of {known}")
    images = pictures.taken(UPSCALE, asked, parts, limits)
    width, height = pictures.size_of(images[0])
    blur = {key: asked[key] for key in ("declared_blur_sigma",) if key in asked}
    return Work(
        Operation.UPSCALE,
        model.id,
        Prompt((), Grammar.V4),
        width * UPSCALED_BY,
        height * UPSCALED_BY,
        1,
        {"model": model.id, **blur},
        images,
    )
