"""Erasure: everything that a submission was made of is gone, and the log proves what it proved."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from audit.entry import Entry, Kind
from audit.errors import AbsentError, NotDurableError
from audit.log import Log
from audit.proof import Proof
from audit.verify import verify
from pipeline.duties.erasure.erasing import Asked, Found
from pipeline.duties.erasure.errors import UnknownError
from pipeline.duties.erasure.holding import Over
from pipeline.duties.erasure.keeping import Kept
from pipeline.errors import MissingObjectError
from pipeline.items import Held
from pipeline.store.pictures import PictureState
from pipeline.store.submissions import SubmissionRow
from tests.unit.pipeline.duties.erasure.conftest import Archive
from tests.unit.pipeline.world import HELD, NOON, TENANT, log_keys

OF_U1 = Asked(TENANT, subject="u1")


async def erased(archive: Archive, asked: Asked = OF_U1) -> Found:
    _, found = await archive.erasing.order(asked, "gdpr-17", "Ada")
    return found


def report(archive: Archive) -> tuple[bool, int]:
    """Verify the log's file from outside, with a checkpoint that was kept."""
    signer, _ = log_keys()
    kept = [archive.house.log.checkpoint]
    path = archive.house.folder / "log.db"
    said = verify(path, signer.vkey.write(), known_checkpoints=kept)
    assert said.problems == (), said.problems
    return said.ok, said.erased


async def is_gone(archive: Archive, row: SubmissionRow) -> bool:
    """Whether nothing of a submission can be opened any more."""
    house = archive.house
    pictures = await house.store.pictures.of(TENANT, row.id)
    for vault_id in [row.vault_id, *(each.vault_id for each in pictures)]:
        with pytest.raises(MissingObjectError):
            await house.vault.look(vault_id)
    return await archive.left(row) == 1  # the erasure's own


class TestASubject:
    async def test_all_that_was_its_is_erased_and_all_old_proofs_verify(
        self, archive: Archive
    ) -> None:
        """And nothing of anybody else's."""
        house = archive.house
        mine = [await archive.row("u1"), await archive.row("u1", "blockme")]
        other = await archive.row("u2")
        receipts = await house.log.tail(100)
        proofs = [await house.log.proof(each.entry_id) for each in receipts]

        planned = await archive.erasing.plan(OF_U1)
        found = await erased(archive)

        assert found == planned
        assert (found.things, found.kept) == (2, {})
        for row in mine:
            assert await is_gone(archive, row)
            assert (await house.row(row.id)).subject == ""
        assert await archive.left(other) == 4
        (picture,) = await house.store.pictures.of(TENANT, other.id)
        assert await house.vault.look(picture.vault_id)
        signer, _ = log_keys()
        for receipt, proof in zip(receipts, proofs, strict=True):
            Proof.parse(proof).verify(receipt.leaf, signer.vkey)
            Proof.parse(await house.log.proof(receipt.entry_id)).verify(receipt.leaf, signer.vkey)
        assert report(archive) == (True, found.details)

    async def test_its_tenant_is_told_that_it_is_gone(self, archive: Archive) -> None:
        """Asking for it, or for its pictures, or by its key again: never the picture."""
        row = await archive.row("u1")
        await erased(archive)

        async with archive.house.client() as client:
            there = await client.get(f"/v1/generations/{row.id}")
            picture = await client.get(f"/v1/generations/{row.id}/images/0")

        assert (there.status_code, picture.status_code) == (200, 410), picture.text
        (told,) = there.json()["images"]
        assert (told["state"], told["url"]) == ("destroyed", None)

    async def test_dry_runs_refusals_and_likeness_are_forgotten(self, archive: Archive) -> None:
        """Whom they were of, only their details say."""
        house = archive.house
        for subject in ("u1", "u1", "u2"):
            await archive.tried(subject, "blockme")
        of = {name: archive.keeping.fingerprint(TENANT, name) for name in ("u1", "u2")}
        assert await house.store.refusals.count(TENANT, of["u1"], house.clock()) == 2

        found = await erased(archive)

        assert (found.things, found.details) == (2, 2)
        assert await house.store.refusals.count(TENANT, of["u1"], house.clock()) == 0
        assert await house.store.refusals.texts(TENANT, of["u1"], house.clock()) == ()
        assert await house.store.refusals.count(TENANT, of["u2"], house.clock()) == 1
        dry = [each for each in await house.leaves() if each.kind is Kind.DRY_RUN]
        assert [await house.log.has_detail(each.entry_id) for each in dry] == [False, False, True]
        assert report(archive) == (True, 2)

    async def test_it_is_not_tied_together_in_public(self, archive: Archive) -> None:
        """The log is for everybody: an erasure names no one, and no two submissions at once."""
        rows = [await archive.row("u1")]
        archive.house.clock.passes(seconds=1)
        rows.append(await archive.row("u1"))
        await erased(archive)

        done = [each for each in await archive.house.leaves() if each.kind is Kind.ERASE]
        assert [each.public["submission"] for each in done] == [str(row.id) for row in rows]
        assert {*map(str, done[0].public)} == {
            "event", "tenant", "reason", "entries", "count", "submission"
        }  # fmt: skip
        told = await archive.house.log.detail(done[0].entry_id)
        assert told.personal == {"person": "Ada"}
        assert told.detail["ground"] == "gdpr-17"

    async def test_nobody_known_is_told_and_not_done(self, archive: Archive) -> None:
        """A slip of the pen must not pass for an erasure."""
        row = await archive.row("u1")
        for asked in (
            Asked(TENANT, subject="u9"),
            Asked("meadow", subject="u1"),
            Asked("meadow", (row.id,)),
            Asked(TENANT, (uuid4(),)),
        ):
            with pytest.raises(UnknownError):
                await erased(archive, asked)
        assert await archive.house.store.erasures.all() == ()


class TestWhatIsKept:
    @pytest.mark.parametrize("over", ["submission", "subject", "tenant"])
    async def test_an_erasure_is_refused_under_a_legal_hold_and_done_once_it_is_lifted(
        self, archive: Archive, over: str
    ) -> None:
        """Hold beats erasure: for all of it, and no longer than it stands."""
        row = await archive.row("u1")
        under = {
            "submission": Over(TENANT, submission=row.id),
            "subject": Over(TENANT, subject="u1"),
            "tenant": Over(TENANT),
        }[over]
        hold = await archive.holding.place(under, "court 7", "Bea")
        left = await archive.left(row)

        found = await erased(archive)

        assert (found.refused, found.kept) == (True, {Kept.LEGAL_HOLD: 1})
        assert await archive.left(row) >= left
        (refused,) = [each for each in await archive.house.leaves() if each.kind is Kind.ERASE]
        assert refused.public == {
            "event": "erasure.refused", "tenant": TENANT, "reason": "request"
        }  # fmt: skip
        assert (await archive.house.log.detail(refused.entry_id)).detail["kept"] == {
            "legal_hold": 1
        }
        await archive.erasing.resume()
        assert await archive.left(row) >= left

        await archive.holding.lift(hold.id, "closed", "Bea")
        await archive.erasing.resume()
        (picture,) = await archive.house.store.pictures.of(TENANT, row.id)
        assert picture.state is PictureState.DESTROYED
        with pytest.raises(MissingObjectError):
            await archive.house.vault.look(picture.vault_id)
        (done,) = await archive.house.store.erasures.all()
        assert (done.waiting, done.erased) == ((), 4)
        report(archive)

    async def test_one_hold_keeps_no_more_than_it_stands_over(self, archive: Archive) -> None:
        """A part is refused, the rest is erased."""
        held, other = await archive.row("u1"), await archive.row("u1")
        await archive.holding.place(Over(TENANT, submission=held.id), "court 7", "Bea")

        found = await erased(archive)

        assert (found.things, found.kept, found.refused) == (1, {Kept.LEGAL_HOLD: 1}, False)
        assert await archive.left(other) == 1
        assert await archive.left(held) == 5

    async def test_what_is_in_custody_is_never_touched(self, archive: Archive) -> None:
        """Neither while it waits to be seized nor in the quarantine; and nobody public is told."""
        house = archive.house
        row = await archive.row("u1", "graveword")
        assert await house.store.seizures.ordered()
        assert (await erased(archive)).kept == {Kept.CUSTODY: 1}

        await house.upkeep.round()
        sealed = {path: path.read_bytes() for path in (house.folder / "quarantine").iterdir()}
        assert sealed
        left = await archive.left(row)
        await archive.erasing.resume()
        found = await erased(archive)

        assert (found.refused, found.kept) == (True, {Kept.CUSTODY: 1})
        assert {
            path: path.read_bytes() for path in (house.folder / "quarantine").iterdir()
        } == sealed
        assert await archive.left(row) == left
        assert not any("custody" in str(each.public) for each in await house.leaves())

    @pytest.mark.parametrize(
        ("kind", "event", "keeps"),
        [
            (Kind.MEDIA, "media.revealed", False),
            (Kind.MEDIA, "media.covered", False),
            (Kind.MEDIA, "media.quarantined", True),
            (Kind.MEDIA, "media.opened", True),
            (Kind.CASE, "case.ruled", False),
            (Kind.CASE, "check.given", False),
            (Kind.CASE, "case.escalated", True),
            (Kind.REPORT, "report.read", True),
        ],
    )
    async def test_what_people_do_each_day_keeps_nothing_back(
        self, archive: Archive, kind: Kind, event: str, *, keeps: bool
    ) -> None:
        """To have been looked at, or ruled on, is no custody; what nobody thought of is."""
        log, row = archive.house.log, await archive.row("u1")
        said = {"event": event, "submission": str(row.id), "tenant": TENANT, "role": "reviewer"}
        await log.append(Entry(uuid4(), kind, NOON, {**said}))

        assert (await erased(archive)).kept == ({Kept.CUSTODY: 1} if keeps else {})

    async def test_a_ruling_of_the_worst_is_custody(self, archive: Archive) -> None:
        """Also by an event of each day."""
        log, row = archive.house.log, await archive.row("u1")
        said = {"event": "case.ruled", "submission": str(row.id), "code": "CSE.DRAWN"}
        await log.append(Entry(uuid4(), Kind.CASE, NOON, {**said}))

        assert (await erased(archive)).kept == {Kept.CUSTODY: 1}

    async def test_what_waits_for_a_ruling_is_erased_after_it(self, archive: Archive) -> None:
        """Nobody's way to make a hold go away."""
        house = archive.house
        outcome = await archive.asked("u1", "holdme")
        assert isinstance(outcome, Held)
        row = await house.row(outcome.submission)
        assert (await erased(archive)).kept == {Kept.ON_ITS_WAY: 1}
        assert await house.vault.look(row.vault_id)

        house.clock.passes(days=4)
        await house.upkeep.round()
        await archive.erasing.resume()

        assert await is_gone(archive, row)
        (hold,) = await house.store.holds.of(TENANT, row.id)
        assert (hold.facts, hold.reason) == ({}, None)

    async def test_a_picture_that_waits_keeps_its_siblings(self, archive: Archive) -> None:
        """A submission is erased as a whole, or not yet."""
        archive.house.upstream.colours = [(250, 250, 250), HELD]
        await archive.asked("u1", samples=2)
        assert (await erased(archive)).kept == {Kept.ON_ITS_WAY: 1}


class TestCompleteness:
    async def test_an_erasure_is_complete_only_when_its_period_ended(
        self, archive: Archive, tmp_path: Path
    ) -> None:
        """A backup taken before the erasure, restored after it, does not open what was erased."""
        house = archive.house
        mine, other = await archive.row("u1"), await archive.row("u2")
        backup = tmp_path / "backup.db"
        with sqlite3.connect(house.folder / "log.db") as live, sqlite3.connect(backup) as copy:
            live.backup(copy)
        await erased(archive)
        (row,) = await house.store.erasures.all()
        assert row.completed_at is None

        house.clock.passes(seconds=1)
        turned, completed = await archive.ending.end({"person": "Ada"})
        assert (completed, turned.destroyed) == (1, 1)
        (row,) = await house.store.erasures.all()
        assert row.completed_at == house.clock()
        assert report(archive) == (True, row.erased)

        restored = await _opened(archive, tmp_path, backup)
        details = [each.entry_id for each in await restored.of_submission(mine.id)]
        assert any([await restored.has_detail(each) for each in details])
        for each in details:
            with pytest.raises(AbsentError):
                await restored.detail(each)
        for receipt in await restored.of_submission(other.id):
            assert (await restored.detail(receipt.entry_id)).personal["subject"] == "u2"
        await restored.close()

    async def test_periods_end_on_time(self, archive: Archive) -> None:
        """Nobody has to think of it."""
        first = archive.keys.current
        await archive.ending.end_if_due()
        assert archive.keys.current == first
        archive.house.clock.passes(days=7)
        await archive.ending.end_if_due()
        assert archive.keys.current != first
        second = archive.keys.current
        archive.house.clock.passes(seconds=1)
        archive.keys.begin(archive.house.clock())  # cut off here, it is finished at once
        archive.house.clock.passes(seconds=1)
        await archive.ending.end_if_due()
        assert archive.keys.current != second
        assert not archive.keys.turning

    async def test_one_that_was_cut_off_goes_on(self, archive: Archive) -> None:
        """The entry was written, and the process died before anything else."""
        house = archive.house
        row = await archive.row("u1")
        vault, erasing = house.vault, archive.erasing

        class Dying(type(vault)):  # type: ignore[misc]  # the class of a value
            async def destroy(self, vault_id: str) -> bool:
                raise NotDurableError("vault", vault_id)

        dying = Dying(vault.directory, vault.master_key, vault.random)
        with pytest.raises(NotDurableError):
            await replace(erasing, vault=dying).order(OF_U1, "gdpr-17", "Ada")
        assert len(await house.store.erasures.all()) == 1

        await erasing.resume()

        assert await is_gone(archive, row)
        (done,) = await house.store.erasures.all()
        assert done.waiting == ()
        assert len([each for each in await house.leaves() if each.kind is Kind.ERASE]) == 1


async def _opened(archive: Archive, folder: Path, backup: Path) -> Log:
    signer, _ = log_keys()
    path = folder / "restored" / "log.db"
    path.parent.mkdir()
    shutil.copy(backup, path)
    return await Log.open(
        path, origin="test/log", signer=signer, keys=archive.keys, now=archive.house.clock
    )
