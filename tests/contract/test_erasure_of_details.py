"""An erasure is complete once a period ended: in every store, and in every backup of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest

from audit.entry import Entry, Kind
from audit.errors import AbsentError
from audit.leaf import Leaf
from audit.log import Log
from audit.periods import PeriodKeys
from audit.proof import Proof
from audit.signer import Ed25519Signer
from audit.turning import CLOSED, OPENED, Turning
from tests.contract.test_logs import NOON, ORIGIN, Place, PostgresPlace, SqlitePlace, entry


@pytest.fixture
def signer(tmp_path: Path) -> Ed25519Signer:
    """The log's key."""
    return Ed25519Signer.create(tmp_path / "log.key", ORIGIN)


@pytest.fixture
def keys(tmp_path: Path) -> PeriodKeys:
    """Keys in a folder that no backup of the database holds."""
    folder = tmp_path / "keys"
    folder.mkdir()
    return PeriodKeys(folder, NOON)


@pytest.fixture(params=["sqlite", "postgres"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, signer: Ed25519Signer, keys: PeriodKeys
) -> Place:
    """Every place that a log can lie in."""
    if request.param == "sqlite":
        return SqlitePlace(tmp_path / "log.db", signer, keys)
    return PostgresPlace(request.getfixturevalue("postgres"), signer, tmp_path, keys)


def turning(log: Log, keys: PeriodKeys) -> Turning:
    """Turn with a clock that goes on, and nobody else to wait for."""
    steps = count(1)
    ids = (UUID(int=2**100 + number) for number in count())
    return Turning(
        log, keys, lambda: NOON + timedelta(days=next(steps)), lambda: next(ids), settled
    )


async def settled() -> None:
    """Nobody else writes."""


def erasure_of(*erased: Entry) -> Entry:
    """Make an entry that erases the details of others."""
    named = [str(each.entry_id) for each in erased]
    return replace(entry(900, Kind.ERASE, entries=named), personal={}, detail={})


async def test_a_backup_from_before_the_erasure_does_not_give_back_what_was_erased(
    place: Place, keys: PeriodKeys, signer: Ed25519Signer
) -> None:
    """The rows come back with it: what does not come back is the key. All proofs still verify."""
    log = await place.open()
    kept, erased = entry(1), entry(2)
    receipts = [await log.append(each) for each in (kept, erased)]
    await log.close()
    restore = await place.backup()

    log = await place.open()
    await log.append(erasure_of(erased))
    turned = await turning(log, keys).turn({"person": "Ada"})
    for receipt in receipts:
        Proof.parse(await log.proof(receipt.entry_id)).verify(receipt.leaf, signer.vkey)
    events = [Leaf.parse(each.leaf).public.get("event") for each in await log.entries(4, 9)]
    checkpoint = log.checkpoint
    await log.close()
    report = await place.verify(*(each.checkpoint for each in receipts), checkpoint)
    assert (report.ok, report.erased) == (True, 1)
    assert (turned.opened, turned.closed, turned.kept, turned.destroyed) == (4, 5, 1, 1)
    assert events == [OPENED, CLOSED]

    restore()
    log = await place.open()
    assert await log.has_detail(erased.entry_id)
    with pytest.raises(AbsentError):
        await log.detail(erased.entry_id)
    assert (await log.detail(kept.entry_id)).personal == kept.personal
    await log.close()


async def test_until_the_period_ends_a_backup_still_opens(place: Place, keys: PeriodKeys) -> None:
    """This is why an erasure is not called complete before, and what the turn is for."""
    log = await place.open()
    await log.append(entry(1))
    await log.close()
    restore = await place.backup()
    log = await place.open()
    await log.append(erasure_of(entry(1)))
    await log.close()

    restore()
    log = await place.open()
    assert (await log.detail(entry(1).entry_id)).personal == entry(1).personal
    assert keys.current
    await log.close()


async def test_what_is_written_while_a_period_turns_is_not_lost(
    place: Place, keys: PeriodKeys
) -> None:
    """Appends do not stop for it: each is sealed under the old key, and kept, or under the new."""
    log = await place.open()
    entries = [entry(number) for number in range(1, 120)]

    async def write() -> None:
        for each in entries:
            await log.append(each)

    writing = asyncio.create_task(write())
    await asyncio.sleep(0)
    await turning(log, keys).turn({})
    await writing
    for each in entries:
        assert (await log.detail(each.entry_id)).personal == each.personal
    await log.close()


async def test_the_living_are_asked_for_in_order_page_by_page(place: Place) -> None:
    """Wrapped keys are looked up by halving: one out of order would be lost."""
    log = await place.open()
    await asyncio.gather(*(log.append(entry(number)) for number in range(1, 2100)))
    pages = [page async for page in log.living()]
    found = [each.entry_id for page in pages for each in page]
    assert (len(found), max(map(len, pages))) == (2099, 1000)
    assert found == sorted(found, key=lambda each: each.bytes)
    await log.close()


async def test_the_entries_of_a_submission_are_found(place: Place) -> None:
    """An erasure takes all of them, and nobody else's."""
    log = await place.open()
    for each in (entry(1), entry(2), entry(1, Kind.RELEASE), entry(1, Kind.MEDIA, 7)):
        await log.append(each)
    assert [each.index for each in await log.of_submission(UUID(int=1))] == [1, 3, 4]
    assert await log.of_submission(UUID(int=3)) == []
    await log.close()
