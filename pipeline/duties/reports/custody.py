"""Custody: whoever takes something out of the quarantine, or destroys it, is on record first.

A case's objects are named by `noted` alone, which writes an entry for each of them before it does.
Where the log takes no entry nobody is told what to open, and nothing is destroyed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from audit.entry import Entry, Json, Kind
from audit.leaf import Leaf
from pipeline.duties.reports.errors import NotReportableError
from pipeline.duties.reports.reporting import Reports, answer_id
from pipeline.store.reports import ENDED, Report


class Act(StrEnum):
    """What is done with something that was sealed."""

    OPENED = "opened"
    """To be filed, by a command that keeps nothing of it."""
    COPIED = "copied"
    """Out of the quarantine, into files."""
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Custody:
    """The quarantine's book."""

    reports: Reports

    async def noted(self, case: Report, act: Act, reason: str, person: str) -> Sequence[UUID]:
        """Write down what is about to be done with each of a case's objects; return their ids.

        Raises:
            NotReportableError: nothing of the case is in the quarantine.
            StoreError, AuditError: nothing may be done.
        """
        objects = await self._objects(case, act)
        if not objects:
            raise NotReportableError("case", "something of it in the quarantine", "nothing")
        for each in objects:
            public: dict[str, Json] = {
                "event": f"media.{act}",
                "submission": str(case.submission),
                "tenant": case.tenant,
                "case": str(case.id),
                "object": str(each),
                "code": case.code,
                "automated": False,
            }
            by, why = {"person": person}, {"reason": reason}
            known_as, at = self.reports.new_id(), self.reports.now()
            await self.reports.log.append(Entry(known_as, Kind.MEDIA, at, public, {**by}, {**why}))
        return objects

    async def destroy(self, case: Report, reason: str, person: str) -> Sequence[UUID]:
        """Destroy all that is in the quarantine of an ended case; return what that was.

        Raises:
            NotReportableError: it has to be kept, or there is nothing.
            StoreError, AuditError, QuarantineError: some of it may be there still: ask again.
        """
        if case.standing not in ENDED:
            raise NotReportableError("case", "one that was filed or closed", case.standing)
        if case.keep_until is not None and self.reports.now() < case.keep_until:
            until = case.keep_until.date().isoformat()
            raise NotReportableError("case", f"one that need not be kept until {until}", "it")
        if await self._is_held(case):
            raise NotReportableError("case", "one that no legal hold stands over", "one does")
        objects = await self.noted(case, Act.DESTROYED, reason, person)
        for each in objects:
            await self.reports.quarantine.destroy(each)
        await self.reports.store.reports.destroyed(case)
        return objects

    async def _is_held(self, case: Report) -> bool:
        row = await self.reports.store.submissions.get(case.tenant, case.submission)
        subject = None if row is None else row.subject
        return await self.reports.store.legal_holds.covers(case.tenant, case.submission, subject)

    async def _objects(self, case: Report, act: Act) -> Sequence[UUID]:
        """Return what lies sealed of a case; to file it nobody needs what was said before."""
        leaves = [Leaf.parse(x.leaf) for x in await self.reports.log.of_submission(case.submission)]
        seized = [
            UUID(str(leaf.public["object"]))
            for leaf in leaves
            if leaf.public.get("event") == "media.quarantined"
        ]
        answers = [answer_id(case.id, number) for number in range(case.answers)]
        said = () if act is Act.OPENED else await self.reports.store.reports.calls(case.id)
        calls = [each.id for each in said]
        return [
            each
            for each in (*seized, *answers, *calls)
            if self.reports.quarantine.path(each).exists()
        ]
