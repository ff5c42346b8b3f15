"""A console over a whole house, so that something is held."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, FastAPI

from classifiers.signals import SignalName
from pipeline.console import (
    building,
    case_pages,
    day_pages,
    queue_pages,
    server,
    standing_pages,
    together_pages,
)
from pipeline.console.cases import Cases
from pipeline.console.deciding import Deciding
from pipeline.console.frame import Frame
from pipeline.console.reclassifying import Reclassifying
from pipeline.console.resembling import Resembling
from pipeline.console.roles import Role
from pipeline.jobs.second_look import SecondLook
from pipeline.jobs.uncovered import Uncovered
from pipeline.jobs.undoing import WINDOW, Undoing
from pipeline.settings.queues import ReviewQueue
from pipeline.store.holds import Hold
from tests.unit.pipeline.console.conftest import CHEAP, Console, numbered
from tests.unit.pipeline.lookers import Colour
from tests.unit.pipeline.world import HELD, World, open_world

NUDE: Colour = (90, 10, 90)
"""Drawn in one colour, and scored as what two people have to approve."""


LINKS = (queue_pages.LINK, together_pages.LINK, day_pages.LINK)


class Desk(Console):
    """A console over a whole house, so that something is held."""

    house: World
    cases: Cases
    uncovered: Uncovered
    deciding: Deciding
    is_closed: bool = False

    def pages(self) -> list[APIRouter]:
        """The pages of cases."""
        return case_routes(self.frame, self.cases, self.deciding, self.house)

    async def carried_out(self) -> list[str | None]:
        """What became of the rulings that waited, once nobody can take them back."""
        self.clock.passes(seconds=WINDOW.total_seconds())
        due = await self.deciding.undoing.round()
        given = [await self.store.intents.of_person(each.person) for each in due]
        done = {each.hold: each.outcome for some in given for each in some}
        return [done[each.hold] for each in due]

    async def held(self, colour: Colour = HELD) -> Hold:
        """A picture that waits for a person."""
        self.house.upstream.colours = [colour]
        await self.house.end("a harbour, secretword")
        *_, hold = await self.house.store.holds.waiting()
        return hold

    async def media(self) -> list[str]:
        """What the log says of pictures that people saw."""
        return [event for event in await self.events() if event.startswith("media.")]


def case_routes(frame: Frame, cases: Cases, deciding: Deciding, house: World) -> list[APIRouter]:
    """The routes of all pages about cases."""
    rulings, desk = deciding.undoing.rulings, house.gate.desk
    look = SecondLook(rulings.flow, rulings.restore, cases.store, desk, cases.now)
    return [
        queue_pages.routes(frame, cases),
        case_pages.routes(frame, cases, deciding, Reclassifying(cases, look)),
        together_pages.routes(frame, cases, deciding),
        day_pages.routes(frame, cases),
        standing_pages.routes(frame, house.gate.enforcing),
    ]


@asynccontextmanager
async def open_desk(folder: Path, queues: Sequence[ReviewQueue] = ()) -> AsyncGenerator[Desk]:
    """A desk with a reviewer, a senior, an auditor and somebody of the child-safety team."""
    async with open_world(folder) as house:
        own: Any = house.viewer.own
        own.knows = {**own.knows, NUDE: {SignalName.HASH_NCII_NEAR: 0.6}}
        parts = building.Parts(
            house.store, house.log, house.clock, uuid4, numbered(), b"k" * 32, CHEAP
        )
        frame, doors = building.build(
            parts, [queue_pages.LINK, together_pages.LINK, day_pages.LINK]
        )
        uncovered = Uncovered(house.store, house.log, house.clock, uuid4)
        resembling = Resembling(house.store, house.vault)
        cases = Cases(
            house.store,
            house.log,
            house.vault,
            uncovered,
            resembling,
            house.gate.enforcing.of,
            house.clock,
            uuid4,
            queues,
        )
        undoing = Undoing(
            house.rulings, house.store, house.log, house.clock, uuid4, lambda: made.is_closed
        )
        deciding = Deciding(cases, undoing)
        guarded = server.create(frame, doors, case_routes(frame, cases, deciding, house))
        app = FastAPI(redirect_slashes=False)
        server.mount(app, guarded)
        made = Desk(house.store, house.log, house.clock, frame, doors, guarded, app)
        made.house, made.cases, made.uncovered = house, cases, uncovered
        made.deciding = deciding
        for role in (Role.REVIEWER, Role.SENIOR, Role.AUDITOR, Role.CHILD_SAFETY):
            await made.add(role.value, role)
        yield made
