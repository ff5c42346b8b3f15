"""Files what two people approved: once, whatever becomes of a call, of an answer or of us.

    approved > opening > open > finishing > filed                        (compliance.md 1.3)

Each call is noted before it is made and after, and where a case stands is durable before the next
step. A report that is not finished is nothing: the service throws it away. So there are two ways
back, and no third:

* nobody knows whether it was opened: it is opened anew, and the orphan is thrown away there;
* it was opened, and nobody knows whether it was finished: it is taken back. If it can be, it was
  not filed, and is opened anew; if it was finished (5102), it is filed.

One gateway at a time has the turn of a case. One that was taken for dead and wakes up in the middle
finds its turn gone before its next call, and stops: what it had begun was taken back.
"""

import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import md5, sha256
from typing import Final
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.errors import ConflictError
from audit.log import Log
from pipeline.duties.reports.answers import Answer
from pipeline.duties.reports.client import Answered, Call, Ispws
from pipeline.duties.reports.composing import Attachment, Composed
from pipeline.duties.reports.errors import (
    BrokenRuleError,
    NotReportableError,
    RefusedError,
    UnansweredError,
)
from pipeline.duties.reports.rules import Schema, problems
from pipeline.duties.reports.writing import write
from pipeline.errors import StoreError
from pipeline.quarantine import Quarantine
from pipeline.store.legal_holds import LegalHold
from pipeline.store.reports import READY, UNDER_WAY, Called, Report, Standing
from pipeline.store.store import Store

WAITS: Final = (5.0, 30.0)
"""Seconds between the tries of one run. A person runs it again, for as long as it takes."""
KEPT: Final = timedelta(days=365)
"""How long what was reported is preserved (18 USC 2258A(h))."""
_FREE: Final = "one that nobody files now"
_TAKEN: Final = "one under way"
_KEEP_WHY: Final = "reported: preserved for one year (18 USC 2258A(h))"


class _Stopped(Exception):  # noqa: N818 - an answer, not an error
    """The service answered something else than that it was done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Filing:
    """Speaks to the service for one tenant. One at a time works on a case."""

    store: Store
    log: Log
    quarantine: Quarantine
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    owner: str
    """The name of this gateway: beside it others may work on the same store."""
    busy: set[UUID] = field(default_factory=set[UUID])

    async def file(self, known_as: UUID, composed: Composed, service: Ispws, person: str) -> Report:
        """File an approved case, or find out that it is filed; return where it stands then.

        If it stands at `approved` the service was not well: the same again goes on.

        Raises:
            NotReportableError: it is not approved, or somebody else files it at this moment.
            BrokenRuleError: it breaks a rule; nothing was sent, and it has to be drafted anew.
            RefusedError: the service takes nothing from us.
            UnansweredError: nobody knows yet what became of it; the same again finds out.
            StoreError, AuditError, QuarantineError: it was cut off; the same again goes on.
        """
        async with self._alone(known_as):
            for wait in WAITS:
                with suppress(UnansweredError):
                    case = await self._once(known_as, composed, service, person)
                    if case.standing is not Standing.APPROVED:
                        return case
                await self.sleep(wait)
            return await self._once(known_as, composed, service, person)

    async def recover(self, known_as: UUID, service: Ispws) -> Report:
        """Find out how a filing ended that was cut off; return where the case stands."""
        async with self._alone(known_as):
            return await self._recovered(await self._case(known_as), service)

    async def handed_over(self, known_as: UUID, person: str) -> Report:
        """Note that a person gave an approved case to an authority; it is preserved likewise.

        Raises:
            NotReportableError: it is not approved, or somebody else files it at this moment.
            StoreError, AuditError: the same again goes on.
        """
        async with self._alone(known_as):
            case = await self._case(known_as)
            if case.standing is not Standing.APPROVED:
                raise NotReportableError("case", "one that two people approved", case.standing)
            at = self.now()
            values = {"receipt": "handed_over", "filed_at": at, "keep_until": at + KEPT}
            return await self._preserved(case, Standing.HANDED_OFF, values, person)

    @asynccontextmanager
    async def _alone(self, known_as: UUID) -> AsyncGenerator[None]:
        """Hold the turn of a case within.

        Raises:
            NotReportableError: somebody has it, here or in another gateway.
        """
        if known_as in self.busy:
            raise NotReportableError("case", _FREE, _TAKEN)
        self.busy.add(known_as)
        table = self.store.reports
        try:
            if not await table.take_turn(known_as, self.owner, self.now()):
                raise NotReportableError("case", _FREE, _TAKEN)
            yield
        finally:
            self.busy.discard(known_as)
            with suppress(StoreError):  # it is ours until we end, and nobody's then
                await table.leave_turn(known_as, self.owner)

    async def _require_turn(self, case: Report) -> None:
        """Return if nobody took over meanwhile.

        Raises:
            NotReportableError: we were taken for dead, and another found out how it stood.
        """
        if not await self.store.reports.has_turn(case.id, self.owner):
            raise NotReportableError("case", _FREE, _TAKEN)

    async def _case(self, known_as: UUID) -> Report:
        found = await self.store.reports.get(known_as)
        if found is None or found.standing not in READY | UNDER_WAY | {Standing.FILED}:
            raise NotReportableError("case", "one that two people approved", "another")
        filed = await self.log.receipt(uuid5(known_as, f"{Standing.FILED}/0"))
        if filed is not None and found.standing in READY:  # app.db is older than the log
            raise NotReportableError("case", "one that the log does not say is filed", "another")
        return found

    async def _once(
        self, known_as: UUID, composed: Composed, service: Ispws, person: str
    ) -> Report:
        """Find out how an earlier attempt ended; if it did not file, go through all steps once."""
        left = await self._case(known_as)
        case = await self._recovered(left, service)
        if case.standing not in READY or (left.standing in UNDER_WAY and not _is_back(case)):
            return case
        schema = await service.schema()
        await self._held_to_rules(case, composed, schema)
        opening = {"attempt": case.attempt + 1, "number": None, "is_test": service.is_test}
        await self._write(case, Standing.OPENING, case.attempt + 1, person)
        case = await self._moved(case, Standing.OPENING, **opening)
        try:
            return await self._steps(case, composed, service, schema, person)
        except UnansweredError:
            return await self._recovered(await self._again(case), service)
        except _Stopped as stopped:
            case = await self._recovered(await self._again(case), service)
            return await self._stopped(case, stopped.answer)

    async def _steps(
        self, case: Report, composed: Composed, service: Ispws, schema: Schema, person: str
    ) -> Report:
        xml = write(composed.report).xml
        answered = await self._call(case, Call.SUBMIT, xml, service, partial(service.submit, xml))
        case, attempt = await self._again(case), case.attempt
        is_ours = case.attempt == attempt and case.standing is Standing.OPEN
        if answered.answer is not Answer.DONE or not is_ours:
            raise _Stopped(_not_done(answered))
        for attachment in composed.files:
            await self._upload(case, composed, attachment, service, schema)
        await self._write(case, Standing.FINISHING, case.attempt, person)
        case = await self._moved(case, Standing.FINISHING)
        number = case.number or ""
        answered = await self._call(
            case, Call.FINISH, number.encode(), service, partial(service.finish, number)
        )
        if answered.answer is Answer.FILED:
            return await self._filed(case, "reconciled", person)
        if answered.answer is not Answer.DONE:
            raise _Stopped(_not_done(answered))
        return await self._filed(case, "finish", person)

    async def _upload(
        self,
        case: Report,
        composed: Composed,
        attachment: Attachment,
        service: Ispws,
        schema: Schema,
    ) -> None:
        """Send one file, and say what it is."""
        number = case.number or ""
        sending = partial(service.upload, number, attachment.name, attachment.data)
        answered = await self._call(case, Call.UPLOAD, attachment.data, service, sending)
        echo = md5(attachment.data).hexdigest()  # noqa: S324 - the service's own
        said = answered.said
        if answered.answer is not Answer.DONE or said is None or said.hash != echo:
            raise _Stopped(_not_done(answered))
        if said.file_id is None:
            raise _Stopped(Answer.RETRY)
        details = composed.details(number, said.file_id, attachment)
        wrong = problems(details, self.now(), schema, viewed=attachment.viewed)
        if wrong:
            raise _Stopped(Answer.FIX)
        xml = write(details).xml
        told = await self._call(case, Call.FILE_INFO, xml, service, partial(service.file_info, xml))
        if told.answer is not Answer.DONE:
            raise _Stopped(told.answer)

    async def _held_to_rules(self, case: Report, composed: Composed, schema: Schema) -> None:
        """Send nothing that breaks a rule."""
        wrong = problems(composed.report, self.now(), schema)
        for each in composed.files:
            details = composed.details("1", "1", each)
            wrong += problems(details, self.now(), schema, viewed=each.viewed)
        if wrong:
            await self._needs_fix(case)
            raise BrokenRuleError("report", "one that keeps the rules", "; ".join(wrong))

    async def _recovered(self, case: Report, service: Ispws) -> Report:
        """Find out how an attempt ended of which nobody knows it.

        Raises:
            UnansweredError: the service does not say; the case stays as it stands.
            NotReportableError: it was begun with the other of the service's two machines.
        """
        if case.standing not in UNDER_WAY:
            return case
        await self._require_turn(case)
        if case.is_test is not service.is_test:
            known = "test" if case.is_test else "production"
            raise NotReportableError("environment", f"{known}, where it was begun", "the other")
        if case.number is None:  # never finished: it goes by itself
            return await self._back(case, "abandoned")
        number = case.number
        answered = await self._call(
            case, Call.RETRACT, number.encode(), service, partial(service.retract, number)
        )
        if answered.answer is Answer.FILED:
            return await self._filed(case, "reconciled", None)
        if answered.answer in {Answer.DONE, Answer.GONE}:
            return await self._back(case, "retracted")
        if answered.answer is Answer.REFUSED:
            raise RefusedError("the CyberTipline", "our credentials to be taken", "a refusal")
        raise UnansweredError("the CyberTipline", "to take a report back", answered.status)

    async def _stopped(self, case: Report, answer: Answer) -> Report:
        """Do what follows from an answer, once the report was taken back."""
        if case.standing is not Standing.APPROVED:
            return case  # it turned out to be filed
        if answer is Answer.REFUSED:
            raise RefusedError("the CyberTipline", "our credentials to be taken", "a refusal")
        if answer is Answer.FIX:
            return await self._needs_fix(case)
        return case

    async def _filed(self, case: Report, receipt: str, person: str | None) -> Report:
        """Note that it is filed, and preserve what it is about for a year, in one transaction.

        With the service's test nothing is filed: the case still waits to be.
        """
        at = self.now()
        if case.is_test:
            await self._write(case, Standing.TRIED, case.attempt, person)
            return await self._moved(case, Standing.TRIED, receipt=receipt)
        values = {"receipt": receipt, "filed_at": at, "keep_until": at + KEPT}
        return await self._preserved(case, Standing.FILED, values, person)

    async def _preserved(
        self, case: Report, to: Standing, values: Mapping[str, object], person: str | None
    ) -> Report:
        """End a case, and put what it is about under a hold, in one transaction."""
        at = self.now()
        await self._write(case, to, 0, person)
        hold = LegalHold(
            uuid5(case.id, "preserved"),
            case.tenant,
            case.submission,
            None,
            _KEEP_WHY,
            at,
            person or case.approved_by or "machine",
        )
        public: dict[str, Json] = {
            "event": "hold.placed",
            "tenant": case.tenant,
            "case": str(hold.id),
            "submission": str(case.submission),
        }
        by, why = {"person": hold.placed_by}, {"reason": hold.reason}
        with suppress(ConflictError):  # written before a crash
            await self.log.append(Entry(hold.id, Kind.LEGAL_HOLD, at, public, {**by}, {**why}))

        async def keep(part: Store) -> None:
            await part.legal_holds.place(hold)
            if not await part.reports.move(case, to, at, **values):
                raise NotReportableError("case", "one that stands as it did", "another")

        await self.store.together(keep)
        return await self._again(case)

    async def _call(
        self,
        case: Report,
        call: Call,
        sent: bytes,
        service: Ispws,
        ask: Callable[[], Awaitable[Answered]],
    ) -> Answered:
        """Make one call, noted before and after; what was said lies sealed, for the team alone.

        The number of a report that was opened is durable in the same transaction as the answer.
        """
        await self._require_turn(case)
        step = len(await self.store.reports.calls(case.id))
        known_as = uuid5(case.id, f"call/{case.attempt}/{step}")
        noted = Called(
            known_as,
            case.id,
            case.attempt,
            step,
            call,
            service.user,
            sha256(sent).hexdigest(),
            self.now(),
        )
        await self.store.reports.calling(noted)
        answered = await ask()
        said = answered.said
        opened = call is Call.SUBMIT and answered.answer is Answer.DONE and said is not None

        async def keep(part: Store) -> None:
            at, code = self.now(), None if said is None else said.code
            await part.reports.came_back(known_as, at, answered.status, code, answered.request_id)
            if opened and said is not None and said.report_id is not None:
                await part.reports.move(case, Standing.OPEN, at, number=said.report_id)

        await self.store.together(keep)
        told = {
            "call": call.value,
            "sent": base64.b64encode(b"" if call is Call.UPLOAD else sent).decode(),
            "answer": base64.b64encode(answered.raw).decode(),
            "request_id": answered.request_id,
        }
        facts = {"report": str(case.id), "tenant": case.tenant, "kind": "report_call"}
        await self.quarantine.put(json.dumps(told).encode(), facts, known_as)
        return answered

    async def _back(self, case: Report, what: str) -> Report:
        """Let a case be opened anew: the attempt that was made filed nothing."""
        await self._write(case, what, case.attempt, None)
        return await self._moved(case, Standing.APPROVED)

    async def _needs_fix(self, case: Report) -> Report:
        await self._write(case, Standing.NEEDS_FIX, case.attempt, None)
        return await self._moved(case, Standing.NEEDS_FIX)

    async def _moved(self, case: Report, to: Standing, **values: object) -> Report:
        await self._require_turn(case)
        if not await self.store.reports.move(case, to, self.now(), **values):
            raise NotReportableError("case", "one that stands as it did", "another")
        return await self._again(case)

    async def _again(self, case: Report) -> Report:
        found = await self.store.reports.get(case.id)
        if found is None:
            raise NotReportableError("case", "one that is there", "none")
        return found

    async def _write(self, case: Report, what: str, attempt: int, person: str | None) -> None:
        """Write a step down, once for each attempt."""
        public: dict[str, Json] = {
            "event": f"report.{what}",
            "submission": str(case.submission),
            "tenant": case.tenant,
            "case": str(case.id),
            "attempt": attempt,
            "code": case.code,
        }
        personal: dict[str, str | bytes] = {} if person is None else {"person": person}
        known_as = uuid5(case.id, f"{what}/{attempt}")
        with suppress(ConflictError):  # written before a crash, at another time
            await self.log.append(Entry(known_as, Kind.REPORT, self.now(), public, personal))


def _not_done(answered: Answered) -> Answer:
    """Return what follows from an answer that is not what was asked for."""
    return Answer.RETRY if answered.answer is Answer.DONE else answered.answer


def _is_back(case: Report) -> bool:
    return case.standing is Standing.APPROVED
