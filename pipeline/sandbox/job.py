"""Reads a generation request into a `Job`, refusing what NovelAI refuses and in its words."""

from dataclasses import dataclass, field
from zlib import crc32

from pipeline.sandbox import dials, fields, prompts, references, uploads
from pipeline.sandbox.body import Body
from pipeline.sandbox.catalogue import (
    MODELS,
    MOST_CHARACTERS_V4,
    MOST_PIXELS,
    SIDE_STEP,
    Action,
    Family,
    Model,
    most_samples,
)
from pipeline.sandbox.dials import Dials
from pipeline.sandbox.errors import RefusedError, broken
from pipeline.sandbox.fields import Fields
from pipeline.sandbox.prompts import Caption
from pipeline.sandbox.references import References

_UINT32 = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Job:
    """A request that passed every check: what to draw, and what it is charged by."""

    model: Model
    action: Action
    width: int
    height: int
    samples: int
    seed: int
    dials: Dials
    prompt: Caption
    negative: Caption
    references: References
    image: bytes | None = field(repr=False)
    mask: bytes | None = field(repr=False)
    webp: bool

    def seed_of(self, index: int) -> int:
        """The seed of one of the pictures: each has the next, within 32 bits."""
        return (self.seed + index) % (_UINT32 + 1)


def read(body: Body) -> Job:
    """Read and check a request, in the order in which NovelAI complains.

    Raises:
        RefusedError: 400 with its reason, or 500 where NovelAI answers 500 without one.
    """
    model, action = _model(body.fields), _action(body.fields)
    if action is Action.INFILL and not model.inpaints:
        raise RefusedError(400, f"Model {model.id} doesn't support action infill")
    parameters = fields.inner(body.fields, "parameters")
    uploads.check_cache_keys(parameters)
    image, mask = _sources(body, parameters, action)
    width, height, samples = _canvas(parameters)
    prompt, negative = _captions(body.fields, parameters, model)
    return Job(
        model=model,
        action=action,
        width=width,
        height=height,
        samples=samples,
        seed=fields.whole(parameters, "seed", _seed_for(prompt), 0, _UINT32),
        dials=dials.read(parameters, model.family, action),
        prompt=prompt,
        negative=negative,
        references=references.read(body, parameters, model.family),
        image=image,
        mask=mask,
        webp=fields.choice(parameters, "image_format", "png", {"png", "webp"}) == "webp",
    )


def _seed_for(prompt: Caption) -> int:
    """The seed of a request that names none; NovelAI throws dice, we must not."""
    return crc32(prompt.base.encode("utf-8", "replace"))


def _model(envelope: Fields) -> Model:
    name = fields.text(envelope, "model")
    if name not in MODELS:
        raise RefusedError(400, f"Validation error: model {name} doesn't exist")
    return MODELS[name]


def _action(envelope: Fields) -> Action:
    return Action(fields.choice(envelope, "action", Action.GENERATE, list(Action)))


def _sources(body: Body, parameters: Fields, action: Action) -> tuple[bytes | None, bytes | None]:
    image, mask = uploads.one(body, parameters, "image"), uploads.one(body, parameters, "mask")
    if action is Action.GENERATE and image is not None:
        problem = "image is not allowed for regular generations, use img2img or infill"
        raise RefusedError(400, f"Validation error: error validating request: {problem}")
    if action is not Action.GENERATE and image is None:
        raise RefusedError(400, "Error verifying request: image is required")
    if action is Action.INFILL and mask is None:
        raise RefusedError(400, "Error verifying request: mask is required")
    for name, content in (("image", image), ("mask", mask)):
        if content is not None:
            uploads.decode(content, name)
    return image, mask


def _canvas(parameters: Fields) -> tuple[int, int, int]:
    longest = MOST_PIXELS // SIDE_STEP
    sides = [fields.whole(parameters, key, None, SIDE_STEP, longest) for key in ("width", "height")]
    if any(side % SIDE_STEP for side in sides):
        raise RefusedError(400, f"Validation error: sides must be multiples of {SIDE_STEP}")
    width, height = sides
    if width * height > MOST_PIXELS:
        raise RefusedError(400, "Image resolution too high")
    return width, height, fields.whole(parameters, "n_samples", 1, 1, most_samples(width * height))


def _captions(envelope: Fields, parameters: Fields, model: Model) -> tuple[Caption, Caption]:
    plain = fields.text(parameters, "negative_prompt") or fields.text(parameters, "uc")
    if model.family < Family.V4:
        return Caption(fields.text(envelope, "input")), Caption(plain)
    if parameters.get("v4_prompt") is None:
        raise broken()
    prompt = prompts.read(fields.inner(parameters, "v4_prompt"))
    if len(prompt.characters) > MOST_CHARACTERS_V4 and model.family < Family.V5:
        raise broken()
    if parameters.get("v4_negative_prompt") is None:
        return prompt, Caption(plain)
    return prompt, prompts.read(fields.inner(parameters, "v4_negative_prompt"))
