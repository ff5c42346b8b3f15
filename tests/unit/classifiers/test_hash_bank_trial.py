from datetime import UTC, datetime

from classifiers.canonical import read
from classifiers.content import Image, Purpose
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_catalogue import Trial
from classifiers.hash_bank_set import BankSet
from classifiers.hash_bank_trial import MOST_MATCHED, hits_of, patterns, prints_of, tried
from tests.unit.classifiers.test_hash_match import ASTRONAUT, PDQ, PLAIN, saved

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def bank(digest: bytes, kind: HashType = HashType.PDQ) -> BankSet:
    entry = Entry("partner", "417", kind, digest, "", 1, (), Status.ACTIVE, DAY)
    return BankSet((Bank("partner", Kind.BLOCKED, (entry,), DAY),))


def test_patterns_are_enough_to_hash_and_are_not_alike() -> None:
    """A list that has one of them is found out, and only by what it has."""
    assert len(patterns()) >= 12
    first = patterns()[0].looks[0][1][:1]

    trial = tried(bank(first.tobytes()), ())

    assert 1 <= trial.benign_matched <= len(patterns()) // 2
    assert trial.rate > MOST_MATCHED


def test_a_list_of_known_pictures_matches_no_pattern() -> None:
    """An honest list is used."""
    assert tried(bank(PDQ), ()).rate == 0.0


def test_pictures_that_were_allowed_count_by_themselves() -> None:
    """Half of a handful is not hidden behind many patterns."""
    seen = prints_of(read(Image("x", 0, Purpose.SOURCE, PLAIN)))

    trial = tried(bank(PDQ), [seen])

    assert (trial.recent, trial.recent_matched, trial.benign_matched) == (1, 1, 0)
    assert trial.rate == 1.0
    assert Trial(benign=0, benign_matched=0, recent=0, recent_matched=0).rate == 0.0


def test_a_disguised_copy_is_found_for_a_person_too() -> None:
    """Who asks sees what the gate sees."""
    copy = prints_of(read(Image("x", 0, Purpose.SOURCE, saved(ASTRONAUT.rotate(90, expand=True)))))

    (hit,) = {hit.reference for hit in hits_of(bank(PDQ), copy)}

    assert hit == "bank:partner/417"
