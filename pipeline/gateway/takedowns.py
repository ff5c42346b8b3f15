"""The operator's routes for notices to take something down."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from classifiers.errors import BankError
from pipeline.duties.takedown.errors import TakedownError
from pipeline.duties.takedown.intake import NEEDED, Element
from pipeline.gateway.errors import GateError
from pipeline.jobs.notice_bank import NoticeDesk
from pipeline.store.takedowns import NoticeKind, Takedown, Taken


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person: str = Field(min_length=1, max_length=200)


class NewNotice(_Body):
    """A notice that came."""

    tenant: str = Field(max_length=63)
    kind: NoticeKind
    elements: frozenset[Element] = frozenset()
    hashes: list[tuple[str, str]] = Field(default_factory=list[tuple[str, str]], repr=False)
    submission: UUID | None = None


class More(_Body):
    """What else of a notice came."""

    elements: frozenset[Element]


class Decision(_Body):
    """What is decided on a notice, and why."""

    taken: Taken
    reason: str = Field(max_length=2000)


def routes(desk: NoticeDesk) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router, intake = APIRouter(prefix="/takedowns"), desk.intake

    async def find(known_as: UUID) -> Takedown:
        found = await intake.store.takedowns.get(known_as)
        if found is None:
            raise GateError(404, "There is no such notice.")
        return found

    def told(notice: Takedown) -> dict[str, object]:
        return shown(notice, intake.now())

    @router.get("")
    async def listed() -> list[dict[str, object]]:
        return [told(each) for each in await intake.store.takedowns.open()]

    @router.post("", status_code=201)
    async def added(new: NewNotice) -> dict[str, object]:
        given = new.tenant, new.kind, new.elements, new.hashes, new.person, new.submission
        with _refusing(400):
            return told(await intake.take(*given))

    @router.post("/{known_as}/elements")
    async def completed(known_as: UUID, more: More) -> dict[str, object]:
        with _refusing(409):
            return told(await intake.complete(await find(known_as), more.elements, more.person))

    @router.post("/{known_as}/decision")
    async def decided(known_as: UUID, new: Decision) -> dict[str, object]:
        notice = await find(known_as)
        with _refusing(409):
            notice, rows = await desk.decide(notice, new.taken, new.person, new.reason)
        return {**told(notice), "listed": rows}

    return router


@contextmanager
def _refusing(status: int) -> Generator[None]:
    try:
        yield
    except (TakedownError, BankError) as fault:
        raise GateError(status, str(fault)) from None


def shown(notice: Takedown, now: datetime) -> dict[str, object]:
    """Return a notice as operators and its platform see it: without a hash."""
    missing = NEEDED[notice.kind] - frozenset(map(Element, notice.elements))
    return {
        "id": str(notice.id),
        "tenant": notice.tenant,
        "kind": notice.kind,
        "submission": None if notice.submission is None else str(notice.submission),
        "received_at": notice.received_at.isoformat(),
        "missing": sorted(missing),
        "due_at": None if notice.due_at is None else notice.due_at.isoformat(),
        "late": notice.taken is None and notice.due_at is not None and notice.due_at <= now,
        "hashes": len(notice.hashes),
        "taken": notice.taken,
    }
