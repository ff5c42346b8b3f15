"""Requests as NovelAI's clients send them."""

from typing import Any


def v4(
    prompt: str, *, seed: int = 1, samples: int = 1, size: tuple[int, int] = (512, 768), **more: Any
) -> dict[str, Any]:
    """A text-to-image request for V4.5."""
    negative = more.pop("negative", "lowres, blurry")
    return {
        "input": prompt,
        "model": "nai-diffusion-4-5-full",
        "action": "generate",
        "parameters": {
            "width": size[0],
            "height": size[1],
            "steps": 23,
            "scale": 5,
            "seed": seed,
            "n_samples": samples,
            "sampler": "k_euler_ancestral",
            "negative_prompt": negative,
            "v4_prompt": {
                "caption": {"base_caption": prompt, "char_captions": []},
                "use_coords": False,
                "use_order": True,
            },
            "v4_negative_prompt": {
                "caption": {"base_caption": negative, "char_captions": []},
                "legacy_uc": False,
            },
            **more,
        },
    }


def v3(prompt: str, *, seed: int = 1, samples: int = 1, **more: Any) -> dict[str, Any]:
    """A text-to-image request for V3."""
    return {
        "input": prompt,
        "model": "nai-diffusion-3",
        "action": "generate",
        "parameters": {
            "width": 512,
            "height": 768,
            "steps": 28,
            "scale": 5,
            "seed": seed,
            "n_samples": samples,
            "sampler": "k_euler_ancestral",
            "negative_prompt": "lowres",
            **more,
        },
    }
