"""What people decide on cases: rulings, one or many, taken back or not, and escalations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from audit.entry import Json, Kind
from pipeline.access.permissions import Permission
from pipeline.console.cases import Cases, TakenError
from pipeline.console.errors import ConsoleError
from pipeline.console.escalating import to_the_team
from pipeline.console.ordinary import (
    TWO_PEOPLE,
    Act,
    Ordinary,
    family_of,
)
from pipeline.console.sessions import Session
from pipeline.items import NEVER_RELEASED
from pipeline.jobs.errors import RulingError
from pipeline.jobs.rulings import NO_LABEL, Ruling
from pipeline.jobs.undoing import Undoing
from pipeline.store.first_approvals import FirstApproval
from pipeline.store.holds import Hold, Lane
from pipeline.store.intents import Intent
from policies.labels import HarmCode

MOST_TOGETHER = 100
APPROVED_ONCE = "approved once"
RULED = "ruled"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody rules, as the form has it."""

    approves: bool
    reason: str
    code: HarmCode | None
    """By which code; None: by the one that each is held for."""
    labels: bool = False
    """Whether the platform is to show it as that."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of ruling on many at once."""

    id: UUID
    ruled: int
    left: int
    """Those that somebody else took meanwhile, or that cannot be ruled on so."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """What the pages do that decide."""

    cases: Cases
    undoing: Undoing

    async def rule(self, session: Session, hold: Hold, said: Said) -> str:
        """Rule on a case; return whether that is a first approval, or a ruling that waits.

        Raises:
            TakenError: the case is not theirs.
            ConsoleError: it cannot be ruled so; the message says why, and nothing was done.
        """
        await self.cases.require_claim(session, hold)
        self._check(hold, said, Act.APPROVE if said.approves else Act.REJECT)
        if said.approves and family_of(hold) in TWO_PEOPLE:
            first = await self._seconded(session, hold, said)
            if first is None:
                await self.cases.give_back(session, hold)
                return APPROVED_ONCE
            if first.label and not said.labels:  # who only agrees does not take a label off
                said = replace(said, code=HarmCode(first.label), labels=True)
        if await self._given(session, hold, said, None) is None:
            raise TakenError("It is ruled on already, and that is about to be carried out.")
        await self.cases.give_back(session, hold)
        return RULED

    async def together(
        self, session: Session, chosen: Sequence[Ordinary], said: Said, typed: str
    ) -> Batch:
        """Rule on many cases at once; each is still carried out by itself.

        Raises:
            ConsoleError: it cannot be done so, and nothing was done.
        """
        wanted = confirmation(said.approves, len(chosen))
        if typed.strip() != wanted:
            message = f"To rule on {len(chosen)} at once, type “{wanted}”. Nothing was done."
            raise ConsoleError(message)
        act = Act.APPROVE_TOGETHER if said.approves else Act.REJECT_TOGETHER
        for each in chosen:
            self._check(each.hold, said, act)
        batch, ruled = self.cases.new_id(), 0
        for each in chosen:
            try:
                await self.cases.claim(session, each.hold)
            except ConsoleError:
                continue
            ruled += await self._given(session, each.hold, said, batch) is not None
            await self.cases.give_back(session, each.hold)
        return Batch(batch, ruled, len(chosen) - ruled)

    async def given(self, session: Session) -> Sequence[Intent]:
        """Return what somebody ruled of late, and what came of it, the newest first."""
        return await self.cases.store.intents.of_person(session.person.name)

    async def take_back(self, session: Session, holds: Sequence[Hold]) -> int:
        """Take one's own rulings back; return how many were not too late."""
        person = session.person.name
        return sum([await self.undoing.take_back(hold, person) for hold in holds])

    async def own(self, session: Session, *, hold: UUID | None, batch: UUID | None) -> list[Hold]:
        """Return the cases of one's own rulings that can be taken back: one, or all of a batch."""
        found: list[Hold] = []
        for intent in await self.given(session):
            asked = intent.hold == hold or (batch is not None and intent.batch == batch)
            if asked and intent.outcome is None:
                case = await self.cases.store.holds.get_for_review(intent.hold)
                found += [] if case is None else [case]
        return found

    async def escalate(
        self, session: Session, hold: Hold, code: HarmCode | None, reason: str
    ) -> None:
        """Give a case to those who decide what this person should not: by `code`, or to seniors.

        A code of `CSE.*` gives it to the child-safety team: to everybody else it is gone, and
        nobody releases it.

        Raises:
            TakenError: the case is not theirs.
            ConsoleError: it was not escalated, and whoever wanted it is told so.
        """
        await self.cases.require_claim(session, hold)
        if Act.ESCALATE not in self.cases.acts_of(hold):
            raise ConsoleError("It cannot be escalated any further.")
        if not reason.strip():
            raise ConsoleError("An escalation needs a reason: write one, in your own words.")
        if code is not None and code.family != NEVER_RELEASED:
            raise ConsoleError("Escalate by a code of CSE, or to a senior without one.")
        now, store = self.cases.now(), self.cases.store
        lane = Lane.SENIOR if code is None else Lane.ANY
        public: dict[str, Json] = {"outcome": lane.value, **({"code": code.value} if code else {})}
        await self.cases.write(Kind.CASE, "case.escalated", session, hold, public, reason)
        if code is None:
            done = await store.holds.escalate(hold, lane)
        else:
            done = await to_the_team(store, hold, code, now)
        if not done:
            raise ConsoleError("It was not escalated: the case has ended meanwhile.")
        await self.cases.give_back(session, hold)

    async def _given(
        self, session: Session, hold: Hold, said: Said, batch: UUID | None
    ) -> Intent | None:
        code = said.code.value if said.code is not None else hold.code
        ruling = Ruling(session.person, said.approves, said.reason, code, said.labels)
        try:
            return await self.undoing.give(hold, ruling, session.role, batch)
        except RulingError as fault:
            message = f"It cannot be ruled so: {fault}."
            raise ConsoleError(message) from None

    def _check(self, hold: Hold, said: Said, act: Act) -> None:
        """Return if a case can be ruled on so.

        Raises:
            ConsoleError: it cannot.
        """
        if self.undoing.closed():
            raise ConsoleError("The server is stopping: rule again when it has started.")
        if not said.reason.strip():
            raise ConsoleError("A ruling needs a reason: write one, in your own words.")
        if said.labels and (said.code is None or said.code in NO_LABEL):
            raise ConsoleError("A label needs a code: choose as what it is to be shown.")
        if act not in self.cases.acts_of(hold):
            message = f"To {act.value} is not possible for a case of {hold.code or 'no code'}."
            raise ConsoleError(message)
        ruled = "" if said.code is None else said.code.family
        if ruled == NEVER_RELEASED != family_of(hold):
            message = "A case of CSE is the child-safety team's: escalate it, do not rule on it."
            raise ConsoleError(message)

    async def _seconded(self, session: Session, hold: Hold, said: Said) -> FirstApproval | None:
        """Return the first approval, of somebody else's, that this one seconds; else keep this."""
        me, store = session.person.name, self.cases.store
        first = await store.first_approvals.of(hold.id)
        if first is None:
            label = said.code.value if said.labels and said.code is not None else ""
            public: dict[str, Json] = {"outcome": "approved"}
            if label:
                public = {"outcome": "labelled", "code": label}
            await self.cases.write(Kind.CASE, "case.first_approval", session, hold, public)
            given = FirstApproval(hold.id, me, self.cases.now(), label=label)
            if await store.first_approvals.give(given):
                return None
            first = await store.first_approvals.of(hold.id)
        if first is None or first.person == me:
            raise ConsoleError("You approved it already: a second person has to agree.")
        session.person.require(Permission.REVIEW_APPROVE_SECOND)
        return first


def confirmation(approves: bool, count: int) -> str:
    """Return what has to be typed to rule on many at once."""
    return f"{'approve' if approves else 'reject'} {count}"
