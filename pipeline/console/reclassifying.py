"""Reclassifying: two people of the child-safety team say that a case of theirs is something else.

That releases nothing. What they say makes a machine look again, by the floor, the policy and the
banks of today: what it decides then stands, be it once more a case of `CSE.*`. What is exactly one
of a list is none of this: the list says what it is.
"""

from dataclasses import dataclass
from typing import Final

from audit.entry import Json, Kind
from pipeline.access.permissions import Permission
from pipeline.console.cases import Cases, TakenError
from pipeline.console.errors import ConsoleError
from pipeline.console.ordinary import is_of_the_worst
from pipeline.console.sessions import Session
from pipeline.items import NEVER_RELEASED
from pipeline.jobs.second_look import SecondLook
from pipeline.store.first_approvals import FirstApproval
from pipeline.store.holds import Hold
from policies.labels import HarmCode

PROPOSED: Final = "reclassified once"
RECLASSIFIED: Final = "judged again"
WAITS: Final = "not judged yet"
"""A machine could not look now, or lets it go on and is not done: the case stays as it is."""


@dataclass(frozen=True, slots=True)
class Reclassifying:
    """What the child-safety team does with a case that is not theirs after all."""

    cases: Cases
    look: SecondLook

    async def reclassify(self, session: Session, hold: Hold, code: HarmCode, reason: str) -> str:
        """Say that a case of `CSE.*` is of `code`; return what came of it.

        Raises:
            TakenError: the case is not theirs, or it is ruled on.
            ConsoleError: it cannot be; the message says why, and nothing was done.
            PipelineError, AuditError: it is not written down, or nobody could look: it stays.
        """
        session.person.require(Permission.CHILD_SAFETY_OPEN)
        await self.cases.require_claim(session, hold)
        if not can_be(hold):
            raise ConsoleError("It is exactly one of a list, or not a case of CSE: it stays.")
        if code.family == NEVER_RELEASED:
            raise ConsoleError("Name a code that is not of CSE.")
        if not reason.strip():
            raise ConsoleError("It needs a reason: write one, in your own words.")
        if await self.cases.store.intents.of(hold.id) is not None:
            raise TakenError("It is ruled on already, and that is about to be carried out.")
        me, firsts = session.person.name, self.cases.store.first_approvals
        first = await firsts.of(hold.id, code.value)
        if first is not None and first.person == me:
            raise ConsoleError("You said so already: a second person has to agree.")
        public: dict[str, Json] = {"code": code.value}
        if first is None:
            event = "case.first_reclassification"
            await self.cases.write(Kind.CASE, event, session, hold, public, reason)
            await firsts.give(FirstApproval(hold.id, me, self.cases.now(), code.value))
            await self.cases.give_back(session, hold)
            return PROPOSED
        await self.cases.write(Kind.CASE, "case.reclassified", session, hold, public, reason)
        return await self._judged_again(session, hold)

    async def _judged_again(self, session: Session, hold: Hold) -> str:
        with self.look.restore.taking(hold) as taken:
            if not taken:
                raise TakenError("It is being ended at this moment.")
            await self.look(hold)
        found = await self.cases.store.holds.get(hold.tenant, hold.id)
        if found is None or found.end is None:
            return WAITS
        await self.cases.give_back(session, hold)
        return RECLASSIFIED


def can_be(hold: Hold) -> bool:
    """Whether people may say that a case is no case of `CSE.*`."""
    return is_of_the_worst(hold) and hold.code != HarmCode.CSE_KNOWN
