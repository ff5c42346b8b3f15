"""Questions to the log's tables; every function takes a connection and changes nothing."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from uuid import UUID

from audit.entry import OUTCOMES, Kind, OpenSubmission
from audit.errors import UnusableError
from audit.merkle import (
    HASH_BYTES,
    TILE_LEVELS,
    Edge,
    NodeAt,
    consistency_spans,
    inclusion_spans,
    span_root,
)
from audit.seal import Keyed, Sealed
from audit.shards import STAYS
from audit.store import Row

_TO_DROP = """
SELECT idx, leaf_hash FROM entry AS each WHERE idx >= ? AND idx < ?
  AND kind NOT IN (SELECT value FROM json_each(?))
  AND NOT EXISTS (SELECT 1 FROM detail WHERE detail.entry_id = each.entry_id)
  AND (submission IS NULL OR NOT EXISTS (
    SELECT 1 FROM entry AS other LEFT JOIN detail ON detail.entry_id = other.entry_id
    WHERE other.submission = each.submission AND (other.idx >= ? OR detail.entry_id IS NOT NULL)))
ORDER BY idx
"""


def row_of(connection: sqlite3.Connection, entry_id: UUID) -> Row | None:
    """Return the entry with this id, if there is one."""
    found = connection.execute(
        "SELECT idx, entry_id, leaf, leaf_hash FROM entry WHERE entry_id = ?", (entry_id.bytes,)
    ).fetchone()
    return None if found is None else Row(*found)


def known(connection: sqlite3.Connection, entry_ids: Sequence[UUID]) -> list[Row]:
    """Return the entries with these ids, as many as there are, in any order."""
    marks = ",".join("?" * len(entry_ids))
    found = connection.execute(
        f"SELECT idx, entry_id, leaf, leaf_hash FROM entry WHERE entry_id IN ({marks})",  # noqa: S608 - marks
        [each.bytes for each in entry_ids],
    )
    return [Row(*each) for each in found]


def rows(connection: sqlite3.Connection, start: int, count: int) -> list[Row]:
    """Return the entries from index `start` up, `count` at most, in order; none was dropped."""
    found = connection.execute(
        "SELECT idx, entry_id, leaf, leaf_hash FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?",
        (start, count),
    )
    return [Row(*each) for each in found]


def dropped(connection: sqlite3.Connection, start: int, end: int) -> list[tuple[int, bytes]]:
    """Return index and hash of the entries from `start` up to `end` that were dropped, in order."""
    found = connection.execute(
        "SELECT idx, leaf_hash FROM dropped WHERE idx >= ? AND idx < ? ORDER BY idx", (start, end)
    )
    return [(index, hashed) for index, hashed in found]


def sealed_of(connection: sqlite3.Connection, entry_id: UUID) -> Sealed | None:
    """Return what lies encrypted beside an entry, unless it was erased."""
    found = connection.execute(
        "SELECT key_id, wrapped, nonce, ciphertext FROM detail WHERE entry_id = ?",
        (entry_id.bytes,),
    ).fetchone()
    return None if found is None else Sealed(*found)


def of_submission(connection: sqlite3.Connection, submission: UUID) -> list[Row]:
    """Return every entry that names this submission, in order."""
    found = connection.execute(
        "SELECT idx, entry_id, leaf, leaf_hash FROM entry INDEXED BY entry_submission"
        " WHERE submission = ? ORDER BY idx",
        (str(submission),),
    )
    return [Row(*each) for each in found]


def keyed(connection: sqlite3.Connection, after: UUID | None, count: int) -> list[Keyed]:
    """Return which keys the details behind `after` have, `count` at most, by entry id."""
    found = connection.execute(
        "SELECT entry_id, key_id, wrapped FROM detail WHERE entry_id > ? ORDER BY entry_id LIMIT ?",
        (after.bytes if after else b"", count),
    )
    return [Keyed(UUID(bytes=entry_id), *key) for entry_id, *key in found]


def to_drop(
    connection: sqlite3.Connection, size: int, start: int, count: int
) -> list[tuple[int, bytes]]:
    """Return index and hash of the entries that go with a log dropped up to `size`.

    Only those of the `count` indices from `start` up are looked at.
    """
    found = connection.execute(
        _TO_DROP, (start, min(start + count, size), json.dumps(sorted(STAYS)), size)
    )
    return [(index, hashed) for index, hashed in found]


def edge_of(connection: sqlite3.Connection) -> Edge:
    """Return the right edge that the state row holds.

    Raises:
        UnusableError: size, edge and root do not belong together.
    """
    found = connection.execute("SELECT size, root, edge FROM log_state").fetchall()
    if len(found) != 1:
        raise UnusableError("log", f"expected one state row, got {len(found)}")
    ((size, root, joined),) = found
    return edge_from(size, root, joined)


def edge_from(size: int, root: bytes, joined: bytes) -> Edge:
    """Return the right edge that these three columns describe.

    Raises:
        UnusableError: they do not belong together.
    """
    hashes = tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))
    edge = Edge(size, hashes)
    if len(hashes) != size.bit_count() or edge.root() != root:
        raise UnusableError("log", "the state's size, edge and root do not belong together")
    return edge


def nodes(connection: sqlite3.Connection) -> NodeAt:
    """Return a way to ask for the hash of any perfect subtree inside the log."""

    def node_at(level: int, index: int) -> bytes:
        base = level - level % TILE_LEVELS
        width = 1 << (level - base)
        hashes = _base_hashes(connection, base, index * width, width)
        if len(hashes) != width:
            raise UnusableError("log", f"nodes are missing below level {level}, index {index}")
        return Edge().extended(hashes)[0].root()

    return node_at


def root_at(connection: sqlite3.Connection, size: int) -> bytes:
    """Return the root that the log had at `size`, from the hashes it stores."""
    return span_root((0, size), nodes(connection))


def path_of(connection: sqlite3.Connection, index: int, size: int) -> tuple[bytes, ...]:
    """Return the hashes that prove entry `index` in the tree of `size`."""
    node_at = nodes(connection)
    return tuple(span_root(span, node_at) for span in inclusion_spans(index, size))


def consistency_of(connection: sqlite3.Connection, first: int, second: int) -> tuple[bytes, ...]:
    """Return the hashes that prove the tree of size `first` a prefix of that of `second`."""
    node_at = nodes(connection)
    return tuple(span_root(span, node_at) for span in consistency_spans(first, second))


def tile_of(
    connection: sqlite3.Connection, level: int, index: int, width: int
) -> tuple[bytes, ...]:
    """Return the first `width` hashes of a tile of the tree, as far as they are there."""
    return tuple(_base_hashes(connection, level * TILE_LEVELS, index << TILE_LEVELS, width))


def open_submissions(connection: sqlite3.Connection, size: int) -> list[OpenSubmission]:
    """Return the submissions below `size` that were admitted and have not come to their end.

    One pass over the index of submissions: meant for start-up.
    """
    found = connection.execute(
        "SELECT submission, group_concat(kind || ':' || idx) FROM entry INDEXED BY entry_submission"
        " WHERE submission IS NOT NULL AND idx < ? GROUP BY submission",
        (size,),
    )
    waiting: list[OpenSubmission] = []
    for submission, joined in found:
        steps = sorted((int(at), Kind(kind)) for kind, _, at in map(_parted, joined.split(",")))
        waiting.extend(_still_open(connection, UUID(submission), steps))
    return sorted(waiting, key=lambda each: each.admitted)


def _still_open(
    connection: sqlite3.Connection, submission: UUID, steps: list[tuple[int, Kind]]
) -> Iterator[OpenSubmission]:
    admitted = [index for index, kind in steps if kind is Kind.ADMIT]
    if not admitted or any(kind is Kind.HALTED for _, kind in steps):
        return
    samples = _public_count(connection, admitted[0], "samples", 1)
    outcomes = [index for index, kind in steps if kind in OUTCOMES]
    closed = frozenset(_public_count(connection, index, "sample", 0) for index in outcomes)
    if len(closed) < samples:
        yield OpenSubmission(submission, admitted[0], samples, closed, steps[-1][1])


def _parted(step: str) -> tuple[str, str, str]:
    return step.partition(":")


def _public_count(connection: sqlite3.Connection, index: int, key: str, otherwise: int) -> int:
    (leaf,) = connection.execute("SELECT leaf FROM entry WHERE idx = ?", (index,)).fetchone()
    return int(json.loads(leaf)["public"].get(key, otherwise))


def _base_hashes(connection: sqlite3.Connection, base: int, first: int, width: int) -> list[bytes]:
    if base == 0:
        found = connection.execute(
            "SELECT idx, leaf_hash FROM entry WHERE idx >= ?1 AND idx < ?2 UNION ALL"
            " SELECT idx, leaf_hash FROM dropped WHERE idx >= ?1 AND idx < ?2 ORDER BY idx",
            (first, first + width),
        )
    else:
        found = connection.execute(
            "SELECT idx, hash FROM tile_node WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx",
            (base, first, first + width),
        )
    return [each for _, each in found]
