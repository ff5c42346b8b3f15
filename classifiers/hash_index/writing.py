"""Changes a list of known hashes while others search it.

New rows go to the tail, which is small; a tail that is full becomes a segment, together with the
segments that are not much larger. So a row is written again a few times in all, and a search meets
a few segments. One process writes at a time; the others wait.
"""

import fcntl
import os
import secrets
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_index import sealed, state
from classifiers.hash_index.library import SUFFIX, Library, Opened
from classifiers.hash_index.segment import content, content_of
from classifiers.hash_index.state import Listed, Part, State, packed

TAIL = 2048
"""Rows; the tail is read anew by every process after every change."""
_FEWER = 3
"""A segment with fewer rows than this many times the new ones is merged with them."""
_LOCK = "lock"


def create(folder: Path, key: bytes) -> None:
    """Make an empty list.

    Raises:
        FileExistsError: there is one.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(folder):
        if (folder / state.NAME).exists():
            raise FileExistsError(folder.name)
        state.write(folder, key, State())


def fill(
    library: Library,
    hashes: NDArray[np.uint8],
    notes: NDArray[np.uint8],
    lengths: NDArray[np.int64],
) -> None:
    """Make a list of n x 32 bytes at once; the notes are in UTF-8, one after another.

    Raises:
        FileExistsError: there is one.
    """
    create(library.folder, library.key)
    if len(hashes) <= TAIL:
        ends = np.cumsum(lengths)
        said = notes.tobytes()
        add(
            library,
            [
                Listed(one.tobytes(), said[end - length : end].decode())
                for one, end, length in zip(hashes, ends, lengths, strict=True)
            ],
        )
        return
    name = secrets.token_hex(16)
    sealed.write(
        library.folder / f"{name}{SUFFIX}", library.key, content_of(hashes, notes, lengths)
    )
    state.write(library.folder, library.key, State.of((Part(name=name, rows=len(hashes)),), ()))


def add(library: Library, rows: Sequence[Listed]) -> None:
    """Add rows; once this returns every search finds them, in every process.

    Raises:
        BankError: the list does not verify.
    """
    with alone(library.folder):
        now = library.current()
        tail = (*now.tail, *rows)
        if len(tail) <= TAIL:
            changed = State.of(now.state.parts, tail)
        else:
            changed = _merged(library, now, tail)
        state.write(library.folder, library.key, changed)
        _tidy(library.folder, changed)


def withdraw(library: Library, rows: Collection[Listed]) -> int:
    """Take rows out, by hash and note; return how many there were.

    Once this returns no search finds them, in any process.

    Raises:
        BankError: the list does not verify.
    """
    gone = frozenset(rows)
    with alone(library.folder):
        now = library.current()
        parts = (_without(now, part, gone) for part in now.state.parts)
        tail = (row for row in now.tail if row not in gone)
        changed = State.of(parts, tail)
        state.write(library.folder, library.key, changed)
    return now.state.left - changed.left


def _without(now: Opened, part: Part, gone: frozenset[Listed]) -> Part:
    segment = now.segments[part.name]
    asked = sorted(gone, key=lambda row: row.hash)
    same = segment.index.within(packed(asked), 0)
    found = {match.row for match in same if segment.note(match.row) == asked[match.query].note}
    return part.model_copy(update={"withdrawn": part.withdrawn | found})


def _merged(library: Library, now: Opened, tail: Sequence[Listed]) -> State:
    """Write one segment of the tail, of all that is small beside it, and of what is half gone."""
    hashes = [packed(tail)]
    notes = [row.note for row in tail]
    kept: list[Part] = []
    for part in sorted(now.state.parts, key=lambda part: part.rows):
        if part.left >= max(_FEWER * len(notes), part.rows // 2):
            kept.append(part)
            continue
        segment = now.segments[part.name]
        left = np.setdiff1d(np.arange(part.rows), sorted(part.withdrawn))
        hashes.append(segment.hashes()[left])
        notes += [segment.note(int(row)) for row in left]
    name = secrets.token_hex(16)
    made = content(np.vstack(hashes), notes)
    sealed.write(library.folder / f"{name}{SUFFIX}", library.key, made)
    return State.of((*kept, Part(name=name, rows=len(notes))), ())


def _tidy(folder: Path, now: State) -> None:
    """Take away the segments that are no part of the list; who has one open keeps its memory."""
    names = {f"{part.name}{SUFFIX}" for part in now.parts}
    for path in (*folder.glob(f"*{SUFFIX}"), *folder.glob(f".*{SUFFIX}.*")):
        if path.name not in names:
            path.unlink()


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Be the only process that changes what is in a folder; the others wait."""
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
