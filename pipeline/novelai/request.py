"""Turns what a client sent into work that can be judged, and work into what is sent on.

Everything that may reach NovelAI is named in `parameters`; every text of it stands in the work's
prompt, every image in its images. What is sent is written anew from that, never forwarded.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.items import Json, Operation, Work
from pipeline.novelai import cached, catalogue, encodings, pictures
from pipeline.novelai.captions import agreed, texts_of
from pipeline.novelai.catalogue import Model
from pipeline.novelai.encodings import Vibes
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.parameters import ENCODED_VIBES, NOT_SERVED, PARAMETERS
from pipeline.novelai.relations import check_relations
from pipeline.novelai.shapes import ListOf, Picture, checked
from pipeline.novelai.wording import kind, listed

PARAMETERS_PATH = "parameters."
SOURCE = "parameters.image"
"""The carrier of the picture that img2img and infill start from."""
PARAMETER_SHAPES = {f"{PARAMETERS_PATH}{key}": each.shape for key, each in PARAMETERS.items()}
Place = tuple[str, int]
"""Where a picture stands: its carrier, and which one there."""
DEFAULT_STRENGTH = 0.7

_ENVELOPE = frozenset({"input", "model", "action", "parameters"})
_DROPPED = frozenset({"use_new_shared_trial", "recaptcha_token"})
_IDLE = frozenset(key for key in PARAMETERS if "reference" in key) | {"mask"}
"""Keys that clients send empty when they do not use what they are for, on whatever model."""


def parse(body: Mapping[str, Json], parts: Mapping[str, bytes] | None, *, limits: Limits) -> Work:
    """Give the work that a request asks for; `parts` is None unless it came as a form.

    The work's prompt holds every text of the request, also those that are not sent; its body holds
    nothing but what was checked, and no image.

    Raises:
        RequestRefusedError: it asks for something that this gate does not serve.
        UnreadableError: one of several images is none.
    """
    asked = _open(body)
    parameters = _allowed(cached.inline(asked.parameters), asked.model)
    check_relations(parameters, asked.model, asked.action)
    prompt = texts_of(asked.base, parameters, asked.model.family, limits)
    vibes = _vibes(parameters, asked.model, parts, limits)
    seen = {**parameters, encodings.VIBES: []} if vibes.encodings else parameters
    images = pictures.taken(PARAMETER_SHAPES, seen, vibes.parts, limits)
    base, parameters = agreed(asked.base, parameters)
    sent = _completed(parameters, asked)
    width, height, samples = (_whole(sent[key]) for key in ("width", "height", "n_samples"))
    written: dict[str, Json] = {
        "input": base,
        "model": asked.model.id,
        "action": asked.action,
        "parameters": sent,
    }
    return Work(
        Operation.GENERATE,
        asked.model.id,
        prompt,
        width,
        height,
        samples,
        written,
        images,
        str(parameters.get("stream", "")),
        vibes.encodings,
    )


def serialise(work: Work, images: Mapping[Place, bytes]) -> dict[str, Json]:
    """Give the body that is sent, with `images`, by carrier and place, put there as base64.

    The places MUST be exactly those of `work.images`; the bytes may be others, for example
    without their metadata. The work's encodings are put there as they are: MUST NOT be called
    before it is known that all of them were made here.

    Raises:
        ValueError: they are not.
    """
    expected = sorted((image.carrier, image.index) for image in work.images)
    if sorted(images) != expected:
        message = f"images: expected {expected!r}, got {sorted(images)!r}"
        raise ValueError(message)
    sent: dict[str, Json] = {**work.body}
    parameters = sent.get("parameters")
    inside: dict[str, Json] = {**parameters} if isinstance(parameters, dict) else {}
    for carrier, index in expected:
        text = base64.b64encode(images[carrier, index]).decode("ascii")
        key = carrier.removeprefix(PARAMETERS_PATH)
        target = sent if key == carrier else inside
        listed_there = isinstance(PARAMETER_SHAPES.get(carrier), ListOf)
        before = target.get(key) if index else []
        target[key] = [*before, text] if listed_there and isinstance(before, list) else text
    if work.encodings:
        inside[encodings.VIBES] = [
            base64.b64encode(each.data).decode("ascii") for each in work.encodings
        ]
    return {**sent, "parameters": inside} if "parameters" in sent else sent


def _vibes(
    parameters: Mapping[str, Json],
    model: Model,
    parts: Mapping[str, bytes] | None,
    limits: Limits,
) -> Vibes:
    """Give the encodings of a request: earlier models take the pictures themselves."""
    if model.family not in ENCODED_VIBES:
        return Vibes((), parts)
    return encodings.taken(parameters.get(encodings.VIBES, []), parts, limits)


@dataclass(frozen=True, slots=True)
class _Asked:
    base: str
    model: Model
    action: str
    parameters: Mapping[str, Json]


def _open(body: Mapping[str, Json]) -> _Asked:
    present = {key: value for key, value in body.items() if value is not None}
    if "url" in present:
        raise RequestRefusedError(400, "url: custom models are not served by this gate")
    if unknown := present.keys() - _ENVELOPE - _DROPPED:
        raise RequestRefusedError(400, f"request: unknown keys: {listed(unknown)}")
    model = catalogue.find(present.get("model"))
    action = present.get("action")
    if action not in {"generate", "img2img", "infill"}:
        raise RequestRefusedError(400, "action: expected generate, img2img or infill")
    base = present.get("input", "" if model.family.has_captions else None)
    parameters = present.get("parameters")
    if not isinstance(base, str) or not isinstance(parameters, dict):
        raise RequestRefusedError(400, "request: expected a string input and an object parameters")
    return _Asked(base, model, str(action), parameters)


def _allowed(plain: Mapping[str, Json], model: Model) -> dict[str, Json]:
    """Give the parameters that are on the list, checked; refuse the others by name."""
    present = {key: value for key, value in plain.items() if value is not None}
    present = {
        key: value for key, value in present.items() if value not in ([], "") or key not in _IDLE
    }
    for key in sorted(present.keys() & NOT_SERVED.keys()):
        if present.pop(key) not in ([], "", {}):
            message = f"parameters.{key}: {NOT_SERVED[key]} is not served yet by this gate"
            raise RequestRefusedError(400, message)
    if unknown := present.keys() - PARAMETERS.keys():
        raise RequestRefusedError(400, f"parameters: unknown keys: {listed(unknown)}")
    if foreign := {key for key in present if model.family not in PARAMETERS[key].families}:
        message = f"parameters: not on {model.family} models: {listed(foreign)}"
        raise RequestRefusedError(400, message)
    return {
        key: checked(PARAMETERS[key].shape, f"parameters.{key}", value)
        for key, value in present.items()
    }


def _completed(parameters: Mapping[str, Json], asked: _Asked) -> dict[str, Json]:
    """Give what is sent: without what is dropped, and with the defaults that a price depends on."""
    defaults: dict[str, Json] = {
        "n_samples": 1,
        "steps": asked.model.steps,
        "scale": asked.model.scale,
        "sampler": "k_euler_ancestral",
        "image_format": "png",
    }
    inner = _nested_strength(parameters)
    if asked.action == "infill":
        defaults["inpaintImg2ImgStrength"] = 1 if inner is None else inner
    if asked.action == "img2img":
        defaults["strength"] = DEFAULT_STRENGTH if inner is None else inner
    idle = _idle(parameters, asked.action)
    sent = {
        key: value
        for key, value in parameters.items()
        if PARAMETERS[key].sent and key not in idle and not _is_picture(key)
    }
    return {**defaults, **sent}


def _idle(parameters: Mapping[str, Json], action: str) -> frozenset[str]:
    """Give the keys of features that are off: clients send their defaults all the same."""
    infill = frozenset({"inpaintImg2ImgStrength"})
    if action == "infill":  # of two strengths the nested one counts, and is that of infill
        infill = frozenset() if _nested_strength(parameters) is None else frozenset({"strength"})
    single = {"reference_strength", "reference_information_extracted"}
    return infill | (frozenset() if "reference_image" in parameters else frozenset(single))


def _nested_strength(parameters: Mapping[str, Json]) -> Json:
    nested = parameters.get("img2img")
    return nested.get("strength") if isinstance(nested, dict) else None


def _is_picture(key: str) -> bool:
    match PARAMETERS[key].shape:
        case Picture() | ListOf(item=Picture()):
            return True
        case _:
            return False


def _whole(value: Json) -> int:
    if isinstance(value, int):
        return value
    message = f"expected an integer, got {kind(value)}"
    raise TypeError(message)  # a bug: `checked` gave it
