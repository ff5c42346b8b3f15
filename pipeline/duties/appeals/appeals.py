"""Appeals: an end user contests what was decided, and a person who did not decide it looks again.

Nothing is ever released because of an appeal: what was wrong is said to be wrong, and the end user
asks again. No machine decides one, and none is decided because its time went by.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind, Receipt
from audit.errors import AbsentError, ConflictError
from audit.fields import write_time
from audit.leaf import Leaf
from audit.log import Log
from pipeline.duties.appeals.errors import (
    AppealedError,
    NotDecidableError,
    TooLateError,
)
from pipeline.duties.appeals.notices import Notices
from pipeline.duties.appeals.restriction import Restriction
from pipeline.store.appeals import Appeal, Outcome
from pipeline.store.holds import End
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow
from policies.labels import HarmCode

RECEIVED, DECIDED = "appeal.received", "appeal.decided"
LONGEST: Final = 4_000
"""How many characters an appeal may have."""
_RULED = frozenset({End.APPROVED, End.REJECTED})


@dataclass(frozen=True, slots=True)
class Deciding:
    """What somebody decides on a case, and who they are."""

    person: str
    role: str
    outcome: Outcome
    code: HarmCode
    reason: str


@dataclass(frozen=True, slots=True)
class Appeals:
    """Takes appeals, and what people decide on them."""

    notices: Notices
    store: Store
    log: Log
    now: Callable[[], datetime]

    async def make(self, row: SubmissionRow, text: str) -> Appeal:
        """Take an appeal; to send it again is to send it once.

        Raises:
            NothingDecidedError: there is nothing to contest.
            TooLateError: the time for it is over.
            AppealedError: there is one with another text.
            StoreError, AuditError: it is not taken, and can be sent again.
        """
        found = await self.notices.restriction(row)
        standing = await self.store.appeals.of(row.tenant, row.id)
        if standing is None and self.now() >= found.at + self.notices.templates.open_for:
            raise TooLateError("appeal", "one in time", "one too late")
        receipt = await self._received(found, text)
        if standing is not None:
            return standing
        return await self._kept(found, datetime.fromisoformat(Leaf.parse(receipt.leaf).at))

    async def _received(self, found: Restriction, text: str) -> Receipt:
        """Write an appeal down, its words sealed; one that is there has to say the same."""
        known_as = appeal_id(found.submission)
        receipt = await self.log.receipt(known_as)
        if receipt is None:
            due = self.now() + self.notices.templates.decide_within
            public: dict[str, Json] = {
                "event": RECEIVED,
                "submission": str(found.submission),
                "tenant": found.tenant,
                "entries": [str(found.entry)],
                "due_at": write_time(due),
            }
            entry = Entry(known_as, Kind.APPEAL, self.now(), public, {}, {"text": text})
            try:
                return await self.log.append(entry)
            except ConflictError:  # sent twice at the same moment
                receipt = await self.log.receipt(known_as)
        if receipt is None or await self._text(known_as) != text:
            raise AppealedError("appeal", "the one that was made", "another text")
        return receipt

    async def _kept(self, found: Restriction, at: datetime) -> Appeal:
        """Keep what was written down, and have the tenant told, in one transaction."""
        cause = await self.store.appeals.cause(found.submission)
        known_as = appeal_id(found.submission)
        appeal = Appeal(
            id=known_as,
            tenant=found.tenant,
            submission=found.submission,
            entry=found.entry,
            code=found.code.value,
            worst=found.worst,
            rule=cause.rule,
            policy_digest=found.policy_digest,
            likeness=cause.likeness,
            case=known_as,
            received_at=at,
            due_at=at + self.notices.templates.decide_within,
            language=cause.language,
        )

        async def keep(part: Store) -> Appeal:
            kept = await part.appeals.add(appeal)
            await _tell(part, kept, RECEIVED, {}, self.now())
            return kept

        return await self.store.together(keep)

    async def _text(self, known_as: UUID) -> str | None:
        try:
            return str((await self.log.detail(known_as)).detail.get("text", ""))
        except AbsentError:  # erased
            return None

    async def read(self, appeal: Appeal, person: str, role: str) -> str | None:
        """Return what an appeal says, once it is written down who reads it; None if it is erased.

        Raises:
            AuditError: it MUST NOT be shown.
        """
        public: dict[str, Json] = {
            "event": "appeal.read",
            "submission": str(appeal.submission),
            "tenant": appeal.tenant,
            "role": role,
            "entries": [str(appeal.id)],
        }
        known_as = uuid5(appeal.id, f"read/{person}/{self.now().isoformat()}")
        entry = Entry(known_as, Kind.ACCESS, self.now(), public, {"person": person})
        await self.log.append(entry)
        return await self._text(appeal.id)

    async def first_people(self, appeal: Appeal) -> frozenset[str]:
        """Return who ruled before on what an appeal contests: none of them may decide it.

        Raises:
            NotDecidableError: somebody ruled, and nobody knows who.
        """
        holds = await self.store.holds.of(appeal.tenant, appeal.submission)
        people = {each.ended_by for each in holds if each.end in _RULED and each.ended_by}
        for hold in holds:
            people |= {each.person for each in await self.store.first_approvals.all(hold.id)}
        written = await self.log.of_submission(appeal.submission)
        rulings = sum(Leaf.parse(each.leaf).kind is Kind.RULING for each in written)
        if rulings and not people:
            raise NotDecidableError("appeal", "a first reviewer who is known", "nobody")
        return frozenset(people)

    async def decide(self, case: Sequence[Appeal], deciding: Deciding) -> int:
        """Decide every open appeal of a case; return how many that were.

        Raises:
            NotDecidableError: there is no reason; somebody decides on their own ruling; or it was
                decided otherwise meanwhile. Of what is told to be so, nothing was done.
            StoreError, AuditError: some are not decided yet: the same again goes on with them.
        """
        waiting = [each for each in case if each.outcome is None]
        if not deciding.reason.strip():
            raise NotDecidableError("appeal", "a reason", "none")
        for each in waiting:
            if deciding.person in await self.first_people(each):
                raise NotDecidableError("appeal", "somebody who did not rule on it first", "you")
        for each in waiting:
            await self._decide(each, deciding)
        return len(waiting)

    async def _decide(self, appeal: Appeal, deciding: Deciding) -> None:
        public: dict[str, Json] = {
            "event": DECIDED,
            "submission": str(appeal.submission),
            "tenant": appeal.tenant,
            "case": str(appeal.case),
            "outcome": deciding.outcome,
            "code": deciding.code,
            "role": deciding.role,
            "entries": [str(appeal.entry)],
            "automated": False,
        }
        personal: dict[str, str | bytes] = {"person": deciding.person, "reason": deciding.reason}
        known_as = uuid5(appeal.id, "decided")
        try:
            await self.log.append(Entry(known_as, Kind.APPEAL, self.now(), public, personal))
        except ConflictError:  # it was written before a crash, or somebody else decides it now
            earlier = await self.log.receipt(known_as)
            said = None if earlier is None else Leaf.parse(earlier.leaf).public
            if said is None or (said["outcome"], said["code"]) != (deciding.outcome, deciding.code):
                raise NotDecidableError(
                    "appeal", "one that waits", "one decided otherwise"
                ) from None
        at = self.now()

        async def keep(part: Store) -> None:
            await part.appeals.decide(appeal, deciding.outcome, deciding.code, deciding.person, at)
            await _tell(part, appeal, DECIDED, {"outcome": deciding.outcome}, at)

        await self.store.together(keep)


async def _tell(
    part: Store, appeal: Appeal, kind: str, more: dict[str, object], at: datetime
) -> None:
    """Have the tenant told: ids and the outcome, nothing of why."""
    body = {"generation": str(appeal.submission), "appeal": str(appeal.id), **more}
    await part.webhooks.enqueue(uuid5(appeal.id, f"webhook/{kind}"), appeal.tenant, kind, body, at)


def appeal_id(submission: UUID) -> UUID:
    """Return the one id of an appeal: what is decided on a submission is contested once."""
    return uuid5(submission, "appeal")
