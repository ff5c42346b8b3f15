from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_csv import write
from classifiers.hash_bank_store import SealedBanks
from classifiers.hash_bank_trial import patterns
from pipeline.banks import naming, open_banks, standing, take_named
from pipeline.errors import SettingsError
from pipeline.settings import BankFile

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENTRY = Entry("ours", "417", HashType.MD5, b"5" * 16, "", 1, (), Status.ACTIVE, DAY)
WRONG = replace(ENTRY, type=HashType.PDQ, hash=patterns()[0].looks[0][1][0].tobytes())


def random(size: int) -> bytes:
    return b"r" * size


@pytest.fixture
def named(tmp_path: Path) -> BankFile:
    """A list that the settings name as a file."""
    path = tmp_path / "ours.csv"
    path.write_bytes(write(Bank("ours", Kind.BLOCKED, (ENTRY,), DAY)))
    return BankFile(source="ours", kind=Kind.BLOCKED, file=path)


def opened(folder: Path, *named: BankFile) -> SealedBanks:
    return open_banks(folder, folder / "keys", lambda: DAY, random, named)


def put(named: BankFile, *entries: Entry) -> None:
    assert named.file is not None
    named.file.write_bytes(write(Bank("ours", Kind.BLOCKED, entries, DAY)))


def test_a_list_is_imported_when_it_changed_and_only_then(tmp_path: Path, named: BankFile) -> None:
    """A start with millions of rows must not take a minute."""
    banks = opened(tmp_path, named)
    assert banks.opened().missing == {Kind.BLOCKED}

    assert take_named(banks, [named]) == ["bank ours: imported 1 entries"]
    assert take_named(banks, [named]) == []
    assert banks.opened().missing == frozenset()
    put(named, ENTRY, replace(ENTRY, entry_id="418"))
    assert take_named(banks, [named]) == ["bank ours: imported 2 entries"]
    assert standing(banks)["ours"]["entries"] == 2


def test_a_version_that_matches_harmless_patterns_is_set_aside(
    tmp_path: Path, named: BankFile
) -> None:
    """The one before it stays, and every start says so; without one there is nothing to serve."""
    banks = opened(tmp_path, named)
    take_named(banks, [named])
    put(named, WRONG)

    (told,) = take_named(banks, [named])
    assert "set aside" in told
    (again,) = take_named(banks, [named])
    assert "set aside" in again
    assert standing(banks)["ours"]["entries"] == 1

    other = opened(tmp_path / "other", named)
    with pytest.raises(SettingsError, match="harmless patterns"):
        take_named(other, [named])


def test_a_lost_key_is_not_made_anew(tmp_path: Path, named: BankFile) -> None:
    """Banks that do not open any more would look like none."""
    take_named(opened(tmp_path, named), [named])
    (tmp_path / "keys" / "banks.key").unlink()

    with pytest.raises(SettingsError, match=r"banks\.key"):
        opened(tmp_path, named)


def test_the_name_of_a_row_is_this_installations_own(tmp_path: Path) -> None:
    """Nobody can find out by it whether a hash is listed."""
    name = naming(opened(tmp_path))

    assert name(b"5" * 16) == name(b"5" * 16)
    assert name(b"5" * 16) != name(b"6" * 16)
    assert (b"5" * 16).hex() not in name(b"5" * 16)
