"""Fetching lists from services: what is taken, what is not, and when it is stale."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audit.errors import UnusableError
from audit.keyfile import create_secret
from classifiers.hash_bank import HashType, Kind, Status
from classifiers.hash_bank_catalogue import Trial
from classifiers.hash_bank_changes import activate, entries
from classifiers.hash_bank_lookup import Asked, Use
from classifiers.hash_bank_rows import BankFormatError
from classifiers.hash_bank_store import SealedBanks
from pipeline.banks import open_banks, standing
from pipeline.settings import BankFile, Service, SyncPart
from pipeline.synced_lists import WAITS, SyncError, Syncing
from tests.unit.pipeline.list_services import A_PAGE, SECRET, USER, Listed, Services, serving

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WEEK = timedelta(days=7)
SERVICES = [*Service]
pytestmark = pytest.mark.enable_socket


def random(size: int) -> bytes:
    return b"r" * size


def md5(number: int) -> bytes:
    return bytes([number]) * 16


def pdq(number: int) -> bytes:
    return bytes([number, 0x5A]) * 16


def listed(number: int, at: datetime = DAY - WEEK, *, gone: bool = False) -> Listed:
    return Listed(at, {"md5": md5(number).hex(), "pdq": pdq(number).hex()}, gone)


@pytest.fixture(scope="module")
def desk() -> Iterator[Services]:
    with serving(DAY) as services:
        yield services


@dataclass
class Office:
    """An installation that syncs, at a time of its own."""

    services: Services
    folder: Path
    service: Service
    at: datetime = DAY
    waited: list[float] = field(default_factory=list[float])

    @property
    def part(self) -> SyncPart:
        secret = self.folder / "theirs.secret"
        if not secret.exists():
            create_secret(secret, f"{USER}:{SECRET}\n")
        return SyncPart(
            service=self.service, address=self.services.address, credentials_file=secret
        )

    @property
    def bank(self) -> BankFile:
        return BankFile(source="theirs", kind=Kind.CSAM, sync=self.part)

    @property
    def banks(self) -> SealedBanks:
        keys = self.folder / "keys"
        return open_banks(self.folder, keys, lambda: self.at, random, [self.bank])

    @property
    def syncing(self) -> Syncing:
        return Syncing(self.banks, lambda: self.at, self.waited.append)

    def sync(self, *, anew: bool = False) -> list[str]:
        """Sync, use what came, and return its PDQ hashes that match."""
        self.services.at = self.at
        self.syncing.run(self.bank, anew=anew)
        trial = Trial(benign=1, benign_matched=0, recent=0, recent_matched=0)
        activate(self.banks, "theirs", trial)
        return self.held()

    def held(self) -> list[str]:
        version = self.banks.catalogue().banks[0].current
        return sorted(
            entry.hash.hex()[:2]
            for entry in entries(self.banks, version)
            if entry.type is HashType.PDQ and entry.status is Status.ACTIVE
        )


@pytest.fixture
def office(desk: Services, tmp_path: Path, request: pytest.FixtureRequest) -> Office:
    """A new installation, and the service as it was in the beginning: five entries."""
    desk.entries = {f"e{number}": listed(number) for number in range(1, 6)}
    desk.fault = lambda _: None
    desk.asked.clear()
    return Office(desk, tmp_path, getattr(request, "param", Service.NCMEC))


both = pytest.mark.parametrize("office", SERVICES, indirect=True)


@both
def test_everything_comes_at_first_and_then_what_changed(office: Office) -> None:
    """Millions of hashes are not fetched every hour."""
    assert office.sync() == ["01", "02", "03", "04", "05"]
    first = len(office.services.asked)
    assert first == -(-5 // A_PAGE)

    office.at += timedelta(days=1)
    office.services.entries |= {
        "e2": Listed(office.at, {"pdq": pdq(2).hex()}, is_gone=True),
        "e6": listed(6, office.at),
    }
    assert office.sync() == ["01", "03", "04", "05", "06"]
    assert len(office.services.asked) == first + 1


@both
def test_what_was_said_of_an_entry_before_does_not_count_any_more(office: Office) -> None:
    """A fingerprint that was wrong is mended by saying the entry again."""
    office.sync()
    office.at += timedelta(days=1)
    mended = Listed(office.at, {"pdq": pdq(7).hex()})
    gone = Listed(office.at, {"pdq": pdq(1).hex()}, is_gone=True)
    is_ncmec = office.service is Service.NCMEC
    office.services.entries |= {"e1": mended} if is_ncmec else {"e1": gone, "e7": mended}

    assert office.sync() == ["02", "03", "04", "05", "07"]
    version = office.banks.catalogue().banks[0].current
    assert {e.entry_id for e in entries(office.banks, version) if e.hash == md5(1)} == set()


@both
@pytest.mark.parametrize("page", [1, 2, 3])
def test_nothing_is_taken_of_a_run_that_does_not_come_to_its_end(office: Office, page: int) -> None:
    """Entries come in no order: half of them is no list, and its end no place to go on from."""
    office.sync()
    before = office.banks.catalogue()
    office.at += timedelta(days=1)
    office.services.entries |= {f"n{number}": listed(number, office.at) for number in range(20, 25)}
    asked = len(office.services.asked)
    office.services.fault = lambda number: (403, {}, b"") if number == asked + page else None

    with pytest.raises(SyncError, match="status 403"):
        office.sync()

    assert office.banks.catalogue() == before
    office.services.fault = lambda _: None
    assert len(office.sync()) == 10


@both
def test_a_busy_service_is_asked_again_as_late_as_it_says(office: Office) -> None:
    """One that is not, is not: whose key is wrong is told at once."""
    office.services.fault = lambda number: (
        (503, {"Retry-After": "7"}, b"") if number == 1 else (429, {}, b"") if number == 2 else None
    )
    assert len(office.sync()) == 5
    assert office.waited == [7.0, WAITS[1]]

    office.services.fault = lambda _: (503, {"Retry-After": "86400"}, b"")
    with pytest.raises(SyncError, match="status 503"):
        office.syncing.run(office.bank)
    assert office.waited[2:] == [60.0] * len(WAITS)


@both
def test_an_answer_that_is_cut_short_is_asked_for_again(office: Office) -> None:
    """Half an answer may be whole XML less an entry; the length tells."""
    office.services.fault = lambda number: (
        (200, {"Content-Length": "100000"}, b"<queryResult") if number == 2 else None
    )

    assert len(office.sync()) == 5
    assert office.waited == [WAITS[0]]


def test_credentials_that_are_not_taken_are_told(office: Office) -> None:
    """And nothing of them."""
    (office.part.credentials_file).write_text("somebody:else\n")

    with pytest.raises(SyncError, match="status 401") as caught:
        office.syncing.run(office.bank)

    assert "else" not in str(caught.value)
    office.part.credentials_file.chmod(0o644)
    with pytest.raises(UnusableError, match="0600"):
        office.syncing.run(office.bank)


@both
def test_what_is_no_list_is_not_taken(office: Office) -> None:
    """What a hash is of that nobody can read is not known; nobody goes on without it."""
    office.services.fault = lambda number: (
        (200, {}, b"<html>sign in</html>") if number == 2 else None
    )
    with pytest.raises(BankFormatError):
        office.syncing.run(office.bank)

    office.services.fault = lambda _: None
    office.services.entries["e3"] = Listed(DAY - WEEK, {"pdq": "xyzzy"})
    with pytest.raises(BankFormatError, match="1 bad lines") as caught:
        office.syncing.run(office.bank)
    assert "xyzzy" not in str(caught.value)
    assert office.banks.catalogue().staged == ()


@pytest.mark.parametrize(
    "named",
    [
        "https://elsewhere.example/v2/entries?start=2",
        "//elsewhere.example/v2/entries?start=2",
        "@elsewhere.example/v2/entries?start=2",
        "/v2/status?x=1",
        "/v2/entries",
        "/../v2/entries?x=1",
    ],
)
def test_the_next_page_is_asked_of_the_service_alone(office: Office, named: str) -> None:
    """The credentials go with every question."""
    body = (
        '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">'
        f"<paging><next>{named}</next></paging></queryResult>"
    ).encode()
    office.services.fault = lambda _: (200, {}, body)

    with pytest.raises(SyncError, match="another address"):
        office.syncing.run(office.bank)
    assert len(office.services.asked) == 1


@both
def test_pages_that_go_round_end(office: Office) -> None:
    """One that names itself as the next would be asked for ever."""
    if office.service is Service.NCMEC:
        body = (
            '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">'
            "<paging><next>/v2/entries?start=2</next></paging></queryResult>"
        )
    else:
        body = (
            '{"hashRecords": [], "hasMoreRecords": true, "nextPageToken": "t2",'
            ' "nextSetTimestamp": 1767322984}'
        )
    office.services.fault = lambda _: (200, {}, body.encode())

    with pytest.raises(SyncError, match="the same one again"):
        office.syncing.run(office.bank)
    assert len(office.services.asked) == 2


@both
def test_a_bank_that_is_not_synced_is_stale_and_nobody_looks_there(office: Office) -> None:
    """A list of last year does not know what came since: nobody could look is not "no match"."""
    office.sync()
    asked = Asked(Use.OUTPUT, "harbour")
    opened = office.banks.opened()
    assert opened.stale == frozenset()
    assert opened.near(HashType.PDQ, _queries(pdq(1)), 0, asked)

    office.at += timedelta(hours=office.part.stale_after_hours)
    opened = office.banks.opened()
    assert opened.stale == {Kind.CSAM}
    assert not opened.near(HashType.PDQ, _queries(pdq(1)), 0, asked)
    assert standing(office.banks)["theirs"]["stale"]

    office.sync()  # nothing changed there: that is known now
    assert office.banks.opened().stale == frozenset()
    assert office.held() == ["01", "02", "03", "04", "05"]


def test_a_licence_that_ends_ends_it(office: Office) -> None:
    """However fresh the list is."""
    ends = DAY + timedelta(hours=3)
    part = office.part.model_copy(update={"expires_at": ends})
    bank = office.bank.model_copy(update={"sync": part})

    office.syncing.run(bank)

    waiting = office.banks.catalogue().waiting("theirs")
    assert waiting is not None
    assert waiting.version.terms.expires_at == ends


@pytest.mark.parametrize("office", [Service.STOPNCII], indirect=True)
def test_after_a_month_everything_is_fetched_anew(office: Office) -> None:
    """StopNCII does not say any more what was withdrawn so long ago."""
    office.sync()
    del office.services.entries["e1"]
    office.at += timedelta(days=31)

    assert office.sync() == ["02", "03", "04", "05"]


@both
def test_everything_can_be_fetched_anew(office: Office) -> None:
    """When somebody doubts it."""
    office.sync()
    del office.services.entries["e1"]
    office.at += timedelta(days=1)

    assert office.sync() == ["01", "02", "03", "04", "05"]
    assert office.sync(anew=True) == ["02", "03", "04", "05"]


def test_a_bank_without_a_service_is_not_synced(office: Office) -> None:
    """It would be emptied."""
    with pytest.raises(SyncError, match="`sync` in its settings"):
        office.syncing.run(BankFile(source="theirs", kind=Kind.CSAM))


def _queries(digest: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(digest, np.uint8)[None]
