"""Reports: each escalation as a case to be decided, and how far its filing came.

Whatever is ordered to be seized is such a case, in the same transaction (`seizures.order`): there
is no escalation without one. What a report says lies sealed elsewhere; here are codes, ids, times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Uuid,
    delete,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from pipeline.store.columns import Instant, metadata, word
from pipeline.store.replicas import GONE, processes
from pipeline.store.submissions import submissions
from pipeline.store.writer import Transact, changing

DUE: Final = timedelta(hours=24)
"""By when a person has to decide."""
MOST_LISTED: Final = 500


class Standing(StrEnum):
    """Where a case stands. What is there MUST be reached from what `BEFORE` says."""

    WAITING = "waiting"
    """It was escalated, and nobody decided anything."""
    DRAFTED = "drafted"
    """One person would report it, and says as what."""
    APPROVED = "approved"
    """A second one agreed: it may be filed."""
    OPENING = "opening"
    OPEN = "open"
    """The service gave it a number, and has some or all of it."""
    FINISHING = "finishing"
    TRIED = "tried"
    """It went through with the service's test, which throws everything away: it is not filed."""
    FILED = "filed"
    NEEDS_FIX = "needs_fix"
    """The service does not take it so: a person has to draft it anew."""
    NOT_REPORTED = "not_reported"
    """People decided that, and why is on record."""
    HANDED_OFF = "handed_off"
    """It was given to a national authority, as a pack."""


BEFORE: Mapping[Standing, frozenset[Standing]] = {
    Standing.WAITING: frozenset(),
    Standing.DRAFTED: frozenset(
        {Standing.WAITING, Standing.DRAFTED, Standing.NEEDS_FIX, Standing.TRIED}
    ),
    Standing.APPROVED: frozenset(
        {Standing.DRAFTED, Standing.OPENING, Standing.OPEN, Standing.FINISHING}
    ),
    Standing.OPENING: frozenset({Standing.APPROVED, Standing.TRIED}),
    Standing.OPEN: frozenset({Standing.OPENING}),
    Standing.FINISHING: frozenset({Standing.OPEN}),
    Standing.TRIED: frozenset({Standing.OPEN, Standing.FINISHING}),
    Standing.FILED: frozenset({Standing.OPEN, Standing.FINISHING}),
    Standing.NEEDS_FIX: frozenset({Standing.APPROVED, Standing.TRIED}),
    Standing.NOT_REPORTED: frozenset({Standing.DRAFTED}),
    Standing.HANDED_OFF: frozenset({Standing.APPROVED}),
}
READY = frozenset({Standing.APPROVED, Standing.TRIED})
"""Two people agreed, and nothing is under way."""
ANSWERABLE = frozenset({Standing.DRAFTED, Standing.APPROVED, Standing.NEEDS_FIX, Standing.TRIED})
"""The platform may say what it knows until the report is opened."""
UNDER_WAY = frozenset({Standing.OPENING, Standing.OPEN, Standing.FINISHING})
"""A filing began, and whoever comes next has to find out how it ended."""
ENDED = frozenset({Standing.FILED, Standing.NOT_REPORTED, Standing.HANDED_OFF})

reports = Table(
    "reports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("submission", Uuid, ForeignKey("submissions.id"), nullable=False, unique=True),
    Column("code", String(64), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("standing", word(Standing), nullable=False, index=True),
    Column("changed_at", Instant, nullable=False),
    Column("choices", JSON),
    Column("drafted_by", String(200)),
    Column("approved_by", String(200)),
    Column("asked_at", Instant),
    Column("answers", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("number", String(64)),
    Column("is_test", Boolean),
    Column("receipt", String(32)),
    Column("filed_at", Instant),
    Column("keep_until", Instant),
)
calls = Table(
    "report_calls",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("report", Uuid, ForeignKey("reports.id"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("call", String(16), nullable=False),
    Column("credential", String(200), nullable=False),
    Column("sent_sha256", String(64), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("status", Integer),
    Column("code", Integer),
    Column("request_id", String(200)),
)
turns = Table(
    "report_turns",
    metadata,
    Column("report", Uuid, primary_key=True),
    Column("owner", String(64), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Report:
    """One case."""

    id: UUID
    tenant: str
    submission: UUID
    code: str
    """The harm that it was escalated for."""
    opened_at: datetime
    due_at: datetime
    standing: Standing
    changed_at: datetime
    choices: Mapping[str, Any] | None = None
    """What people chose to say: codes alone."""
    drafted_by: str | None = None
    """Pseudonyms of people."""
    approved_by: str | None = None
    asked_at: datetime | None = None
    """When the platform was asked for what only it knows."""
    answers: int = 0
    """How many answers of the platform lie sealed."""
    attempt: int = 0
    number: str | None = None
    """The service's own number of the newest attempt."""
    is_test: bool | None = None
    receipt: str | None = None
    """`finish`, or `reconciled` where it turned out to be filed."""
    filed_at: datetime | None = None
    keep_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """One call to the service, as it is noted before it is made, and after."""

    id: UUID
    report: UUID
    attempt: int
    step: int
    call: str
    credential: str
    """Whose name was used; never the secret."""
    sent_sha256: str = field(repr=False)
    begun_at: datetime
    ended_at: datetime | None = None
    status: int | None = None
    code: int | None = None
    request_id: str | None = None


def report_id(submission: UUID) -> UUID:
    """Return the one id of a submission's case."""
    return uuid5(submission, "report")


def open_case(sql: Connection, submission: UUID, tenant: str, code: str, at: datetime) -> None:
    """Add the case of an escalation, as a part of a transaction; to add it twice is to add it once.

    Where the case is there already, its first code stays.
    """
    values = {
        "id": report_id(submission),
        "tenant": tenant,
        "submission": submission,
        "code": code,
        "opened_at": at,
        "due_at": at + DUE,
        "standing": Standing.WAITING,
        "changed_at": at,
        "answers": 0,
        "attempt": 0,
    }
    sql.execute(insert(reports).values(values).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Reports:
    """The tables of cases and of the calls that were made for them."""

    transact: Transact

    async def add(self, submission: UUID, tenant: str, code: str, at: datetime) -> None:
        """Open the case of an escalation that was ordered before, and of which no row is left."""
        await self.transact(lambda sql: open_case(sql, submission, tenant, code, at))

    async def get(self, known_as: UUID) -> Report | None:
        """Return a case, whoever's. For the child-safety team, never for a tenant's request."""
        return next(iter(await self._many(reports.c.id == known_as)), None)

    async def of(self, tenant: str, known_as: UUID) -> Report | None:
        """Return a tenant's case."""
        own = (reports.c.tenant == tenant) & (reports.c.id == known_as)
        return next(iter(await self._many(own)), None)

    async def open(self, tenants: frozenset[str] = frozenset()) -> tuple[Report, ...]:
        """Return what has not ended, what is due first at the top; of some tenants, or of all."""
        return await self._many(reports.c.standing.not_in(ENDED), tenants)

    async def ended(self, tenants: frozenset[str] = frozenset()) -> tuple[Report, ...]:
        """Return what has ended, likewise."""
        return await self._many(reports.c.standing.in_(ENDED), tenants)

    async def move(self, report: Report, to: Standing, at: datetime, **values: object) -> bool:
        """Move a case on from where it was read, with what else changes; of two, one succeeds.

        Raises:
            ValueError: `to` is not reached from there.
        """
        if report.standing not in BEFORE[to]:
            message = f"report: {to} is not reached from {report.standing}"
            raise ValueError(message)
        change = (
            update(reports)
            .where(reports.c.id == report.id, reports.c.standing == report.standing)
            .where(reports.c.attempt == report.attempt)
            .where(reports.c.changed_at == report.changed_at)
            .values(standing=to, changed_at=at, **values)
        )
        return await self.transact(changing(change)) == 1

    async def destroyed(self, report: Report) -> None:
        """Note that nothing of an ended case is kept any more: nobody has to be told of it."""
        change = update(reports).where(reports.c.id == report.id, reports.c.standing.in_(ENDED))
        await self.transact(changing(change.values(keep_until=None)))

    async def answered(self, report: Report) -> bool:
        """Note that one more answer of the platform lies sealed; False if another came first."""
        change = (
            update(reports)
            .where(reports.c.id == report.id, reports.c.answers == report.answers)
            .where(reports.c.standing.in_(ANSWERABLE))
            .values(answers=report.answers + 1)
        )
        return await self.transact(changing(change)) == 1

    async def take_turn(self, report: UUID, owner: str, now: datetime) -> bool:
        """Let one gateway alone work on a filing; False if another that lives does.

        One that was taken for dead has lost its turn to whoever asks next.
        """
        living = select(processes.c.owner).where(processes.c.seen_at > now - GONE)
        free = (turns.c.owner == owner) | turns.c.owner.not_in(living)
        take = insert(turns).values(report=report, owner=owner)
        take = take.on_conflict_do_update(
            index_elements=["report"], set_={"owner": owner}, where=free
        )
        return await self.transact(changing(take)) == 1

    async def has_turn(self, report: UUID, owner: str) -> bool:
        """Whether a gateway still is the one that works on a filing."""
        own = select(turns.c.report).where(turns.c.report == report, turns.c.owner == owner)
        return await self.transact(lambda sql: sql.execute(own).first() is not None)

    async def leave_turn(self, report: UUID, owner: str) -> None:
        """Let others work on a filing."""
        own = delete(turns).where(turns.c.report == report, turns.c.owner == owner)
        await self.transact(changing(own))

    async def requests(self) -> frozenset[str]:
        """Return the vault ids of the requests of cases that have not ended, for the sweep."""
        open_ones = reports.c.standing.not_in(ENDED)
        query = select(submissions.c.vault_id).join(
            reports, (reports.c.submission == submissions.c.id) & open_ones
        )
        return await self.transact(lambda sql: frozenset(sql.execute(query).scalars()))

    async def calling(self, called: Called) -> None:
        """Note a call that is about to be made."""
        values = {name: getattr(called, name) for name in Called.__slots__}
        await self.transact(changing(insert(calls).values(values)))

    async def came_back(
        self, call: UUID, at: datetime, status: int, code: int | None, request_id: str
    ) -> None:
        """Note what a call was answered."""
        values = {"ended_at": at, "status": status, "code": code, "request_id": request_id}
        await self.transact(changing(update(calls).where(calls.c.id == call).values(values)))

    async def calls(self, report: UUID) -> tuple[Called, ...]:
        """Return every call that was made for a case, the first one first."""
        query = (
            select(calls).where(calls.c.report == report).order_by(calls.c.begun_at, calls.c.step)
        )
        return await self.transact(
            lambda sql: tuple(Called(**row) for row in sql.execute(query).mappings())
        )

    async def _many(
        self, which: ColumnElement[bool], tenants: frozenset[str] = frozenset()
    ) -> tuple[Report, ...]:
        own = reports.c.tenant.in_(sorted(tenants)) if tenants else true()
        query = select(reports).where(which, own).order_by(reports.c.due_at).limit(MOST_LISTED)
        return await self.transact(
            lambda sql: tuple(Report(**row) for row in sql.execute(query).mappings())
        )
