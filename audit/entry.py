"""What the writer hands to the log, and what the log hands back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID, uuid5

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class Kind(StrEnum):
    """Everything the log writes down, by name."""

    GENESIS = "genesis"
    ADMIT = "admit"
    GENERATED = "generated"
    EXAMINED = "examined"
    RELEASE = "release"
    WITHHOLD = "withhold"
    HALTED = "halted"
    HELD = "held"
    RULING = "ruling"
    DRY_RUN = "dry_run"
    ERROR = "error"
    ACCESS = "access"
    MEDIA = "media"
    CASE = "case"
    NOTICE = "notice"
    APPEAL = "appeal"
    REPORT = "report"
    TAKEDOWN = "takedown"
    LEGAL_HOLD = "legal_hold"
    ERASE = "erase"
    EXPORT = "export"
    CONFIG = "config"
    POLICY = "policy"
    MODEL = "model"
    BANK = "bank"
    KEY_CHANGE = "key_change"
    SHARD = "shard"


# The kinds an item leaves on its way: each MUST name its submission and derive its id from it.
STEPS = frozenset(
    {
        Kind.ADMIT,
        Kind.GENERATED,
        Kind.EXAMINED,
        Kind.RELEASE,
        Kind.WITHHOLD,
        Kind.HALTED,
        Kind.HELD,
    }
)
# The kinds that end a sample's way. `halted` ends the whole submission.
OUTCOMES = frozenset({Kind.RELEASE, Kind.WITHHOLD, Kind.HALTED})


def entry_id(submission: UUID, kind: Kind, sample: int = 0, attempt: int = 0) -> UUID:
    """Return the one id that this step of this submission can have: it cannot happen twice."""
    return uuid5(submission, f"{kind.value}/{sample}/{attempt}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, as the writer knows it.

    `at` MUST be aware and in UTC. `public` goes into the leaf verbatim, for everybody and for
    ever: only the keys and shapes of `audit.fields`, no floats, no content. `personal` is
    committed field by field, `detail` as a whole; both lie encrypted beside the leaf and can
    be erased.
    """

    entry_id: UUID
    kind: Kind
    at: datetime
    public: Mapping[str, Json]
    personal: Mapping[str, str | bytes] = field(default_factory=dict, repr=False)
    detail: Mapping[str, Json] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of writing: the entry's place, its exact leaf, and a signed checkpoint over it.

    Whoever keeps `checkpoint` can later show that the log was rewritten or cut.
    """

    entry_id: UUID
    index: int
    leaf: bytes
    checkpoint: str


@dataclass(frozen=True, slots=True)
class OpenSubmission:
    """A submission that was admitted and has not come to its end.

    `closed` holds the samples that have an outcome; `last` is the newest kind written.
    """

    submission: UUID
    admitted: int
    samples: int
    closed: frozenset[int]
    last: Kind
