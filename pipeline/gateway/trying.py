"""A decision without a generation: on a budget of refusals a day, and with an entry.

It is taken from the budget before it is judged, and given back if it is allowed: trying many at
once gains nothing. It keeps no content, but what only the child-safety team may open.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from audit.entry import Entry, Kind, Receipt
from audit.errors import AuditError
from classifiers.content import Grammar, Image, Prompt, Text
from classifiers.errors import UnreadableError
from pipeline.access.callers import Caller
from pipeline.errors import StoreError, VaultError
from pipeline.gateway import carry
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.preserving import preserve
from pipeline.items import Judged, Subject
from pipeline.jobs.received import Received
from pipeline.projection import gravity
from pipeline.record import detail_of
from policies.errors import PolicyError
from policies.policy import Moment

TOMORROW_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Tried:
    """What is to be judged, and the bytes that it came in."""

    kind: str
    """The word for it in the log."""
    texts: tuple[Text, ...] = field(repr=False)
    images: tuple[Image, ...]
    content_type: str
    body: bytes = field(repr=False)
    grammar: Grammar = Grammar.V4


async def judged(
    gate: Gate, caller: Caller, subject: Subject, read: Callable[[], Awaitable[Tried]]
) -> tuple[Judged, Receipt]:
    """Read something, once there is a place for it, and return what is decided of it.

    Raises:
        GateError: it cannot be read or judged, or too much was refused today.
    """
    counted, refusals, refused = carry.counted_as(gate, subject), gate.store.refusals, False
    with carry.entering(gate):
        if not await refusals.reserve(*counted, gate.refusals_a_day):
            raise GateError(429, "Too many refusals today.", retry_after_seconds=TOMORROW_SECONDS)
        try:
            decided, receipt = await _judged(gate, caller, subject, await read())
            refused = not decided.decision.allows
        finally:
            if not refused:
                await refusals.give_back(*counted)
    return decided, receipt


async def _judged(
    gate: Gate, caller: Caller, subject: Subject, tried: Tried
) -> tuple[Judged, Receipt]:
    try:
        policy = await gate.tenancy.policy_of(subject.tenant)
        prompt = Prompt(tried.texts, tried.grammar)
        contents = await gate.desk.prepare(subject.tenant, prompt, tried.images)
        decided = await gate.judge.judge(contents, policy, Moment.REQUEST, subject.facts)
        preserved, code = None, gravity(decided.decision)
        if code is not None:  # kept first: its entry may fail, or the process die
            received = Received(tried.content_type, tried.body, subject)
            preserved = await preserve(gate, caller, received, code)
        receipt = await gate.log.append(_entry(gate, subject, tried.kind, decided, preserved))
    except UnreadableError as fault:
        raise carry.unreadable(fault) from None
    except (AuditError, StoreError, VaultError, PolicyError, TimeoutError) as fault:
        raise carry.unavailable(gate, "", fault) from None
    return decided, receipt


def _entry(
    gate: Gate, subject: Subject, kind: str, decided: Judged, preserved: UUID | None
) -> Entry:
    return Entry(
        gate.new_id(),
        Kind.DRY_RUN,
        gate.now(),
        {
            "tenant": subject.tenant,
            "work": kind,
            "action": decided.decision.action.value,
            "code": decided.decision.code.value,
            "policy_digest": decided.decision.policy_digest,
            **gate.desk.flow.record.versions(),
            "duration_us": decided.milliseconds * 1000,
            **({} if preserved is None else {"submission": str(preserved)}),
        },
        {} if subject.pseudonym is None else {"subject": subject.pseudonym},
        detail_of(decided, subject),
    )
