"""Periods: a turn keeps what lives, and destroys what was erased, also in backups."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from audit import wrapped
from audit.entry import Entry, Kind
from audit.errors import AbsentError, MalformedError, UntrustedError, UnusableError
from audit.leaf import Leaf, leaf_of
from audit.periods import KEY, WRAPPED, PeriodKeys
from audit.seal import DetailKeys, Keyed, Sealed, fresh_salts

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def sealed(keys: PeriodKeys, number: int) -> tuple[Sealed, Leaf]:
    entry = Entry(UUID(int=number), Kind.ACCESS, NOON, {}, {"person": f"Ada {number}"})
    salts = fresh_salts(entry)
    return keys.seal(entry, salts), leaf_of(entry, salts)


def keyed(*records: tuple[Sealed, Leaf]) -> list[Keyed]:
    found = [Keyed(leaf.entry_id, each.key_id, each.wrapped) for each, leaf in records]
    return sorted(found, key=lambda each: each.entry_id.bytes)


async def pages(*of: Sequence[Keyed]) -> AsyncIterator[Sequence[Keyed]]:
    for page in of:
        yield page


async def turn(keys: PeriodKeys, at: datetime, *living: tuple[Sealed, Leaf]) -> None:
    keys.begin(at)
    await keys.rewrap(pages(keyed(*living)))
    keys.destroy()


async def test_what_lives_opens_through_many_periods_and_what_was_erased_does_not(
    tmp_path: Path,
) -> None:
    """The database keeps all three rows, as a backup does: only the keys decide."""
    keys = PeriodKeys(tmp_path, NOON)
    old, erased = sealed(keys, 1), sealed(keys, 2)
    await turn(keys, NOON + DAY, old)
    young = sealed(keys, 3)
    await turn(keys, NOON + 2 * DAY, old, young)

    again = PeriodKeys(tmp_path, NOON)
    assert keys.open(*old).personal == {"person": "Ada 1"}
    assert again.open(*young).personal == {"person": "Ada 3"}
    for each in (keys, again):
        with pytest.raises(AbsentError):
            each.open(*erased)
    assert (again.since, again.turning) == (NOON + 2 * DAY, False)


async def test_nothing_of_an_old_key_is_left_in_the_folder(tmp_path: Path) -> None:
    """Else a copy of the folder would be a copy of what was destroyed."""
    keys = PeriodKeys(tmp_path, NOON)
    before = (tmp_path / KEY).read_bytes()
    with (tmp_path / KEY).open("rb") as held:
        await turn(keys, NOON + DAY)
        overwritten = held.read()

    assert overwritten == bytes(len(before))
    files = {path.name: path for path in sorted(tmp_path.glob("*"))}  # noqa: ASYNC240 - a test
    assert before not in b"".join(path.read_bytes() for path in files.values())
    assert files.keys() == {KEY, WRAPPED}
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}


async def test_a_turn_that_was_cut_off_loses_nothing(tmp_path: Path) -> None:
    """After a crash at any step both keys are there, and the next turn destroys both."""
    keys = PeriodKeys(tmp_path, NOON)
    first = sealed(keys, 1)
    keys.begin(NOON + DAY)
    second = sealed(keys, 2)
    with pytest.raises(UnusableError):
        keys.destroy()  # nobody wrapped what lives

    await keys.rewrap(pages(keyed(first, second)))
    keys = PeriodKeys(tmp_path, NOON)
    assert keys.turning
    third = sealed(keys, 3)
    keys.begin(NOON + 2 * DAY)
    await keys.rewrap(pages(keyed(first, second), keyed(third)))

    assert len(keys.destroy()) == 2
    opened = [keys.open(*each).personal["person"] for each in (first, second, third)]
    assert opened == ["Ada 1", "Ada 2", "Ada 3"]


async def test_another_process_that_turned_is_followed_at_once(tmp_path: Path) -> None:
    """What is sealed under a key that was destroyed would be lost."""
    one, other = PeriodKeys(tmp_path, NOON), PeriodKeys(tmp_path, NOON)
    first = sealed(one, 1)
    await turn(other, NOON + DAY, first)

    assert one.current == other.current
    assert other.open(*sealed(one, 2)).personal == {"person": "Ada 2"}
    assert one.open(*first).personal == {"person": "Ada 1"}


async def test_details_from_before_there_were_periods_are_taken_along(tmp_path: Path) -> None:
    """Their own keys lie wrapped in the database: from the first turn on nothing opens those."""
    old = DetailKeys.create(tmp_path / KEY, "first")
    keys = PeriodKeys(tmp_path, NOON)
    assert keys.since is None
    derived, leaf = sealed(keys, 1)
    own = old.key_of(leaf.entry_id, derived.key_id, b"")
    record = Sealed(
        "first", aes_key_wrap(old.keys["first"], own), derived.nonce, derived.ciphertext
    )
    assert keys.open(record, leaf).personal == {"person": "Ada 1"}

    await turn(keys, NOON, (record, leaf))

    assert keys.open(record, leaf).personal == {"person": "Ada 1"}
    assert keys.since == NOON


async def test_wrapped_keys_cannot_be_exchanged_or_changed(tmp_path: Path) -> None:
    """Whoever can write the folder must not make one detail open as another."""
    keys = PeriodKeys(tmp_path, NOON)
    one, other = sealed(keys, 1), sealed(keys, 2)
    await turn(keys, NOON + DAY, one, other)
    whole = (tmp_path / WRAPPED).read_bytes()
    head, rows = whole[: -2 * wrapped.ROW_BYTES], whole[-2 * wrapped.ROW_BYTES :]
    first, second = rows[: wrapped.ROW_BYTES], rows[wrapped.ROW_BYTES :]

    (tmp_path / WRAPPED).write_bytes(head + first[:16] + second[16:] + second[:16] + first[16:])
    with pytest.raises(UntrustedError):
        keys.open(*one)
    for broken in (b"", whole[:-1], whole + b"x", b"X" + whole[1:], head):
        (tmp_path / WRAPPED).write_bytes(broken)
        with pytest.raises(MalformedError):
            keys.open(*one)


async def test_a_period_has_one_name(tmp_path: Path) -> None:
    """Two turns in the same moment would overwrite each other's key."""
    keys = PeriodKeys(tmp_path, NOON)
    with pytest.raises(UnusableError):
        keys.begin(NOON)


async def test_two_do_not_turn_at_once(tmp_path: Path) -> None:
    """The second would overwrite the first one's new key, and what was sealed under it."""
    one, other = PeriodKeys(tmp_path, NOON), PeriodKeys(tmp_path, NOON)
    with one.alone(), pytest.raises(UnusableError), other.alone():
        pytest.fail("both turn")
    with other.alone():
        other.begin(NOON + DAY)
    assert one.turning
