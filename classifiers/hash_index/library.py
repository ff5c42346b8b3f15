"""A list of known hashes in a folder, searched by many processes while it changes.

    folder/list       which segments there are, which rows were withdrawn, and the newest rows
    folder/*.segment  rows that never change; all files are `sealed`

Before each search the list's first bytes are read again, which differ after every change: a row
that was added or withdrawn in any process counts from the next search on, in all of them. What does
not verify is an error at every search until it is mended, never an empty answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import BankError
from classifiers.hash_index import sealed, shared
from classifiers.hash_index.memory import HashIndex
from classifiers.hash_index.segment import Segment
from classifiers.hash_index.state import NAME, Listed, Part, State, packed, read

SUFFIX: Final = ".segment"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """One known hash that is near one of those asked for."""

    query: int
    distance: int
    """In bits, 0 to 256."""
    note: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The list as it was at one moment; nothing here changes."""

    identity: bytes = field(repr=False)
    state: State = field(repr=False)
    segments: Mapping[str, Segment] = field(repr=False)
    tail: tuple[Listed, ...] = field(repr=False)
    newest: HashIndex = field(repr=False)
    """The tail, to be searched."""

    def within(self, queries: NDArray[np.uint8], radius: int) -> Iterator[Found]:
        """Yield every hash at most `radius` bits from any of `queries` (q x 32)."""
        for part in self.state.parts:
            segment = self.segments[part.name]
            for match in segment.index.within(queries, radius):
                if match.row not in part.withdrawn:
                    yield Found(match.query, match.distance, segment.note(match.row))
        for match in self.newest.within(queries, radius):
            yield Found(match.query, match.distance, self.tail[match.row].note)


@final
class Library:
    """The list in `folder`, opened with the key of its owner (32 bytes).

    `memory` is a folder of a file system in memory, where the processes of this host share what
    they decrypted; with None each keeps its own. Safe to use from several threads.
    """

    def __init__(self, folder: Path, key: bytes, memory: Path | None = None) -> None:
        self.folder = folder
        self.key = key
        self._memory = memory
        self._lock = Lock()
        self._opened: Opened | None = None

    def __len__(self) -> int:
        return self.current().state.left

    def within(self, queries: NDArray[np.uint8], radius: int) -> list[Found]:
        """Return every known hash at most `radius` bits from any of `queries` (q x 32), as of now.

        Raises:
            BankError: a part of the list is missing or does not verify: nobody could look.
        """
        return list(self.current().within(queries, radius))

    def current(self) -> Opened:
        """Return the list as it is now; what did not change is not read again.

        Raises:
            BankError: as `within`.
        """
        with self._lock:
            for _ in range(_TRIES):
                identity = self._identity()
                if self._opened is None or self._opened.identity != identity:
                    opened = self._open(identity)
                    if opened is None:
                        continue
                    self._opened = opened
                return self._opened
        message = f"list {self.folder.name}: expected all of its segments"
        raise BankError(message)

    def close(self) -> None:
        """Let go of the memory; the last process that does takes it away."""
        with self._lock:
            self._opened = None
            shared.sweep(self._memory, ())

    def _identity(self) -> bytes:
        try:
            return sealed.identity(self.folder / NAME)
        except FileNotFoundError:
            message = f"list {self.folder.name}: expected its file, got none"
            raise BankError(message) from None

    def _open(self, identity: bytes) -> Opened | None:
        """Open what is new; None if a segment went meanwhile, as it does when some are merged."""
        state = read(self.folder, self.key)
        known = {} if self._opened is None else self._opened.segments
        try:
            segments = {p.name: known.get(p.name) or self._segment(p) for p in state.parts}
        except FileNotFoundError:
            return None
        self._opened = None
        shared.sweep(self._memory, segments)
        tail = state.tail
        return Opened(identity, state, segments, tail, HashIndex(packed(tail)))

    def _segment(self, part: Part) -> Segment:
        path = self.folder / f"{part.name}{SUFFIX}"
        size = sealed.length(path)
        memory = shared.opened(
            self._memory, part.name, size, lambda memory: sealed.read_into(path, self.key, memory)
        )
        segment = Segment.over(memory)
        if len(segment) != part.rows:
            message = f"segment {part.name}: expected {part.rows} rows, got {len(segment)}"
            raise BankError(message)
        return segment
