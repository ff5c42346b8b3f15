import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers import hash_bank_changes as changes
from classifiers.errors import BankError
from classifiers.hash_bank import EXACT, NEAR, Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_catalogue import Terms, Trial
from classifiers.hash_bank_changes import Imported
from classifiers.hash_bank_csv import read, write
from classifiers.hash_bank_lookup import Asked, Hit, Opened, Use
from classifiers.hash_bank_rows import take
from classifiers.hash_bank_set import BankSet
from classifiers.hash_bank_store import SealedBanks

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = b"k" * 32
PASSED = Trial(benign=1, benign_matched=0, recent=0, recent_matched=0)
INPUT = Asked(Use.INPUT)
LENGTHS = {HashType.MD5: 16, HashType.SHA1: 20, HashType.PHOTODNA: 144}


def digest(number: int, kind: HashType = HashType.PDQ) -> bytes:
    return hashlib.shake_256(str(number).encode()).digest(LENGTHS.get(kind, 32))


def entry(number: int, kind: HashType = HashType.PDQ, status: Status = Status.ACTIVE) -> Entry:
    return Entry("partner", f"e{number}", kind, digest(number, kind), "", 1, (), status, DAY)


def imported(
    *entries: Entry, kind: Kind = Kind.BLOCKED, terms: Terms | None = None, own: bool = False
) -> Imported:
    source = entries[0].source if entries else "partner"
    data = write(Bank(source, kind, entries, DAY))
    listing = take(source, read(data.decode(), source))
    return Imported(listing, kind, own, "0" * 64, "canonical", DAY, terms or Terms())


def opened(folder: Path, now: Callable[[], datetime] = lambda: DAY) -> SealedBanks:
    changes.create(folder, KEY)
    return SealedBanks(folder, KEY, now)


def put(banks: SealedBanks, made: Imported) -> None:
    changes.stage(banks, made)
    changes.activate(banks, made.listing.source, PASSED)


def near(banks: Opened, *numbers: int, asked: Asked = INPUT) -> Sequence[Hit]:
    queries = np.frombuffer(b"".join(map(digest, numbers)), np.uint8).reshape(-1, 32)
    return banks.near(HashType.PDQ, queries, 31, asked)


def exact(banks: Opened, number: int, asked: Asked = INPUT) -> Sequence[Hit]:
    return banks.exact({kind: digest(number, kind) for kind in sorted(EXACT)}, asked)


@pytest.fixture
def banks(tmp_path: Path) -> SealedBanks:
    return opened(tmp_path / "banks")


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from(HashType))
    status = draw(st.sampled_from([*Status][: 4 if kind is HashType.SHA256 else 3]))
    return entry(draw(st.integers(0, 30)), kind, status)


class TestAgainstTheDefinition:
    @settings(
        max_examples=20,
        deadline=None,  # disks take their time
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(entries(), max_size=9, unique_by=lambda e: (e.entry_id, e.type)))
    def test_sealed_banks_answer_what_banks_in_memory_answer(
        self, tmp_path_factory: pytest.TempPathFactory, made: list[Entry]
    ) -> None:
        """Files, keys and indexes are ways to keep a bank, no more."""
        plain = BankSet((Bank("partner", Kind.BLOCKED, tuple(made), DAY),))
        sealed = opened(tmp_path_factory.mktemp("banks"))
        put(sealed, imported(*made))

        one, other = plain.opened(), sealed.opened()
        assert one.versions == other.versions
        assert one.has_near == other.has_near
        for number in range(31):
            assert set(exact(one, number)) == set(exact(other, number))
        for kind in NEAR:
            queries = np.frombuffer(b"".join(map(digest, range(31))), np.uint8).reshape(-1, 32)
            found = [set(each.near(kind, queries, 31, INPUT)) for each in (one, other)]
            assert found[0] == found[1]

    def test_many_rows_are_found_as_few_are(self, banks: SealedBanks) -> None:
        """Beyond a few thousand they are kept another way."""
        kinds = (HashType.MD5, HashType.SHA1, HashType.SHA256, HashType.PDQ)
        put(banks, imported(*(entry(n, kinds[n % 4]) for n in range(12_000))))

        now = banks.opened()
        for number in (0, 1, 2, 11_996):
            (hit,) = exact(now, number) or near(now, number)
            assert (hit.entry_id, hit.type) == (f"e{number}", kinds[number % 4])
        assert [hit.entry_id for hit in near(now, 11_999)] == ["e11999"]
        assert not near(now, 12_003)


class TestVersions:
    def test_what_is_staged_matches_nothing_until_it_is_used(self, banks: SealedBanks) -> None:
        """It is to be tried first."""
        put(banks, imported(entry(1)))
        changes.stage(banks, imported(entry(2)))

        assert near(banks.opened(), 1)
        assert not near(banks.opened(), 2)
        assert near(banks.staged("partner"), 2)
        changes.set_aside(banks, "partner", PASSED)
        assert not near(banks.opened(), 2)
        changes.activate(banks, "partner", PASSED)
        assert near(banks.opened(), 2)
        assert not near(banks.opened(), 1)

    def test_folders_of_older_versions_are_taken_away(self, banks: SealedBanks) -> None:
        """Hashes that nobody uses any more are not kept."""
        for number in range(5):
            put(banks, imported(entry(number)))

        assert len([path for path in banks.folder.iterdir() if path.is_dir()]) == 2

    def test_a_bank_keeps_its_kind(self, banks: SealedBanks) -> None:
        """A match would suddenly mean something else."""
        put(banks, imported(entry(1)))

        with pytest.raises(BankError, match="expected kind blocked, got csam"):
            changes.stage(banks, imported(entry(1), kind=Kind.CSAM))

    def test_a_bank_that_is_removed_matches_nothing(self, banks: SealedBanks) -> None:
        """An operator's agreement with a source may end."""
        put(banks, imported(entry(1)))
        changes.remove(banks, "partner")

        assert not near(banks.opened(), 1)
        assert banks.opened().versions == ()
        with pytest.raises(BankError, match="got none"):
            changes.remove(banks, "partner")


class TestRetracted:
    def test_an_entry_is_gone_at_once_and_in_later_versions(self, banks: SealedBanks) -> None:
        """Somebody who was listed wrongly must not be matched again with the next delivery."""
        rows = [entry(1), entry(1, HashType.MD5), entry(2)]
        put(banks, imported(*rows))
        before = banks.opened()

        assert changes.retract(banks, "partner", "e1") == 2

        for now in (before, banks.opened()):
            assert not near(now, 1)
            assert not exact(now, 1)
            assert near(now, 2)
        put(banks, imported(*rows, entry(3)))
        assert not near(banks.opened(), 1)
        assert near(banks.opened(), 3)
        assert changes.retract(banks, "partner", "e9") == 0

    def test_the_same_id_with_another_hash_is_another_entry(self, banks: SealedBanks) -> None:
        """What people looked at is the hash."""
        put(banks, imported(entry(1)))
        changes.retract(banks, "partner", "e1")

        put(banks, imported(replace(entry(1), hash=digest(5))))

        assert near(banks.opened(), 5)

    def test_in_another_process_it_is_gone_at_the_next_look(self, banks: SealedBanks) -> None:
        """All workers look in the same banks."""
        put(banks, imported(entry(1), entry(2)))
        program = (
            "import sys, pathlib, numpy as np\n"
            "from datetime import datetime, UTC\n"
            "from classifiers.hash_bank import HashType\n"
            "from classifiers.hash_bank_lookup import Asked, Use\n"
            "from classifiers.hash_bank_store import SealedBanks\n"
            "at = datetime(2026, 1, 2, tzinfo=UTC)\n"
            "banks = SealedBanks(pathlib.Path(sys.argv[1]), b'k' * 32, lambda: at)\n"
            "for line in sys.stdin:\n"
            "    asked = np.frombuffer(bytes.fromhex(line), np.uint8).reshape(1, 32)\n"
            "    now = banks.opened()\n"
            "    print(len(now.near(HashType.PDQ, asked, 31, Asked(Use.INPUT))), flush=True)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, str(banks.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdin is not None
            assert other.stdout is not None
            seen: list[int] = []
            for change in (lambda: None, lambda: changes.retract(banks, "partner", "e1")):
                change()
                other.stdin.write(f"{digest(1).hex()}\n")
                other.stdin.flush()
                seen.append(int(other.stdout.readline()))
            other.stdin.close()

        assert seen == [1, 0]


class TestTerms:
    def test_an_expired_bank_is_stale_and_matches_nothing(self, tmp_path: Path) -> None:
        """The licence ended; and nobody may say that there was nothing."""
        clock = [DAY]
        banks = opened(tmp_path / "banks", lambda: clock[0])
        put(banks, imported(entry(1), terms=Terms(expires_at=DAY + timedelta(days=1))))

        now = banks.opened()
        assert near(now, 1)
        assert now.stale == frozenset()
        clock[0] += timedelta(days=1)
        assert not near(now, 1)
        assert now.stale == {Kind.BLOCKED}

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            (Asked(Use.INPUT, "one"), True),
            (Asked(Use.INPUT, "two"), False),
            (Asked(Use.INPUT), False),
            (Asked(Use.OUTPUT, "one"), False),
            (Asked(Use.LOOKUP), True),
        ],
    )
    def test_a_bank_is_used_as_its_terms_permit(
        self, banks: SealedBanks, asked: Asked, found: bool
    ) -> None:
        """Some lists are lent to one platform, or for uploads only."""
        terms = Terms(tenants=frozenset({"one"}), uses=frozenset({Use.INPUT, Use.LOOKUP}))
        put(banks, imported(entry(1), entry(1, HashType.MD5), terms=terms))

        assert bool(near(banks.opened(), 1, asked=asked)) is found
        assert bool(exact(banks.opened(), 1, asked=asked)) is found


class TestNobodyCouldLook:
    @pytest.mark.parametrize("name", ["catalogue", "*/pdq/list", "*/rows"])
    def test_what_was_altered_is_an_error(self, banks: SealedBanks, name: str) -> None:
        """Part of a bank would read as no match."""
        put(banks, imported(entry(1)))
        version = banks.catalogue().banks[0].current
        (path,) = banks.folder.glob(name)
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        again = SealedBanks(banks.folder, KEY, lambda: DAY)

        with pytest.raises(BankError):
            again.rows(version) if name == "*/rows" else near(again.opened(), 1)

    def test_one_version_does_not_go_for_another(self, banks: SealedBanks) -> None:
        """An attacker who can write must not make a short list of a long one."""
        put(banks, imported(entry(1)))
        put(banks, imported(replace(entry(2), source="other")))
        one, other = (bank.current.folder for bank in banks.catalogue().banks)
        mine = banks.folder / one / "pdq" / "list"
        mine.write_bytes((banks.folder / other / "pdq" / "list").read_bytes())

        with pytest.raises(BankError):
            near(SealedBanks(banks.folder, KEY, lambda: DAY).opened(), 1)

    def test_lost_banks_are_not_no_banks(self, banks: SealedBanks) -> None:
        """Whoever deletes the catalogue must not thereby switch matching off."""
        put(banks, imported(entry(1)))
        (banks.folder / "catalogue").unlink()
        changes.create(banks.folder, KEY)

        with pytest.raises(BankError, match="catalogue"):
            SealedBanks(banks.folder, KEY, lambda: DAY).opened()

    def test_a_bank_that_must_be_there_is_missed(self, banks: SealedBanks) -> None:
        """The settings name it; that it was never imported is not a clean answer."""
        required = {"partner": Kind.BLOCKED, "hotline": Kind.CSAM}
        put(banks, imported(entry(1)))
        asked = SealedBanks(banks.folder, KEY, lambda: DAY, required=required)

        assert asked.opened().missing == {Kind.CSAM}
        other = SealedBanks(banks.folder, KEY, lambda: DAY, required={"partner": Kind.NCII})
        with pytest.raises(BankError, match="kind ncii, got blocked"):
            other.opened()

    def test_no_hash_is_in_clear_on_the_disk(self, banks: SealedBanks) -> None:
        """A stolen disk must not be a list."""
        put(banks, imported(entry(1), entry(1, HashType.MD5)))
        changes.retract(banks, "partner", "e1")

        for path in banks.folder.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            for kind in (HashType.PDQ, HashType.MD5):
                assert digest(1, kind) not in data
                assert digest(1, kind).hex().encode() not in data
            assert b"partner" not in data
            assert path.stat().st_mode & 0o077 == 0
