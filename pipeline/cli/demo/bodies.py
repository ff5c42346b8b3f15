"""Requests as NovelAI's clients send them."""

import base64
from collections.abc import Sequence
from typing import Any

from pipeline.cli.demo.drawings import HEIGHT, WIDTH

V3, V45 = "nai-diffusion-3", "nai-diffusion-4-5-full"
_NEGATIVE = "lowres, blurry"


def v3(prompt: str, *, seed: int, samples: int = 1) -> dict[str, Any]:
    """Text to image with V3."""
    return {
        "input": prompt,
        "model": V3,
        "action": "generate",
        "parameters": _common(seed, samples) | {"steps": 28},
    }


def v45(
    prompt: str, *, seed: int, samples: int = 1, characters: Sequence[str] = ()
) -> dict[str, Any]:
    """Text to image with V4.5, where each character has a caption of its own."""
    return {
        "input": prompt,
        "model": V45,
        "action": "generate",
        "parameters": _common(seed, samples)
        | {"steps": 23, "v4_prompt": _captions(prompt, characters)}
        | {"v4_negative_prompt": _captions(_NEGATIVE, ())},
    }


def image_to_image(prompt: str, picture: bytes, *, seed: int) -> dict[str, Any]:
    """Begin with an uploaded picture."""
    body = v45(prompt, seed=seed)
    image = {"image": base64.b64encode(picture).decode(), "strength": 0.6}
    return {**body, "action": "img2img", "parameters": {**body["parameters"], **image}}


def _common(seed: int, samples: int) -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "scale": 5,
        "seed": seed,
        "n_samples": samples,
        "sampler": "k_euler_ancestral",
        "negative_prompt": _NEGATIVE,
    }


def _captions(base: str, characters: Sequence[str]) -> dict[str, Any]:
    centres = [{"x": 0.5, "y": 0.5}]
    captions = [{"char_caption": each, "centers": centres} for each in characters]
    return {
        "caption": {"base_caption": base, "char_captions": captions},
        "use_coords": False,
        "use_order": True,
    }
