"""Versions of banks come through the door: tried, activated by two, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from audit.entry import Kind as EntryKind
from classifiers import hash_bank_changes
from classifiers.canonical import read
from classifiers.content import Image, Purpose
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_csv import write
from classifiers.hash_bank_formats import Format
from classifiers.hash_bank_given import Given
from classifiers.hash_bank_store import SealedBanks
from classifiers.hash_bank_trial import Prints, prints_of
from pipeline.banks import naming, open_banks, staged, take_named
from pipeline.changes.bank_versions import BankVersions
from pipeline.changes.door import Door
from pipeline.cli.demo.drawings import landscape, listed
from pipeline.errors import ChangeError
from pipeline.settings import BankFile
from pipeline.store.changes import Change, ChangeKind
from tests.unit.pipeline.world import NOON, World

BANK, SEED = ChangeKind.BANK, 5
SEEN = prints_of(read(Image("released", 0, Purpose.SOURCE, landscape(SEED))))
OTHER = Entry("hotline", "417", HashType.MD5, b"5" * 16, "", 1, (), Status.ACTIVE, NOON)
LISTED = tuple(listed("hotline", Kind.BLOCKED, SEED).bank.entries)


@dataclass(frozen=True, slots=True)
class Desk:
    """Banks in a folder, and the door that leads there."""

    house: World
    banks: SealedBanks

    def door(self) -> Door:
        """Open the door as a process that starts does."""

        async def recent() -> Sequence[Prints]:
            return [SEEN]

        kind = BankVersions(self.banks, recent)
        return Door(self.house.store.changes, self.house.log, self.house.clock, uuid4, {BANK: kind})

    def waits(self, *entries: Entry) -> None:
        """Import a version that waits."""
        data = write(Bank("hotline", Kind.BLOCKED, entries, NOON))
        given = Given("hotline", NOON, naming(self.banks))
        staged(self.banks, data, Format.CANONICAL, given, Kind.BLOCKED)

    async def activated(self, *entries: Entry) -> Change:
        """Have two people put a version in force."""
        self.waits(*entries)
        door = self.door()
        change = await door.propose(BANK, "hotline", "their list", "ana")
        return await door.activate(change.id, "ben")

    def used(self) -> int:
        """Count the entries of the version that is used."""
        bank = self.banks.catalogue().bank("hotline")
        return 0 if bank is None else bank.current.entries


@pytest.fixture
def desk(house: World, tmp_path: Path) -> Desk:
    """Nothing is imported yet."""
    banks = open_banks(tmp_path, tmp_path / "keys", lambda: NOON, lambda size: b"r" * size)
    return Desk(house, banks)


async def test_a_version_is_tried_on_what_was_released_and_used_when_two_have_said_so(
    desk: Desk,
) -> None:
    """The second person sees how many pictures it stops that went out before."""
    desk.waits(*LISTED)
    door = desk.door()
    change = await door.propose(BANK, "hotline", "their list", "ana")
    assert (change.report["decided"], change.report["holds"], change.report["milder"]) == (1, 1, 0)
    assert desk.used() == 0
    with pytest.raises(ChangeError, match="second person"):
        await door.activate(change.id, "ana")
    assert (await door.shadow(change.id, "ben"))["turned"] == 1

    done = await door.activate(change.id, "ben")

    assert (done.activated_by, desk.used()) == ("ben", len(LISTED))
    leaves = [each for each in await desk.house.leaves() if each.kind is EntryKind.BANK]
    assert [each.public["event"] for each in leaves] == ["bank.proposed", "bank.activated"]
    assert leaves[1].public["after"] == done.after


async def test_what_was_imported_since_it_was_tried_is_not_what_is_used(desk: Desk) -> None:
    """Two people have seen the one, and nobody the other."""
    desk.waits(*LISTED)
    door = desk.door()
    change = await door.propose(BANK, "hotline", "their list", "ana")
    desk.waits(OTHER)
    with pytest.raises(ChangeError, match="propose it again"):
        await door.activate(change.id, "ben")
    with pytest.raises(ChangeError, match="waits no longer"):
        await door.shadow(change.id, "ben")
    assert (desk.used(), await door.pending()) == (0, [])


@pytest.mark.parametrize("name", ["hotline", "nobody"])
async def test_where_nothing_waits_nothing_is_proposed(desk: Desk, name: str) -> None:
    """A name alone is no version."""
    with pytest.raises(ChangeError, match="waits"):
        await desk.door().propose(BANK, name, "their list", "ana")
    with pytest.raises(ChangeError, match="was activated"):
        await desk.door().roll_back(BANK, name, "back", "ana")


async def test_a_way_back_that_loses_nothing_takes_one_person_and_any_other_two(
    desk: Desk,
) -> None:
    """Fewer entries stop less; the version before is kept, and so is the one gone back from."""
    await desk.activated(*LISTED, OTHER)
    await desk.activated(OTHER)
    assert desk.used() == 1

    back = await desk.door().roll_back(BANK, "hotline", "half of it is missing", "ana")
    assert (back.activated_by, desk.used()) == ("ana", len(LISTED) + 1)

    again = await desk.door().roll_back(BANK, "hotline", "it was right", "ana")
    assert (again.activated_by, again.milder, desk.used()) == (None, True, len(LISTED) + 1)
    await desk.door().activate(again.id, "ben")
    assert desk.used() == 1


async def test_what_a_crash_left_undone_is_done_at_the_next_start_and_not_twice(
    desk: Desk,
) -> None:
    """The log knows the activation; the catalogue does not, and what came since stays."""
    desk.waits(*LISTED)
    change = await desk.door().propose(BANK, "hotline", "their list", "ana")
    kept = desk.banks.catalogue()
    await desk.door().activate(change.id, "ben")
    hash_bank_changes._put(desk.banks, kept)
    assert desk.used() == 0
    await desk.door().begin()
    assert desk.used() == len(LISTED)
    hash_bank_changes.retract(desk.banks, "hotline", LISTED[0].entry_id)
    state = desk.banks.catalogue()
    await desk.door().begin()
    assert desk.banks.catalogue() == state


async def test_a_list_that_the_settings_name_does_not_pass_by_the_door(
    desk: Desk, tmp_path: Path
) -> None:
    """Else whoever writes that file would be one person, and unrecorded."""
    await desk.activated(*LISTED)
    path = tmp_path / "hotline.csv"
    path.write_bytes(write(Bank("hotline", Kind.BLOCKED, (replace(OTHER),), NOON)))
    named = BankFile(source="hotline", kind=Kind.BLOCKED, file=path)
    by_two = await desk.house.store.changes.names(BANK)
    (told,) = take_named(desk.banks, [named], by_two)
    assert "two people" in told
    assert desk.used() == len(LISTED)
