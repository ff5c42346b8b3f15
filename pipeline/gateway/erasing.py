"""The operator's routes for erasure, legal holds and retention."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from audit.fields import write_time
from audit.shards import Shard
from pipeline.duties.erasure.dropping import Dropping
from pipeline.duties.erasure.ending import Ending
from pipeline.duties.erasure.erasing import Asked, Erasing, Found
from pipeline.duties.erasure.errors import UnknownError
from pipeline.duties.erasure.holding import Holding, Over
from pipeline.duties.erasure.retaining import Retaining
from pipeline.gateway.errors import GateError
from pipeline.store.erasures import ErasureRow
from pipeline.store.legal_holds import LegalHold
from pipeline.store.store import Store

MOST_NAMED = 1000


@dataclass(frozen=True, slots=True)
class Archive:
    """What erases, and what keeps."""

    store: Store
    holding: Holding
    erasing: Erasing
    retaining: Retaining
    ending: Ending
    dropping: Dropping

    async def begin(self, *, app_db_is_new: bool) -> None:
        """Read the holds back from the log, if app.db was lost. MUST be done before upkeep."""
        if app_db_is_new:
            await self.holding.read_back()

    @property
    def chores(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What upkeep has to do: each goes on with what those before it erased."""
        return (
            self.erasing.resume,
            self.retaining.run_if_due,
            self.ending.end_if_due,
            self.dropping.run_if_due,
        )


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person: str = Field(min_length=1, max_length=200)


class NewErasure(_Body):
    """What is to be erased, and on which ground."""

    tenant: str = Field(max_length=63)
    subject: str | None = Field(None, min_length=1, max_length=200, repr=False)
    submissions: list[UUID] = Field(default_factory=list[UUID], max_length=MOST_NAMED)
    ground: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,95}$")
    dry_run: bool = False


class NewHold(_Body):
    """What is to be kept, and why."""

    tenant: str = Field(max_length=63)
    subject: str | None = Field(None, min_length=1, max_length=200, repr=False)
    submission: UUID | None = None
    reason: str = Field(min_length=1, max_length=500)


class Lifting(_Body):
    """Why a hold ends."""

    reason: str = Field(min_length=1, max_length=500)


class Run(_Body):
    """A walk of retention."""

    dry_run: bool = False


def routes(archive: Archive) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter()
    _erasures(router, archive)
    _holds(router, archive)
    _retention(router, archive)
    return router


def _erasures(router: APIRouter, archive: Archive) -> None:
    @router.get("/erasures")
    async def listed() -> list[dict[str, object]]:
        return [_erasure(row) for row in await archive.store.erasures.all()]

    @router.post("/erasures", status_code=201)
    async def ordered(new: NewErasure) -> dict[str, object]:
        if (new.subject is None) == (not new.submissions):
            raise GateError(400, "Name a subject, or submissions: one of them.")
        asked = Asked(new.tenant, tuple(new.submissions), new.subject)
        try:
            if new.dry_run:
                return _found(None, await archive.erasing.plan(asked))
            return _found(*await archive.erasing.order(asked, new.ground, new.person))
        except UnknownError as fault:
            raise GateError(404, str(fault)) from None


def _holds(router: APIRouter, archive: Archive) -> None:
    @router.get("/legal-holds")
    async def listed(*, lifted: bool = False) -> list[dict[str, object]]:
        return [_hold(each) for each in await archive.store.legal_holds.all(lifted=lifted)]

    @router.post("/legal-holds", status_code=201)
    async def placed(new: NewHold) -> dict[str, object]:
        if new.subject is not None and new.submission is not None:
            raise GateError(400, "Name a subject, a submission, or neither for the whole tenant.")
        over = Over(new.tenant, new.submission, new.subject)
        try:
            return _hold(await archive.holding.place(over, new.reason, new.person))
        except UnknownError as fault:
            raise GateError(404, str(fault)) from None

    @router.post("/legal-holds/{hold}/lift")
    async def lifted(hold: UUID, why: Lifting) -> dict[str, object]:
        try:
            return _hold(await archive.holding.lift(hold, why.reason, why.person))
        except UnknownError as fault:
            raise GateError(404, str(fault)) from None


def _retention(router: APIRouter, archive: Archive) -> None:
    @router.get("/retention")
    async def shown() -> dict[str, object]:
        since = archive.ending.keys.since
        return {
            "days": {name: kept.days for name, kept in archive.retaining.terms.items()},
            "period_days": archive.ending.every.days,
            "period_since": None if since is None else write_time(since),
            "shard_days": archive.dropping.sharding.period.days,
            "log_days": archive.dropping.sharding.days,
            "shards": [*map(_shard, await archive.dropping.all())],
        }

    @router.post("/retention/runs")
    async def ran(run: Run) -> dict[str, object]:
        found = await archive.retaining.run(dry=run.dry_run)
        dropped = await archive.dropping.run(dry=run.dry_run)
        return {
            "dry_run": run.dry_run,
            "classes": {
                name: {"due": each.due, "kept": {why.value: n for why, n in each.kept.items()}}
                for name, each in found.items()
            },
            "shards": {"due": dropped.due, "entries": dropped.entries, "held": dropped.held},
        }

    @router.post("/retention/periods", status_code=201)
    async def ended(run: Run) -> dict[str, object]:
        turned, completed = await archive.ending.end({"person": run.person})
        return {
            "opened": turned.opened,
            "closed": turned.closed,
            "kept": turned.kept,
            "destroyed": turned.destroyed,
            "erasures_completed": completed,
        }


def _found(erasure: UUID | None, found: Found) -> dict[str, object]:
    return {
        "id": None if erasure is None else str(erasure),
        "things": found.things,
        "details": found.details,
        "kept": {why.value: count for why, count in found.kept.items()},
        "refused": found.refused,
    }


def _shard(shard: Shard) -> dict[str, object]:
    return {
        "number": shard.number,
        "first": shard.first,
        "size": shard.size,
        "closed_at": write_time(shard.closed_at),
        "due_at": write_time(shard.due_at),
        "dropped_at": None if shard.dropped_at is None else write_time(shard.dropped_at),
    }


def _erasure(row: ErasureRow) -> dict[str, object]:
    return {
        "id": str(row.id),
        "tenant": row.tenant,
        "of": "submissions" if row.subject is None else "subject",
        "ground": row.ground,
        "ordered_at": write_time(row.ordered_at),
        "details": row.erased,
        "waiting": len(row.waiting),
        "completed_at": None if row.completed_at is None else write_time(row.completed_at),
    }


def _hold(hold: LegalHold) -> dict[str, object]:
    over = "tenant" if hold.subject is None else "subject"
    return {
        "id": str(hold.id),
        "tenant": hold.tenant,
        "over": over if hold.submission is None else "submission",
        "submission": None if hold.submission is None else str(hold.submission),
        "reason": hold.reason,
        "placed_at": write_time(hold.placed_at),
        "placed_by": hold.placed_by,
        "lifted_at": None if hold.lifted_at is None else write_time(hold.lifted_at),
    }
