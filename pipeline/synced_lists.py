"""Fetches what changed in a list that a service hands out, and makes the bank's next version of it.

NCMEC's hash sharing (version 2) and StopNCII both say what changed since a time, in pages and in no
order. So nothing is kept of a run that does not come to its last page: the version that is staged
then holds all rows, and says up to where its service was read. The next run begins there, and goes
back an hour: to read an entry twice changes nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from time import sleep
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx

from audit.keyfile import read_secret
from classifiers.errors import BankError
from classifiers.hash_bank_catalogue import Terms, Version
from classifiers.hash_bank_changes import Imported, stage
from classifiers.hash_bank_given import Given
from classifiers.hash_bank_ncmec import ncmec_page
from classifiers.hash_bank_rows import BadLine, BankFormatError, Page, take
from classifiers.hash_bank_stopncii import stopncii_page
from classifiers.hash_bank_store import SealedBanks
from pipeline.banks import naming
from pipeline.settings import BankFile, Service, SyncPart

OVERLAP: Final = timedelta(hours=1)
"""Clocks differ, and what is entered now may bear the time of a moment ago."""
LONGEST_GAP: Final = timedelta(days=30)
"""StopNCII forgets what was withdrawn before: after it everything is fetched anew."""
WAITS: Final = (1.0, 2.0, 4.0, 8.0)
_LONGEST_WAIT: Final = 60.0
_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_PAGES: Final = 200_000
_TIMEOUT: Final = httpx.Timeout(60.0)
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_OK: Final = 200
_BEGINNING: Final = "1970-01-01T00:00:00Z"
_FIRST_STAMP: Final = "10"
"""What StopNCII's own clients begin with."""


class SyncError(BankError):
    """The service did not hand out its list. The bank stays as it is."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What one run found."""

    rows: int
    """In the version that waits now."""
    changed: int
    """Entries that the service spoke of."""
    pages: int
    from_the_start: bool
    skipped: Mapping[str, int]


class _Pages(Protocol):
    """Asks one service for pages."""

    def first(self, since: str, now: datetime) -> str:
        """Return the address of the first page of what changed since a checkpoint, or of all."""
        ...

    def following(self, page: Page, asked: str) -> str:
        """Return the address of the page after one.

        Raises:
            SyncError: what the service names is not its own.
        """
        ...

    def read(self, text: str, given: Given) -> Page:
        """Read a page.

        Raises:
            BankFormatError: it is none.
        """
        ...

    def goes_on(self, checkpoint: str, now: datetime) -> bool:
        """Whether the service still knows what changed since a checkpoint."""
        ...


@dataclass(frozen=True, slots=True)
class _Ncmec:
    """Pages of `entries`; the next one is named from the address of the environment."""

    address: str

    def first(self, since: str, now: datetime) -> str:
        """Ask from an hour before the checkpoint until now, in UTC as its name says."""
        start = _written(_read(since) - OVERLAP) if since else _BEGINNING
        return f"{self.address}/v2/entries?from={start}&to={_written(now)}"

    def following(self, page: Page, asked: str) -> str:
        """Follow `next` within the service alone: credentials go with it."""
        del asked
        named = urlsplit(page.next)
        if named.scheme or named.netloc or named.path != "/v2/entries" or not named.query:
            raise SyncError("NCMEC: expected the next page of entries, got another address")
        return f"{self.address}{page.next}"

    def read(self, text: str, given: Given) -> Page:
        """Read XML."""
        return ncmec_page(text, given)

    def goes_on(self, checkpoint: str, now: datetime) -> bool:
        """It keeps what was deleted."""
        del checkpoint, now
        return True


@dataclass(frozen=True, slots=True)
class _StopNcii:
    """Pages of `FetchHashes`, each named by a token."""

    address: str

    def first(self, since: str, now: datetime) -> str:
        """Ask from an hour before the checkpoint, in seconds."""
        del now
        start = max(int(since) - int(OVERLAP.total_seconds()), 0) if since else _FIRST_STAMP
        return f"{self.address}/FetchHashes?startTimestamp={start}&pageSize=800"

    def following(self, page: Page, asked: str) -> str:
        """Ask the same with the token."""
        query = httpx.QueryParams({"nextPageToken": page.next})
        return f"{asked.partition('&nextPageToken=')[0]}&{query}"

    def read(self, text: str, given: Given) -> Page:
        """Read JSON."""
        return stopncii_page(text, given)

    def goes_on(self, checkpoint: str, now: datetime) -> bool:
        """It does for thirty days."""
        return now - datetime.fromtimestamp(int(checkpoint), UTC) < LONGEST_GAP


_PAGES: Mapping[Service, Callable[[str], _Pages]] = {
    Service.NCMEC: _Ncmec,
    Service.STOPNCII: _StopNcii,
}


@dataclass(frozen=True, slots=True)
class Syncing:
    """Syncs the banks of one installation. Blocks: for a command, never for the server."""

    banks: SealedBanks
    now: Callable[[], datetime]
    pause: Callable[[float], None] = sleep
    told: Callable[[int], None] = field(default=lambda _: None)
    """Learns how many entries were read so far."""

    def run(self, bank: BankFile, *, anew: bool = False) -> Synced:
        """Fetch what changed and stage the bank's next version; `anew` fetches everything.

        Raises:
            SyncError: the service does not hand it out.
            BankError: what came is no list, or the banks do not verify. Nothing is taken of it.
            UnusableError: others can read the file of the credentials.
            OSError: it cannot be read.
        """
        part = bank.sync
        if part is None:
            message = f"bank {bank.source}: expected `sync` in its settings, got none"
            raise SyncError(message)
        now, pages = self.now(), _PAGES[part.service](part.address.rstrip("/"))
        known = self.banks.catalogue().bank(bank.source)
        base = None if anew or known is None else _base(known.current, part, pages, now)
        given = Given(bank.source, now, naming(self.banks))
        changed: dict[str, tuple[str, ...]] = {}
        until, count = "", 0
        for page in self._pages(part, pages, given, base):
            until, count = page.until, count + 1
            changed.update({name: tuple(rows) for name, rows in page.entries.items()})
            self.told(len(changed))
        rows = chain(self._kept(base, changed), chain.from_iterable(changed.values()))
        listing = take(bank.source, enumerate(rows, 1))
        agreed = Terms() if known is None else known.current.terms
        terms = agreed.model_copy(update={"expires_at": _expires_at(part, now)})
        version = stage(
            self.banks,
            Imported(
                listing,
                bank.kind,
                own=False,
                file_digest=sha256("\n".join(sorted(changed)).encode()).hexdigest(),
                format=part.service,
                fetched_at=now,
                terms=terms,
                checkpoint=until or _written(now),
            ),
        )
        return Synced(version.entries, len(changed), count, base is None, dict(given.skipped))

    def _pages(
        self, part: SyncPart, pages: _Pages, given: Given, base: Version | None
    ) -> Iterator[Page]:
        """Yield every page; a bad line anywhere ends it all."""
        asking = pages.first("" if base is None else base.checkpoint, given.at)
        seen: set[str] = set()
        with _client(part) as http:
            while asking not in seen and len(seen) < _MOST_PAGES:
                seen.add(asking)
                page = pages.read(self._asked(http, asking, part), given)
                if page.bad:
                    raise BankFormatError(given.source, page.bad)
                yield page
                if not page.next:
                    return
                asking = pages.following(page, asking)
        message = f"{part.service}: expected a last page, got the same one again"
        raise SyncError(message)

    def _kept(self, base: Version | None, changed: Mapping[str, object]) -> Iterator[str]:
        """Yield the rows of a version but those of entries that were spoken of."""
        if base is not None:
            for line in self.banks.rows(base).decode().split("\r\n")[:-1]:
                if line.split(",", 2)[1] not in changed:
                    yield line

    def _asked(self, http: httpx.Client, address: str, part: SyncPart) -> str:
        """Return one page, asked for again while the service is busy.

        Raises:
            SyncError: it does not come.
        """
        got = ""
        for wait in (*WAITS, None):
            try:
                with http.stream("GET", address) as answer:
                    if answer.status_code == _OK:
                        return _text(answer, part)
                    got, least = f"status {answer.status_code}", _asked_to_wait(answer)
                    is_busy = answer.status_code in _BUSY
            except httpx.HTTPError as fault:
                got, least, is_busy = type(fault).__name__, 0.0, True
            if wait is None or not is_busy:
                break
            self.pause(max(wait, least))
        message = f"{part.service} at {part.address}: expected a page of its list, got {got}"
        raise SyncError(message)


def _base(version: Version, part: SyncPart, pages: _Pages, now: datetime) -> Version | None:
    """Return the version to which changes are added; None if everything is to be fetched."""
    ours = version.format == part.service and version.checkpoint
    return version if ours and pages.goes_on(version.checkpoint, now) else None


def _expires_at(part: SyncPart, now: datetime) -> datetime:
    """Return from when on the version is stale, which nobody may look in."""
    stale_at = now + timedelta(hours=part.stale_after_hours)
    return stale_at if part.expires_at is None else min(stale_at, part.expires_at)


def _client(part: SyncPart) -> httpx.Client:
    name, _, secret = read_secret(part.credentials_file).strip().partition(":")
    auth, headers = None, {"Accept-Encoding": "identity", "User-Agent": "imprimatur"}
    match part.service:
        case Service.NCMEC:
            auth = httpx.BasicAuth(name, secret)
        case Service.STOPNCII:
            headers |= {"Ocp-Apim-Subscription-Key": name, "x-functions-key": secret}
    return httpx.Client(
        auth=auth, headers=headers, timeout=_TIMEOUT, trust_env=False, follow_redirects=False
    )


def _text(answer: httpx.Response, part: SyncPart) -> str:
    read = bytearray()
    for piece in answer.iter_raw():
        read += piece
        if len(read) > _MOST_BYTES:
            message = f"{part.service}: expected pages of at most {_MOST_BYTES} bytes"
            raise SyncError(message)
    try:
        return read.decode("utf-8")
    except UnicodeDecodeError:
        raise BankFormatError(part.service, [BadLine(1, "expected UTF-8")]) from None


def _asked_to_wait(answer: httpx.Response) -> float:
    told = answer.headers.get("Retry-After", "")
    return min(float(told), _LONGEST_WAIT) if told.isascii() and told.isdigit() else 0.0


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(at: str) -> datetime:
    return datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
