"""The path: no outcome is used before its entry is durable, and a fault holds or halts."""

import asyncio
import json
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Never
from uuid import uuid4

import pytest
from starlette.types import Message, Scope
from structlog.testing import capture_logs

from audit.connection import connect_reader
from audit.entry import Entry, Kind
from audit.errors import AuditError, NotDurableError
from audit.leaf import Leaf
from audit.tables import rows
from pipeline.flow import Flow
from pipeline.items import (
    Cause,
    Cleared,
    Examined,
    Halted,
    Held,
    PublicCode,
    Released,
    Stage,
    Submission,
)
from pipeline.store.pictures import PictureState
from pipeline.store.submissions import State
from tests.unit.pipeline.lookers import CANARY, WHITE, Mood
from tests.unit.pipeline.world import (
    BLOCK,
    HELD,
    HOLD_FOR,
    PRIVATE,
    TAINTED,
    TENANT,
    World,
    body,
    open_world,
)

PATH = ["admit", "generated", "examined", "release"]


@dataclass(frozen=True, slots=True)
class Faulty:
    """A stage that fails, as any may."""

    stage: Stage

    async def __call__(self, item: object, /) -> Never:
        """Fail, with content in the message."""
        raise RuntimeError(CANARY, item)


def here() -> bool:
    """Say that the client still waits."""
    return False


async def run(house: World, flow: Flow | None = None, **more: Any) -> tuple[Submission, Any]:
    """Take a submission along the path."""
    submission = await house.submission(**more)
    end = await (flow or house.flow).run(submission, here)
    return submission, end.outcome


async def states(house: World, submission: Submission) -> list[PictureState]:
    return [each.state for each in await house.store.pictures.of(TENANT, submission.id)]


async def test_a_harmless_request_takes_every_step_in_order(house: World) -> None:
    """The order is the promise: read, generate, look, release, each written down."""
    submission, outcome = await run(house)

    assert isinstance(outcome, Released)
    assert await house.kinds(submission.id) == PATH
    assert (await house.row(submission.id)).state is State.RELEASED
    assert await states(house, submission) == [PictureState.RELEASED]


async def test_what_is_not_allowed_never_goes_upstream(house: World) -> None:
    """Nothing goes upstream unread: a refused or held request is one that NovelAI never sees."""
    for prompt in ("blockme", "graveword", "holdme"):
        submission, outcome = await run(house, prompt=prompt)

        assert isinstance(outcome, Halted | Held)
        assert "generated" not in await house.kinds(submission.id)
    assert house.upstream.calls == []


async def test_a_label_goes_on(house: World) -> None:
    """Otherwise the tests of refusals would pass for any word at all."""
    _, outcome = await run(house, prompt="labelme")

    assert isinstance(outcome, Released)


class TestAnEntryThatCannotBeWritten:
    @pytest.mark.parametrize("kind", [Kind.ADMIT, Kind.GENERATED, Kind.EXAMINED, Kind.RELEASE])
    async def test_stops_everything_there(self, house: World, kind: Kind) -> None:
        """No entry, no release: whoever asked gets the error, and nothing else."""
        house.log.refuses = frozenset({kind})
        submission = await house.submission()

        with pytest.raises(NotDurableError):
            await house.flow.run(submission, here)

        assert await house.kinds(submission.id) == PATH[: PATH.index(kind.value)]
        assert (await house.row(submission.id)).state is not State.RELEASED
        assert PictureState.RELEASED not in await states(house, submission)

    async def test_of_an_admission_is_never_paid_for(self, house: World) -> None:
        """What is not on record is not sent."""
        house.log.refuses = frozenset({Kind.ADMIT})

        with pytest.raises(NotDurableError):
            await run(house)

        assert house.upstream.calls == []

    @pytest.mark.parametrize(
        ("kind", "colour"), [(Kind.HELD, HELD), (Kind.WITHHOLD, BLOCK), (Kind.EXAMINED, BLOCK)]
    )
    async def test_of_a_picture_leaves_it_where_it_was(
        self, house: World, kind: Kind, colour: tuple[int, int, int]
    ) -> None:
        """A second picture of the batch, which is clean, does not leave either."""
        house.upstream.colours = [colour, WHITE]
        house.log.refuses = frozenset({kind})
        submission = await house.submission(samples=2)

        with pytest.raises(NotDurableError):
            await house.flow.run(submission, here)

        assert await states(house, submission) == []  # in the vault alone

    async def test_is_a_full_disk_too(self, tmp_path: Path) -> None:
        """The same with SQLite's own limit, and not only by a refusal of our making."""
        opened: list[sqlite3.Connection] = []

        def connect(path: Path) -> sqlite3.Connection:
            opened.append(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
            return opened[-1]

        async with open_world(tmp_path, connect=connect) as house:
            (pages,) = opened[-1].execute("PRAGMA page_count").fetchone()
            opened[-1].execute(f"PRAGMA max_page_count = {pages}").fetchall()
            submission = await house.submission()
            with suppress(AuditError):
                for _ in range(100):  # until the pages that there are have no room left
                    note = Entry(uuid4(), Kind.CONFIG, house.clock(), {"event": "a.note"})
                    await house.log.append(note)

            with pytest.raises(AuditError):
                await house.flow.run(submission, here)

            assert house.upstream.calls == []
            assert await house.kinds(submission.id) == []


class TestAFault:
    async def test_in_screen_halts(self, house: World) -> None:
        """Nobody has paid for anything: the client may try again."""
        flow = replace(house.flow, screen=Faulty(Stage.SCREEN))
        submission, outcome = await run(house, flow)

        assert isinstance(outcome, Halted)
        assert outcome.code is PublicCode.TEMPORARILY_UNAVAILABLE
        assert await house.kinds(submission.id) == ["halted"]
        assert house.upstream.calls == []

    async def test_in_generate_halts(self, house: World) -> None:
        """There is no picture to hold; the paid call is never made again by itself."""
        flow = replace(house.flow, generate=Faulty(Stage.GENERATE))
        submission, outcome = await run(house, flow)

        assert isinstance(outcome, Halted)
        assert await house.kinds(submission.id) == ["admit", "halted"]
        assert (await house.row(submission.id)).state is State.HALTED

    async def test_in_examine_holds_every_picture(self, house: World) -> None:
        """They are paid for: nothing is lost, and nothing leaves unseen."""
        flow = replace(house.flow, examine=Faulty(Stage.EXAMINE))
        submission, outcome = await run(house, flow, samples=2)

        assert isinstance(outcome, Examined)
        held = outcome.outcomes
        assert [isinstance(each, Held) for each in held] == [True, True]
        for index, each in enumerate(held):
            assert isinstance(each, Held)
            assert (each.index, each.cause) == (index, Cause.INCAPACITY)
            assert each.expires_at == house.clock() + HOLD_FOR
        assert await states(house, submission) == [PictureState.HELD, PictureState.HELD]
        assert (await house.row(submission.id)).state is State.HELD

    async def test_in_release_holds_what_was_about_to_leave(self, house: World) -> None:
        """A picture that was cleared waits; one that was not cleared stays as it was decided."""
        house.upstream.colours = [WHITE, BLOCK]
        flow = replace(house.flow, release=Faulty(Stage.RELEASE))
        submission, outcome = await run(house, flow, samples=2)

        assert isinstance(outcome, Examined)
        assert [(type(each), each.index) for each in outcome.outcomes] == [(Held, 0)]  # type: ignore[union-attr]  # a Held has one
        assert await states(house, submission) == [PictureState.HELD, PictureState.WITHHELD]
        assert "release" not in await house.kinds(submission.id)

    async def test_in_release_is_looked_at_again_and_then_released(self, house: World) -> None:
        """A hold of a machine ends with a machine."""
        flow = replace(house.flow, release=Faulty(Stage.RELEASE))
        submission, _ = await run(house, flow)
        house.clock.passes(minutes=1)

        await house.upkeep.round()

        assert (await house.row(submission.id)).state is State.RELEASED
        assert await states(house, submission) == [PictureState.RELEASED]

    @pytest.mark.parametrize("stage", [Stage.SCREEN, Stage.GENERATE, Stage.EXAMINE, Stage.RELEASE])
    async def test_is_told_by_its_kind_and_place_only(self, house: World, stage: Stage) -> None:
        """Its message may hold a prompt: neither log nor leaf repeats it."""
        faulty: dict[str, Any] = {stage.value: Faulty(stage)}
        flow = replace(house.flow, **faulty)

        with capture_logs() as said:
            submission, outcome = await run(house, flow, prompt=f"a harbour {CANARY}")

        assert any(line.get("kind") == "RuntimeError" for line in said)
        assert CANARY not in repr(said)
        assert CANARY not in repr(outcome)
        assert CANARY not in repr(await house.leaves(submission.id))

    async def test_of_a_sealed_picture_holds_it(self, house: World) -> None:
        """A vault that lost an object is a fault of Examine like any other."""
        generated = await house.generated(WHITE, WHITE)
        submission = generated.outcome.screened.submission
        await house.vault.destroy(generated.outcome.pictures[1].vault_id)

        end = await house.flow.returned(generated)

        assert isinstance(end.outcome, Examined)
        assert [type(each) for each in end.outcome.outcomes] == [Held, Held]
        assert "release" not in await house.kinds(submission.id)


class TestAClient:
    async def test_that_left_before_the_paid_call_stops_it(self, house: World) -> None:
        """Nothing is paid for that nobody waits for, and that is on record."""
        submission = await house.submission()

        end = await house.flow.run(submission, lambda: True)

        assert isinstance(end.outcome, Halted)
        assert end.outcome.reason == "client_left"
        assert house.upstream.calls == []
        assert await house.kinds(submission.id) == ["admit", "halted"]

    async def test_that_leaves_during_the_paid_call_loses_nothing(self, house: World) -> None:
        """It is paid for: it is finished, recorded, and waits under its id."""
        left: list[bool] = []
        house.upstream.before_answer = lambda: left.append(True)
        submission = await house.submission()

        end = await house.flow.run(submission, lambda: bool(left))

        assert isinstance(end.outcome, Released)


async def test_the_paid_call_is_made_once(house: World) -> None:
    """Two that carry the same request do not pay twice."""
    screened = await house.screened()

    carrying = (house.flow.approved(screened, here) for _ in range(2))
    ends = await asyncio.gather(*carrying, return_exceptions=True)

    assert len(house.upstream.calls) == 1
    assert sorted(type(end).__name__ for end in ends) == ["ConflictError", "Recorded"]
    assert await house.kinds(screened.outcome.submission.id) == PATH


async def test_a_batch_with_one_grave_picture_is_withheld_whole(house: World) -> None:
    """What taints a batch taints all of it."""
    for colour, prompt in ((TAINTED, "a harbour"), (PRIVATE, "seven kites")):
        house.upstream.colours = [WHITE, colour, HELD]
        submission, outcome = await run(house, prompt=prompt, samples=3)

        assert isinstance(outcome, Examined)
        assert all(isinstance(each, Halted) for each in outcome.outcomes)
        assert await states(house, submission) == [PictureState.WITHHELD] * 3
        assert (await house.row(submission.id)).state is State.WITHHELD


async def test_any_other_refusal_stands_alone(house: World) -> None:
    """Each picture has its own outcome in its own place, and the answer says how many do not."""
    house.upstream.colours = [BLOCK, WHITE, HELD]
    submission, outcome = await run(house, samples=3)

    assert isinstance(outcome, Released)
    assert ([each.sealed.index for each in outcome.pictures], outcome.withheld) == ([1], 2)
    assert await states(house, submission) == [
        PictureState.WITHHELD,
        PictureState.RELEASED,
        PictureState.HELD,
    ]


async def test_each_cleared_picture_is_examined_before_it_is_released(house: World) -> None:
    """An entry of its own for each look and each release."""
    submission, _ = await run(house, samples=2)

    steps = [(leaf.kind.value, leaf.public["sample"]) for leaf in await house.leaves(submission.id)]

    assert sorted(steps[2:4]) == [("examined", 0), ("examined", 1)]
    assert sorted(steps[4:]) == [("release", 0), ("release", 1)]


async def test_a_picture_that_nobody_could_look_at_waits(house: World) -> None:
    """Paid for, and unseen: held for a machine, never released."""
    house.upstream.before_answer = lambda: setattr(house.viewer, "mood", Mood.FAILS)
    submission, outcome = await run(house)

    assert isinstance(outcome, Examined)
    (held,) = outcome.outcomes
    assert isinstance(held, Held)
    assert held.cause is Cause.INCAPACITY
    assert not any(isinstance(each, Cleared) for each in outcome.outcomes)
    assert await states(house, submission) == [PictureState.HELD]


async def test_the_release_entry_is_on_the_disk_before_the_first_byte_leaves(house: World) -> None:
    """Read through a second connection, at the moment when the answer begins."""
    asked = json.dumps(body(samples=2)).encode()
    waiting = asyncio.Event()
    seen: list[tuple[int, list[str]]] = []

    async def receive() -> Message:
        if not waiting.is_set():
            waiting.set()
            return {"type": "http.request", "body": asked, "more_body": False}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reader = connect_reader(house.folder / "log.db")
            leaves = [Leaf.parse(row.leaf) for row in rows(reader, 0, 100)]
            reader.close()
            seen.append((message["status"], [leaf.kind.value for leaf in leaves][1:]))

    await house.public(scope_of(house, "/ai/generate-image"), receive, send)

    twice = ["examined", "examined", "release", "release"]
    assert seen == [(200, ["admit", "generated", *twice])]


def scope_of(house: World, path: str) -> Scope:
    headers = {"authorization": f"Bearer {house.key}", "content-type": "application/json"}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("gate", 80),
    }
