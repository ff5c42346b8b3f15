"""Those who remember the log outside it are asked on a schedule, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from audit.anchors import Anchor, AnchorKind, Anchors
from audit.cosignature import WitnessKey
from audit.entry import Entry, Kind
from audit.log import Log
from audit.outsiders import Outsiders, held, newest_of_each
from audit.rotation import KeyChain
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.time_stamper import TimeStamper
from audit.witness import Witness
from pipeline.jobs.anchoring import Anchoring, posting, stamped, witnessed
from tests import time_stamp_authority
from tests import witness as witnesses
from tests.time_stamp_authority import Authority
from tests.witness import Reply, TestWitness

pytestmark = pytest.mark.enable_socket

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(slots=True)
class Clock:
    time: datetime = field(default_factory=lambda: datetime(2027, 1, 15, 8, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.time


@dataclass(frozen=True, slots=True)
class Scene:
    log: Log
    signer: Ed25519Signer
    watcher: TestWitness
    authority: Authority
    anchors: Anchors
    clock: Clock
    anchoring: Anchoring

    async def write(self, number: int) -> None:
        """Let the log grow, and a minute pass."""
        await self.log.append(Entry(UUID(int=number), Kind.CONFIG, self.clock(), {}))
        self.clock.time += MINUTE

    def anchored(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self.anchoring.standings()["anchors"])

    def sizes(self, kind: AnchorKind) -> list[int]:
        return [each.size for each in self.anchors.all(self.signer.vkey.name) if each.kind is kind]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Authority, str]]:
    made = time_stamp_authority.made(tmp_path_factory.mktemp("tsa") / "tsa")
    with time_stamp_authority.serving(made) as url:
        yield made, url


@pytest.fixture
async def scene(tmp_path: Path, authority: tuple[Authority, str]) -> AsyncIterator[Scene]:
    signer = Ed25519Signer.create(tmp_path / "log.key", "gw.example/audit")
    clock = Clock()
    keys = DetailKeys("k1", {"k1": bytes(32)})
    name = signer.vkey.name
    log = await Log.open(tmp_path / "log.db", origin=name, signer=signer, keys=keys, now=clock)
    watcher = TestWitness(logs={name: [signer.vkey.write()]})
    anchors = Anchors(tmp_path / "anchors.db")
    with witnesses.serving(watcher) as url:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            post = posting(client)
            witness = Witness(url, WitnessKey.parse(watcher.vkey), post)
            stamper = TimeStamper("tsa.example", authority[1], authority[0].certificates, post)
            outsiders = [witnessed(log, witness, MINUTE), stamped(log, stamper, HOUR)]
            anchoring = Anchoring(log, anchors, outsiders, clock, guarded=False)
            yield Scene(log, signer, watcher, authority[0], anchors, clock, anchoring)
    await log.close()


async def test_each_is_asked_in_its_time_and_only_about_what_is_new(scene: Scene) -> None:
    """An hour of a log that grows each minute is sixty cosignatures and one stamp."""
    for number in range(1, 6):
        await scene.write(number)
        await scene.anchoring.round()
    scene.clock.time += MINUTE
    await scene.anchoring.round()

    assert scene.sizes(AnchorKind.COSIGNATURE) == [2, 3, 4, 5, 6]
    assert scene.sizes(AnchorKind.TIME_STAMP) == [2]
    assert [each["behind"] for each in scene.anchored()] == [0, 4]
    scene.clock.time += HOUR
    await scene.anchoring.round()
    assert scene.sizes(AnchorKind.TIME_STAMP) == [2, 6]


async def test_what_they_said_holds_for_whoever_trusts_them(scene: Scene) -> None:
    """The anchors are for strangers, with nothing of ours but the log's key."""
    await scene.write(1)
    await scene.anchoring.round()

    trusted = Outsiders((WitnessKey.parse(scene.watcher.vkey),), scene.authority.certificates)
    chain = KeyChain(scene.signer.vkey)
    good, problems, strangers = held(scene.anchors.all(scene.signer.vkey.name), chain, trusted)
    assert (len(newest_of_each(good)), problems, strangers) == (2, [], 0)
    assert {each.checkpoint.size for each in good} == {2}
    assert held(scene.anchors.all(scene.signer.vkey.name), chain, Outsiders()) == ([], [], 2)


async def test_one_that_fails_is_told_and_keeps_no_other_from_its_turn(scene: Scene) -> None:
    """And it is asked again when its time has come."""
    scene.watcher.trouble = Reply(503)
    await scene.write(1)
    await scene.anchoring.round()
    witness, stamper = scene.anchored()
    assert "status 503" in witness["fault"]
    assert (witness["size"], stamper["size"], stamper["fault"]) == (0, 2, None)

    scene.watcher.trouble = None
    await scene.anchoring.round()
    assert scene.anchored()[0]["size"] == 0  # its minute is not over
    scene.clock.time += MINUTE
    await scene.anchoring.round()
    assert (scene.anchored()[0]["size"], scene.anchored()[0]["fault"]) == (2, None)


async def test_a_new_process_remembers_what_was_cosigned(scene: Scene) -> None:
    await scene.write(1)
    await scene.anchoring.round()
    asked = scene.watcher.asked
    again = [replace(each, newest=None, tried_at=None) for each in scene.anchoring.outsiders]
    anchoring = Anchoring(scene.log, scene.anchors, again, scene.clock, guarded=True)
    await anchoring.round()
    assert scene.watcher.asked == asked
    standing = cast("list[dict[str, Any]]", anchoring.standings()["anchors"])[0]
    assert (standing["size"], standing["behind"]) == (2, 0)


async def test_everybody_can_be_asked_at_once(scene: Scene) -> None:
    """Before a backup is taken, or because an auditor waits."""
    await scene.anchoring.round()
    asked = scene.watcher.asked
    await scene.anchoring.round(at_once=True)
    assert scene.watcher.asked == asked + 1


async def test_a_witness_that_saw_more_is_an_alarm(scene: Scene) -> None:
    """The log was rolled back; who looks at /ready sees it."""
    await scene.write(1)
    scene.watcher.latest[scene.signer.vkey.name] = (9, bytes(32))
    await scene.anchoring.round()
    assert "rolled back: witness.example/w1 saw 9" in scene.anchored()[0]["fault"]


async def test_it_runs_until_it_is_cancelled(scene: Scene) -> None:
    sizes: asyncio.Queue[int] = asyncio.Queue()
    outsider = scene.anchoring.outsiders[0]

    async def ask(seen: int) -> Anchor:
        await sizes.put(seen)
        return await outsider.ask(seen)

    watched = replace(outsider, ask=ask, every=timedelta())
    running = asyncio.create_task(replace(scene.anchoring, outsiders=[watched]).run(0.001))
    assert await sizes.get() == 0
    await scene.write(1)
    assert await sizes.get() == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("size", [65_537, 10_000_000])
async def test_an_answer_without_end_is_not_read(scene: Scene, size: int) -> None:
    """A witness must not be able to fill the memory."""
    scene.watcher.trouble = Reply(200, "x" * size)
    await scene.anchoring.round()
    assert "more than 65536 bytes" in scene.anchored()[0]["fault"]


async def test_nobody_there_is_told_without_more(scene: Scene) -> None:
    post = posting(httpx.AsyncClient(trust_env=False, timeout=1))
    nobody = Witness("http://127.0.0.1:1/x", WitnessKey.parse(scene.watcher.vkey), post)
    outsider = witnessed(scene.log, nobody, MINUTE)
    await Anchoring(scene.log, scene.anchors, [outsider], scene.clock, guarded=False).round()
    assert outsider.fault == "127.0.0.1: ConnectError"
