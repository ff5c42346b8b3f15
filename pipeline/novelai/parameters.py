"""The allow-list: every key of `parameters` that a client may send, and what becomes of it.

The fields are those of novelai-api.md 3.2. The service tolerates unknown keys and may begin to
honour them, so a key that is not here is refused by name.
"""

from dataclasses import dataclass

from classifiers.content import Polarity, Purpose
from pipeline.novelai.catalogue import CAPTIONED, EVERY_FAMILY, Family
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

UINT32 = 4_294_967_295
_MOST_CHARACTERS = 22
_MOST_CENTERS = 8
MOST_REFERENCES = 8
"""Each is held decoded for as long as its request is in progress."""

SAMPLERS = frozenset(
    {"k_euler", "k_euler_ancestral", "k_dpmpp_2s_ancestral", "k_dpmpp_2m", "k_dpmpp_2m_sde"}
    | {"k_dpmpp_sde", "ddim", "ddim_v3"}
    | {"k_dpm_2", "k_dpm_2_ancestral", "k_lms", "plms", "k_dpm_fast", "k_dpm_adaptive"}
    | {"k_dpmpp_3m_sde", "k_heun", "nai_smea", "nai_smea_dyn"}
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One key: what it may hold, for which models, and whether it is sent."""

    shape: Shape
    families: frozenset[Family] = EVERY_FAMILY
    sent: bool = True
    """A key that is not sent is checked and its texts are read; then it is dropped."""


def _dropped(shape: Shape) -> Parameter:
    return Parameter(shape, sent=False)


def _caption(polarity: Polarity) -> Object:
    """Give the shape of `v4_prompt` and `v4_negative_prompt` (3.3)."""
    center = Object({"x": Number(0, 1), "y": Number(0, 1)}, frozenset({"x", "y"}))
    character = Object(
        {"char_caption": Words(polarity), "centers": ListOf(center, _MOST_CENTERS)},
        frozenset({"char_caption"}),
    )
    caption = Object(
        {
            "base_caption": Words(polarity),
            "char_captions": ListOf(character, _MOST_CHARACTERS),
        },
        frozenset({"base_caption"}),
    )
    return Object(
        {"caption": caption, "use_coords": Flag(), "use_order": Flag(), "legacy_uc": Flag()},
        frozenset({"caption"}),
    )


_UNIT = Number(0, 1)
_SEED = Number(0, UINT32, whole=True)
_SIDE = Number(64, 49_152, whole=True)
_SMALL = Number(0, 16, whole=True)
_FLAG = Flag()

_REFERENCES = ListOf(Picture(Purpose.REFERENCE), MOST_REFERENCES)
_STRENGTHS = ListOf(_UNIT, MOST_REFERENCES)
_RAW_VIBES = frozenset({Family.V3})
ENCODED_VIBES = frozenset({Family.V4, Family.V4_5})
"""Families whose vibes are encodings: opaque, so only those that were made here are taken."""
_VIBES = _RAW_VIBES | ENCODED_VIBES
_PRECISE = frozenset({Family.V4_5})

# The service draws from any text here (3.3), so only the three that mean something are taken.
_DESCRIPTION = Object(
    {
        "caption": Object(
            {
                "base_caption": Choice(frozenset({"character", "style", "character&style"})),
                "char_captions": ListOf(Opaque(), 0),
            },
            frozenset({"base_caption"}),
        ),
        "legacy_uc": _FLAG,
        "use_coords": _FLAG,
        "use_order": _FLAG,
    },
    frozenset({"caption"}),
)

# What the site keeps of its character boxes: a copy, stored in metadata even when not `enabled`.
_CHARACTER_BOX = Object(
    {
        "prompt": Words(Polarity.POSITIVE),
        "uc": Words(Polarity.NEGATIVE),
        "center": Object({"x": _UNIT, "y": _UNIT}),
        "enabled": _FLAG,
    }
)

PARAMETERS: dict[str, Parameter] = {
    "width": Parameter(_SIDE),
    "height": Parameter(_SIDE),
    "n_samples": Parameter(Number(1, 8, whole=True)),
    "steps": Parameter(Number(1, 50, whole=True)),
    # 3.6: below 1 the negative prompt drives the picture.
    "scale": Parameter(Number(1, 10)),
    "cfg_rescale": Parameter(_UNIT),
    "seed": Parameter(_SEED),
    "extra_noise_seed": Parameter(_SEED),
    "sampler": Parameter(Choice(SAMPLERS)),
    "noise_schedule": Parameter(
        Choice(frozenset({"native", "karras", "exponential", "polyexponential"}))
    ),
    "image_format": Parameter(Choice(frozenset({"png", "webp"}))),
    "params_version": Parameter(Number(1, 4, whole=True)),
    "strength": Parameter(_UNIT),
    "noise": Parameter(_UNIT),
    "img2img": Parameter(
        Object(
            {"color_correct": _FLAG, "extra_noise_seed": _SEED, "noise": _UNIT, "strength": _UNIT}
        )
    ),
    "skip_cfg_above_sigma": Parameter(Number(0, 10_000), EVERY_FAMILY - {Family.V5}),
    "add_original_image": Parameter(_FLAG),
    "color_correct": Parameter(_FLAG),
    "deliberate_euler_ancestral_bug": Parameter(_FLAG),
    "dynamic_thresholding": Parameter(_FLAG),
    "legacy": Parameter(_FLAG),
    "legacy_v3_extend": Parameter(_FLAG),
    "prefer_brownian": Parameter(_FLAG),
    "qualityToggle": Parameter(_FLAG),
    "sm": Parameter(_FLAG),
    "sm_dyn": Parameter(_FLAG),
    "straight_alpha": Parameter(_FLAG),
    "upscaled_enhance": Parameter(_FLAG),
    "tag_hint_qt": Parameter(_SMALL),
    "tag_hint_uc_preset": Parameter(_SMALL),
    "tag_hint_transparent_background": Parameter(_FLAG),
    "ucPreset": Parameter(_SMALL),
    "inpaintImg2ImgStrength": Parameter(_UNIT),
    "image": Parameter(Picture(Purpose.SOURCE)),
    "mask": Parameter(Picture(Purpose.MASK)),
    "reference_image": Parameter(Picture(Purpose.REFERENCE), _RAW_VIBES),
    "reference_strength": Parameter(_UNIT),
    "reference_information_extracted": Parameter(_UNIT),
    "reference_image_multiple": Parameter(_REFERENCES, _VIBES),
    "reference_strength_multiple": Parameter(_STRENGTHS, _VIBES),
    "reference_information_extracted_multiple": Parameter(_STRENGTHS, _VIBES),
    "director_reference_images": Parameter(_REFERENCES, _PRECISE),
    "director_reference_descriptions": Parameter(ListOf(_DESCRIPTION, MOST_REFERENCES), _PRECISE),
    "director_reference_strength_values": Parameter(_STRENGTHS, _PRECISE),
    "director_reference_secondary_strength_values": Parameter(_STRENGTHS, _PRECISE),
    "director_reference_information_extracted": Parameter(_STRENGTHS, _PRECISE),
    "prompt": Parameter(Words(Polarity.POSITIVE)),
    "negative_prompt": Parameter(Words(Polarity.NEGATIVE)),
    "v4_prompt": Parameter(_caption(Polarity.POSITIVE), CAPTIONED),
    "v4_negative_prompt": Parameter(_caption(Polarity.NEGATIVE), CAPTIONED),
    # Sent by real clients: copies, defaults of features that are off, and the client's own affairs.
    "uc": _dropped(Words(Polarity.NEGATIVE)),
    "characterPrompts": _dropped(ListOf(_CHARACTER_BOX, _MOST_CHARACTERS)),
    "use_coords": _dropped(_FLAG),
    "legacy_uc": _dropped(_FLAG),
    "autoSmea": _dropped(_FLAG),
    "auto_smea": _dropped(_FLAG),
    "normalize_reference_strength_multiple": _dropped(_FLAG),
    "controlnet_strength": _dropped(Number(0, 2)),
    # 3.6: above 1 it gives weight to the negative prompt; never sent, so 1.
    "uncond_scale": _dropped(Number(0, 1.5)),
    "ucPresetId": _dropped(Opaque()),
    "qualityPresetId": _dropped(Opaque()),
    "request_type": _dropped(Opaque()),
    "stream": _dropped(Choice(frozenset({"sse", "msgpack"}))),
}

NOT_SERVED = {
    "controlnet_condition": "controlnet",
    "controlnet_model": "controlnet",
    "upscale": "upscaling within a generation",
}
"""Keys of features that are refused by name; empty ones, which clients send, are dropped."""
