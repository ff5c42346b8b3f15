"""What a request carries, and what comes back: texts and images, as received."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Polarity(StrEnum):
    """What a text field asks for: that its words appear, or that they do not."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class Grammar(StrEnum):
    """Which prompt language a model reads.

    V3 is NovelAI's V1 to V3: braces, brackets and `a|b:0.3` mixing. V4 is V4 and later: `2.5::x::`
    weights, `||a|b||` randomisers and drawn text as well. WEBUI is what self-hosted engines read:
    `(x:1.2)`, `[a:b:0.5]`, `[a|b]`, `BREAK`, `AND` and `<lora:x:1>`.
    """

    V3 = "v3"
    V4 = "v4"
    WEBUI = "webui"


@dataclass(frozen=True, slots=True)
class Text:
    """One text carrier: the text is exactly what the request holds."""

    path: str
    """Where it stands in the request, for example `parameters.negative_prompt`."""
    text: str = field(repr=False)
    polarity: Polarity = Polarity.POSITIVE


@dataclass(frozen=True, slots=True)
class Prompt:
    """Every text that one request carries, in the order of its carriers."""

    texts: tuple[Text, ...]
    grammar: Grammar
    tenant: str = ""
    """Whose request it is of: what is remembered of one tenant's texts is quicker for no other."""


class Purpose(StrEnum):
    """What an image is for, which decides what is asked of it."""

    SOURCE = "source"
    MASK = "mask"
    REFERENCE = "reference"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Image:
    """One image, as the bytes in which it was received."""

    carrier: str
    """Where it stood, for example `parameters.image`, or `output` for a generated picture."""
    index: int
    purpose: Purpose
    data: bytes = field(repr=False)
    tenant: str = ""
    """Whose request it is of. Not every list of known pictures may be used for everybody."""


def of_tenant(images: Sequence[Image], tenant: str) -> tuple[Image, ...]:
    """Return the images as those of a tenant's request."""
    return tuple(replace(image, tenant=tenant) for image in images)


class Rendition(StrEnum):
    """How a picture was made, as far as can be told; `UNSURE` is neither."""

    PHOTOGRAPH = "photograph"
    DRAWING = "drawing"
    UNSURE = "unsure"
