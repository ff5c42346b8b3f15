"""Periods: the keys of details change, and what was erased before a change is gone for good.

`detail.key` holds the period's key; beside it, in `detail.wrapped`, lie the keys of the
details from earlier periods, wrapped under it. Turning to a new period goes so, and no other way:

1. `begin`     a new key is durable, and seals from here on; the old ones still open
2.             whoever turns waits until nothing that was sealed before is on its way any more
3. `rewrap`    the keys of all details that are still there are wrapped under the new key, durably
4. `destroy`   the old keys are overwritten and unlinked; whatever was erased before 2 is gone

A crash between two of them loses nothing: the next turn begins anew and destroys all older keys.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import final
from uuid import UUID

from audit import wrapped
from audit.entry import Entry
from audit.errors import AbsentError, UnusableError
from audit.keyfile import replace_secret
from audit.leaf import Leaf
from audit.seal import KEY_BYTES, Detail, DetailKeys, Keyed, Sealed, opened

KEY, WRAPPED = "detail.key", "detail.wrapped"
_NAMED = "p%Y%m%dT%H%M%S.%fZ"


@final
class PeriodKeys:
    """The keys of details in a folder, which other processes may turn as well. A `Sealing`."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Open them; make the first where there is none.

        Raises:
            UnusableError, MalformedError: the file is not one, or others can read it.
        """
        self._path, self._wrapped = folder / KEY, folder / WRAPPED
        if not self._path.exists():
            DetailKeys.create(self._path, _name(now))
        self._seen = self._stamp()
        self._keys = DetailKeys.load(self._path)

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return self._fresh().current

    @property
    def turning(self) -> bool:
        """Whether a turn was begun that did not come to its end."""
        return len(self._fresh().keys) > 1

    @property
    def since(self) -> datetime | None:
        """When the period began; None if its key is from before there were periods."""
        try:
            return datetime.strptime(f"{self.current}+0000", f"{_NAMED}%z")
        except ValueError:
            return None

    def seal(
        self, entry: Entry, salts: Mapping[str, bytes], written: bytes | None = None
    ) -> Sealed:
        """Encrypt what the leaf only commits to, with the period's key; see `Sealing`."""
        return self._fresh().seal(entry, salts, written)

    def open(self, sealed: Sealed, leaf: Leaf) -> Detail:
        """Decrypt what was not erased; see `Sealing`."""
        try:
            return self._open(sealed, leaf)
        except AbsentError:  # another process may just have turned
            return self._open(sealed, leaf)

    @contextmanager
    def alone(self) -> Generator[None]:
        """Be the only one to turn: a second turn at once would overwrite the first one's new key.

        Raises:
            UnusableError: another process turns just now.
        """
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _lock(folder)
            yield
        finally:
            os.close(folder)

    def begin(self, now: datetime) -> str:
        """Have a new key seal from here on; return its id. The first step of a turn."""
        keys, new = self._fresh(), _name(now)
        if new in keys.keys:
            raise UnusableError("detail keys", f"a period {new!r} has begun already")
        self._write(DetailKeys(new, {**keys.keys, new: os.urandom(KEY_BYTES)}))
        return new

    async def rewrap(self, living: AsyncIterable[Sequence[Keyed]]) -> int:
        """Wrap the keys of all details that are still there under the period's; return how many.

        `living` MUST be all of them, in the order of their ids, read after nothing that was sealed
        before `begin` is on its way any more. Those sealed since need no wrapping.
        """
        keys = self._fresh()
        with ExitStack() as stack:
            before = stack.enter_context(wrapped.reading(self._wrapped))
            return await wrapped.write(
                self._wrapped, keys.current, keys.keys[keys.current], _each(keys, before, living)
            )

    def destroy(self) -> tuple[str, ...]:
        """Destroy all keys but the one that seals; return their ids. The last step of a turn."""
        keys = self._fresh()
        with wrapped.reading(self._wrapped) as kept:
            if kept is None or kept.key_id != keys.current:
                raise UnusableError("detail keys", "the living are not wrapped under the new key")
        self._write(DetailKeys(keys.current, {keys.current: keys.keys[keys.current]}))
        return tuple(name for name in keys.keys if name != keys.current)

    def _open(self, sealed: Sealed, leaf: Leaf) -> Detail:
        with wrapped.reading(self._wrapped) as kept:  # before the keys: they are never older
            keys = self._fresh()
            keyed = Keyed(leaf.entry_id, sealed.key_id, sealed.wrapped)
            found = None if kept is None else _Kept(kept.key_id, kept.find)
            return opened(sealed, leaf, _key_of(keys, found, keyed))

    def _fresh(self) -> DetailKeys:
        """Return the keys as they are now, whoever turned last."""
        if (stamp := self._stamp()) != self._seen:
            self._keys, self._seen = DetailKeys.load(self._path), stamp
        return self._keys

    def _stamp(self) -> tuple[int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns

    def _write(self, keys: DetailKeys) -> None:
        replace_secret(self._path, keys.write())
        self._keys, self._seen = keys, self._stamp()


@dataclass(frozen=True, slots=True)
class _Kept:
    """The keys of earlier periods: under which key they are wrapped, and how one is found."""

    key_id: str
    find: Callable[[UUID, bytes], bytes | None]


async def _each(
    keys: DetailKeys, before: wrapped.Wrapped | None, living: AsyncIterable[Sequence[Keyed]]
) -> AsyncIterator[tuple[UUID, bytes]]:
    kept = None if before is None else _Kept(before.key_id, wrapped.Forward(before).find)
    async for page in living:  # a page at a time in a thread: there may be millions
        for each in await asyncio.to_thread(_of_page, keys, kept, page):
            yield each


def _of_page(
    keys: DetailKeys, kept: _Kept | None, page: Sequence[Keyed]
) -> list[tuple[UUID, bytes]]:
    found: list[tuple[UUID, bytes]] = []
    for each in page:
        if each.key_id != keys.current:
            with suppress(AbsentError):  # destroyed: it came back with a backup of the database
                found.append((each.entry_id, _key_of(keys, kept, each)))
    return found


def _key_of(keys: DetailKeys, kept: _Kept | None, keyed: Keyed) -> bytes:
    """Return the key of one record: from the file of the living, or from its own period."""
    if kept is not None:
        period_key = keys.keys.get(kept.key_id)
        if period_key is None:
            raise AbsentError("detail key", f"{kept.key_id!r} is not here")
        if (found := kept.find(keyed.entry_id, period_key)) is not None:
            return found
    return keys.key_of(keyed.entry_id, keyed.key_id, keyed.wrapped)


def _lock(folder: int) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise UnusableError("detail keys", "another process ends their period now") from fault


def _name(now: datetime) -> str:
    return now.strftime(_NAMED)
