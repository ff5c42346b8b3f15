"""The page of standings: whose strikes count, what follows from them, and until when.

Nobody is named here: an end user is the beginning of a fingerprint. What is of `CSE.*` is told as a
strike without its code, but to the child-safety role.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from pipeline.access.permissions import Permission
from pipeline.console.frame import Frame, Link
from pipeline.console.ordinary import sees_worst
from pipeline.console.sessions import Session
from pipeline.duties.enforcement.enforcing import Enforcing
from pipeline.items import NEVER_RELEASED
from pipeline.store.strikes import Strike

LINK = Link("/standing", "Standing", Permission.REVIEW_SHOW)
MOST_SHOWN: Final = 100
"""End users on the page, those with the heaviest strikes first."""
_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class Row:
    """Where one end user stands."""

    who: str
    tenant: str
    step: str
    until: datetime | None
    strikes: int
    codes: Sequence[str]
    newest: UUID
    """The generation of the last strike."""


def routes(frame: Frame, enforcing: Enforcing) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/standing")
    async def standing(
        session: Annotated[Session, Depends(frame.signed_in(LINK.permission))],
    ) -> Response:
        found = await _heaviest(session, enforcing)
        shown = [
            await _row(enforcing, *whose, worst=sees_worst(session)) for whose in found[:MOST_SHOWN]
        ]
        return frame.page(
            "standing.html",
            session,
            rows=[row for row in shown if row is not None],
            more=max(0, len(found) - MOST_SHOWN),
            ladder=enforcing.ladder,
            own=sorted(filter(session.sees, enforcing.own)),
        )

    return router


async def _heaviest(session: Session, enforcing: Enforcing) -> Sequence[tuple[str, str]]:
    """Return each end user with strikes that count, by tenant and fingerprint, the worst first."""
    weights: dict[tuple[str, str], int] = {}
    for tenant in await enforcing.store.tenants.all():
        if session.sees(tenant.id):
            for each in await enforcing.store.strikes.counting(tenant.id, enforcing.now()):
                whose = (tenant.id, each.subject)
                weights[whose] = weights.get(whose, 0) + each.weight
    return sorted(weights, key=lambda whose: (-weights[whose], whose))


async def _row(enforcing: Enforcing, tenant: str, who: str, *, worst: bool) -> Row | None:
    stands = await enforcing.of(tenant, who)
    if not stands.strikes:
        return None  # lifted meanwhile
    return Row(
        who[:_SHORT],
        tenant,
        "none" if stands.step is None else stands.step.value,
        stands.until,
        len(stands.strikes),
        codes_of(stands.strikes, worst=worst),
        stands.strikes[-1].submission,
    )


def codes_of(strikes: Sequence[Strike], *, worst: bool) -> Sequence[str]:
    """Return the codes of strikes, each once; of `CSE.*` only for whom its cases are there."""
    codes = {each.code for each in strikes}
    return sorted(code for code in codes if worst or not code.startswith(f"{NEVER_RELEASED}."))
