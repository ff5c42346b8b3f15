import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from audit.checkpoint import open_checkpoint
from audit.entry import Entry, Kind, Receipt, entry_id
from audit.errors import AbsentError, Busy, ConflictError, MalformedError, NotDurableError
from audit.log import Log
from audit.proof import Proof
from audit.signer import Ed25519Signer
from audit.verify import verify

MakeEntry = Callable[..., Entry]
OpenLog = Callable[..., Awaitable[Log]]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def everything_in(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


class TestAppend:
    async def test_the_receipt_proves_what_was_written(
        self, log: Log, make_entry: MakeEntry, signer: Ed25519Signer
    ) -> None:
        entry = make_entry(1)
        receipt = await log.append(entry)

        assert receipt.index == 1
        assert open_checkpoint(receipt.checkpoint, signer.vkey).size == 2
        proof = Proof.parse(await log.proof(entry.entry_id))
        assert proof.verify(receipt.leaf, signer.vkey).size == 2

    async def test_an_entry_is_readable_by_others_when_append_returns(
        self, log: Log, make_entry: MakeEntry, path: Path
    ) -> None:
        """No entry, no release: a second connection stands for the one who checks."""
        receipt = await log.append(make_entry(1))
        other = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        found = other.execute("SELECT leaf FROM entry WHERE idx = ?", (receipt.index,)).fetchone()
        other.close()
        assert found == (receipt.leaf,)

    async def test_32_writers_get_contiguous_places_and_each_finds_its_entry(
        self, log: Log, make_entry: MakeEntry, path: Path, signer: Ed25519Signer
    ) -> None:
        async def write(first: int) -> list[Receipt]:
            return [await log.append(make_entry(first + step)) for step in range(10)]

        written = await asyncio.gather(*(write(number * 10 + 1) for number in range(32)))
        receipts = [receipt for each in written for receipt in each]

        assert sorted(receipt.index for receipt in receipts) == list(range(1, 321))
        for receipt in receipts:
            size = open_checkpoint(receipt.checkpoint, signer.vkey).size
            assert receipt.index < size
            proof = Proof.parse(await log.proof(receipt.entry_id))
            proof.verify(receipt.leaf, signer.vkey)
        for each in written:  # one writer's own entries keep its order
            assert [receipt.index for receipt in each] == sorted(receipt.index for receipt in each)
        await log.close()
        checkpoints = list({receipt.checkpoint for receipt in receipts})
        assert len(checkpoints) < 320 / 8  # they shared commits
        assert verify(path, signer.vkey.write(), known_checkpoints=checkpoints).ok

    async def test_a_caller_that_leaves_does_not_take_the_entry_along(
        self, log: Log, make_entry: MakeEntry
    ) -> None:
        task = asyncio.create_task(log.append(make_entry(1)))
        await asyncio.sleep(0)
        task.cancel()
        receipt = await log.append(make_entry(2))
        assert receipt.index == 2
        assert await log.receipt(make_entry(1).entry_id) is not None

    async def test_more_than_4096_waiting_is_busy(self, log: Log) -> None:
        """A queue without an end is a spool, and a spool can be lost."""
        outcomes = await asyncio.gather(
            *(log.append(Entry(UUID(int=n), Kind.CONFIG, NOON, {})) for n in range(4199)),
            return_exceptions=True,
        )
        kinds = Counter(type(outcome) for outcome in outcomes)
        assert kinds == {Receipt: 4096, Busy: 103}

    async def test_a_malformed_entry_fails_alone_and_before_it_waits(
        self, log: Log, make_entry: MakeEntry
    ) -> None:
        bad = replace(make_entry(2), public={"prompt": "x"})
        first, second, third = await asyncio.gather(
            log.append(make_entry(1)),
            log.append(bad),
            log.append(make_entry(3)),
            return_exceptions=True,
        )
        assert isinstance(second, MalformedError)
        assert isinstance(first, Receipt)
        assert isinstance(third, Receipt)

    async def test_a_closed_log_takes_nothing(
        self, open_log: OpenLog, make_entry: MakeEntry
    ) -> None:
        log = await open_log()
        await log.close()
        with pytest.raises(NotDurableError):
            await log.append(make_entry(1))

    async def test_closing_writes_what_waits(
        self, open_log: OpenLog, make_entry: MakeEntry
    ) -> None:
        log = await open_log()
        waiting = [asyncio.create_task(log.append(make_entry(n))) for n in range(1, 20)]
        await asyncio.sleep(0)
        await log.close()
        assert {receipt.index for receipt in await asyncio.gather(*waiting)} == set(range(1, 20))


class TestKnownIds:
    async def test_a_known_id_returns_its_stored_receipt(
        self, log: Log, make_entry: MakeEntry
    ) -> None:
        """A flow that is resumed writes its step again; it happened once."""
        first = await log.append(make_entry(1))
        again = await log.append(make_entry(1))
        assert (again.index, again.leaf) == (first.index, first.leaf)
        assert len(await log.entries(0, 10)) == 2

    async def test_one_id_twice_in_one_batch_is_one_entry(
        self, log: Log, make_entry: MakeEntry
    ) -> None:
        receipts = await asyncio.gather(*(log.append(make_entry(1)) for _ in range(8)))
        assert {receipt.index for receipt in receipts} == {1}
        assert len({receipt.leaf for receipt in receipts}) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"public": {"submission": str(UUID(int=1)), "action": "block"}},
            {"personal": {"prompt": "a mountain"}},
            {"personal": {"prompt": b"a harbour 1"}},
            {"personal": {}},
        ],
    )
    async def test_other_content_under_a_known_id_is_refused(
        self, log: Log, make_entry: MakeEntry, change: dict[str, Any]
    ) -> None:
        """Or the receipt of one picture would release another."""
        entry = make_entry(1)
        await log.append(entry)
        with pytest.raises(ConflictError):
            await log.append(replace(entry, **change))

    async def test_two_contents_under_one_id_in_one_batch_do_not_both_pass(
        self, log: Log, make_entry: MakeEntry
    ) -> None:
        entry = make_entry(1)
        other = replace(entry, personal={"prompt": "a mountain"})
        outcomes = await asyncio.gather(
            log.append(entry), log.append(other), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == [
            "ConflictError",
            "Receipt",
        ]


class TestQuestions:
    async def test_the_tail_and_the_entries_come_in_order(
        self, log: Log, make_entry: MakeEntry
    ) -> None:
        for number in range(1, 6):
            await log.append(make_entry(number))
        assert [each.index for each in await log.tail(3)] == [3, 4, 5]
        assert [each.index for each in await log.entries(1, 2)] == [1, 2]
        assert await log.entries(9, 2) == []

    async def test_details_open_for_auditors(self, log: Log, make_entry: MakeEntry) -> None:
        entry = make_entry(1)
        await log.append(entry)
        opened = await log.detail(entry.entry_id)
        assert (opened.personal, opened.detail) == (entry.personal, entry.detail)

    async def test_what_is_not_there_is_absent(self, log: Log) -> None:
        nobody = UUID(int=99)
        assert await log.receipt(nobody) is None
        with pytest.raises(AbsentError):
            await log.proof(nobody)
        with pytest.raises(AbsentError):
            await log.detail(nobody)
        with pytest.raises(AbsentError):
            await log.detail((await log.tail(1))[0].entry_id)

    async def test_proofs_hold_on_both_sides_of_a_tile_border(
        self, log: Log, make_entry: MakeEntry, signer: Ed25519Signer
    ) -> None:
        receipts = await asyncio.gather(*(log.append(make_entry(n)) for n in range(1, 600)))
        for receipt in (receipts[0], receipts[254], receipts[255], receipts[510], receipts[-1]):
            proof = Proof.parse(await log.proof(receipt.entry_id))
            assert proof.verify(receipt.leaf, signer.vkey).size == 600

    async def test_open_submissions_are_those_without_their_end(
        self, log: Log, make_entry: MakeEntry
    ) -> None:
        """After a crash, these are resumed or closed, and never paid twice."""
        for number in range(1, 6):
            await log.append(make_entry(number, samples=2))
        await log.append(make_entry(1, Kind.HALTED))
        for sample in (0, 1):
            release = make_entry(2, Kind.RELEASE, sample=sample)
            at = entry_id(UUID(int=2), Kind.RELEASE, sample)
            await log.append(replace(release, entry_id=at))
        await log.append(make_entry(3, Kind.WITHHOLD))
        await log.append(make_entry(4, Kind.HELD))

        waiting = await log.open_submissions()

        assert [(each.submission.int, each.closed, each.last) for each in waiting] == [
            (3, frozenset({0}), Kind.WITHHOLD),
            (4, frozenset(), Kind.HELD),
            (5, frozenset(), Kind.ADMIT),
        ]


class TestErasure:
    async def test_an_erase_entry_takes_details_away_and_proofs_still_hold(
        self, open_log: OpenLog, make_entry: MakeEntry, path: Path, signer: Ed25519Signer
    ) -> None:
        log = await open_log()
        entry = make_entry(1)
        receipt = await log.append(entry)
        connection = sqlite3.connect(path)
        (ciphertext,) = connection.execute("SELECT ciphertext FROM detail").fetchone()
        connection.close()
        erase = make_entry(2, Kind.ERASE, entries=[str(entry.entry_id)])
        await log.append(replace(erase, personal={}, detail={}))

        with pytest.raises(AbsentError):
            await log.detail(entry.entry_id)
        Proof.parse(await log.proof(entry.entry_id)).verify(receipt.leaf, signer.vkey)
        assert (await log.append(entry)).index == receipt.index  # still known
        await log.close()
        report = verify(path, signer.vkey.write(), known_checkpoints=[receipt.checkpoint])
        assert (report.ok, report.erased, report.sealed) == (True, 1, 0)
        assert ciphertext not in everything_in(path)
