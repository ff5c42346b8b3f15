"""Every store closes and drops shards alike, and what was proved before still is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from audit.checkpoint import open_checkpoint
from audit.entry import Entry, Kind, Receipt
from audit.errors import AbsentError, MalformedError, NotDurableError
from audit.log import Log
from audit.merkle import leaf_hash, verify_consistency
from audit.proof import Proof
from audit.report import Report
from audit.sharding import LEAST_DAYS, Sharding
from audit.signer import Ed25519Signer
from audit.vkey import VerifierKey
from tests.contract.test_logs import ORIGIN, Place, PostgresPlace, SqlitePlace, entry

DAY = timedelta(days=1)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(slots=True)
class Clock:
    """The time, as the test says."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class Old:
    """A log with one shard that was closed, and what somebody kept of it."""

    place: Place
    log: Log
    clock: Clock
    sharding: Sharding
    kept: Receipt
    proof: str
    vkey: VerifierKey

    async def years_later(self) -> int:
        """Let the shard's time pass; return how many entries went."""
        self.clock.now += timedelta(days=LEAST_DAYS)
        return await self.sharding.drop_due()

    details: Sequence[UUID]

    async def erase(self, *entries: UUID) -> None:
        """Erase details, as retention does long before a shard goes."""
        public = {"entries": [*map(str, entries)]}
        await self.log.append(Entry(UUID(int=len(entries)), Kind.ERASE, self.clock.now, public))

    async def verified(self, *known: str) -> Report:
        """Close the log, so that its newest signature is kept, and verify it."""
        await self.log.close()
        return await self.place.verify(*known)

    async def erase_everything(self) -> None:
        """Leave no detail that keeps its entry."""
        await self.erase(*self.details)


@pytest.fixture
def signer(tmp_path: Path) -> Ed25519Signer:
    """The log's key."""
    return Ed25519Signer.create(tmp_path / "log.key", ORIGIN)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path, signer: Ed25519Signer) -> Place:
    """Every place that a log can lie in."""
    if request.param == "sqlite":
        return SqlitePlace(tmp_path / "log.db", signer)
    return PostgresPlace(request.getfixturevalue("postgres"), signer, tmp_path)


@pytest.fixture
async def old(place: Place, signer: Ed25519Signer) -> AsyncIterator[Old]:
    """Make a log of nine admissions, the first of them halted, and close its first shard."""
    log, clock = await place.open(), Clock()
    written = [entry(1), entry(1, Kind.HALTED), *map(entry, range(2, 10))]
    receipts = [await log.append(each) for each in written]
    clock.now += 183 * DAY
    sharding = Sharding(log, clock, 183 * DAY, LEAST_DAYS)
    assert await sharding.close_if_due() is not None
    kept = receipts[1]
    proof = await log.proof(kept.entry_id)
    details = [each.entry_id for each in written]
    old = Old(place, log, clock, sharding, kept, proof, signer.vkey, details)
    yield old
    await old.log.close()


async def test_a_shard_is_closed_over_the_newest_root_and_only_when_its_period_is_over(
    old: Old,
) -> None:
    """Its closing entry is what the next shard stands on, and the policy by which it will go."""
    assert await old.sharding.close_if_due() is None
    (shard,) = (await old.sharding.shards()).all
    assert (shard.first, shard.size, shard.closed, shard.days) == (0, 11, 11, LEAST_DAYS)
    old.clock.now += 183 * DAY
    second = await old.sharding.close_if_due()
    assert second is not None
    assert (second.number, second.first, second.size) == (1, 11, 12)
    assert (await old.verified()).ok


async def test_nothing_goes_before_the_days_that_were_published(old: Old) -> None:
    """A policy that can be shortened afterwards is none."""
    old.clock.now += timedelta(days=LEAST_DAYS) - DAY
    assert await Sharding(old.log, old.clock, 183 * DAY, 0).drop_due() == 0
    assert (await old.sharding.shards()).dropped == ()


async def test_a_dropped_shard_leaves_hashes_and_everything_that_was_proved_still_is(
    old: Old,
) -> None:
    """An old receipt holds offline and against the log; roots, checkpoints and proofs stay."""
    older = open_checkpoint(old.kept.checkpoint, old.vkey)
    await old.erase_everything()

    assert await old.years_later() == 10

    assert [each.index for each in await old.log.entries(0, 99)] == [0, 11, 12, 13]
    with pytest.raises(AbsentError):
        await old.log.proof(old.kept.entry_id)
    assert Proof.parse(old.proof).verify(old.kept.leaf, old.vkey).size == 12
    newest = open_checkpoint(await old.log.newest(), old.vkey)
    path = await old.log.consistency(older.size, newest.size)
    verify_consistency(older.size, newest.size, path, older.root, newest.root)
    assert (await old.log.tile(0, 0, 5))[64:96] == leaf_hash(old.kept.leaf)
    await old.log.close()
    proof = Proof.parse(old.proof)
    report = await old.place.verify(old.kept.checkpoint, receipts=[proof])
    assert report.ok, report.problems
    assert (report.entries, report.dropped, report.shards[0].size) == (14, 10, 11)
    assert "dropped on 2034-05-22" in report.as_text()
    assert any("10 entries said" in each for each in report.not_proved)
    moved = await old.place.verify(receipts=[replace(proof, index=proof.index + 1)])
    assert [each.index for each in moved.problems] == [proof.index + 1]


async def test_the_log_goes_on_and_opens_again_after_a_shard_was_dropped(old: Old) -> None:
    """Its size counts what went, and ids of what went are free only for other times."""
    await old.erase_everything()
    await old.years_later()
    assert await old.sharding.drop_due() == 0
    assert (await old.log.append(entry(99))).index == 14
    await old.log.close()
    old.log = await old.place.open(old.kept.checkpoint)
    assert (await old.log.append(entry(100))).index == 15
    assert (await old.verified()).ok


async def test_what_must_stay_stays_with_all_of_its_submission_and_goes_when_it_need_not(
    old: Old,
) -> None:
    """A detail under a legal hold, a submission that goes on, and what may still be in force."""
    await old.erase(*old.details[3:])  # those of the submissions 1 and 2 live on
    await old.log.append(entry(9, Kind.HALTED))

    assert await old.years_later() == 6

    assert [each.index for each in await old.log.entries(0, 99)] == [0, 1, 2, 3, *range(10, 15)]
    await old.erase(*old.details[:3])
    assert await old.sharding.drop_due() == 3
    report = await old.verified()
    assert (report.sealed, report.erased) == (1, 1)  # of the submission that went on
    assert report.ok, report.problems


async def test_nothing_is_dropped_without_the_entry_that_says_so(old: Old) -> None:
    """What happened is written first; the database itself asks for it."""
    await old.erase_everything()
    (shard,) = (await old.sharding.shards()).all
    (closing,) = await old.log.entries(shard.closed, 1)
    for record in (UUID(int=5), closing.entry_id):
        with pytest.raises((MalformedError, NotDurableError)):
            await old.log.drop(record, 0, 99)
    assert len(await old.log.entries(0, 99)) == 13


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        (["UPDATE audit.dropped SET leaf_hash = zeroblob(32) WHERE idx = 4"], "another root"),
        (["DELETE FROM audit.dropped WHERE idx = 4"], "stands where"),
        (
            [
                "INSERT INTO audit.dropped SELECT idx, leaf_hash FROM audit.entry WHERE idx = 12",
                "DELETE FROM audit.entry WHERE idx = 12",
            ],
            "does not say that its shard was dropped",
        ),
        (
            ["INSERT INTO audit.dropped SELECT 0, leaf_hash FROM audit.entry WHERE idx = 0"],
            "stands where",
        ),
    ],
)
async def test_who_drops_otherwise_is_found(
    old: Old, statements: Sequence[str], problem: str
) -> None:
    """A dropped shard is no place to hide a change in, and no excuse for one elsewhere."""
    await old.erase_everything()
    await old.years_later()
    await old.log.close()
    for statement in statements:
        old.place.shell(statement)
    report = await old.place.verify()
    assert any(problem in each.what for each in report.problems), report.problems


async def test_a_shard_is_not_closed_twice(old: Old) -> None:
    """Two processes may come at once, and have seen logs of different sizes."""
    other = Sharding(old.log, old.clock, 183 * DAY, LEAST_DAYS)
    old.clock.now += 183 * DAY
    closed = await asyncio.gather(
        old.sharding.close_if_due(), old.log.append(entry(99)), other.close_if_due()
    )
    assert any(closed)
    assert len((await other.shards()).all) == 2
    assert (await old.verified()).ok
