"""Rulings that can be taken back: what a person gives is carried out a minute later.

What is released has left, and what is withheld is destroyed: neither can be undone. So there is a
minute in between, in which the case is in nobody's queue, and whoever ruled can change their mind.
A case whose time is over within that minute is withheld, as any other.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from audit.entry import Entry, Json, Kind
from audit.errors import AuditError
from audit.log import Log
from pipeline.access.permissions import Permission, Person
from pipeline.errors import PipelineError
from pipeline.jobs.errors import RulingError
from pipeline.jobs.recovery import UNFIT
from pipeline.jobs.rulings import Ruling, Rulings, check
from pipeline.store.holds import Hold
from pipeline.store.intents import Intent
from pipeline.store.store import Store
from policies.decision import Action

WINDOW = timedelta(seconds=60)
"""How long a ruling can be taken back."""
REMEMBERED = timedelta(days=1)
"""How long whoever gave it is told what became of it."""
AGAIN_AFTER = timedelta(seconds=30)
_AT_ONCE = 20
_FAULTS = (PipelineError, AuditError, *UNFIT)

_say = structlog.get_logger("undoing")


@dataclass(frozen=True, slots=True)
class Undoing:
    """Keeps rulings for as long as they can be taken back, and then has them carried out."""

    rulings: Rulings
    store: Store
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    closed: Callable[[], bool]
    """Whether the server is about to stop: what is due is carried out by the next."""

    async def give(
        self, hold: Hold, ruling: Ruling, role: str, batch: UUID | None = None
    ) -> Intent | None:
        """Keep a ruling; None if somebody else's waits already, and then nothing was done.

        Raises:
            RulingError: there is no reason, or no label.
            ForbiddenError: the person may not rule.
            AuditError: it is not written down, and was not kept.
        """
        ruling.person.require(Permission.REVIEW_RULE)
        check(ruling)
        now = self.now()
        intent = Intent(
            hold.id,
            hold.tenant,
            batch,
            ruling.person.name,
            role,
            ruling.approves,
            ruling.reason,
            ruling.code,
            now,
            now + WINDOW,
            labels=ruling.labels,
        )
        if not await self.store.intents.give(intent):
            return None
        try:
            await self._write("case.ruled", intent, hold)
        except AuditError:
            await self.store.intents.take_back(intent.person, now, hold.id)
            raise
        return intent

    async def take_back(self, hold: Hold, person: str) -> bool:
        """Take one's own ruling back; False if there is none, or it is too late.

        Raises:
            AuditError: it was taken back, and that is not written down.
        """
        intent = await self.store.intents.of(hold.id)
        if intent is None or not await self.store.intents.take_back(person, self.now(), hold.id):
            return False
        await self._write("case.ruling_undone", intent, hold)
        return True

    async def run(self, every_seconds: float) -> None:
        """Carry out what is due until cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await self.round()
            except _FAULTS as fault:
                _say.error("rulings wait", fault=type(fault).__name__)

    async def round(self) -> Sequence[Intent]:
        """Carry out what is due now, unless the server is about to stop; return that."""
        if self.closed():
            return ()
        due = await self.store.intents.due(self.now(), _AT_ONCE)
        for intent in due:
            await self._carried_out(intent)
        return due

    async def purge(self) -> None:
        """Forget what was carried out long enough ago."""
        await self.store.intents.purge(self.now() - REMEMBERED)

    async def _carried_out(self, intent: Intent) -> None:
        """Do what somebody ruled, and tell them. What fails for now is tried again."""
        try:
            outcome = await self._outcome(intent)
        except RulingError as fault:
            outcome = f"not possible: {fault}"
        except _FAULTS as fault:
            _say.error("ruling waits", hold=str(intent.hold), fault=type(fault).__name__)
            await self.store.intents.postpone(intent.hold, self.now() + AGAIN_AFTER)
            return
        await self.store.intents.done(intent.hold, outcome[:200])

    async def _outcome(self, intent: Intent) -> str:
        """Do what somebody ruled.

        Raises:
            RulingError: it cannot be done; any of `_FAULTS`: not now.
        """
        hold = await self.store.holds.get_for_review(intent.hold)
        if hold is None:
            raise RulingError("there is no such case any more")
        if not await self.store.reviewers.may_still(intent.person):
            raise RulingError("the account of who ruled is disabled")
        person = Person(intent.person, frozenset({Permission.REVIEW_RULE}))
        ruling = Ruling(person, intent.approves, intent.reason, intent.code, intent.labels)
        end = await self.rulings.rule(hold, ruling)
        return "withheld" if end is None else type(end.outcome).__name__.lower()

    async def _write(self, event: str, intent: Intent, hold: Hold) -> None:
        batch: dict[str, Json] = {} if intent.batch is None else {"object": str(intent.batch)}
        public: dict[str, Json] = {
            "event": event,
            "case": str(hold.id),
            "submission": str(hold.submission),
            "tenant": hold.tenant,
            "role": intent.role,
            "outcome": "approved" if intent.approves else "rejected",
            **({"code": intent.code} if intent.code else {}),
            **({"action": Action.LABEL.value} if intent.labels else {}),
            **batch,
        }
        person: dict[str, str | bytes] = {"person": intent.person}
        await self.log.append(Entry(self.new_id(), Kind.CASE, self.now(), public, person))
