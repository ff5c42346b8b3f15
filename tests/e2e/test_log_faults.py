"""The log, the working records or the vault cannot be written: 503, no picture, and no 500.

Every fault is a real one: SQLite's own limits, and a file where a folder should be.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from audit.sqlite import SqliteStore
from pipeline.gateway.health import readiness
from pipeline.gateway.troubles import SHARED_FOR
from pipeline.store.writer import Writer
from tests.e2e.asking import v4
from tests.e2e.conftest import World
from tests.e2e.evidence import kinds, spent, state, submission_of, verified
from tests.e2e.test_leaving import begun, latest

pytestmark = pytest.mark.asyncio(loop_scope="module")

GENERATE = "/ai/generate-image"
FULL, READ_ONLY = "max_page_count = 1", "query_only = ON"
MENDED = {FULL: "max_page_count = 1000000000", READ_ONLY: "query_only = OFF"}


def in_the_log(world: World, pragma: str) -> None:
    """Set one of SQLite's limits on the connection that writes the log, in its own thread."""
    store = world.house.gate.log._store
    assert isinstance(store, SqliteStore)
    writer, worker = store._writer, store._worker
    worker.submit(lambda: writer.connection.execute(f"PRAGMA {pragma}").fetchall()).result()


def in_app_db(world: World, pragma: str) -> None:
    """Set one of SQLite's limits on the connection that writes app.db, in its own thread."""
    writer = world.house.gate.store.writer
    assert isinstance(writer, Writer)
    driven: Any = writer._sql.connection.driver_connection

    def limit() -> None:
        driven.execute(f"PRAGMA {pragma}").fetchall()

    writer._thread.submit(limit).result()


Limit = Callable[[World, str], None]


@asynccontextmanager
async def limited(world: World, limit: Limit, pragma: str) -> AsyncGenerator[None]:
    """Keep a limit up for as long as the block takes, and until `/ready` looks anew."""
    limit(world, pragma)
    try:
        yield
    finally:
        limit(world, MENDED[pragma])
        await asyncio.sleep(SHARED_FOR.total_seconds())


@pytest.mark.parametrize("pragma", [FULL, READ_ONLY], ids=["full", "read-only"])
async def test_without_the_log_nothing_is_generated(shared: World, pragma: str) -> None:
    """No entry, no release: and what could not be admitted goes on when the client comes back."""
    calls, before = await shared.calls(), await spent(shared)
    body = v4(f"a lake, {pragma}")
    async with limited(shared, in_the_log, pragma):
        first = await shared.client.post(GENERATE, json=body)
        named = await shared.client.post("/v1/generations", json=v4(f"a hill, {pragma}"))
        dry = await shared.client.post("/v1/moderate/prompt", json={"prompt": "a lake"})
        ready = await shared.client.get("/ready")

    assert {first.status_code, named.status_code} == {503}
    assert dry.status_code == 503 or pragma == FULL  # a small entry still finds room
    assert first.headers["retry-after"]
    assert "x-audit-id" not in first.headers
    assert (ready.status_code, ready.json()["log"]) == (503, "NotDurableError")
    assert await shared.calls() == calls
    assert (await shared.client.get("/ready")).status_code == 200
    again = await shared.client.post(GENERATE, json=body)
    assert again.status_code == 200
    assert await shared.calls() == calls + 1
    cost = await spent(shared) - before
    other = await shared.client.post(GENERATE, json=v4(f"a hill, {pragma}", seed=2))
    assert await spent(shared) - before - cost < cost
    assert await verified(shared, again, other)


async def test_what_was_paid_for_while_the_log_failed_is_released_later(shared: World) -> None:
    """The picture is sealed and waits: nobody gets it unrecorded, and nobody pays again."""
    calls = await shared.calls()
    await shared.fault("slow:0.4")
    body = v4("a lake, meanwhile")
    asking = await begun(shared, body, calls)
    async with limited(shared, in_the_log, READ_ONLY):
        answer = await asking
        submission = await latest(shared)
    assert answer.status_code == 503
    assert await kinds(shared, submission) == ["admit"]
    again = await shared.client.post(GENERATE, json=body)
    assert (again.status_code, again.json()["id"]) == (409, submission)
    later = shared.house.gate.now() + timedelta(hours=1)

    resuming = shared.house.resuming
    await replace(resuming, desk=replace(resuming.desk, now=lambda: later)).round()

    told = await state(shared, submission)
    assert told["state"] == "released"
    image = await shared.client.get(told["images"][0]["url"])
    assert image.content.startswith(b"\x89PNG")
    assert await shared.calls() == calls + 1
    assert await kinds(shared, submission) == [
        *("admit", "generated", "examined", "release", "access")
    ]
    assert await verified(shared, image)


async def test_a_picture_is_not_opened_again_without_an_entry(shared: World) -> None:
    """Every look at what was released is on record, or it does not happen."""
    made = await shared.client.post("/v1/generations", json=v4("a lake, reopened"))
    address = made.json()["images"][0]["url"]
    async with limited(shared, in_the_log, READ_ONLY):
        refused = await shared.client.get(address)

    assert refused.status_code == 503
    assert not refused.content.startswith(b"\x89PNG")
    assert (await shared.client.get(address)).status_code == 200


@pytest.mark.parametrize("pragma", [FULL, READ_ONLY], ids=["full", "read-only"])
async def test_without_app_db_nothing_is_generated(shared: World, pragma: str) -> None:
    """Who pays and who may ask is not known: nothing goes on, and nothing is a 500."""
    calls, before = await shared.calls(), await spent(shared)
    async with limited(shared, in_app_db, pragma):
        answers: list[httpx.Response] = []
        while len(answers) < 60 and all(answer.status_code == 200 for answer in answers):
            body = v4(f"a lake, {pragma} {len(answers)}", size=(64, 64))
            answers.append(await shared.client.post(GENERATE, json=body))
        ready = await shared.client.get("/ready")

    assert answers[-1].status_code == 503  # before that the file had some room left in its pages
    assert (ready.status_code, ready.json()["store"]) == (503, "StoreUnavailableError")
    assert await shared.calls() - calls == sum(a.status_code == 200 for a in answers)
    assert (await shared.client.get("/ready")).status_code == 200
    assert (await shared.client.post(GENERATE, json=v4(f"a lake, {pragma}"))).status_code == 200
    assert await verified(shared)
    assert await spent(shared) > before


async def test_without_the_vault_nothing_is_generated(shared: World) -> None:
    """What cannot be sealed is not begun."""
    calls, before = await shared.calls(), await spent(shared)
    vault, aside = shared.data_dir / "vault", shared.data_dir / "vault-aside"
    vault.rename(aside)
    vault.write_bytes(b"")
    try:
        answer = await shared.client.post(GENERATE, json=v4("a lake, unsealed"))
        ready = await shared.client.get("/ready")
    finally:
        vault.unlink()
        aside.rename(vault)
    await asyncio.sleep(SHARED_FOR.total_seconds())

    assert answer.status_code == 503
    assert (ready.status_code, ready.json()["vault"]) == (503, "VaultError")
    assert (await shared.calls(), await spent(shared)) == (calls, before)
    assert (await readiness(shared.house.gate))["ready"] is True
    again = await shared.client.post(GENERATE, json=v4("a lake, unsealed"))
    assert again.status_code == 200


async def test_a_vault_that_fails_after_the_payment_invites_nobody_to_pay_again(
    shared: World,
) -> None:
    """The picture cannot be kept, so it cannot be looked at, so nobody gets it."""
    calls = await shared.calls()
    await shared.fault("slow:0.4")
    asking = await begun(shared, v4("a lake, unkept"), calls)
    vault, aside = shared.data_dir / "vault", shared.data_dir / "vault-aside"
    vault.rename(aside)
    vault.write_bytes(b"")
    try:
        answer = await asking
    finally:
        vault.unlink()
        aside.rename(vault)

    assert (answer.status_code, answer.json()["code"]) == (502, "UPSTREAM_REFUSED")
    assert answer.json()["retry"] is False
    assert await kinds(shared, submission_of(answer)) == ["admit", "halted"]
    assert await verified(shared, answer)
