"""A second look at requests: a machine answers what only a machine could not."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from typing_extensions import override

from audit.entry import Kind
from classifiers.canonical import Canonical
from classifiers.signals import Finding, Reason, Signal, SignalName, Unavailable
from pipeline.access.permissions import Permission, Person
from pipeline.items import Cause, Held
from pipeline.jobs.errors import RulingError
from pipeline.jobs.rulings import Ruling
from pipeline.store.holds import End, Hold
from pipeline.store.submissions import State
from tests.unit.pipeline.lookers import BLOCKED, DOUBTFUL, GREEN, KNOWN, Mood, Scores, Viewer
from tests.unit.pipeline.world import HOLD_FOR, TENANT, World, png

PERSON = Person("somebody", frozenset({Permission.REVIEW_RULE}))
APPROVED = Ruling(PERSON, approves=True, reason="looked at it")


@dataclass
class Unsure(Viewer):
    """Sees everything but one thing, which it cannot tell of any picture."""

    cannot_tell: SignalName | None = SignalName.HASH_CSAM_NEAR

    @override
    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report as a viewer does, but for what it cannot tell."""
        return [
            Unavailable(each.name, each.where, each.source, Reason.TOO_FLAT)
            if isinstance(each, Signal) and each.name is self.cannot_tell
            else each
            for each in Viewer.classify(self, content)
        ]


@dataclass
class Waiting:
    """A request that waits for a machine."""

    house: World
    viewer: Unsure
    hold: Hold

    def learns(self, scores: Scores) -> None:
        """From now on the viewer can tell, and this is what it sees."""
        self.viewer.cannot_tell = None
        self.viewer.knows = {**self.viewer.knows, GREEN: scores}

    async def round(self) -> None:
        """Let time pass, and upkeep do its work to the end."""
        self.house.clock.passes(minutes=1)
        await self.house.upkeep.round(sweeps=False)
        for ticket in [*self.house.gate.desk._running.values()]:
            assert ticket.end is not None
            await ticket.end

    async def state(self) -> State:
        return (await self.house.row(self.hold.submission)).state

    async def now(self) -> Hold:
        found = await self.house.store.holds.get(TENANT, self.hold.id)
        assert found is not None
        return found

    async def kinds(self) -> list[str]:
        return await self.house.kinds(self.hold.submission)


@pytest.fixture
async def waiting(house: World) -> Waiting:
    """An upload of which nobody can tell whether it is like a listed one."""
    viewer = Unsure()
    house.viewer.own = viewer
    return Waiting(house, viewer, await held(house))


async def held(house: World) -> Hold:
    uploaded = base64.b64encode(png(GREEN)).decode()
    outcome = await house.end(image=uploaded, strength=0.5)
    assert isinstance(outcome, Held)
    assert (outcome.cause, outcome.index) == (Cause.INCAPACITY, None)
    return (await house.store.holds.waiting())[-1]


async def spent(house: World) -> int:
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    return tenant.anlas_spent


async def test_what_is_allowed_by_now_is_generated(waiting: Waiting) -> None:
    """Nobody but a machine could answer, so nobody else has to be asked; it is charged once."""
    waiting.learns({})

    await waiting.round()

    assert await waiting.state() is State.RELEASED
    assert await waiting.kinds() == ["held", "admit", "generated", "examined", "release"]
    assert (await waiting.now()).end is End.REEXAMINED
    assert len(waiting.house.upstream.calls) == 1
    assert await spent(waiting.house) == 5


async def test_what_nobody_can_answer_yet_goes_on_waiting(waiting: Waiting) -> None:
    """Without an entry for each try, and ever more seldom."""
    looks = waiting.house.viewer.looks
    for _ in range(60):
        await waiting.round()

    assert await waiting.kinds() == ["held"]
    assert (await waiting.now()).end is None
    assert 3 < waiting.house.viewer.looks - looks < 15


async def test_what_fails_for_now_goes_on_waiting(waiting: Waiting) -> None:
    """A second look that is refused for now is no refusal: the next may succeed."""
    waiting.house.viewer.mood = Mood.POISONED
    waiting.house.clock.passes(minutes=1)
    await waiting.round()
    assert await waiting.kinds() == ["held"]
    waiting.house.viewer.mood = Mood.WELL
    waiting.learns({})

    await waiting.round()

    assert await waiting.state() is State.RELEASED


@pytest.mark.parametrize(("scores", "seized"), [(BLOCKED, 0), (KNOWN, 1)])
async def test_what_is_blocked_by_now_is_halted(
    waiting: Waiting, scores: Scores, seized: int
) -> None:
    """It costs nothing, and the worst of it is seized."""
    waiting.learns(scores)

    await waiting.round()

    assert await waiting.state() is State.HALTED
    assert (await waiting.now()).end is End.REEXAMINED
    assert await spent(waiting.house) == 0
    assert waiting.house.upstream.calls == []
    assert len([*(waiting.house.folder / "quarantine").glob("*.sealed")]) == seized


class TestASuspicion:
    """The machine could look, and a person has to."""

    async def test_waits_for_a_person_as_long_as_it_would_have(self, waiting: Waiting) -> None:
        """However often it is looked at, a hold ends when it was to end."""
        waiting.learns(DOUBTFUL)

        await waiting.round()

        (hold,) = await waiting.house.store.holds.waiting()
        assert (hold.cause, hold.index) == (Cause.SUSPICION, None)
        assert hold.expires_at == waiting.hold.expires_at
        assert (await waiting.now()).end is End.REEXAMINED
        assert await waiting.kinds() == ["held", "held"]

    async def test_is_approved_and_generated(self, waiting: Waiting) -> None:
        """A ruling on the second hold is a ruling like any other, also after a crash."""
        with pytest.raises(RulingError):
            await waiting.house.rulings.rule(waiting.hold, APPROVED)
        waiting.learns(DOUBTFUL)
        await waiting.round()
        (hold,) = await waiting.house.store.holds.waiting()

        await waiting.house.rulings.rule(hold, APPROVED)

        assert await waiting.state() is State.RELEASED
        row = await waiting.house.row(hold.submission)
        approval = await waiting.house.restore.request_approval(row)
        assert approval is not None
        assert approval.rules

    async def test_expires_to_withheld(self, waiting: Waiting) -> None:
        """Never to released, and its charge is given back."""
        waiting.learns(DOUBTFUL)
        await waiting.round()
        waiting.house.clock.passes(seconds=HOLD_FOR.total_seconds())

        await waiting.round()

        assert await waiting.state() is State.HALTED
        assert (await waiting.house.leaves(waiting.hold.submission))[-1].public["reason"] == (
            "expired"
        )
        assert await spent(waiting.house) == 0


async def test_one_at_a_time_goes_upstream(waiting: Waiting) -> None:
    """After an outage hundreds may be allowed at once: clients that wait have the queue."""
    other = await held(waiting.house)
    waiting.learns({})
    waiting.house.clock.passes(minutes=1)

    async with waiting.house.accounts.lease():
        for _ in range(3):
            waiting.house.clock.passes(minutes=1)
            await waiting.house.upkeep.round(sweeps=False)
            await asyncio.sleep(0.01)
        running = waiting.house.gate.desk.in_flight
    for _ in range(2):
        await waiting.round()

    assert running == 1
    assert await waiting.state() is State.RELEASED
    assert (await waiting.house.row(other.submission)).state is State.RELEASED


async def test_upkeep_does_not_wait_for_the_generation(waiting: Waiting) -> None:
    """Holds expire and seizures go on meanwhile; and the end of the server waits for it."""
    waiting.learns({})
    waiting.house.clock.passes(minutes=1)
    desk = waiting.house.gate.desk

    async with waiting.house.accounts.lease():
        async with asyncio.timeout(5):
            await waiting.house.upkeep.round(sweeps=False)
        draining = asyncio.create_task(desk.drain(10))
        await asyncio.sleep(0.05)
        waited = not draining.done()

    assert (waited, await draining) == (True, 0)
    assert await waiting.state() is State.RELEASED


async def test_a_server_that_stops_begins_nothing(waiting: Waiting) -> None:
    """What it would pay for could be cut off: the next start looks."""
    waiting.learns({})
    await waiting.house.gate.desk.drain(0)

    await waiting.round()

    assert await waiting.kinds() == ["held"]
    assert (await waiting.now()).end is None


async def test_without_its_entry_nothing_is_generated(waiting: Waiting) -> None:
    """It is told, and tried again."""
    waiting.learns({})
    waiting.house.log.refuses = frozenset({Kind.ADMIT})
    await waiting.round()
    calls = [*waiting.house.upstream.calls]
    waiting.house.log.refuses = frozenset()

    await waiting.round()

    assert calls == []
    assert await waiting.state() is State.RELEASED
