"""Tells of what people should have done by now: cases to report, notices and appeals to decide.

Whoever runs the gateway is told of cases, in its own log. A platform is told of all by its
webhook, at a quarter, a half and five sixths of their time (of 48 hours: 12, 24 and 40), and at the
end; and of what was approved and nobody filed, after an hour and a day. No clock decides anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import structlog

from audit.fields import write_time
from pipeline.duties.reports.reporting import Reports
from pipeline.store.appeals import Case, Scope
from pipeline.store.reports import READY, UNDER_WAY, Report
from pipeline.store.takedowns import Takedown
from pipeline.telemetry.spacing import Spacing

DUE: Final = "takedown.due"
"""The kind of the webhook that says that a notice waits for a decision."""
REPORT_DUE: Final = "report.due"
"""That a case waits for people. It MUST NOT say what it is about, nor whose it is."""
UNFILED: Final = "report.unfiled"
"""That two people approved a case, and it is not filed."""
APPEAL_DUE: Final = "appeal.due"
"""That appeals of one cause wait for a decision."""
MARKS: Final = (1 / 4, 1 / 2, 5 / 6, 1.0)
FILED_WITHIN: Final = timedelta(hours=1)
"""How long what two people approved may wait to be filed before that is told."""
UNFILED_AFTER: Final = FILED_WITHIN, timedelta(hours=24)
EVERY: Final = timedelta(hours=1)

_say = structlog.get_logger("duties")


@dataclass(frozen=True, slots=True)
class Overdue:
    """Looks at what waits. For upkeep."""

    reports: Reports
    now: Callable[[], datetime]
    _tellings: Spacing = field(default_factory=lambda: Spacing(EVERY))

    async def look(self) -> None:
        """Tell whom it concerns.

        Raises:
            StoreError: nobody knows; it is told the next time.
        """
        for notice in await self.reports.store.takedowns.open():
            await self._due(notice)
        for contested in await self.reports.store.appeals.open(Scope(worst=True)):
            await self._appealed(contested)
        now, table = self.now(), self.reports.store.reports
        cases, ended = await table.open(), await table.ended()
        for case in cases:
            await self.tell_of(case)
        stuck = [each for each in cases if each.standing in READY | UNDER_WAY]
        for what, count in (
            ("cases are late", sum(map(self.reports.is_late, cases))),
            (
                "approved cases are not filed",
                sum(each.changed_at + FILED_WITHIN <= now for each in stuck),
            ),
            (
                "cases were preserved for their year",
                sum(each.keep_until is not None and each.keep_until <= now for each in ended),
            ),
        ):
            if not count:
                self._tellings.forget(what)
            elif self._tellings.is_due(what, now):
                _say.error(what, count=count)

    async def _due(self, notice: Takedown) -> None:
        if notice.valid_at is None or notice.due_at is None:
            return
        body = {
            "notice": str(notice.id),
            "kind": notice.kind.value,
            "due_at": write_time(notice.due_at),
            "late": notice.due_at <= self.now(),
        }
        marks = _marks(notice.valid_at, notice.due_at)
        await self._tell(notice.id, notice.tenant, DUE, marks, body)

    async def _appealed(self, case: Case) -> None:
        """Tell of appeals: of `CSE.*` the same as of everything else, so that nobody is warned."""
        body = {
            "case": str(case.id),
            "due_at": write_time(case.due_at),
            "late": case.due_at <= self.now(),
        }
        marks = _marks(case.received_at, case.due_at)
        await self._tell(case.id, case.tenant, APPEAL_DUE, marks, body)

    async def tell_of(self, case: Report) -> None:
        """Tell a case's platform of it. Its id alone: this is before people confirmed anything."""
        if case.standing in READY | UNDER_WAY:
            marks = [case.changed_at + each for each in UNFILED_AFTER]
            await self._tell(case.id, case.tenant, UNFILED, marks, {"report": str(case.id)})
        if self.reports.may_wait(case):
            return
        body = {
            "report": str(case.id),
            "due_at": write_time(case.due_at),
            "late": case.due_at <= self.now(),
        }
        marks = _marks(case.opened_at, case.due_at)
        await self._tell(case.id, case.tenant, REPORT_DUE, marks, body)

    async def _tell(
        self,
        about: UUID,
        tenant: str,
        kind: str,
        marks: Sequence[datetime],
        body: Mapping[str, object],
    ) -> None:
        """Tell a platform of the last mark that went by, once for each."""
        now = self.now()
        passed = sum(mark <= now for mark in marks)
        if passed:
            known_as = uuid5(about, f"webhook/{kind}/{passed}")
            await self.reports.store.webhooks.enqueue(known_as, tenant, kind, body, now)


def _marks(begun: datetime, due: datetime) -> list[datetime]:
    return [begun + (due - begun) * mark for mark in MARKS]
