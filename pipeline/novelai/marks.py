"""What NovelAI itself wrote into a picture: its signature, and the prompt it says it followed.

The embedded prompt is compared with what was approved. A difference means that the server chose or
rewrote something (a randomiser, for example) that no gate has read; its texts are to be read then.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from classifiers.canonical import Canonical
from classifiers.content import Polarity, Text
from pipeline.items import Operation, Work
from pipeline.novelai import embedded, signature
from pipeline.novelai.embedded import Embedded

_SOURCE_CHARACTERS = 100


class SignatureMark(StrEnum):
    """What became of verifying NovelAI's signature."""

    VALID = "valid"
    """Every copy that is signed verifies against the pixels that were looked at."""
    INVALID = "invalid"
    ABSENT = "absent"


class PromptMark(StrEnum):
    """How the embedded prompt compares with the approved one."""

    MATCHES = "matches"
    DIFFERS = "differs"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Marks:
    """What one picture says of itself."""

    signature: SignatureMark
    prompt: PromptMark
    source: str
    """The model by its own name, such as `NovelAI Diffusion V4.5 4BDE2A90`; empty if not stated."""
    right_size: bool
    """Whether it is as large as was asked for; nobody says what size a director tool gives."""
    texts: tuple[Text, ...] = field(repr=False)
    """Every embedded text that was not approved, to be read like a request's."""


def read(picture: Canonical, work: Work, key: Ed25519PublicKey) -> Marks:
    """Give the marks of one picture that came back for `work`, whose texts were all approved.

    The paths of the texts are `output.prompt` and `output.other`: no name that a picture chose.
    """
    found = embedded.read(picture)
    known = frozenset(_key(text) for text in work.prompt.texts)
    prompts, others = found.prompts("output.prompt"), found.others("output.other")
    fresh = {_key(text): text for text in (*prompts, *others) if _key(text) not in known}
    source = "".join(character for character in found.source if character.isprintable())
    return Marks(
        _signature(picture, found, key),
        _compare(prompts, known),
        source[:_SOURCE_CHARACTERS],
        work.operation is Operation.AUGMENT
        or (picture.width, picture.height) == (work.width, work.height),
        tuple(fresh.values()),
    )


def _signature(picture: Canonical, found: Embedded, key: Ed25519PublicKey) -> SignatureMark:
    """Ask every signed copy, not just one: somebody may have replaced the other."""
    signed = [comment for comment in found.comments if signature.FIELD in comment]
    if not signed:
        return SignatureMark.ABSENT
    # The colours as they are in the file are one of the views, with or without transparency.
    every = all(
        any(signature.holds(view, comment, key) for view in picture.views) for comment in signed
    )
    return SignatureMark.VALID if every else SignatureMark.INVALID


def _compare(prompts: tuple[Text, ...], known: frozenset[tuple[str, Polarity]]) -> PromptMark:
    if not prompts:
        return PromptMark.ABSENT
    same = all(_key(text) in known for text in prompts)
    return PromptMark.MATCHES if same else PromptMark.DIFFERS


def _key(text: Text) -> tuple[str, Polarity]:
    return " ".join(text.text.split()), text.polarity
