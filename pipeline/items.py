"""The states of an item on its way from request to release.

    Submission > Screened > Generated > Examined > Released,  with Held and Halted

A state is a type: what must not happen yet cannot be written yet. Each step takes the state before
it, recorded in the audit log, and returns the next. Nobody changes what they were given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from audit.entry import Receipt
from classifiers.content import Image, Prompt
from policies.decision import Decision

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

S_co = TypeVar("S_co", covariant=True)


class Tier(StrEnum):
    """Whom the tenant serves with this request; without a subject it is the general audience."""

    GENERAL = "general"
    ADULT = "adult"


@dataclass(frozen=True, slots=True)
class Subject:
    """On whose behalf a request is made, as the tenant states it."""

    tenant: str
    pseudonym: str | None = field(default=None, repr=False)
    """The tenant's own pseudonym of its end user; None when the key speaks for nobody named."""
    tier: Tier = Tier.GENERAL
    territory: str | None = None
    language: str | None = None
    age_claim: str | None = field(default=None, repr=False)
    """The id of a verified age-assurance claim; never the claim itself."""
    assured: bool = False
    """Whether the tenant has declared blanket age assurance for all its users."""


@dataclass(frozen=True, slots=True)
class TextToImage:
    """A picture from words."""

    model: str
    prompt: Prompt
    width: int
    height: int
    samples: int
    body: Mapping[str, Json] = field(repr=False)
    """The request as it will be sent: allow-listed keys only, `input` rewritten, no images."""
    images: tuple[Image, ...] = ()
    """Empty: a text-to-image request carries none."""


@dataclass(frozen=True, slots=True)
class ImageToImage:
    """A picture from words and a source picture."""

    model: str
    prompt: Prompt
    width: int
    height: int
    samples: int
    body: Mapping[str, Json] = field(repr=False)
    """The request as it will be sent, without its images: they are put in their carriers last."""
    images: tuple[Image, ...]


Work = TextToImage | ImageToImage
"""What is asked for. A closed union: each new route adds its type here, and the checkers find
every place that must learn it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One request, admitted to be screened."""

    id: UUID
    subject: Subject
    work: Work
    policy_digest: str
    """The policy that was active at admission; the whole flow judges by it."""
    received_at: datetime


class Stage(StrEnum):
    """Where in the path something happened."""

    ADMIT = "admit"
    SCREEN = "screen"
    GENERATE = "generate"
    EXAMINE = "examine"
    RELEASE = "release"


class Cause(StrEnum):
    """Why an item is held: something was seen, or somebody could not look."""

    SUSPICION = "suspicion"
    INCAPACITY = "incapacity"


class PublicCode(StrEnum):
    """All that a caller is ever told of why: coarse on purpose, never the rule, term or score."""

    CONTENT_NOT_ALLOWED = "CONTENT_NOT_ALLOWED"
    HELD = "HELD"
    UNREADABLE = "UNREADABLE"
    AGE_CLAIM_REQUIRED = "AGE_CLAIM_REQUIRED"
    CAPABILITY_MISSING = "CAPABILITY_MISSING"
    UPSTREAM_REFUSED = "UPSTREAM_REFUSED"
    TEMPORARILY_UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A picture in the vault: known by its id and digest, its bytes out of reach."""

    vault_id: str
    index: int
    sha256: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Screened:
    """A submission whose every text and image was read, and may be sent upstream."""

    submission: Submission
    decision: Decision


@dataclass(frozen=True, slots=True)
class Generated:
    """What upstream returned, one sealed picture per sample, not yet looked at."""

    screened: Screened
    pictures: tuple[Sealed, ...]


@dataclass(frozen=True, slots=True)
class Cleared:
    """One picture that passed every gate."""

    picture: Sealed
    decision: Decision


@dataclass(frozen=True, slots=True)
class Held:
    """Waits: for a person when something was seen, for a machine when nobody could look."""

    submission: UUID
    stage: Stage
    cause: Cause
    index: int | None
    """Which sample; None when the request itself is held."""
    vault_id: str
    expires_at: datetime
    decision: Decision


@dataclass(frozen=True, slots=True)
class Halted:
    """Goes no further."""

    submission: UUID
    stage: Stage
    code: PublicCode
    decision: Decision | None
    """None when a fault halted it and nothing was decided."""
    reason: str = ""
    """A coarse word for the log, such as `upstream_402`; never content."""
    index: int | None = None
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """Every sample of a submission, each with its own outcome, in its own place."""

    generated: Generated
    outcomes: tuple[Cleared | Held | Halted, ...]


@dataclass(frozen=True, slots=True)
class ReleasedPicture:
    """Bytes that may leave: made only where the receipt of their release is."""

    index: int
    name: str
    data: bytes = field(repr=False)
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Released:
    """The pictures of a submission that may leave, and how many may not."""

    submission: UUID
    pictures: tuple[ReleasedPicture, ...]
    withheld: int
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Recorded(Generic[S_co]):
    """An outcome whose entry is durable. The next stage takes nothing else."""

    outcome: S_co
    receipt: Receipt
