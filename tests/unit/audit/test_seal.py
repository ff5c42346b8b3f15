from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from audit.entry import Entry, Kind
from audit.errors import AbsentError, MalformedError, UntrustedError, UnusableError
from audit.leaf import leaf_of
from audit.seal import DetailKeys, fresh_salts

ENTRY = Entry(
    UUID(int=1),
    Kind.ACCESS,
    datetime(2026, 11, 22, tzinfo=UTC),
    {},
    {"prompt": "a harbour \u2603", "output_digest": b"\x00\xff"},
    {"scores": {"x": 0.25}, "rules": ["r1", None, True]},
)


def test_details_go_round_and_hold_to_their_leaf(keys: DetailKeys) -> None:
    salts = fresh_salts(ENTRY)
    opened = keys.open(keys.seal(ENTRY, salts), leaf_of(ENTRY, salts))
    assert (opened.personal, opened.detail, opened.salts) == (ENTRY.personal, ENTRY.detail, salts)


def test_details_of_another_entry_do_not_open(keys: DetailKeys) -> None:
    """Whoever can write the table could otherwise swap two rows."""
    salts = fresh_salts(ENTRY)
    other = leaf_of(replace(ENTRY, entry_id=UUID(int=2)), salts)
    with pytest.raises(UntrustedError):
        keys.open(keys.seal(ENTRY, salts), other)


def test_details_that_the_leaf_does_not_commit_to_are_not_believed(keys: DetailKeys) -> None:
    """The holder of the detail key cannot change what was said either."""
    salts = fresh_salts(ENTRY)
    changed = replace(ENTRY, personal={**ENTRY.personal, "prompt": "a mountain"})
    with pytest.raises(UntrustedError):
        keys.open(keys.seal(changed, salts), leaf_of(ENTRY, salts))


def test_damaged_ciphertext_does_not_open(keys: DetailKeys) -> None:
    salts = fresh_salts(ENTRY)
    sealed, leaf = keys.seal(ENTRY, salts), leaf_of(ENTRY, salts)
    for damaged in (
        replace(sealed, ciphertext=sealed.ciphertext[:-1] + b"\x00\x00"),
        replace(sealed, wrapped=bytes(40)),
        replace(sealed, nonce=bytes(12)),
    ):
        with pytest.raises(UntrustedError):
            keys.open(damaged, leaf)


def test_a_destroyed_key_is_an_erasure_and_no_accusation(keys: DetailKeys) -> None:
    salts = fresh_salts(ENTRY)
    sealed = keys.seal(ENTRY, salts)
    with pytest.raises(AbsentError):
        DetailKeys("k2", {"k2": bytes(32)}).open(sealed, leaf_of(ENTRY, salts))


def test_keys_load_what_they_wrote_and_the_last_one_seals(tmp_path: Path) -> None:
    first = DetailKeys.create(tmp_path / "a", "k1")
    file = tmp_path / "b"
    both = first.write() + DetailKeys.create(tmp_path / "c", "k2").write()
    file.touch(0o600)
    file.write_text(both, "ascii")
    loaded = DetailKeys.load(file)
    assert loaded.current == "k2"
    assert loaded.keys["k1"] == first.keys["k1"]
    assert loaded.write() == both


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    DetailKeys.create(file, "k1")
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        DetailKeys.create(file, "k1")
    file.chmod(0o640)
    with pytest.raises(UnusableError, match="0640"):
        DetailKeys.load(file)


def test_no_secret_shows(keys: DetailKeys) -> None:
    """Reprs end in logs."""
    assert repr(keys) == "DetailKeys(current='k1')"
    assert "harbour" not in repr(ENTRY)
    salts = fresh_salts(ENTRY)
    assert "harbour" not in repr(keys.open(keys.seal(ENTRY, salts), leaf_of(ENTRY, salts)))


@pytest.mark.parametrize("content", ["", "k1\n", "k1 QQ==\n", "k 1 x\n", "a b c\n"])
def test_files_that_hold_no_keys_are_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.touch(0o600)
    file.write_text(content, "ascii")
    with pytest.raises(MalformedError):
        DetailKeys.load(file)
