"""A platform learns that its Anlas run out before its users do."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.novelai.accounts_alarms import Alarms
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from pipeline.store.webhooks import Target

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store with one tenant that may spend 100 Anlas, and has an address."""
    opened = Store.open(tmp_path / "app.db")
    await opened.tenants.add(Tenant("harbour", "Harbour", NOON, anlas_budget=100))
    await opened.webhooks.aim(Target("harbour", "https://harbour.example", b"sealed", NOON))
    yield opened
    await opened.close()


async def test_each_alarm_is_given_once(store: Store) -> None:
    """At four fifths, and at the end; not at every look."""
    alarms, told = Alarms(store, lambda: NOON), list[list[str]]()
    for spent in (79, 1, 19, 1, 0):
        await store.tenants.charge("harbour", spent)
        await alarms.look()
        told.append(sorted(each.kind for each in await store.webhooks.all("harbour")))

    low, both = ["budget.low"], ["budget.low", "budget.spent"]
    assert told == [[], low, low, both, both]
    (last,) = [each for each in await store.webhooks.all() if each.kind == "budget.spent"]
    assert last.body == {"budget": 100, "spent": 100}
