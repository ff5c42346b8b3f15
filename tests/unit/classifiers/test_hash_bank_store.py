from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers.errors import BankError
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_store import MANIFEST, load, save

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def bank(*ids: str) -> Bank:
    entries = tuple(
        Entry("partner", name, HashType.MD5, b"0123456789abcdef", "", 1, (), Status.ACTIVE, DAY)
        for name in ids
    )
    return Bank("partner", Kind.NCII, entries, DAY)


def rows(folder: Path) -> Path:
    (found,) = folder.glob("*.csv")
    return found


class TestRoundTrip:
    def test_what_is_saved_is_loaded(self, tmp_path: Path) -> None:
        """Nothing may be lost between import and match."""
        save(bank("a", "b"), tmp_path / "partner")

        assert load(tmp_path / "partner") == bank("a", "b")

    def test_saving_again_replaces_it(self, tmp_path: Path) -> None:
        """Old rows do not stay behind."""
        save(bank("a", "b"), tmp_path)
        save(bank("c"), tmp_path)

        assert load(tmp_path) == bank("c")
        assert rows(tmp_path).exists()

    def test_only_the_owner_may_read_it(self, tmp_path: Path) -> None:
        """Hashes of known pictures are treated as personal data."""
        save(bank("a"), tmp_path / "partner")

        modes = [p.stat().st_mode & 0o777 for p in (tmp_path / "partner").iterdir()]

        assert modes == [0o600, 0o600]
        assert (tmp_path / "partner").stat().st_mode & 0o777 == 0o700


class TestAltered:
    def test_nothing_there_is_an_error(self, tmp_path: Path) -> None:
        """A bank that fails to load is not an empty bank."""
        with pytest.raises(BankError):
            load(tmp_path)

    def test_altered_rows_are_an_error(self, tmp_path: Path) -> None:
        """Taking one row out would let one picture through."""
        save(bank("a", "b"), tmp_path)
        path = rows(tmp_path)
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

        with pytest.raises(BankError, match="rows"):
            load(tmp_path)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"format": 1', '"format": 2'),
            ('"entries": 1', '"entries": 2'),
            ('"list_version": "', '"list_version": "0'),
            ('"kind": "ncii"', '"kind": "other"'),
            ('"source"', '"sauce"'),
            ("{", ""),
        ],
    )
    def test_an_altered_manifest_is_an_error(self, tmp_path: Path, old: str, new: str) -> None:
        """It says what a match means."""
        save(bank("a"), tmp_path)
        text = (tmp_path / MANIFEST).read_text()
        assert old in text
        (tmp_path / MANIFEST).write_text(text.replace(old, new, 1))

        with pytest.raises(BankError):
            load(tmp_path)
