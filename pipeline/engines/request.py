"""Turns a request for a self-hosted model into work: NovelAI's envelope, and fewer fields.

Everything that may be sent is named here; every text stands in the work's prompt, every picture in
its images. Each engine writes what it sends from that: no field of a client is passed through, so
scripts, settings of the engine, styles and extensions cannot be named.
"""

from collections.abc import Mapping
from typing import Final

from classifiers.content import Grammar, Polarity, Prompt, Purpose, Text
from pipeline.engines.prompt import networks
from pipeline.items import Json, Operation, Work
from pipeline.novelai import pictures
from pipeline.novelai.catalogue import most_samples
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.shapes import Choice, Number, Picture, Shape, Words, checked, words
from pipeline.novelai.wording import listed

SAMPLERS: Final = frozenset({"k_euler", "k_euler_ancestral", "k_dpmpp_2m", "k_dpmpp_sde"})
SHAPES: Final[Mapping[str, Shape]] = {
    "parameters.width": Number(64, 2048, whole=True),
    "parameters.height": Number(64, 2048, whole=True),
    "parameters.n_samples": Number(1, 4, whole=True),
    "parameters.steps": Number(1, 50, whole=True),
    "parameters.scale": Number(0, 30),
    "parameters.sampler": Choice(SAMPLERS),
    "parameters.seed": Number(0, 2**32 - 1, whole=True),
    "parameters.negative_prompt": Words(Polarity.NEGATIVE),
    "parameters.image": Picture(Purpose.SOURCE),
    "parameters.strength": Number(0, 1),
    "parameters.stream": Choice(frozenset({"sse", "msgpack"})),
}
"""Every field that is read."""
DEFAULTS: Final[Mapping[str, Json]] = {
    "n_samples": 1,
    "steps": 28,
    "scale": 7,
    "sampler": "k_euler_ancestral",
    "negative_prompt": "",
}
_ENVELOPE = frozenset({"input", "model", "action", "parameters"})
_NOT_SENT = frozenset({"image", "stream"})
_SIDE_STEP = 64
_MOST_PIXELS = 1_572_864


def parse(body: Mapping[str, Json], parts: Mapping[str, bytes] | None, *, limits: Limits) -> Work:
    """Give the work that a request asks for; whether its model is there is for `Engines.check`.

    Raises:
        RequestRefusedError: it asks for something that this gate does not serve.
        UnreadableError: one of several images is none.
    """
    base, model, action, plain = _open(body)
    if unknown := {f"parameters.{key}" for key in plain} - SHAPES.keys():
        message = f"parameters: not served on {model.partition('/')[0]}: {listed(unknown)}"
        raise RequestRefusedError(400, message)
    given = {
        key: checked(SHAPES[f"parameters.{key}"], f"parameters.{key}", value)
        for key, value in plain.items()
    }
    sent: dict[str, Json] = {**DEFAULTS, **given}
    width, height, samples = _measures(sent)
    starts = action == "img2img"
    if starts is not ("image" in given) or ("strength" in given and not starts):
        raise RequestRefusedError(400, "parameters: image with action img2img, and strength too")
    if starts:
        sent.setdefault("strength", 0.7)
    return Work(
        Operation.GENERATE,
        model,
        _prompt(base, sent, limits),
        width,
        height,
        samples,
        {
            "input": base,
            "model": model,
            "action": action,
            "parameters": {key: each for key, each in sent.items() if key not in _NOT_SENT},
        },
        pictures.taken(SHAPES, given, parts, limits),
        str(given.get("stream", "")),
    )


def _open(body: Mapping[str, Json]) -> tuple[str, str, str, Mapping[str, Json]]:
    present = {key: value for key, value in body.items() if value is not None}
    if unknown := present.keys() - _ENVELOPE:
        raise RequestRefusedError(400, f"request: unknown keys: {listed(unknown)}")
    match present:
        case {
            "input": str(base),
            "model": str(model),
            "action": "generate" | "img2img" as action,
            "parameters": dict(parameters),
        }:
            plain = {key: each for key, each in parameters.items() if each is not None}
            return base, model, str(action), plain
        case _:
            message = "request: expected input, model, parameters, and action generate or img2img"
            raise RequestRefusedError(400, message)


def _measures(sent: Mapping[str, Json]) -> tuple[int, int, int]:
    match sent:
        case {"width": int(width), "height": int(height), "n_samples": int(samples)}:
            pixels = width * height
            if width % _SIDE_STEP or height % _SIDE_STEP or pixels > _MOST_PIXELS:
                message = (
                    f"parameters: sides in steps of {_SIDE_STEP}, at most {_MOST_PIXELS} pixels"
                )
                raise RequestRefusedError(400, message)
            if samples > most_samples(pixels):
                message = f"parameters.n_samples: at most {most_samples(pixels)} at this size"
                raise RequestRefusedError(400, message)
            return width, height, samples
        case _:
            raise RequestRefusedError(400, "parameters: expected width and height")


def _prompt(base: str, sent: Mapping[str, Json], limits: Limits) -> Prompt:
    texts = [Text("input", base)]
    for path, shape in SHAPES.items():
        texts += words(shape, path, sent.get(path.rpartition(".")[2]))
    if sum(len(text.text) for text in texts) > limits.text_characters:
        message = f"prompt: expected at most {limits.text_characters} characters in all fields"
        raise RequestRefusedError(400, message)
    for text in texts:
        if networks(text) and text.polarity is Polarity.NEGATIVE:
            raise RequestRefusedError(400, f"{text.path}: LoRAs stand in input alone")
    return Prompt(tuple(texts), Grammar.WEBUI)
