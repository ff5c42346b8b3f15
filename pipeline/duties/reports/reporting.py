"""Decides, with two people, what becomes of each case; and asks the platform what only it knows.

No machine drafts, approves, closes or files anything. Whatever people do is an entry first.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.log import Log
from pipeline.duties.reports import evidence
from pipeline.duties.reports.choices import Choices
from pipeline.duties.reports.errors import NotReportableError
from pipeline.duties.reports.evidence import Evidence
from pipeline.duties.reports.facts import Facts, facts_of
from pipeline.quarantine import Quarantine
from pipeline.settings.reporting import Drawn, Reporting, Route
from pipeline.store.reports import ANSWERABLE, BEFORE, Report, Standing
from pipeline.store.store import Store
from policies.labels import HarmCode


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who decides, by the pseudonym and role that the log records."""

    person: str
    role: str


@dataclass(frozen=True, slots=True)
class Reports:
    """The cases, and what people decide on them."""

    store: Store
    log: Log
    quarantine: Quarantine
    profiles: Mapping[str, Reporting]
    """By tenant; of one that has none nothing can be reported."""
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def facts(self, case: Report) -> Facts:
        """Return what the record says of a case.

        Raises:
            NotReportableError: nothing of it is in the quarantine yet.
        """
        return await facts_of(self.store, self.log, case)

    def profile(self, tenant: str) -> Reporting:
        """Return a tenant's profile.

        Raises:
            NotReportableError: it has none.
        """
        found = self.profiles.get(tenant)
        if found is None:
            raise NotReportableError("tenant", "a reporting profile in the settings", "none")
        return found

    def may_wait(self, case: Report) -> bool:
        """Whether people may leave it: drawings alone, where the tenant's profile says so."""
        profile = self.profiles.get(case.tenant)
        left = profile is not None and profile.drawn is not Drawn.ALWAYS
        return left and case.code == HarmCode.CSE_DRAWN

    def is_late(self, case: Report) -> bool:
        """Whether people should have decided by now."""
        return not self.may_wait(case) and case.due_at <= self.now()

    async def draft(self, case: Report, choices: Choices, who: Who) -> None:
        """Say what a case is to be reported as, or why it is not; a second person decides.

        The platform is asked for what it knows of who asked, by a signed webhook.

        Raises:
            NotReportableError: it cannot be drafted so, or somebody else was faster.
            StoreError, AuditError: nothing was done.
        """
        self._check_moves(case, Standing.DRAFTED)
        reports = choices.why_not is None
        if reports:
            self._check_may_be_reported(case)
            await self.facts(case)
        said: dict[str, Json] = {"outcome": "report" if reports else f"not/{choices.why_not}"}
        await self._write("report.drafted", case, who, **said)
        at = self.now()

        async def keep(part: Store) -> bool:
            values: dict[str, object] = {
                "choices": choices.write(),
                "drafted_by": who.person,
                "approved_by": None,
            }
            if reports:
                values["asked_at"] = case.asked_at or at
                await _ask(part, case, at)
            return await part.reports.move(case, Standing.DRAFTED, at, **values)

        if not await self.store.together(keep):
            raise NotReportableError("case", "one that stands as it was shown", "another")

    async def approve(self, case: Report, who: Who) -> Standing:
        """Agree to what somebody else drafted: it may be filed, or it is closed.

        Raises:
            NotReportableError: there is no draft, or it is their own.
            StoreError, AuditError: nothing was done.
        """
        if case.standing is not Standing.DRAFTED or case.drafted_by is None:
            raise NotReportableError("case", "a draft", case.standing)
        if case.drafted_by == who.person:
            raise NotReportableError("draft", "a second person to agree", "whoever drafted it")
        choices = Choices.read(case.choices)
        to = Standing.APPROVED if choices.why_not is None else Standing.NOT_REPORTED
        if choices.why_not is None:
            self._check_may_be_reported(case)
        await self._write("report.approved", case, who, outcome=to.value, second=True)
        moved = await self.store.reports.move(case, to, self.now(), approved_by=who.person)
        if not moved:
            raise NotReportableError("case", "one that stands as it was shown", "another")
        return to

    async def send_back(self, case: Report, who: Who) -> None:
        """Disagree with a draft: it is to be drafted anew, by anybody.

        Raises:
            NotReportableError: there is no draft.
        """
        if case.standing is not Standing.DRAFTED:
            raise NotReportableError("case", "a draft", case.standing)
        await self._write("report.sent_back", case, who)
        values: dict[str, object] = {"choices": None, "drafted_by": None}
        if not await self.store.reports.move(case, Standing.DRAFTED, self.now(), **values):
            raise NotReportableError("case", "one that stands as it was shown", "another")

    async def answer(self, tenant: str, known_as: UUID, said: Mapping[str, Any]) -> None:
        """Take what a platform knows of who asked, sealed at once: only the team can read it.

        Raises:
            EvidenceError: it does not keep the rules.
            NotReportableError: it was not asked for, or it is too late.
            StoreError, AuditError, QuarantineError: it was not taken, and can be sent again.
        """
        Evidence.read(said, self.now())
        async with self._turn:
            case = await self.store.reports.of(tenant, known_as)
            if case is None or case.asked_at is None or case.standing not in ANSWERABLE:
                raise NotReportableError("evidence", "one that was asked for", "another")
            object_id = answer_id(case.id, case.answers)
            facts = {"report": str(case.id), "tenant": tenant, "kind": "evidence"}
            await self.quarantine.put(evidence.write(said), facts, object_id)
            public: dict[str, Json] = {**_public("report.evidence", case), "object": str(object_id)}
            await self.log.append(Entry(self.new_id(), Kind.REPORT, self.now(), public))
            if not await self.store.reports.answered(case):
                raise NotReportableError("evidence", "one that was asked for", "another")

    def _check_may_be_reported(self, case: Report) -> None:
        profile = self.profile(case.tenant)
        if HarmCode(case.code).family != "CSE":
            raise NotReportableError("case", "one of CSE", "another")
        if profile.route is Route.NONE:
            raise NotReportableError("tenant", "a route to report by", "none, as its profile says")
        if profile.drawn is Drawn.OFF and case.code == HarmCode.CSE_DRAWN:
            raise NotReportableError("tenant", "drawings to be reported", "off, in its profile")

    def _check_moves(self, case: Report, to: Standing) -> None:
        if case.standing not in BEFORE[to]:
            raise NotReportableError("case", f"one that can be {to}", case.standing)

    async def _write(self, event: str, case: Report, who: Who, **more: Json) -> None:
        public = {**_public(event, case), "role": who.role, "automated": False, **more}
        person: dict[str, str | bytes] = {"person": who.person}
        await self.log.append(Entry(self.new_id(), Kind.REPORT, self.now(), public, person))


def answer_id(case: UUID, number: int) -> UUID:
    """Return under which id an answer of the platform lies in the quarantine."""
    return uuid5(case, f"evidence/{number}")


def _public(event: str, case: Report) -> dict[str, Json]:
    return {
        "event": event,
        "submission": str(case.submission),
        "tenant": case.tenant,
        "case": str(case.id),
        "code": case.code,
    }


async def _ask(part: Store, case: Report, at: datetime) -> None:
    """Have the platform asked, once: for which request, and where the answer goes."""
    body = {
        "report": str(case.id),
        "generation": str(case.submission),
        "wanted": [*evidence.WANTED],
        "answer_at": f"/v1/reports/{case.id}/evidence",
    }
    known_as = uuid5(case.id, f"webhook/{evidence.ASKED}")
    await part.webhooks.enqueue(known_as, case.tenant, evidence.ASKED, body, at)
