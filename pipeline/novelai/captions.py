"""The texts of a request, and their copies: all are read, and one wording of each is sent.

On V4 and later `v4_prompt` is the prompt that counts, and `input`, `prompt` and `negative_prompt`
are its legacy copies; on V3 `input` and `negative_prompt` count (novelai-api.md 3.3, 3.4). Clients
do not keep copies in sync, so whoever reads only one of them is bypassed.
"""

from collections.abc import Iterator, Mapping

from classifiers.content import Polarity, Prompt, Text
from pipeline.items import Json
from pipeline.novelai.catalogue import Family
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.parameters import PARAMETERS
from pipeline.novelai.shapes import words

_COUNT_FIRST = ("parameters.v4_prompt.", "parameters.v4_negative_prompt.")


def texts_of(base: str, parameters: Mapping[str, Json], family: Family, limits: Limits) -> Prompt:
    """Give every text of the request, those that count first; an exact copy is given once.

    Raises:
        RequestRefusedError: all together, they are longer than the limit.
    """
    found = sorted(
        _texts(base, parameters), key=lambda text: not text.path.startswith(_COUNT_FIRST)
    )
    once: dict[tuple[str, Polarity], Text] = {}
    for text in found:
        once.setdefault((text.text, text.polarity), text)
    if sum(len(text.text) for text in once.values()) > limits.text_characters:
        message = f"prompt: expected at most {limits.text_characters} characters in all fields"
        raise RequestRefusedError(400, message)
    return Prompt(tuple(once.values()), family.grammar)


def _texts(base: str, parameters: Mapping[str, Json]) -> Iterator[Text]:
    yield Text("input", base, Polarity.POSITIVE)
    for key, value in parameters.items():
        yield from words(PARAMETERS[key].shape, f"parameters.{key}", value)


def agreed(base: str, parameters: Mapping[str, Json]) -> tuple[str, dict[str, Json]]:
    """Give `input` and the parameters, each legacy copy overwritten by the text that counts."""
    caption = _base_caption(parameters.get("v4_prompt"))
    positive = base if caption is None else caption
    negatives = (
        _base_caption(parameters.get("v4_negative_prompt")),
        parameters.get("negative_prompt"),
        parameters.get("uc"),  # the older name, on V3
    )
    negative = next((text for text in negatives if text is not None), None)
    copies: dict[str, Json] = {}
    if "prompt" in parameters:
        copies["prompt"] = positive
    if negative is not None:
        copies["negative_prompt"] = negative
    return positive, {**parameters, **copies}


def _base_caption(prompt: Json) -> str | None:
    match prompt:
        case {"caption": {"base_caption": str(text)}}:
            return text
        case _:
            return None
