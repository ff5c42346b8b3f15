"""What a classifier may say: a scored fact, or that it could not look.

A classifier knows these names only. What harm they may mean is for `policies` to say.
"""

from dataclasses import dataclass
from enum import StrEnum


class SignalName(StrEnum):
    """Every fact that can be reported about content, `surface.subject[.detail]`."""

    TEXT_READABLE = "text.readable"
    """Score 1 when all can be read and judged here, else 0 for each field that cannot."""
    TEXT_LANGUAGE_UNREAD = "text.language.unread"
    """Score 1 for each field with a part in a language that nobody here reads."""
    TEXT_LANGUAGE_TERMS_ONLY = "text.language.terms_only"
    """Score 1 for each field with a part in a language of which only the listed terms are read."""
    TEXT_TAGS = "text.tags"
    """Score 1 when all that a request asks for is one list of tags, without a sentence."""
    TEXT_DISGUISED = "text.disguised"
    TEXT_MINOR_TERM = "text.minor.term"
    TEXT_MINOR_AGE = "text.minor.age"
    TEXT_MINOR_CONTEXT = "text.minor.context"
    TEXT_MINOR_CHARACTER = "text.minor.character"
    """A character who is a minor where it comes from; aged-up wording beside it changes nothing."""
    TEXT_MINOR_FICTION = "text.minor.fiction"
    """Talk of an age that the looks belie, or of being made younger."""
    TEXT_MINOR_NEGATED = "text.minor.negated_maturity"
    TEXT_ADULT_AGE = "text.adult.age"
    TEXT_SEXUAL_SUGGESTIVE = "text.sexual.suggestive"
    TEXT_SEXUAL_NUDITY = "text.sexual.nudity"
    TEXT_SEXUAL_ACT = "text.sexual.act"
    TEXT_NONCONSENT = "text.sexual.nonconsent"
    TEXT_ANIMAL = "text.sexual.animal"
    TEXT_GORE = "text.gore"
    TEXT_HATE = "text.hate"
    TEXT_SELF_HARM = "text.self_harm"
    TEXT_REAL_PERSON = "text.real_person"
    TEXT_MODEL_SEXUAL = "text.model.sexual"
    """What follows is a trained model's view of a text: 0.5 is where its card's threshold lies."""
    TEXT_MODEL_MINOR_PRESENT = "text.model.minor_present"
    TEXT_MODEL_NONCONSENT = "text.model.nonconsent"
    TEXT_MODEL_ANIMAL = "text.model.animal"
    TEXT_MODEL_GORE_VIOLENCE = "text.model.gore_violence"
    TEXT_MODEL_HATE = "text.model.hate"
    TEXT_MODEL_HARASSMENT = "text.model.harassment"
    TEXT_MODEL_SELF_HARM = "text.model.self_harm"
    TEXT_MODEL_ILLEGAL = "text.model.illegal"
    TEXT_MODEL_REAL_PERSON = "text.model.real_person"
    HASH_CSAM_EXACT = "hash.csam.exact"
    HASH_CSAM_NEAR = "hash.csam.near"
    HASH_NCII_EXACT = "hash.ncii.exact"
    HASH_NCII_NEAR = "hash.ncii.near"
    HASH_BLOCKED_EXACT = "hash.blocked.exact"
    HASH_BLOCKED_NEAR = "hash.blocked.near"
    IMAGE_PHOTOGRAPH = "image.rendition.photograph"
    IMAGE_MASK = "image.mask"
    """Score 1 if a picture in a mask's place is a one-bit mask, else 0; of others unavailable."""
    IMAGE_SEXUAL_SUGGESTIVE = "image.sexual.suggestive"
    IMAGE_SEXUAL_NUDITY = "image.sexual.nudity"
    IMAGE_SEXUAL_ACT = "image.sexual.act"
    IMAGE_NONCONSENT = "image.sexual.nonconsent"
    IMAGE_ANIMAL = "image.sexual.animal"
    IMAGE_GORE = "image.gore"
    IMAGE_PERSON = "image.person"
    """The likelihood that a face was found; only photographs are looked at."""
    IMAGE_MINOR_FACE = "image.minor.face"
    """The likelihood that a photographed face is under age; it may raise evidence, never clear."""
    IMAGE_MINOR_DRAWN = "image.minor.drawn"
    """Youth indicated in a drawing, by a named model with measured recall."""
    IMAGE_MARK_ALTERED = "image.mark.altered"
    """Score 1 when the maker's signature in a picture does not hold; unavailable without one."""
    IMAGE_MARK_FOREIGN = "image.mark.foreign_prompt"
    """Score 1 when the prompt embedded in a picture is not the approved one."""


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a request's text: the path of the field and, where known, `[start, end)`.

    The path `*` stands for the union of all fields. Offsets count code points of the text as
    received.
    """

    path: str
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A place in an image: the carrier, its index and, where known, a box x, y, w, h in pixels."""

    carrier: str
    index: int
    box: tuple[int, int, int, int] | None = None


Where = Field | Picture


@dataclass(frozen=True, slots=True)
class Signal:
    """One fact with its likelihood.

    `evidence` is an opaque reference that a reviewer can resolve (`term:minor.en.12`,
    `bank:partner/417 d=8 flipped`); it MUST NOT hold content or a hash.
    """

    name: SignalName
    score: float
    where: Where
    source: str
    evidence: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:  # also refuses NaN, which would pass any threshold test
            message = f"{self.name} of {self.source}: expected a score in 0..1, got {self.score!r}"
            raise ValueError(message)


class Reason(StrEnum):
    """Why nobody could look."""

    FAILED = "failed"
    TIMED_OUT = "timed_out"
    NOT_INSTALLED = "not_installed"
    NOT_ASSESSED = "not_assessed"
    """The model is not able to answer this question about this content."""
    OTHER_LANGUAGE = "other_language"
    """The model was not measured in the language of this text; `text.language.*` says more."""
    TOO_FLAT = "too_flat"
    STALE = "stale"
    NO_BANKS = "no_banks"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A question that has no answer. It is never a zero."""

    name: SignalName
    where: Where
    source: str
    reason: Reason


Finding = Signal | Unavailable
