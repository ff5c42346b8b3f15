"""What the fields of a request must be to one another, and to the model (novelai-api.md 1.10, 2.4).

NovelAI answers 500 to several of these; a precise 400 tells a client what to change.
"""

from collections.abc import Mapping

from pipeline.items import Json
from pipeline.novelai.catalogue import Family, Model, most_samples
from pipeline.novelai.errors import RequestRefusedError

SIDE_STEP = 64
MOST_PIXELS = 3_145_728
_PARALLEL = {
    "reference_image_multiple": (
        "reference_strength_multiple",
        "reference_information_extracted_multiple",
    ),
    "director_reference_images": (
        "director_reference_descriptions",
        "director_reference_strength_values",
        "director_reference_secondary_strength_values",
        "director_reference_information_extracted",
    ),
}
_VIBES = "reference_image_multiple"
_EXTRACTED = "reference_information_extracted_multiple"
_ONES = ("director_reference_strength_values", "director_reference_information_extracted")
_OF_INFILL = "inpaintImg2ImgStrength"
_TWICE = frozenset({"strength", "noise", "extra_noise_seed", "color_correct"})


def check_relations(parameters: Mapping[str, Json], model: Model, action: str) -> None:
    """Hold each field against the others; every field MUST have been checked by itself.

    Raises:
        RequestRefusedError: two of them do not go together, or not with this model or action.
    """
    _check_sources(parameters, model, action)
    _check_size(parameters)
    _check_features(parameters, model.family)
    _check_characters(parameters, model.family)
    _check_strengths(parameters, action)
    _check_references(parameters, model.family)


def _check_sources(parameters: Mapping[str, Json], model: Model, action: str) -> None:
    """Hold the pictures that an action starts from against it, in NovelAI's own words."""
    infills = action == "infill"
    if infills and not model.inpaints:
        raise RequestRefusedError(400, f"Model {model.id} doesn't support action infill")
    if model.inpaints and not infills:
        raise RequestRefusedError(400, f"action: expected infill with model {model.id}")
    if action == "generate" and "image" in parameters:
        message = (
            "Validation error: error validating request:"
            " image is not allowed for regular generations, use img2img or infill"
        )
        raise RequestRefusedError(400, message)
    if action != "generate" and "image" not in parameters:
        raise RequestRefusedError(400, "Error verifying request: image is required")
    if infills and "mask" not in parameters:
        raise RequestRefusedError(400, "Error verifying request: mask is required")
    if not infills and "mask" in parameters:
        raise RequestRefusedError(400, "parameters.mask: expected with action infill alone")


def _check_size(parameters: Mapping[str, Json]) -> None:
    match parameters:
        case {"width": int(width), "height": int(height)}:
            pass
        case _:
            raise RequestRefusedError(400, "parameters: missing keys: height, width")
    if width % SIDE_STEP or height % SIDE_STEP:
        message = f"parameters.width, height: expected multiples of {SIDE_STEP}"
        raise RequestRefusedError(400, message)
    if width * height > MOST_PIXELS:
        message = f"Image resolution too high: expected at most {MOST_PIXELS} pixels"
        raise RequestRefusedError(400, message)
    most, samples = most_samples(width * height), parameters.get("n_samples", 1)
    if isinstance(samples, int) and samples > most:
        message = f"parameters.n_samples: expected at most {most} at this size"
        raise RequestRefusedError(400, message)


def _check_features(parameters: Mapping[str, Json], family: Family) -> None:
    if family.has_captions and "v4_prompt" not in parameters:
        raise RequestRefusedError(400, f"parameters.v4_prompt: {family} models need it")
    if family.has_captions and (parameters.get("sm") or parameters.get("sm_dyn")):
        raise RequestRefusedError(400, f"parameters.sm, sm_dyn: not on {family} models")
    schedule = parameters.get("noise_schedule")
    if schedule is not None and schedule not in family.noise_schedules:
        known = ", ".join(sorted(family.noise_schedules))
        message = f"parameters.noise_schedule: expected one of {known} on {family} models"
        raise RequestRefusedError(400, message)


def _check_characters(parameters: Mapping[str, Json], family: Family) -> None:
    for key in ("v4_prompt", "v4_negative_prompt", "characterPrompts"):
        match parameters.get(key):
            case {"caption": {"char_captions": list(characters)}} | list(characters):
                if len(characters) > family.characters:
                    message = (
                        f"parameters.{key}: expected at most {family.characters} characters"
                        f" on {family} models"
                    )
                    raise RequestRefusedError(400, message)
            case _:
                pass


def _check_strengths(parameters: Mapping[str, Json], action: str) -> None:
    """Refuse two values for one thing: whichever NovelAI took, the other was judged or priced.

    Of infill `inpaintImg2ImgStrength` is the strength; clients send a default of the plain one.
    """
    nested = parameters.get("img2img")
    if not isinstance(nested, dict):
        return
    for key in nested.keys() & _TWICE:
        twin = _OF_INFILL if action == "infill" and key == "strength" else key
        if nested[key] != parameters.get(twin, nested[key]):
            message = f"parameters.img2img.{key}: expected the same as parameters.{twin}"
            raise RequestRefusedError(400, message)


def _check_references(parameters: Mapping[str, Json], family: Family) -> None:
    """Hold the lists that describe reference pictures against those: one entry for each.

    An encoding says itself what was extracted, so clients may leave that list out.
    """
    for pictures, lists in _PARALLEL.items():
        most = _length(parameters, pictures)
        for key in lists:
            told_before = family.has_captions and key == _EXTRACTED and key not in parameters
            if _length(parameters, key) != most and not told_before:
                raise RequestRefusedError(400, f"parameters.{key}: expected {most} entries")
    if _length(parameters, "director_reference_images") and _length(parameters, _VIBES):
        raise RequestRefusedError(400, f"parameters.{_VIBES}: not beside precise references")
    for key in _ONES:
        values = parameters.get(key, [])
        if isinstance(values, list) and any(value != 1 for value in values):
            raise RequestRefusedError(400, f"parameters.{key}: expected exactly 1.0 per entry")


def _length(parameters: Mapping[str, Json], key: str) -> int:
    value = parameters.get(key, [])
    return len(value) if isinstance(value, list) else 0
