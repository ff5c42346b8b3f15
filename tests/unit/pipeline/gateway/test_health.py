"""Readiness: in full for the operator, coarse for anybody."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from audit.entry import Kind
from audit.errors import NotDurableError
from pipeline.engines.engine import Allowed
from pipeline.engines.standings import Standings
from pipeline.engines.webui import WebUi
from pipeline.engines.wire import Wire
from pipeline.errors import StoreUnavailableError
from pipeline.gateway import operator, server
from pipeline.gateway.gate import Gate
from pipeline.gateway.health import readiness
from pipeline.gateway.troubles import note
from pipeline.items import Json
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.lookers import CANARY, Mood
from tests.unit.pipeline.world import HELD, TENANT, World, body

LIST: dict[str, dict[str, Json]] = {"partner": {"version": "a" * 64, "entries": 7}}


async def test_the_public_report_names_no_classifier_list_or_account(house: World) -> None:
    """Whoever tries to get around a detector must not learn which one looks, or with what."""
    house.viewer.mood = Mood.FAILS
    await house.end()
    gate = replace(house.gate, banks=lambda: LIST)

    async with house.client(server.create(gate, house.metrics)) as client:
        ready = await client.get("/ready")

    assert ready.status_code == 503
    report = ready.json()
    assert (report["ready"], report["sick"], report["banks"]) == (False, 1, 1)
    assert report["serves"]["general"]["missing"]
    for name in (house.viewer.id, *LIST, "account-1"):
        assert name not in ready.text


async def test_the_operators_report_names_them(house: World) -> None:
    """Whoever has to mend it needs to know what."""
    house.viewer.mood = Mood.FAILS
    await house.end()
    gate = replace(house.gate, banks=lambda: LIST)

    async with house.client(operator.create(replace(house.operator, gate=gate))) as client:
        report = (await client.get("/ready")).json()

    assert report["ready"] is False
    assert list(report["sick"]) == [house.viewer.id]
    assert report["banks"] == LIST
    assert report["accounts"] == {"account-1": "free"}


async def test_an_engine_that_cannot_draw_is_named_to_whoever_mends_it(house: World) -> None:
    """NovelAI is still there: a load balancer goes on sending, and learns no name."""
    closed = httpx.MockTransport(lambda _: httpx.Response(503))
    wire = Wire("http://engine", httpx.AsyncClient(transport=closed))
    own = WebUi(Allowed("studio", {"harbour": "0" * 64}), wire)
    gate = replace(house.gate, engines=Standings((own,), lambda: 0.0))

    async with house.client(server.create(gate, house.metrics)) as client:
        ready = await client.get("/ready")
    report = await readiness(gate)

    assert (ready.status_code, ready.json()["engines"]) == (200, "failing")
    assert "studio" not in ready.text
    assert report["engines"] == {"studio": "/sdapi/v1/embeddings: the engine does not answer"}
    assert (await readiness(house.gate))["engines"] == {}


async def test_a_well_house_is_ready(house: World) -> None:
    """A load balancer sends it requests."""
    async with house.client() as client:
        ready = await client.get("/ready")

    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert (ready.json()["sick"], ready.json()["banks"]) == (0, 0)


async def without_store(house: World) -> httpx.AsyncClient:
    """A client of a house whose database is closed."""
    closed = Store.open(house.folder / "other.db")
    await closed.close()
    return house.client(server.create(replace(house.gate, store=closed), house.metrics))


async def test_it_lives(house: World) -> None:
    """As long as the process answers, whatever else fails."""
    async with await without_store(house) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}


@pytest.mark.parametrize("who", ["reader", "viewer"])
async def test_a_sick_classifier_is_not_ready(house: World, who: str) -> None:
    """A load balancer stops sending before anything is refused."""
    getattr(house, who).mood = Mood.FAILS
    await house.end()

    async with house.client() as client:
        answer = await client.get("/ready")

    assert answer.status_code == 503
    assert answer.json()["ready"] is False


async def test_a_closed_store_is_not_ready(house: World) -> None:
    """Without its memory it serves nobody."""
    async with await without_store(house) as client:
        answer = await client.get("/ready")

    assert answer.status_code == 503
    assert answer.json()["store"] == "StoreUnavailableError"


async def losing_a_set(house: World, *tenants: str) -> None:
    """Have tenants name a set that is not there."""
    for tenant in tenants:
        await house.store.writer(
            lambda sql, named=tenant: sql.exec_driver_sql(  # type: ignore[misc]  # bound per turn
                "UPDATE tenants SET policy_sets = '[\"nowhere\"]' WHERE id = ?", (named,)
            )
        )


async def test_a_tenant_whose_policy_is_gone_is_told_before_it_asks(house: World) -> None:
    """The operator is told which, and why; anybody else that something is amiss."""
    await house.store.tenants.add(Tenant("meadow", "Meadow", house.clock()))
    await losing_a_set(house, "meadow")

    async with house.client() as client:
        answer = await client.get("/ready")
    report = await readiness(house.gate)

    assert (answer.status_code, answer.json()["tenants"]) == (200, "failing")
    assert "meadow" not in answer.text
    assert report["ready"] is True
    tenants: Any = report["tenants"]
    assert tenants.keys() == {"meadow"}
    assert "nowhere" in tenants["meadow"]


async def test_with_no_tenant_left_to_serve_it_is_not_ready(house: World) -> None:
    """A load balancer has nothing to send here."""
    await losing_a_set(house, TENANT)

    async with house.client() as client:
        ready = await client.get("/ready")
        generated = await client.post("/ai/generate-image", json=body())
        judged = await client.post("/v1/moderate/prompt", json={"prompt": "a harbour"})

    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert [generated.status_code, judged.status_code] == [503, 503]
    assert generated.headers["retry-after"]
    assert house.upstream.calls == []


async def asked(house: World, gate: Gate, times: int) -> set[int]:
    """The statuses of so many callers who ask at once."""
    async with house.client(server.create(gate, house.metrics)) as client:
        answers = await asyncio.gather(*(client.get("/ready") for _ in range(times)))
    return {answer.status_code for answer in answers}


async def test_however_many_ask_what_fails_is_tried_once_a_second(house: World) -> None:
    """Anybody may ask: nobody fills a disk that is nearly full by asking whether it is."""
    tries: list[UUID] = []

    def new_id() -> UUID:
        tries.append(uuid4())
        return tries[-1]

    gate = replace(house.gate, new_id=new_id)
    house.log.refuses = frozenset({Kind.ERROR})
    note(gate, NotDurableError("entry", "the disk is full"))

    assert await asked(house, gate, 20) == {503}
    assert await asked(house, gate, 20) == {503}
    assert len(tries) == 1
    house.clock.passes(seconds=1)
    assert await asked(house, gate, 20) == {503}
    assert len(tries) == 2
    house.log.refuses = frozenset()
    house.clock.passes(seconds=1)
    assert await asked(house, gate, 20) == {200}
    house.clock.passes(seconds=1)
    assert await asked(house, gate, 20) == {200}
    assert len(tries) == 3


async def test_what_failed_since_the_last_try_is_told_at_once(house: World) -> None:
    """The second that is shared is one of rest, not one of good news."""
    assert await asked(house, house.gate, 1) == {200}

    note(house.gate, StoreUnavailableError("store", "a working database", "full"))

    assert await asked(house, house.gate, 1) == {503}


async def test_a_clock_that_is_set_back_keeps_nobody_waiting(house: World) -> None:
    """What is mended is ready within a second of anybody's time."""
    note(house.gate, StoreUnavailableError("store", "a working database", "full"))
    house.log.refuses = frozenset({Kind.ERROR})
    note(house.gate, NotDurableError("entry", "the disk is full"))
    assert await asked(house, house.gate, 1) == {503}
    house.log.refuses = frozenset()

    house.clock.passes(days=-1)

    assert await asked(house, house.gate, 1) == {200}


async def test_nothing_of_anybody_is_told(house: World) -> None:
    """These routes need no key."""
    async with house.client(**{"x-imprimatur-subject": CANARY}) as client:
        await client.post("/v1/generations", json=body(f"holdme {CANARY}"))
        await client.get(f"/{CANARY}")
        told = [await client.get(path) for path in ("/health", "/ready", "/metrics")]

    for answer in told:
        assert CANARY not in answer.text
        assert "harbour" not in answer.text


async def test_what_waits_is_held_against_what_people_can_rule_on(house: World) -> None:
    """Of tenants that declared it; and what nobody knows is not nought."""
    house.upstream.colours = [HELD]
    await house.end("a mill")

    told = (await readiness(house.gate))["queues"]
    assert told == {TENANT: {"waiting": 1, "reviews_a_day": 200}}
    closed = Store.open(house.folder / "closed.db")
    await closed.close()
    assert (await readiness(replace(house.gate, store=closed)))["queues"] is None
