"""Tells of what people should have done by now: cases to be reported, and notices to be decided.

Whoever runs the gateway is told of cases, in its own log; a platform is told of its notices, by its
webhook, at a quarter, a half and five sixths of their time (of 48 hours: 12, 24 and 40), and at the
end. No clock decides anything.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid5

import structlog

from audit.fields import write_time
from pipeline.duties.reports.reporting import Reports
from pipeline.store.reports import READY, UNDER_WAY
from pipeline.store.takedowns import Takedown
from pipeline.telemetry.spacing import Spacing

DUE: Final = "takedown.due"
"""The kind of the webhook that says that a notice waits for a decision."""
MARKS: Final = (1 / 4, 1 / 2, 5 / 6, 1.0)
FILED_WITHIN: Final = timedelta(hours=1)
"""How long what two people approved may wait to be filed before that is told."""
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
        now, table = self.now(), self.reports.store.reports
        cases, ended = await table.open(), await table.ended()
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
        now, span = self.now(), notice.due_at - notice.valid_at
        passed = sum(notice.valid_at + span * mark <= now for mark in MARKS)
        if not passed:
            return
        body = {
            "notice": str(notice.id),
            "kind": notice.kind.value,
            "due_at": write_time(notice.due_at),
            "late": notice.due_at <= now,
        }
        known_as = uuid5(notice.id, f"webhook/{DUE}/{passed}")
        await self.reports.store.webhooks.enqueue(known_as, notice.tenant, DUE, body, now)
