from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_set import BankSet

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HASH = bytes(range(100, 132))
ENTRY = Entry(
    source="partner",
    entry_id="417",
    type=HashType.PDQ,
    hash=HASH,
    classification="A1",
    severity=3,
    tags=("benign", "test list"),
    status=Status.ACTIVE,
    updated_at=DAY,
)
OTHER = replace(ENTRY, entry_id="418")
RETRACTED = replace(ENTRY, entry_id="419", status=Status.RETRACTED)


def bank(*entries: Entry) -> Bank:
    return Bank("partner", Kind.BLOCKED, entries, DAY)


class TestEntry:
    def test_its_repr_shows_no_hash(self) -> None:
        """Hashes of known pictures are treated as personal data."""
        assert HASH.hex() not in repr(ENTRY)
        assert repr(HASH) not in repr(ENTRY)

    @pytest.mark.parametrize("bits_set", [0, 1, 31])
    @pytest.mark.parametrize("kind", [HashType.PDQ, HashType.PHASH_OWN])
    def test_the_hash_of_a_flat_picture_is_refused(self, kind: HashType, bits_set: int) -> None:
        """It would match every other flat picture."""
        flat = ((1 << bits_set) - 1).to_bytes(32)

        with pytest.raises(ValueError, match="flat"):
            replace(ENTRY, type=kind, hash=flat)

    def test_a_flat_hash_that_was_retracted_is_only_kept(self) -> None:
        """A source's mistake must not make its whole list unreadable for ever."""
        kept = replace(ENTRY, hash=bytes(32), status=Status.RETRACTED)

        assert kept.hash == bytes(32)
        assert replace(ENTRY, hash=((1 << 32) - 1).to_bytes(32)).status is Status.ACTIVE

    @pytest.mark.parametrize("kind", sorted(set(HashType) - {HashType.SHA256}))
    def test_only_a_sha256_can_clear_a_picture(self, kind: HashType) -> None:
        """Two pictures can be made to share an md5; a cleared one must not clear another."""
        lengths = {HashType.MD5: 16, HashType.SHA1: 20, HashType.PHOTODNA: 144}
        digest = bytes([85]) * lengths.get(kind, 32)

        with pytest.raises(ValueError, match="own_negative"):
            replace(ENTRY, type=kind, hash=digest, status=Status.OWN_NEGATIVE)

    def test_an_id_that_is_the_hash_is_refused(self) -> None:
        """The id goes into evidence and the log, where a hash must not be."""
        with pytest.raises(ValueError, match="no hash") as caught:
            replace(ENTRY, entry_id=HASH.hex().upper())
        assert HASH.hex() not in str(caught.value).lower()

    @pytest.mark.parametrize(
        "changes",
        [
            {"source": "=cmd"},
            {"entry_id": "a b"},
            {"entry_id": ""},
            {"hash": b"short"},
            {"classification": "a\nb"},
            {"severity": 5},
            {"severity": -1},
            {"tags": ("a|b",)},
            {"updated_at": DAY.replace(tzinfo=None)},
        ],
    )
    def test_what_breaks_the_format_cannot_be_made(self, changes: dict[str, object]) -> None:
        """Every importer is held to the same rules."""
        with pytest.raises(ValueError, match=next(iter(changes)).removeprefix("entry_")):
            replace(ENTRY, **changes)  # type: ignore[arg-type] # wrong on purpose


class TestListVersion:
    def test_order_time_zone_and_retracted_rows_do_not_change_it(self) -> None:
        """Two fetches of the same list must be recognised as the same."""
        elsewhere = replace(OTHER, updated_at=DAY.astimezone(timezone(timedelta(hours=2))))

        assert bank(ENTRY, OTHER).list_version == bank(RETRACTED, elsewhere, ENTRY).list_version

    @pytest.mark.parametrize(
        "other",
        [
            replace(ENTRY, hash=HASH[::-1]),
            replace(ENTRY, status=Status.DISPUTED),
            replace(ENTRY, severity=4),
            RETRACTED,
        ],
    )
    def test_anything_that_matters_changes_it(self, other: Entry) -> None:
        """The log says which list a decision used."""
        assert bank(ENTRY).list_version != bank(other).list_version


class TestSets:
    def test_versions_name_every_bank(self) -> None:
        """They go into the public leaf of every decision."""
        ours = Bank("ours", Kind.NCII, (), DAY)

        versions = BankSet((bank(ENTRY), ours)).versions

        assert versions == (ours.version, f"partner@{bank(ENTRY).list_version}")

    def test_evidence_leads_back_to_its_entries(self) -> None:
        """A reviewer sees what the source says of the match."""
        assert BankSet((bank(ENTRY, OTHER),)).find("bank:partner/417 d=8 v=left") == (ENTRY,)

    def test_a_source_twice_is_refused(self) -> None:
        """Evidence could not tell which of the two it means."""
        with pytest.raises(ValueError, match="once"):
            BankSet((bank(ENTRY), bank(OTHER)))

    def test_a_bank_holds_one_source(self) -> None:
        """A version belongs to a source."""
        with pytest.raises(ValueError, match="this source"):
            bank(replace(ENTRY, source="another"))
