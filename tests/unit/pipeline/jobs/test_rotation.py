"""Changing the log's key while it serves: two steps, each an entry, and a file for each key."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from audit.entry import Entry, Kind
from audit.errors import NotDurableError, UnusableError
from audit.log import Log
from audit.note import Note
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.verify import verify
from pipeline.jobs.errors import RotationError
from pipeline.jobs.rotation import Rotation, key_files, signers, write_vkeys

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGIN = "gw.example/audit"


async def opened(folder: Path) -> Log:
    """Open the log with every key that lies in the folder, as the house does."""
    first, *more = signers(folder, ORIGIN)
    return await Log.open(
        folder / "log.db",
        origin=ORIGIN,
        signer=first,
        more_signers=more,
        keys=DetailKeys("k1", {"k1": bytes(32)}),
        now=lambda: NOON,
    )


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    log = await opened(tmp_path)
    yield log
    await log.close()


@pytest.fixture
def rotation(log: Log, tmp_path: Path) -> Rotation:
    return Rotation(log, tmp_path, lambda: NOON)


def signatures(log: Log) -> int:
    return len(Note.parse(log.checkpoint).signatures)


async def test_a_whole_rotation_survives_restarts_and_the_old_keys_end(
    rotation: Rotation, log: Log, tmp_path: Path
) -> None:
    """At its end the old key can be destroyed, and the log goes on and still verifies."""
    (old,) = signers(tmp_path, ORIGIN)
    new = await rotation.add("Ada")
    assert signatures(log) == 2
    await log.close()

    log = await opened(tmp_path)
    assert signatures(log) == 2
    retired, file = await Rotation(log, tmp_path, lambda: NOON).retire("Ada")
    assert (retired, file) == (old.vkey, tmp_path / "log.key")
    await log.close()
    (tmp_path / "log.key").unlink()

    log = await opened(tmp_path)
    await log.append(Entry(UUID(int=1), Kind.CONFIG, NOON, {}))
    assert signatures(log) == 1
    await log.close()
    lines = (tmp_path / "log.vkey").read_text().splitlines()
    assert lines == [old.vkey.write(), new.write()]
    for line in lines:
        assert verify(tmp_path / "log.db", line).ok


async def test_steps_out_of_order_are_refused(rotation: Rotation, log: Log) -> None:
    with pytest.raises(RotationError, match="add its successor first"):
        await rotation.retire("Ada")
    await rotation.add("Ada")
    with pytest.raises(RotationError, match="retire the older one first"):
        await rotation.add("Ada")
    assert len(await log.tail(9)) == 2


async def test_a_key_that_was_brought_here_first_is_taken(
    rotation: Rotation, tmp_path: Path
) -> None:
    """Where several processes sign, each needs the file before the entry is written."""
    waiting = Ed25519Signer.create(tmp_path / "log.brought.key", ORIGIN)
    assert await rotation.add("Ada") == waiting.vkey
    assert len(key_files(tmp_path)) == 1 + 1


async def test_a_log_that_cannot_be_written_changes_no_key(
    rotation: Rotation, log: Log, tmp_path: Path
) -> None:
    """The key that was made for it waits for the next try."""
    await log.close()
    with pytest.raises(NotDurableError):
        await rotation.add("Ada")
    log = await opened(tmp_path)
    assert signatures(log) == 1
    again = await Rotation(log, tmp_path, lambda: NOON).add("Ada")
    assert len(key_files(tmp_path)) == 2
    assert again in [each.vkey for each in signers(tmp_path, ORIGIN)]
    await log.close()


async def test_a_log_whose_keys_are_gone_gets_no_new_one(log: Log, tmp_path: Path) -> None:
    """It would hide that the right one has to be put back."""
    write_vkeys(tmp_path, await log.keys())
    for path in key_files(tmp_path):
        path.unlink()
    with pytest.raises(UnusableError, match="put it back"):
        signers(tmp_path, ORIGIN)
    assert key_files(tmp_path) == []


async def test_the_verifiers_keys_are_written_again_if_they_were_lost(
    log: Log, rotation: Rotation, tmp_path: Path
) -> None:
    await rotation.add("Ada")
    written = (tmp_path / "log.vkey").read_text()
    (tmp_path / "log.vkey").unlink()
    write_vkeys(tmp_path, await log.keys())
    assert (tmp_path / "log.vkey").read_text() == written
