"""Turns what a client sent into work that can be judged, and work into what is sent on.

Everything that may reach NovelAI is named in `parameters`; every text of it stands in the work's
prompt, every image in its images. What is sent is written anew from that, never forwarded.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from classifiers.content import Image, Purpose
from pipeline.items import Json, Operation, Work
from pipeline.novelai import cached, catalogue, pictures
from pipeline.novelai.captions import agreed, texts_of
from pipeline.novelai.catalogue import Model
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.parameters import NOT_SERVED, PARAMETERS
from pipeline.novelai.relations import check_relations
from pipeline.novelai.shapes import checked
from pipeline.novelai.wording import kind, listed

SOURCE = "parameters.image"
"""The carrier of the picture that img2img starts from."""
DEFAULT_STRENGTH = 0.7

_ENVELOPE = frozenset({"input", "model", "action", "parameters"})
_DROPPED = frozenset({"use_new_shared_trial", "recaptcha_token"})


def parse(body: Mapping[str, Json], parts: Mapping[str, bytes] | None, *, limits: Limits) -> Work:
    """Give the work that a request asks for; `parts` is None unless it came as a form.

    The work's prompt holds every text of the request, also those that are not sent; its body holds
    nothing but what was checked, and no image.

    Raises:
        RequestRefusedError: it asks for something that this gate does not serve.
    """
    asked = _open(body)
    family = asked.model.family
    plain = cached.inline(asked.parameters)
    source = plain.pop("image", None)
    parameters = _allowed(plain, asked.model)
    check_relations(parameters, family)
    prompt = texts_of(asked.base, parameters, family, limits)
    base, parameters = agreed(asked.base, parameters)
    sent = _completed(parameters, asked)
    image = _source(asked.action, source, parts, limits)
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
        () if image is None else (image,),
        str(parameters.get("stream", "")),
    )


def serialise(work: Work, images: Mapping[str, bytes]) -> dict[str, Json]:
    """Give the body that is sent, with `images`, by carrier, put in their places as base64.

    The carriers MUST be exactly those of `work.images`; the bytes may be others, for example
    without their metadata.

    Raises:
        ValueError: they are not.
    """
    expected = {image.carrier for image in work.images}
    if set(images) != expected:
        message = f"images: expected {sorted(expected)!r}, got {sorted(images)!r}"
        raise ValueError(message)
    parameters = work.body["parameters"]
    if not isinstance(parameters, dict):
        message = f"parameters: expected an object, got {kind(parameters)}"
        raise ValueError(message)  # noqa: TRY004 - a work with such a body was not made by `parse`
    encoded: dict[str, Json] = {
        carrier.removeprefix("parameters."): base64.b64encode(data).decode("ascii")
        for carrier, data in images.items()
    }
    return {**work.body, "parameters": {**parameters, **encoded}}


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
    if action == "infill":
        raise RequestRefusedError(400, "action: infill is not served yet by this gate")
    if action not in {"generate", "img2img"}:
        raise RequestRefusedError(400, "action: expected generate or img2img")
    base = present.get("input", "" if model.family.has_captions else None)
    parameters = present.get("parameters")
    if not isinstance(base, str) or not isinstance(parameters, dict):
        raise RequestRefusedError(400, "request: expected a string input and an object parameters")
    return _Asked(base, model, str(action), parameters)


def _allowed(plain: Mapping[str, Json], model: Model) -> dict[str, Json]:
    """Give the parameters that are on the list, checked; refuse the others by name."""
    present = {key: value for key, value in plain.items() if value is not None}
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
    if asked.action == "img2img":
        nested = parameters.get("img2img")
        inner = nested.get("strength") if isinstance(nested, dict) else None
        defaults["strength"] = DEFAULT_STRENGTH if inner is None else inner
    sent = {key: value for key, value in parameters.items() if PARAMETERS[key].sent}
    return {**defaults, **sent}


def _source(
    action: str, value: Json, parts: Mapping[str, bytes] | None, limits: Limits
) -> Image | None:
    if action == "generate" and value is not None:
        message = (
            "Validation error: error validating request:"
            " image is not allowed for regular generations, use img2img or infill"
        )
        raise RequestRefusedError(400, message)
    if action == "img2img" and value is None:
        raise RequestRefusedError(400, "Error verifying request: image is required")
    if unused := (parts or {}).keys() - ({value} if isinstance(value, str) else set()):
        raise RequestRefusedError(400, f"form: no field refers to the parts: {listed(unused)}")
    if value is None:
        return None
    return Image(SOURCE, 0, Purpose.SOURCE, pictures.resolve(SOURCE, value, parts, limits))


def _whole(value: Json) -> int:
    if isinstance(value, int):
        return value
    message = f"expected an integer, got {kind(value)}"
    raise TypeError(message)  # a bug: `checked` gave it
