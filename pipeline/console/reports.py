"""Cases that have to be reported or not, as the child-safety team decides on them.

Nothing of what they are about is shown: the second person sees facts, and the first one too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from audit.entry import Entry, Json, Kind
from pipeline.console.appeals import decided_by
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.sessions import Session
from pipeline.duties.reports.choices import Choices
from pipeline.duties.reports.errors import NotReportableError
from pipeline.duties.reports.facts import Facts
from pipeline.duties.reports.reporting import Reports, Who
from pipeline.settings.reporting import Reporting
from pipeline.store.reports import Report, Standing


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of a case."""

    facts: Facts | None
    """None: nothing of it is in the quarantine yet."""
    rules: Sequence[str]
    scores: Sequence[tuple[str, float]]
    choices: Choices | None
    profile: Reporting | None = field(repr=False)
    is_asked: bool
    """Whether there is an address at which the platform is asked."""


@dataclass(frozen=True, slots=True)
class ReportDesk:
    """What the pages of reports do."""

    reports: Reports

    async def open(self, session: Session) -> Sequence[tuple[Report, bool]]:
        """Return what waits, and whether it is late."""
        found = await self.reports.store.reports.open(session.tenants)
        return [(each, self.reports.is_late(each)) for each in found]

    async def ended(self, session: Session) -> Sequence[Report]:
        """Return what was filed or closed."""
        return await self.reports.store.reports.ended(session.tenants)

    async def find(self, session: Session, known_as: UUID) -> Report:
        """Return a case.

        Raises:
            NowhereError: there is none, or it is not theirs to see.
        """
        found = await self.reports.store.reports.get(known_as)
        if found is None or not session.sees(found.tenant):
            raise NowhereError
        return found

    async def shown(self, session: Session, case: Report) -> Shown:
        """Return what is known of a case; that somebody looked is on record first.

        Raises:
            AuditError: it is not written down, and MUST NOT be shown.
        """
        try:
            facts = await self.reports.facts(case)
        except NotReportableError:
            facts = None
        await self._write(session, case)
        rules: set[str] = set()
        scores: dict[str, float] = {}
        for entry in () if facts is None else facts.entries:
            by, found = await decided_by(self.reports.log, entry)
            rules |= {*by}
            scores |= {name: max(score, scores.get(name, 0)) for name, score in found}
        return Shown(
            facts,
            sorted(rules),
            sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])),
            None if case.choices is None else Choices.read(case.choices),
            self.reports.profiles.get(case.tenant),
            await self.reports.store.webhooks.target(case.tenant) is not None,
        )

    async def draft(self, session: Session, case: Report, seen: datetime, choices: Choices) -> None:
        """Draft a report, or a reason not to.

        Raises:
            ConsoleError: it cannot be drafted so; nothing was done.
        """
        _check_seen(case, seen)
        try:
            await self.reports.draft(case, choices, _who(session))
        except NotReportableError as fault:
            message = f"It cannot be drafted so: {fault}."
            raise ConsoleError(message) from None

    async def second(
        self, session: Session, case: Report, seen: datetime, *, agrees: bool
    ) -> Standing:
        """Agree to somebody else's draft, or send it back; return where the case stands then.

        Raises:
            ConsoleError: it cannot be done so; nothing was done.
        """
        _check_seen(case, seen)
        try:
            if agrees:
                return await self.reports.approve(case, _who(session))
            await self.reports.send_back(case, _who(session))
        except NotReportableError as fault:
            message = f"It cannot be done so: {fault}."
            raise ConsoleError(message) from None
        return Standing.DRAFTED

    async def _write(self, session: Session, case: Report) -> None:
        public: dict[str, Json] = {
            "event": "report.read",
            "submission": str(case.submission),
            "tenant": case.tenant,
            "case": str(case.id),
            "role": session.role,
        }
        person: dict[str, str | bytes] = {"person": session.person.name}
        entry = Entry(self.reports.new_id(), Kind.ACCESS, self.reports.now(), public, person)
        await self.reports.log.append(entry)


def _check_seen(case: Report, seen: datetime) -> None:
    """Hold people to what they were shown: a draft may be another by now."""
    if case.changed_at != seen:
        raise ConsoleError("It changed after this page was made: read it again, and decide then.")


def _who(session: Session) -> Who:
    return Who(session.person.name, session.role)
