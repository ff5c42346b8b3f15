from datetime import UTC, datetime

from classifiers import canonical, hash_bank_csv
from classifiers.content import Image, Purpose
from classifiers.hash_bank import Kind
from classifiers.hash_bank_set import BankSet
from classifiers.hash_match import HashMatch
from classifiers.signals import Signal, SignalName
from pipeline.cli.demo import drawings

DAY = datetime(2026, 1, 2, tzinfo=UTC)


def hits(picture: bytes) -> set[SignalName]:
    """What a gateway that imported the demonstration's list sees in a picture."""
    listed = drawings.listed("demo", Kind.BLOCKED, 1)
    bank = hash_bank_csv.parse(listed.csv, source="demo", kind=Kind.BLOCKED, fetched_at=DAY)
    seen = canonical.read(Image("upload", 0, Purpose.SOURCE, picture))
    found = HashMatch(BankSet((bank,))).classify(seen)
    assert all(isinstance(each, Signal) for each in found)
    return {each.name for each in found if isinstance(each, Signal) and each.score}


def test_the_listed_picture_is_found_both_ways() -> None:
    """The bank says its bytes and its looks."""
    assert hits(drawings.landscape(1)) == {
        SignalName.HASH_BLOCKED_EXACT,
        SignalName.HASH_BLOCKED_NEAR,
    }


def test_its_changed_copy_is_found_by_its_looks_alone() -> None:
    """Else the demonstration would show an exact match twice."""
    copy = drawings.resaved_and_flipped(drawings.landscape(1))

    assert hits(copy) == {SignalName.HASH_BLOCKED_NEAR}


def test_another_landscape_is_not_found() -> None:
    """Trees and hills alone are no match."""
    assert hits(drawings.landscape(3)) == set()
