"""The pictures a request only refers to: vibes and precise references (sections 3.3, 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.sandbox import fields, uploads
from pipeline.sandbox.body import Body
from pipeline.sandbox.catalogue import REFERENCE_CANVASES, Family
from pipeline.sandbox.errors import RefusedError, broken
from pipeline.sandbox.fields import Fields

_VIBES = "reference_image_multiple"
_PRECISE = "director_reference_images"
_ONES: Final = ("director_reference_strength_values", "director_reference_information_extracted")


@dataclass(frozen=True, slots=True)
class References:
    """How many references are charged for, and the numbers that the metadata repeats."""

    vibes: int
    precise: int
    vibe_strengths: tuple[float, ...]
    vibe_information: tuple[float, ...]


def read(body: Body, parameters: Fields, family: Family) -> References:
    """Read and check every reference.

    Raises:
        RefusedError: 400 with its reason, or 500 for vibes that the model cannot take.
    """
    vibes = uploads.several(body, parameters, _VIBES)
    single = uploads.one(body, parameters, "reference_image")
    strengths = fields.reals(parameters, "reference_strength_multiple", -1, 1)
    information = fields.reals(parameters, "reference_information_extracted_multiple", 0, 1)
    uploads.same_length(len(vibes), {"reference_strength_multiple": strengths})
    _check_vibes([*vibes, *([single] if single else [])], family)
    precise = uploads.several(body, parameters, _PRECISE)
    if precise:
        _check_precise(precise, parameters, family)
    if precise and vibes:
        raise RefusedError(400, "Validation error: vibes and director references exclude another")
    return References(len(vibes), len(precise), tuple(strengths), tuple(information))


def _check_vibes(vibes: list[bytes], family: Family) -> None:
    if family < Family.V4:
        for vibe in vibes:
            uploads.decode(vibe, _VIBES)
        return
    raw = any(uploads.looks_like_a_picture(vibe) for vibe in vibes)
    if raw or (vibes and family >= Family.V5):
        raise broken()


def _check_precise(pictures: list[bytes], parameters: Fields, family: Family) -> None:
    if family is not Family.V4_5:
        raise RefusedError(400, "Validation error: this model takes no director references")
    ones = {key: fields.reals(parameters, key, 0, 1) for key in _ONES}
    rest: dict[str, Sequence[object]] = {
        "director_reference_descriptions": fields.items(
            parameters, "director_reference_descriptions"
        ),
        "director_reference_secondary_strength_values": fields.reals(
            parameters, "director_reference_secondary_strength_values", 0, 1
        ),
    }
    uploads.same_length(len(pictures), {**ones, **rest})
    for key, values in ones.items():
        if any(value != 1 for value in values):
            raise RefusedError(400, f"Validation error: {key} must be exactly 1.0 per entry")
    if any(uploads.decode(one, _PRECISE).size not in REFERENCE_CANVASES for one in pictures):
        problem = "Error encoding v4 director references: non-200 response: 400."
        raise RefusedError(400, problem)
