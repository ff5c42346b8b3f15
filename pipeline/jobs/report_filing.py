"""Files a case with what whoever has the child-safety team's key opened for it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from pipeline.duties.reports.choices import Choices
from pipeline.duties.reports.client import Ispws
from pipeline.duties.reports.composing import Composed, compose
from pipeline.duties.reports.document import Reported
from pipeline.duties.reports.errors import NotReportableError
from pipeline.duties.reports.evidence import Evidence
from pipeline.duties.reports.filing import Filing
from pipeline.duties.reports.packing import packed
from pipeline.duties.reports.reporting import Reports, answer_id
from pipeline.jobs.report_files import ReportFiles
from pipeline.settings.reporting import Reporting, Route
from pipeline.store.reports import Report, Standing


@dataclass(frozen=True, slots=True)
class Filer:
    """Puts a case together and files it."""

    reports: Reports
    files: ReportFiles
    filing: Filing
    service: Callable[[Reporting], Ispws]

    async def file(self, case: Report, objects: Mapping[UUID, bytes], person: str) -> Report:
        """File a case, with what was opened of the quarantine.

        Raises:
            ReportError, PipelineError, AuditError: as `Filing.file`.
        """
        profile = self._profile(case, Route.NCMEC)
        composed = await self._composed(case, objects, profile)
        return await self.filing.file(case.id, composed, self.service(profile), person)

    async def pack(self, case: Report, objects: Mapping[UUID, bytes]) -> bytes:
        """Return an approved case as a pack for a national authority; it is not handed over yet.

        Raises:
            ReportError, PipelineError, AuditError: there is none.
        """
        profile = self._profile(case, Route.NATIONAL)
        if case.standing is not Standing.APPROVED:
            raise NotReportableError("case", "one that two people approved", case.standing)
        return packed(await self._composed(case, objects, profile), self.reports.now())

    async def handed_over(self, case: Report, person: str) -> Report:
        """Note that a person took the pack to the authority.

        Raises:
            ReportError, PipelineError, AuditError: as `Filing.handed_over`.
        """
        self._profile(case, Route.NATIONAL)
        return await self.filing.handed_over(case.id, person)

    def _profile(self, case: Report, route: Route) -> Reporting:
        profile = self.reports.profile(case.tenant)
        if profile.route is not route:
            raise NotReportableError("tenant", f"{route} as its route", profile.route)
        return profile

    async def _composed(
        self, case: Report, objects: Mapping[UUID, bytes], profile: Reporting
    ) -> Composed:
        facts = await self.reports.facts(case)
        files = await self.files.of(case, facts, objects)
        who, now = self._who(case, objects), self.reports.now()
        return compose(case, facts, Choices.read(case.choices), profile, who, files, now)

    def _who(self, case: Report, objects: Mapping[UUID, bytes]) -> Reported:
        """Return whom to report: the newest answer of the platform, if it gave one."""
        if not case.answers:
            return Reported()
        sealed = objects.get(answer_id(case.id, case.answers - 1))
        if sealed is None:
            raise NotReportableError("object", "the platform's newest answer", "nothing")
        return Evidence.read(json.loads(sealed), self.reports.now()).who
