"""What outsiders said of the log travels with an export, and counts if the verifier names them."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from audit.anchors import Anchor
from audit.cosignature import WitnessKey
from audit.export.check import verify_export
from audit.export.profile import Profile
from audit.outsiders import Outsiders
from audit.witness import Answer, Witness
from tests.tamper.exporting import World, exported, opened_log, order_of
from tests.tamper.scene import ORIGIN
from tests.unit.audit.export.world import scope
from tests.witness import TestWitness


@pytest.fixture(scope="module")
def watcher(world: World) -> TestWitness:
    return TestWitness(logs={ORIGIN: [world.vkey]})


@pytest.fixture(scope="module")
def cosigned(world: World, watcher: TestWitness) -> Anchor:
    """What a witness says of the whole log, before anything of it is exported."""

    async def ask(_: str, body: bytes, __: str) -> Answer:
        reply = watcher.answer(body.decode())
        return Answer(reply.status, reply.media_type, reply.body.encode())

    async def said() -> Anchor:
        log = await opened_log(world)
        witness = Witness("https://w.example", WitnessKey.parse(watcher.vkey), ask)
        anchor = await witness.cosign(log, 0)
        await log.close()
        return anchor

    return asyncio.run(said())


def test_a_named_witness_is_told_of_and_others_are_counted(
    world: World, watcher: TestWitness, cosigned: Anchor, tmp_path: Path
) -> None:
    """Only whom the verifier trusts can say that nothing was cut off."""
    order = replace(order_of(scope(Profile.REGULATOR)), anchors=(cosigned,))
    folder = exported(world, tmp_path / "export", order)

    alone = verify_export(folder, world.vkey)
    trusted = Outsiders((WitnessKey.parse(watcher.vkey),))
    told: list[tuple[int, int]] = []
    report = verify_export(
        folder, world.vkey, trusted=trusted, watch=lambda done, size: told.append((done, size))
    )

    assert told == [(report.entries, report.entries)]
    assert (alone.ok, alone.strangers, alone.vouched) == (True, 1, ())
    assert (report.ok, report.strangers) == (True, 0)
    assert [(each.size, each.who) for each in report.vouched] == [(cosigned.size, cosigned.who)]
    assert any(f"after size {cosigned.size}" in each for each in report.not_proved)
    assert any("at all" in each for each in alone.not_proved)


def test_a_witness_that_saw_another_history_is_a_problem(
    world: World, watcher: TestWitness, cosigned: Anchor, tmp_path: Path
) -> None:
    """A cosignature moved to another head does not verify."""
    moved = replace(cosigned, body=cosigned.body[:-9] + b"A" + cosigned.body[-8:])
    order = replace(order_of(scope(Profile.REGULATOR)), anchors=(moved,))
    folder = exported(world, tmp_path / "export", order)
    trusted = Outsiders((WitnessKey.parse(watcher.vkey),))

    report = verify_export(folder, world.vkey, trusted=trusted)

    assert [problem.check for problem in report.problems] == [2]


def test_a_subject_is_given_none(world: World, cosigned: Anchor, tmp_path: Path) -> None:
    """They could not compare them with anything."""
    order = replace(order_of(scope(Profile.DATA_SUBJECT)), anchors=(cosigned,))
    folder = exported(world, tmp_path / "export", order)

    assert not (folder / "anchors.jsonl").exists()
    assert verify_export(folder, world.vkey).ok
