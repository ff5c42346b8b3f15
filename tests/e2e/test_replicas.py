"""Three gateways and one PostgreSQL: killed, restarted and halted under load; nothing is lost.

`make replicas` drills for a minute with 64 clients; the suite does it shortly.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import monotonic
from uuid import UUID

import httpx

from audit.connection import connect_reader
from audit.entry import Kind, entry_id
from audit.leaf import Leaf
from audit.postgres.copying import copy_log
from audit.tables import rows
from audit.verify import verify
from tests.e2e.asking import v4
from tests.e2e.killable import Killable
from tests.e2e.replicated import Replicated, asked_often, replicated
from tests.postgres_server import Server

SECONDS = float(os.environ.get("REPLICAS_SECONDS", "6"))
CLIENTS = int(os.environ.get("REPLICAS_CLIENTS", "12"))
HALTED_WITHIN = 5
SETTLED_WITHIN = 90
ENDS = {Kind.RELEASE, Kind.WITHHOLD, Kind.HALTED, Kind.HELD}

_IN_FLIGHT = "SELECT id, state, owner FROM submissions WHERE state IN ('admitted', 'calling')"


@dataclass(slots=True)
class Drill:
    """Clients, and what they were told."""

    world: Replicated
    ends: bool = False
    seeds: "count[int]" = field(default_factory=lambda: count(1))
    told: Counter[str] = field(default_factory=Counter[str])
    receipts: set[UUID] = field(default_factory=set[UUID])
    unreceipted: int = 0
    accepted: set[UUID] = field(default_factory=set[UUID])

    async def client(self, number: int) -> None:
        """Ask one gateway or another, each third time for a job, until the drill ends."""
        chance = random.Random(number)  # noqa: S311 - no secret
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            while not self.ends:
                gateway = chance.choice(self.world.gateways)
                try:
                    await self._ask(http, gateway, is_job=chance.random() < 1 / 3)
                except httpx.TransportError:
                    self.told["cut off"] += 1
                    await asyncio.sleep(0.1)

    async def _ask(self, http: httpx.AsyncClient, gateway: Killable, *, is_job: bool) -> None:
        body = v4("a harbour at dawn", seed=next(self.seeds))
        headers = {"Authorization": f"Bearer {gateway.key}"}
        path = "/ai/generate-image"
        if is_job:
            path = "/v1/generations"
            headers |= {"Prefer": "respond-async", "X-Imprimatur-Initiated-By": "human"}
        answer = await http.post(gateway.address + path, json=body, headers=headers)
        self.told[f"{'job' if is_job else 'picture'} {answer.status_code}"] += 1
        if is_job and answer.status_code == 202:
            self.accepted.add(UUID(answer.json()["id"]))
        elif answer.status_code == 200:
            receipt = answer.headers.get("x-audit-id")
            self.unreceipted += receipt is None
            self.receipts.add(UUID(receipt))
        else:
            await asyncio.sleep(0.1)  # as its Retry-After asks, and sooner


async def kills(world: Replicated, seconds: float) -> int:
    """Kill one gateway after the other, each at its work, and start it again."""
    until, number, chance = monotonic() + seconds, 0, random.Random(7)  # noqa: S311 - the same
    while monotonic() < until:
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        gateway = world.gateways[number % len(world.gateways)]
        gateway.kill()
        await asyncio.sleep(chance.uniform(0, 1))
        await gateway.start()
        number += 1
    return number


async def halted(world: Replicated) -> int:
    """Halt all through one gateway; return how much was sent once it had to be everywhere."""
    first, second, _ = world.gateways
    said = {"scope": "all", "reason": "a drill"}
    assert await world.operator(first, "POST", "/halts", **said, person="mia") == 201
    await asyncio.sleep(HALTED_WITHIN)
    await world.upstream.read()
    before = len(world.upstream.sent)
    await asyncio.sleep(2)
    await world.upstream.read()
    sent = len(world.upstream.sent) - before
    ((halt,),) = world.asked("SELECT id FROM halts WHERE lifted_at IS NULL")
    for gateway, person in ((second, "mia"), (second, "ben")):
        assert await world.operator(gateway, "POST", f"/halts/{halt}/lift", person=person) == 200
    return sent


async def settled(world: Replicated) -> None:
    """Wait until all has its end; of an unknown outcome that is its entry: it is joined."""
    began = monotonic()
    while left := await asyncio.to_thread(_left, world):
        waited = monotonic() - began
        print(f"{waited:5.1f} s after the end: {dict(Counter(row[1] for row in left))}")  # noqa: T201
        assert waited < SETTLED_WITHIN, (left[:3], world.asked("SELECT * FROM processes"))
        await asyncio.sleep(2)


def _left(world: Replicated) -> Sequence[Sequence[str]]:
    """Return what has no end. It MUST NOT be asked on the loop: the sandbox is on it."""
    rows = world.asked(_IN_FLIGHT)
    ids = ", ".join(f"'{entry_id(UUID(row[0]), Kind.HALTED)}'" for row in rows)
    query = f"SELECT entry_id FROM audit.entry WHERE entry_id IN ({ids})"  # noqa: S608 - ours
    closed = world.postgres.psql(world.log, query).split() if rows else ()
    ended = {UUID(each) for each in closed}
    return [row for row in rows if entry_id(UUID(row[0]), Kind.HALTED) not in ended]


async def test_nothing_is_lost_or_paid_twice_while_gateways_die(
    postgres: Server, tmp_path: Path
) -> None:
    """What must hold of several gateways, with each of them killed in the middle."""
    async with replicated(postgres, tmp_path) as world:
        drill = Drill(world)
        reading = asyncio.create_task(asked_often(world.upstream))
        clients = [asyncio.create_task(drill.client(number)) for number in range(CLIENTS)]
        killed = await kills(world, SECONDS / 2)
        sent_though_halted = await halted(world)
        killed += await kills(world, SECONDS / 2)
        drill.ends = True
        await asyncio.gather(*clients)
        await settled(world)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        await world.upstream.read()
        known = {UUID(row[0]): row[1] for row in world.asked("SELECT id, state FROM submissions")}
        copied = tmp_path / "log.db"
        await copy_log(postgres.url(world.log), copied)
        vkey = world.vkey.read_text().strip()

    print(f"\n{killed} kills, {len(known)} submissions, {dict(drill.told)}")  # noqa: T201 - a drill tells
    print(f"{len(world.upstream.sent)} generations, {dict(Counter(known.values()))}")  # noqa: T201
    report = verify(copied, vkey)
    assert report.ok, report.problems
    connection = connect_reader(copied)
    leaves = [Leaf.parse(row.leaf) for row in rows(connection, 0, 1_000_000)]
    connection.close()
    ended = {UUID(str(leaf.public["submission"])) for leaf in leaves if leaf.kind in ENDS}
    released = {leaf.entry_id for leaf in leaves if leaf.kind is Kind.RELEASE}

    assert world.upstream.refused == 0, "an account ran two generations at once"
    assert len(set(world.upstream.sent)) == len(world.upstream.sent), "one was charged twice"
    assert drill.accepted <= known.keys(), "a job was lost"
    assert known.keys() <= ended, "an outcome has no entry"
    assert drill.unreceipted == 0
    assert drill.receipts <= released, "a picture has no receipt"
    assert sent_though_halted == 0
    assert killed >= 2
    assert drill.told["picture 200"] > 0
    assert any(known[job] == "released" for job in drill.accepted)
