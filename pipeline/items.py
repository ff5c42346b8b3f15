"""The states of an item on its way from request to release.

    Submission > Screened > Generated > Examined > Released,  with Held and Halted

A state is a type: what must not happen yet cannot be written yet. Each step takes the state before
it, recorded in the audit log, and returns the next. Nobody changes what they were given.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar
from uuid import UUID

from audit.entry import Receipt
from classifiers.canonical import Canonical
from classifiers.content import Grammar, Image, Prompt
from classifiers.normalise import Reading
from classifiers.signals import Finding
from policies.decision import Action, Decision
from policies.labels import HarmCode
from policies.policy import Facts, Policy

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

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

    @property
    def facts(self) -> Facts:
        """What a policy may know of the subject."""
        return Facts(
            tier_adult=self.tier is Tier.ADULT,
            age_claim=self.assured or self.age_claim is not None,
        )


class Operation(StrEnum):
    """What NovelAI is asked to do: the path of the route that does it."""

    GENERATE = "/ai/generate-image"
    AUGMENT = "/ai/augment-image"
    UPSCALE = "/ai/upscale"
    ENCODE_VIBE = "/ai/encode-vibe"


class Undesired(StrEnum):
    """NovelAI's presets of undesired content."""

    NONE = "none"
    LIGHT = "light"
    HEAVY = "heavy"
    HUMAN = "human"
    FURRY = "furry"


@dataclass(frozen=True, slots=True)
class PromptHelp:
    """What a tenant has added to the texts of its requests; nothing unless it says so."""

    quality: bool = False
    """The model's quality tags."""
    undesired: Undesired = Undesired.NONE
    anatomy: bool = False
    """To the negative prompt: the faults that models make in bodies."""
    nsfw: bool = False
    """To the negative prompt of requests for the general audience: that word."""


NO_HELP: Final = PromptHelp()


def wanted_in(said: Mapping[str, Any]) -> PromptHelp:
    """Return the help that was written down by its fields.

    Raises:
        ValueError, TypeError, KeyError: it is something else.
    """
    fields: dict[str, Any] = {**said, "undesired": Undesired(said["undesired"])}
    wanted = PromptHelp(**fields)
    if not all(isinstance(each, bool | Undesired) for each in fields.values()):
        raise ValueError("prompt help: expected flags and a preset")
    return wanted


@dataclass(frozen=True, slots=True)
class Added:
    """What was added to the texts of one request, which was not there already."""

    prompt: str = ""
    negative: str = ""


NOTHING: Final = Added()


@dataclass(frozen=True, slots=True)
class Encoding:
    """A picture as a model reads it: opaque, so it is known by its digest or not at all."""

    carrier: str
    index: int
    data: bytes = field(repr=False)
    sha256: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked for, of whichever route."""

    operation: Operation
    model: str
    """Which model draws; of a director tool, its name."""
    prompt: Prompt
    width: int
    height: int
    """Width and height of the pictures that come back."""
    samples: int
    """How many pictures come back."""
    body: Mapping[str, Json] = field(repr=False)
    """The request as it will be sent: allow-listed keys only, `input` rewritten, without its
    images: they are put in their carriers last."""
    images: tuple[Image, ...] = ()
    stream: str = ""
    """In which form its client wants events, if it said so: `sse` or `msgpack`. It is not sent."""
    encodings: tuple[Encoding, ...] = ()
    """Pictures that come encoded: only those that were made here may be sent."""
    added: Added = NOTHING
    """What of its texts its tenant had added."""


def engine_of(model: str) -> str | None:
    """Return which self-hosted engine a model is of, as `own/harbour`; None if it is NovelAI's."""
    name, slash, _ = model.partition("/")
    return name if slash else None


def seed_of(work: Work) -> int:
    """Return the seed of the first sample; 0 when the request leaves the choice to NovelAI."""
    parameters = work.body.get("parameters")
    seed = parameters.get("seed") if isinstance(parameters, dict) else None
    return seed if isinstance(seed, int) else 0


NO_TEXTS: Final = Reading(Prompt((), Grammar.V4), ())


@dataclass(frozen=True, slots=True)
class Contents:
    """All that is to be looked at, prepared once and shared by all who look."""

    reading: Reading = field(repr=False)
    pictures: tuple[Canonical, ...] = field(repr=False)
    metadata: Reading = field(default=NO_TEXTS, repr=False)
    """What uploaded pictures say of themselves: evidence, of which nothing is ever forwarded."""
    evidence: tuple[Finding, ...] = ()
    """What was seen in the requests that uploaded pictures came from, if that was here."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was seen, and what follows from it."""

    findings: tuple[Finding, ...]
    decision: Decision
    milliseconds: int
    """How long the looking took."""
    took: tuple[tuple[str, int], ...] = ()
    """Microseconds that each classifier looked, over all contents; who never answered is none."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One request: read, prepared, sealed in the vault, and not yet judged."""

    id: UUID
    subject: Subject
    work: Work
    contents: Contents = field(repr=False)
    vault_id: str
    """Where the request is sealed, so that a hold or a crash loses nothing."""
    policy: Policy = field(repr=False)
    """The policy that was active at admission; the whole flow judges by it."""
    received_at: datetime
    body_sha256: str = field(repr=False)
    """The digest of the request as received; the log only ever holds a commitment to it."""
    attempt: int = 0
    """How often its pictures were looked at before: each look has entries of its own."""
    is_job: bool = False
    """Whether nobody waits for its answer, so that others may go first."""


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
    LANGUAGE_NOT_SUPPORTED = "LANGUAGE_NOT_SUPPORTED"
    AGE_CLAIM_REQUIRED = "AGE_CLAIM_REQUIRED"
    CAPABILITY_MISSING = "CAPABILITY_MISSING"
    UPSTREAM_REFUSED = "UPSTREAM_REFUSED"
    TEMPORARILY_UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"


_SAID: dict[HarmCode, PublicCode] = {
    HarmCode.AGE_CLAIM: PublicCode.AGE_CLAIM_REQUIRED,
    HarmCode.CAPABILITY: PublicCode.CAPABILITY_MISSING,
    HarmCode.TEXT_UNREADABLE: PublicCode.UNREADABLE,
    HarmCode.TEXT_LANGUAGE: PublicCode.LANGUAGE_NOT_SUPPORTED,
    HarmCode.UNKNOWN: PublicCode.TEMPORARILY_UNAVAILABLE,
}


def public_code(decision: Decision) -> PublicCode:
    """Return what a caller is told of a decision that does not allow."""
    return _SAID.get(decision.code, PublicCode.CONTENT_NOT_ALLOWED)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A picture in the vault: known by its id and digest, its bytes out of reach."""

    vault_id: str
    index: int
    sha256: str = field(repr=False)


NEVER_RELEASED = "CSE"
"""The family of harm that no person's ruling releases."""


def may_go_on(decision: Decision, ruling: UUID | None) -> bool:
    """Whether a decision allows, or holds for what was seen and a ruling approves.

    Nobody approves `CSE.*`, and nobody approves what could not be looked at: a person sees facts,
    so where there are none a machine has to look first.
    """
    if decision.allows:
        return True
    if ruling is None or decision.action is not Action.HOLD:
        return False
    families = {code.family for code in decision.codes}
    return NEVER_RELEASED not in families and decision.was_seen


def _not_allowed(what: str, judged: Judged) -> ValueError:
    action = judged.decision.action
    return ValueError(f"{what}: expected a decision or a ruling that allows, got {action}")


Begin = Callable[[str], Awaitable[str]]
"""Awaited last before a paid call, by the digest of the account that pays (empty: nobody does).

It notes durably that the call begins, or says why it MUST NOT be made. Before a second try with
another account it is awaited again.
"""


async def at_once(_account: str) -> str:
    """Begin without a note: for a call that no crash could repeat."""
    return ""


@dataclass(frozen=True, slots=True)
class Screened:
    """A submission whose every text and image was read, and may be sent upstream.

    Raises:
        ValueError: neither an allowing decision nor a ruling says so.
    """

    submission: Submission
    judged: Judged
    ruling: UUID | None = None
    """The entry of the ruling that approved what a decision held."""
    begin: Begin = field(default=at_once, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not may_go_on(self.judged.decision, self.ruling):
            raise _not_allowed("screened", self.judged)


@dataclass(frozen=True, slots=True)
class Approval:
    """A ruling that approves: it reaches as far as the rules whose holds the person was shown."""

    ruling: UUID
    """Its entry."""
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Generated:
    """What upstream returned, one sealed picture per sample, not yet looked at."""

    screened: Screened
    pictures: tuple[Sealed, ...]
    milliseconds: int
    approval: Approval | None = None
    """What a person approved of its one picture, which was held."""
    held_until: datetime | None = None
    """When its pictures were held before: until then, however often they are looked at again."""
    lost: tuple[int, ...] = ()
    """The samples that were paid for and could not be sealed: they are withheld."""


def again(generated: Generated) -> Generated:
    """Return the same pictures, to be looked at once more: that look has entries of its own."""
    submission = generated.screened.submission
    once_more = replace(submission, attempt=submission.attempt + 1)
    return replace(generated, screened=replace(generated.screened, submission=once_more))


@dataclass(frozen=True, slots=True)
class Cleared:
    """One picture that may leave: an allowing decision says so, or a person's ruling.

    Raises:
        ValueError: neither does. No ruling opens what is blocked, or anything of `CSE.*`.
    """

    picture: Sealed
    judged: Judged
    ruling: UUID | None = None
    """The entry of the ruling that approved what a decision held."""

    def __post_init__(self) -> None:
        if not may_go_on(self.judged.decision, self.ruling):
            raise _not_allowed("cleared", self.judged)


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
    judged: Judged | None
    """None when a fault held it before anything was judged."""
    reason: str = ""
    """A coarse word for the log; never content."""


@dataclass(frozen=True, slots=True)
class Halted:
    """Goes no further."""

    submission: UUID
    stage: Stage
    code: PublicCode
    judged: Judged | None
    """None when a fault halted it and nothing was judged."""
    reason: str = ""
    """A coarse word for the log, such as `upstream_402`; never content."""
    index: int | None = None
    retry_after_seconds: int | None = None


INHERITED = frozenset({"CSE", "NCII"})
"""The families of harm that halt a whole batch when one picture of it shows them."""


def taints(outcome: Cleared | Held | Halted) -> bool:
    """Whether what one picture shows halts its siblings too."""
    if not isinstance(outcome, Halted) or outcome.judged is None:
        return False
    return outcome.judged.decision.code.family in INHERITED


@dataclass(frozen=True, slots=True)
class Examined:
    """Every sample of a submission, each with its own outcome, in its own place."""

    generated: Generated
    outcomes: tuple[Cleared | Held | Halted, ...]


class ReleasedMetadata(StrEnum):
    """What becomes of the texts that NovelAI writes into a picture: a tenant's choice."""

    KEEP = "keep"
    STRIP_TEXT = "strip_text"
    """Those beside the pixels are taken out. The copy in the lowest bits of alpha stays."""
    STRIP_ALL = "strip_all"
    """The picture is written anew: alpha tells nothing any more either."""
    LABEL = "label"
    """As `strip_all`, and a person sees in its corner that a machine made it."""


@dataclass(frozen=True, slots=True)
class Marked:
    """One picture as it will leave, with the digest of what leaves."""

    sealed: Sealed
    """The picture as it was examined."""
    data: bytes = field(repr=False)
    sha256: str = field(repr=False)
    mark: str = ""
    """What was done to its file, for the log; nothing to what is no picture."""


@dataclass(frozen=True, slots=True)
class Released:
    """The pictures of a submission that leave, and how many do not.

    Nothing is sent without the receipts: whoever answers a caller takes `Recorded[Released]`.
    """

    submission: Submission
    pictures: tuple[Marked, ...]
    withheld: int


@dataclass(frozen=True, slots=True)
class Recorded(Generic[S_co]):
    """An outcome whose entries are durable. The next stage takes nothing else."""

    outcome: S_co
    receipts: tuple[Receipt, ...]
    """One for the outcome, or one for each sample of it, in their order; never empty."""
