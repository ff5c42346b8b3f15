"""The page of the queue: what waits, narrowed as somebody likes, and the views that they keep."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import JSONResponse, RedirectResponse, Response

from pipeline.access.permissions import Permission
from pipeline.console.cases import Cases
from pipeline.console.errors import ConsoleError
from pipeline.console.frame import ROOT, Frame, Link
from pipeline.console.ordinary import Act
from pipeline.console.sessions import Session
from pipeline.items import NEVER_RELEASED, Cause, Stage, Tier
from pipeline.store.holds import Hold, Lane
from pipeline.store.queue import MOST_COUNTED, PAGE, Waiting, Wanted
from policies.labels import HarmCode

LINK = Link("/queue", "Queue", Permission.REVIEW_LIST)
_FAMILIES = sorted({code.family for code in HarmCode})
_AGES = {"1": "an hour", "6": "6 hours", "24": "a day"}
_MISS = "gate-miss"
_STAGES = (Stage.SCREEN, Stage.EXAMINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One case in the queue."""

    id: UUID
    tenant: str
    code: str
    what: str
    language: str
    tier: str
    opened: str
    left: str
    late: bool
    whose: str
    escalated: bool
    together: bool
    """Whether it can be ruled on with others."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Something that NovelAI objected to though it was approved here; an operator ends it."""

    id: UUID
    submission: str
    tenant: str
    cause: str
    opened: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the queue is shown, as the address says it; empty: all of it."""

    code: str = ""
    """A code, or a family with its dot."""
    tenant: str = ""
    stage: str = ""
    tier: str = ""
    language: str = ""
    older: str = ""
    """Since how many hours it waits at least."""
    whose: str = ""
    cause: str = ""
    """`suspicion`: what is held here; `gate-miss`: what NovelAI minded in what was let through."""

    def written(self) -> dict[str, str]:
        """Return what narrows."""
        return {name: value for name, value in asdict(self).items() if value}


def _asked(
    code: Annotated[str, Query(max_length=32, pattern=r"^[A-Z_]*(\.[A-Z_]*)?$")] = "",
    tenant: Annotated[str, Query(max_length=63, pattern="^[a-z0-9-]*$")] = "",
    stage: Annotated[str, Query(pattern="^(|screen|examine)$")] = "",
    tier: Annotated[str, Query(pattern="^(|general|adult)$")] = "",
    language: Annotated[str, Query(max_length=8, pattern="^[a-z]*$")] = "",
    older: Annotated[str, Query(pattern="^(|1|6|24)$")] = "",
    whose: Annotated[str, Query(pattern="^(|free|mine)$")] = "",
    cause: Annotated[str, Query(pattern="^(|suspicion|gate-miss)$")] = "",
) -> Filters:
    return Filters(code, tenant, stage, tier, language, older, whose, cause)


def routes(frame: Frame, cases: Cases) -> APIRouter:
    """Return the routes."""
    router = APIRouter()
    _queue(router, frame, cases)
    _views(router, frame, cases)
    return router


def _queue(router: APIRouter, frame: Frame, cases: Cases) -> None:
    @router.get("/queue")
    async def queue(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_LIST))],
        filters: Annotated[Filters, Depends(_asked)],
        after: Annotated[UUID | None, Query()] = None,
        done: Annotated[str, Query(max_length=20, pattern="^[a-z ]*$")] = "",
    ) -> Response:
        now, theirs = cases.now(), await cases.theirs(session)
        found, counts = await cases.queue(_wanted(theirs, filters, now), after)
        found = found[:0] if filters.cause == _MISS else found
        shown, chosen = found[:PAGE], filters.written()
        views = await cases.store.saved_views.of(session.person.name)
        every = [each.id for each in await cases.store.tenants.all() if session.sees(each.id)]
        return frame.page(
            "queue.html",
            session,
            rows=[_row(each, cases, session, now) for each in shown],
            missed=() if filters.cause == Cause.SUSPICION else await _missed(cases, session),
            causes=(Cause.SUSPICION.value, _MISS),
            counts=counts,
            most=MOST_COUNTED,
            families=[each for each in _FAMILIES if theirs.worst or each != NEVER_RELEASED],
            codes=[c.value for c in HarmCode if theirs.worst or c.family != NEVER_RELEASED],
            tenants=every,
            stages=_STAGES,
            tiers=list(Tier),
            ages=_AGES,
            filters=filters,
            chosen=chosen,
            queues=[
                each for each in cases.queues if theirs.worst or not each.has_family(NEVER_RELEASED)
            ],
            views=[(name, urlencode(kept)) for name, kept in views.items()],
            done=done,
            after=after,
            first=urlencode(chosen),
            later=urlencode({**chosen, "after": shown[-1].hold.id}) if len(found) > PAGE else "",
            may_claim=session.may(Permission.CASES_CLAIM),
            may_rule=session.may(Permission.REVIEW_RULE),
        )

    @router.get("/queue/counts")
    async def counts(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_LIST))],
    ) -> Response:
        counted = await cases.store.queue.counts(await cases.theirs(session), cases.now())
        return JSONResponse(asdict(counted))


def _views(router: APIRouter, frame: Frame, cases: Cases) -> None:
    @router.post("/queue/views")
    async def keep(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_LIST))],
        filters: Annotated[Filters, Depends(_asked)],
        name: Annotated[str, Form(min_length=1, max_length=40)],
    ) -> Response:
        name, kept = " ".join(name.split()), filters.written()
        if not name or not await cases.store.saved_views.save(session.person.name, name, kept):
            raise ConsoleError("Give it a name, or drop one of your views first: there are many.")
        return RedirectResponse(f"{ROOT}/queue?{urlencode(kept)}", 303)

    @router.post("/queue/views/drop")
    async def drop(
        session: Annotated[Session, Depends(frame.signed_in(Permission.REVIEW_LIST))],
        name: Annotated[str, Form(max_length=40)],
    ) -> Response:
        await cases.store.saved_views.drop(session.person.name, name)
        return RedirectResponse(f"{ROOT}/queue", 303)


def _wanted(theirs: Wanted, filters: Filters, now: datetime) -> Wanted:
    """Narrow what somebody may see. A tenant that is not theirs is nobody's."""
    tenants = theirs.tenants
    if filters.tenant:
        allowed = not tenants or filters.tenant in tenants
        tenants = frozenset({filters.tenant if allowed else "-"})
    older = now - timedelta(hours=int(filters.older)) if filters.older else None
    return Wanted(
        tenants,
        filters.code,
        theirs.person,
        filters.whose == "mine",
        filters.whose == "free",
        theirs.worst,
        theirs.senior,
        Stage(filters.stage) if filters.stage else None,
        filters.tier,
        filters.language,
        older,
        theirs.without,
    )


async def _missed(cases: Cases, session: Session) -> list[Missed]:
    """Return the gate misses that are open and theirs to see.

    One of an account alone is for whoever sees every tenant.
    """
    return [
        Missed(
            miss.id,
            "" if miss.submission is None else str(miss.submission),
            miss.tenant,
            miss.cause,
            f"{miss.opened_at:%Y-%m-%d %H:%M}",
        )
        for miss in await cases.store.accounts.opened()
        if (session.sees(miss.tenant) if miss.tenant else not session.tenants)
    ]


def _row(waiting: Waiting, cases: Cases, session: Session, now: datetime) -> Row:
    hold, mine = waiting.hold, waiting.person == session.person.name
    return Row(
        hold.id,
        hold.tenant,
        hold.code or "unknown",
        "request" if hold.index is None else f"picture {hold.index + 1}",
        hold.language,
        hold.tier,
        hold.opened_at.strftime("%d %b %H:%M"),
        left(hold, now),
        due(hold) <= now,
        "" if waiting.person is None else "you" if mine else "somebody",
        hold.lane is Lane.SENIOR,
        Act.REJECT_TOGETHER in cases.acts_of(hold),
    )


def due(hold: Hold) -> datetime:
    """Return by when a person is to rule."""
    return hold.due_at or hold.expires_at


def left(hold: Hold, now: datetime) -> str:
    """Say how much time there is to rule."""
    seconds = (due(hold) - now).total_seconds()
    hours, minutes = divmod(int(abs(seconds)) // 60, 60)
    told = f"{hours} h {minutes:02} min"
    return told if seconds > 0 else f"late by {told}"
