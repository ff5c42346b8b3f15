"""Repeats in app.db what the log holds, for quick questions. What is appended comes first."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from classifiers.likeness import likeness
from classifiers.signals import Signal
from pipeline import patience
from pipeline.errors import ConflictError
from pipeline.items import (
    NEVER_RELEASED,
    Cleared,
    Examined,
    Generated,
    Halted,
    Held,
    Json,
    Judged,
    PublicCode,
    Released,
    Screened,
    Sealed,
    Subject,
    Submission,
    taints,
)
from pipeline.store.appeals import Cause as Refused
from pipeline.store.holds import End, Hold
from pipeline.store.pictures import BEFORE, Picture, PictureState
from pipeline.store.seizures import Seizable
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from pipeline.tenancy import Tenancy
from policies.decision import Action, Decision
from policies.labels import HarmCode
from policies.truth import Truth

UNKNOWN_OUTCOME = frozenset({"upstream_unknown", "unknown_outcome"})
"""Why a submission is halted of which nobody can say whether it was paid for."""
UNKNOWN_FOR = timedelta(hours=24)
"""How long an identical request joins one of unknown outcome."""
WORST_FAMILIES = frozenset({"CSE", "NCII"})
WORST_DUE = timedelta(hours=24)
"""How long the worst may wait for a person; everything else waits until it expires."""
_STANDS: Mapping[type[Cleared | Held | Halted], PictureState] = {
    Cleared: PictureState.CLEARED,
    Held: PictureState.HELD,
    Halted: PictureState.WITHHELD,
}
_BEFORE_THE_CALL = frozenset({State.ADMITTED, State.HELD})
NOT_OF_CONTENT = frozenset(
    {HarmCode.CAPABILITY, HarmCode.UNKNOWN, HarmCode.OK, HarmCode.TEXT_UNREADABLE}
)
"""The codes by which nothing is decided about content: nobody could look, or nothing was found."""
NOTICE = "notice.ready"
"""The kind of the webhook that says that an end user is to be told of a decision."""
_UNPAID = frozenset(
    {
        "client_left",
        "kill_switch",
        "upstream_busy",
        "upstream_unreachable",
        "upstream_no_account",
        "upstream_402",
        "upstream_refused",
    }
)
"""Why a call surely was not paid for. A fault or a server's failure may come after the payment."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Follows the outcomes of a submission, each after its entry is durable, in one transaction."""

    store: Store
    now: Callable[[], datetime]
    tenancy: Tenancy

    async def calling(
        self, submission: Submission, account: str, included: tuple[int, int], *, again: bool
    ) -> None:
        """Note that the paid call begins.

        Raises:
            ConflictError: somebody else has begun it, or it has ended.
        """

        async def work(part: Store) -> None:
            await self._changes(part).call(submission, account, included, again=again)

        await self.store.together(work)

    async def follow(
        self,
        submission: Submission,
        outcome: Screened | Held | Halted | Generated | Examined | Released,
    ) -> None:
        """Note what an outcome changed, and where it stops or ends.

        What goes on at once is not repeated here: after a crash the log and the vault tell of it.
        """
        match outcome:
            case Screened() | Generated():
                return
            case Examined() if _is_first_look(submission) and _clears_all(outcome):
                return
            case Examined() | Released() | Held() | Halted() as end:
                await self.store.together(lambda part: self._changes(part).follow(submission, end))

    async def tainted(self, submission: Submission, outcome: Examined) -> Sequence[int]:
        """Return the places of earlier pictures that a look withholds with those it looked at.

        They were held, or released, before a sibling turned out to taint them.
        """
        if not any(map(taints, outcome.outcomes)):
            return ()
        looked_at = {picture.index for picture in outcome.generated.pictures}
        known = await self.store.pictures.of(submission.subject.tenant, submission.id)
        return [
            each.index
            for each in known
            if each.index not in looked_at and each.state in BEFORE[PictureState.WITHHELD]
        ]

    async def close(
        self, row: SubmissionRow, index: int | None, reason: str, harm: str = ""
    ) -> None:
        """Note that a submission, or one sample of it, ended without a picture.

        `harm` is the code that it was held for, if it was: `CSE.*` is seized.
        """
        await self.store.together(lambda part: self._changes(part).close(row, index, reason, harm))

    async def settle(self, tenant: str, submission: UUID) -> None:
        """Let a submission stand where its pictures do, after a crash between the two."""
        await self.store.together(lambda part: self._changes(part).settle(tenant, submission))

    def _changes(self, part: Store) -> "Changes":
        return Changes(part, self.now, self.tenancy.within(part))


@dataclass(frozen=True, slots=True)
class Changes:
    """What outcomes change, as a part of one transaction.

    After a crash an outcome may be followed again: what stands already stays as it is.
    """

    store: Store
    now: Callable[[], datetime]
    tenancy: Tenancy

    async def call(
        self, submission: Submission, account: str, included: tuple[int, int], *, again: bool
    ) -> None:
        """Begin the paid call, and count it for its account.

        Raises:
            ConflictError: as `Projection.calling`.
        """
        tenant, now = submission.subject.tenant, self.now()
        called = await self.store.submissions.call(tenant, submission.id, account, now, again=again)
        row = await self.store.submissions.get(tenant, submission.id)
        if row is None or not called:
            raise ConflictError("submission", "one that nobody else carries", "another's")
        if again:
            await self.store.ledgers.drop(row.id)
        if account:
            await self.store.ledgers.begin(row.id, account, row.price, included)

    async def follow(
        self, submission: Submission, outcome: Held | Halted | Examined | Released
    ) -> None:
        """Change what an outcome changes."""
        match outcome:
            case Held() | Halted():
                row = await self.store.submissions.get(submission.subject.tenant, submission.id)
                if row is not None and await self._stopped(submission, row, outcome):
                    await patience.count(self.store.refusals, row, submission, outcome)
                await self._remember(submission, outcome)
            case Examined(outcomes=outcomes):
                await self._examined(submission, outcome)
                await self._remember(submission, *outcomes)
            case Released():
                await self._released(submission, outcome)
        for harm, vault_id in seized(submission, outcome):
            await self._seize(submission.subject.tenant, submission.id, vault_id, harm)

    async def _remember(self, submission: Submission, *outcomes: Cleared | Held | Halted) -> None:
        """Remember why something was stopped: appeals of one cause are decided together."""
        stopped = [each.judged.decision for each in outcomes if _is_stopped(each) and each.judged]
        if stopped:
            decision = max(stopped, key=lambda each: (each.action.severity, each.code.severity))
            like = likeness(submission.contents.reading)
            language = (submission.subject.language or "").partition("-")[0].lower()
            cause = Refused(rule_of(decision), like, language)
            await self.store.appeals.remember(submission.id, cause, self.now())
        ended = [each.judged for each in outcomes if isinstance(each, Halted) and each.judged]
        if any(each.decision.code not in NOT_OF_CONTENT for each in ended):
            await self._tell_of_notice(submission.subject.tenant, submission.id)

    async def _tell_of_notice(self, tenant: str, submission: UUID) -> None:
        """Have a tenant told that there is a notice: the same, whatever was decided."""
        at = f"/v1/generations/{submission}/notice"
        body = {"generation": str(submission), "notice": at}
        known_as = uuid5(submission, f"webhook/{NOTICE}")
        await self.store.webhooks.enqueue(known_as, tenant, NOTICE, body, self.now())

    async def _stopped(
        self, submission: Submission, row: SubmissionRow, outcome: Held | Halted
    ) -> bool:
        """Hold or halt a request; return whether it was not so already."""
        if isinstance(outcome, Halted):
            return await self._halt(row, outcome.code, outcome.reason)
        await self._hold(submission, outcome)
        return await self._move(submission, State.HELD, PublicCode.HELD)

    async def _seize(self, tenant: str, submission: UUID, vault_id: str, code: str) -> None:
        order = Seizable(vault_id, tenant, submission, code, self.now())
        await self.store.seizures.order(order)

    async def _examined(self, submission: Submission, outcome: Examined) -> None:
        for each in outcome.outcomes:
            if isinstance(each, Held):
                await self._hold(submission, each)
        states = [_STANDS[type(each)] for each in outcome.outcomes]
        await self._stand(submission, [*zip(outcome.generated.pictures, states, strict=True)])
        if any(map(taints, outcome.outcomes)):
            row = await self.store.submissions.get(submission.subject.tenant, submission.id)
            if row is not None:
                await self.store.jobs.suspect(row.tenant, row.subject)
                like = likeness(submission.contents.reading)
                await self.store.taints.add(row.tenant, like, self.now())
            await self._withdraw(submission, {each.index for each in outcome.generated.pictures})
        if PictureState.CLEARED not in states:
            await self.settle(submission.subject.tenant, submission.id)

    async def _withdraw(self, submission: Submission, looked_at: AbstractSet[int]) -> None:
        """Withhold what was held, or released, before: the entries that say so are written."""
        tenant = submission.subject.tenant
        for picture in await self.store.pictures.of(tenant, submission.id):
            await self.store.pictures.move(picture, PictureState.WITHHELD)
        for hold in await self.store.holds.of(tenant, submission.id):
            if hold.end is not None or hold.index is None or hold.index in looked_at:
                continue  # whoever looked closes its own
            harm = str(hold.facts.get("code", ""))
            if _is_of_the_worst_kind(harm):
                await self._seize(tenant, submission.id, hold.vault_id, harm)
            await self.store.holds.close(hold, End.REEXAMINED, self.now(), "machine")

    async def _stand(
        self, submission: Submission, pictures: Sequence[tuple[Sealed, PictureState]]
    ) -> None:
        """Let pictures stand somewhere: those that are known move on, the others are new."""
        tenant, known = submission.subject.tenant, {}
        for row in await self.store.pictures.of(tenant, submission.id):
            known[row.index] = row
        until = self.now() + await self.tenancy.kept_for(tenant)
        for sealed, to in pictures:
            if sealed.index in known:
                later = until if to is PictureState.RELEASED else None
                await self.store.pictures.move(known[sealed.index], to, later)
        await self.store.pictures.add(
            [
                Picture(
                    tenant, submission.id, sealed.index, sealed.vault_id, sealed.sha256, to, until
                )
                for sealed, to in pictures
                if sealed.index not in known
            ]
        )

    async def close(self, row: SubmissionRow, index: int | None, reason: str, harm: str) -> None:
        """End a submission, or one sample of it, without a picture."""
        grave = _is_of_the_worst_kind(harm)
        of_content = bool(harm) and HarmCode(harm) not in NOT_OF_CONTENT
        if of_content:
            await self._tell_of_notice(row.tenant, row.id)
        if index is None:
            refused, later = PublicCode.CONTENT_NOT_ALLOWED, PublicCode.TEMPORARILY_UNAVAILABLE
            await self._halt(row, refused if of_content else later, reason)
            if grave:
                await self._seize(row.tenant, row.id, row.vault_id, harm)
            return
        for picture in await self.store.pictures.of(row.tenant, row.id):
            if picture.index == index:
                await self.store.pictures.move(picture, PictureState.WITHHELD, self.now())
                if grave:
                    await self._seize(row.tenant, row.id, picture.vault_id, harm)
        await self.settle(row.tenant, row.id)

    async def _halt(self, row: SubmissionRow, code: PublicCode, reason: str) -> bool:
        """Halt a submission, and give back its charge if it was surely not paid for.

        Returns whether it was not halted already.

        One whose paid call has no known outcome stays `CALLING` for a day, so that an identical
        request joins it and is not paid for a second time.
        """
        now = self.now()
        if reason in UNKNOWN_OUTCOME:
            code = PublicCode.UPSTREAM_REFUSED
            if row.received_at + UNKNOWN_FOR > now:
                await self.store.jobs.tell(row.tenant, row.id, State.HALTED, code, now)
                return False
        halted = await self._moved(row.tenant, row.id, State.HALTED, code)
        if halted and (row.state in _BEFORE_THE_CALL or reason in _UNPAID):
            await self.store.tenants.charge(row.tenant, -row.price)
            await self.store.submissions.uncharge(row.tenant, row.id)
            await self.store.ledgers.drop(row.id)
        return halted

    async def settle(self, tenant: str, submission: UUID) -> None:
        """Let a submission stand where its pictures do: held, as long as one of them is."""
        states = {row.state for row in await self.store.pictures.of(tenant, submission)}
        to: State = State.WITHHELD
        code: PublicCode | None = PublicCode.CONTENT_NOT_ALLOWED
        if PictureState.RELEASED in states:
            to, code = State.RELEASED, None
        elif PictureState.HELD in states:
            to, code = State.HELD, PublicCode.HELD
        await self._moved(tenant, submission, to, code)

    async def _released(self, submission: Submission, outcome: Released) -> None:
        released = [(picture.sealed, PictureState.RELEASED) for picture in outcome.pictures]
        await self._stand(submission, released)
        await self._move(submission, State.RELEASED)

    async def _move(
        self, submission: Submission, to: State, code: PublicCode | None = None
    ) -> bool:
        return await self._moved(submission.subject.tenant, submission.id, to, code)

    async def _moved(
        self, tenant: str, submission: UUID, to: State, code: PublicCode | None
    ) -> bool:
        """Move a submission on, and have its tenant told of it if it is a job."""
        now = self.now()
        moved = await self.store.submissions.move(tenant, submission, to, now, code)
        if moved:
            await self.store.jobs.tell(tenant, submission, to, code, now)
        return moved

    async def _hold(self, submission: Submission, held: Held) -> None:
        known_as = hold_id(submission.id, held.index, submission.attempt)
        if await self.store.holds.get(submission.subject.tenant, known_as) is not None:
            return
        seen = facts(held.judged, held.reason)
        code, now = str(seen.get("code", "")), self.now()
        await self.store.holds.open(
            Hold(
                known_as,
                submission.subject.tenant,
                submission.id,
                held.stage,
                held.index,
                held.cause,
                held.vault_id,
                now,
                held.expires_at,
                submission.attempt,
                seen,
                code=code,
                severity=HarmCode(code).severity if code else 0,
                due_at=due_of(code, now, held.expires_at),
                tier=submission.subject.tier.value,
                language=_language(submission.subject),
            )
        )


def _language(subject: Subject) -> str:
    """Return the language of a subject as the queue has it: `en` of `en-GB`."""
    return (subject.language or "").partition("-")[0].lower()[:35]


def due_of(code: str, at: datetime, expires_at: datetime) -> datetime:
    """Return by when a person is to rule: within a day on what may be a crime against somebody."""
    worst = bool(code) and HarmCode(code).family in WORST_FAMILIES
    return min(at + WORST_DUE, expires_at) if worst else expires_at


def _is_stopped(outcome: Cleared | Held | Halted) -> bool:
    return not isinstance(outcome, Cleared)


def rule_of(decision: Decision) -> str:
    """Return the rule that a decision is by; empty if it is by none."""
    for verdict in decision.verdicts:
        by = verdict.action is decision.action and verdict.code is decision.code
        if by and not verdict.shadow and verdict.truth is not Truth.FALSE:
            return verdict.rule
    return ""


def _is_first_look(submission: Submission) -> bool:
    return submission.attempt == 0


def _clears_all(outcome: Examined) -> bool:
    return all(isinstance(each, Cleared) for each in outcome.outcomes)


def seized(submission: Submission, outcome: object) -> list[tuple[str, str]]:
    """Return what an outcome orders to be seized: the code and the vault id of each object."""
    match outcome:
        case Halted(index=None):
            objects: list[tuple[Cleared | Held | Halted, str]] = [(outcome, submission.vault_id)]
        case Examined(outcomes=outcomes, generated=generated):
            kept = [picture.vault_id for picture in generated.pictures]
            objects = list(zip(outcomes, kept, strict=True))
        case _:
            return []
    orders: list[tuple[str, str]] = []
    for each, vault_id in objects:
        if isinstance(each, Halted) and each.judged is not None:
            code = gravity(each.judged.decision)
            orders += [] if code is None else [(code.value, vault_id)]
    return orders


def gravity(decision: Decision) -> HarmCode | None:
    """Return why nobody but the child-safety team may open what goes no further; None if anybody.

    It is so for all that is escalated, and for all in which something of `CSE.*` was seen, though
    that alone would have held it: nobody will look at it again.
    """
    if decision.action is Action.BLOCK_AND_ESCALATE:
        return decision.code
    if decision.action is Action.BLOCK and decision.code.family == NEVER_RELEASED:
        return decision.code
    seen = [
        verdict.code
        for verdict in decision.verdicts
        if verdict.truth is Truth.TRUE
        and not verdict.shadow
        and verdict.action.severity >= Action.HOLD.severity
        and verdict.code.family == NEVER_RELEASED
    ]
    return max(seen, key=lambda code: code.severity, default=None)


def _is_of_the_worst_kind(harm: str) -> bool:
    return harm.partition(".")[0] == NEVER_RELEASED


def hold_id(submission: UUID, index: int | None, attempt: int) -> UUID:
    """Return the one id of a hold: the same item is not held twice at the same look."""
    return uuid5(submission, f"hold/{index}/{attempt}")


def ruling_id(hold: UUID) -> UUID:
    """Return the one id of the entry of a ruling: a hold is ruled on once."""
    return uuid5(hold, "ruling")


def facts(judged: Judged | None, reason: str) -> dict[str, Json]:
    """Return what a reviewer sees first: rules, codes and scores, never content."""
    if judged is None:
        return {"reason": reason}
    return {
        **({"reason": reason} if reason else {}),
        "code": judged.decision.code,
        "rules": [
            {"rule": v.rule, "layer": v.layer, "action": v.action, "truth": v.truth.name.lower()}
            for v in judged.decision.verdicts
        ],
        "scores": {
            finding.name: round(finding.score, 4)
            for finding in sorted(
                (f for f in judged.findings if isinstance(f, Signal)), key=lambda f: f.score
            )
        },
        "evidence": [
            *sorted({f.evidence for f in judged.findings if isinstance(f, Signal)} - {""})
        ],
        "unavailable": [*sorted({f.name for f in judged.findings if not isinstance(f, Signal)})],
    }
