"""A console over a whole house, so that something is held."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import FastAPI

from classifiers.signals import SignalName
from pipeline.console import building, case_pages, server
from pipeline.console.cases import Cases
from pipeline.console.roles import Role
from pipeline.jobs.uncovered import Uncovered
from pipeline.store.holds import Hold
from tests.unit.pipeline.console.conftest import CHEAP, Console, numbered
from tests.unit.pipeline.lookers import Colour
from tests.unit.pipeline.world import HELD, World, open_world

NUDE: Colour = (90, 10, 90)
"""Drawn in one colour, and scored as what two people have to approve."""


class Desk(Console):
    """A console over a whole house, so that something is held."""

    house: World
    cases: Cases
    uncovered: Uncovered

    async def held(self, colour: Colour = HELD) -> Hold:
        """A picture that waits for a person."""
        self.house.upstream.colours = [colour]
        await self.house.end("a harbour, secretword")
        *_, hold = await self.house.store.holds.waiting()
        return hold

    async def media(self) -> list[str]:
        """What the log says of pictures that people saw."""
        return [event for event in await self.events() if event.startswith("media.")]


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncGenerator[Desk]:
    """A desk with a reviewer, a senior, an auditor and somebody of the child-safety team."""
    async with open_world(folder) as house:
        own: Any = house.viewer.own
        own.knows = {**own.knows, NUDE: {SignalName.HASH_NCII_NEAR: 0.6}}
        parts = building.Parts(
            house.store, house.log, house.clock, uuid4, numbered(), b"k" * 32, CHEAP
        )
        frame, doors = building.build(parts, [case_pages.QUEUE])
        uncovered = Uncovered(house.store, house.log, house.clock, uuid4)
        cases = Cases(
            house.store,
            house.log,
            house.vault,
            house.rulings,
            uncovered,
            house.clock,
            uuid4,
            lambda: False,
        )
        guarded = server.create(frame, doors, [case_pages.routes(frame, cases)])
        app = FastAPI(redirect_slashes=False)
        server.mount(app, guarded)
        made = Desk(house.store, house.log, house.clock, frame, doors, guarded, app)
        made.house, made.cases, made.uncovered = house, cases, uncovered
        for role in (Role.REVIEWER, Role.SENIOR, Role.AUDITOR, Role.CHILD_SAFETY):
            await made.add(role.value, role)
        yield made
