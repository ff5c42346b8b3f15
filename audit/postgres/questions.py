"""Questions to the log's tables on PostgreSQL; every function but `drop` changes nothing."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from audit.entry import OUTCOMES, Kind, OpenSubmission
from audit.errors import UnusableError
from audit.merkle import (
    TILE_LEVELS,
    Edge,
    Span,
    consistency_spans,
    inclusion_spans,
    perfect_subtrees,
    span_root,
)
from audit.postgres.connection import Connection
from audit.seal import Keyed, Sealed
from audit.store import Row

_OPEN = """
SELECT submission, admitted, samples, closed, last FROM (
  SELECT submission,
    min(idx) FILTER (WHERE kind = 'admit') AS admitted,
    coalesce((array_agg(public -> 'samples' ORDER BY idx) FILTER (WHERE kind = 'admit'))[1]::int, 1)
      AS samples,
    coalesce(array_agg(DISTINCT coalesce((public -> 'sample')::int, 0))
      FILTER (WHERE kind = ANY($2)), '{}') AS closed,
    bool_or(kind = 'halted') AS halted,
    (array_agg(kind ORDER BY idx DESC))[1] AS last
  FROM (
    SELECT submission, idx, kind, audit.said(leaf) -> 'public' AS public
    FROM audit.entry WHERE submission IS NOT NULL AND idx < $1
  ) AS step
  GROUP BY submission
) AS way
WHERE admitted IS NOT NULL AND NOT halted AND cardinality(closed) < samples
ORDER BY admitted
"""

_BELOW = """
WITH node AS (SELECT * FROM unnest($1::int[], $2::bigint[], $3::bigint[])
  WITH ORDINALITY AS node(base, first, last, at))
SELECT at, idx, leaf_hash FROM node JOIN audit.entry ON idx >= first AND idx < last
  WHERE base = 0
UNION ALL
SELECT at, idx, leaf_hash FROM node JOIN audit.dropped ON idx >= first AND idx < last
  WHERE base = 0
UNION ALL
SELECT at, idx, hash FROM node JOIN audit.tile_node ON level = base AND idx >= first AND idx < last
  WHERE base > 0
ORDER BY 1, 2
"""


async def row_of(connection: Connection, entry_id: UUID) -> Row | None:
    """Return the entry with this id, if there is one."""
    found = await connection.fetchrow(
        "SELECT idx, entry_id, leaf, leaf_hash FROM audit.entry WHERE entry_id = $1", entry_id
    )
    return None if found is None else _row(found)


async def rows(connection: Connection, start: int, count: int) -> Sequence[Row]:
    """Return the entries from index `start` up, `count` at most, in order; none was dropped."""
    found = await connection.fetch(
        "SELECT idx, entry_id, leaf, leaf_hash FROM audit.entry"
        " WHERE idx >= $1 ORDER BY idx LIMIT $2",
        start,
        count,
    )
    return [_row(each) for each in found]


async def sealed_of(connection: Connection, entry_id: UUID) -> Sealed | None:
    """Return what lies encrypted beside an entry, unless it was erased."""
    found = await connection.fetchrow(
        "SELECT key_id, wrapped, nonce, ciphertext FROM audit.detail WHERE entry_id = $1", entry_id
    )
    return None if found is None else Sealed(*found)


async def of_submission(connection: Connection, submission: UUID) -> Sequence[Row]:
    """Return every entry that names this submission, in order."""
    found = await connection.fetch(
        "SELECT idx, entry_id, leaf, leaf_hash FROM audit.entry WHERE submission = $1 ORDER BY idx",
        submission,
    )
    return [_row(each) for each in found]


async def keyed(connection: Connection, after: UUID | None, count: int) -> Sequence[Keyed]:
    """Return which keys the details behind `after` have, `count` at most, by entry id."""
    found = await connection.fetch(
        "SELECT entry_id, key_id, wrapped FROM audit.detail"
        " WHERE $1::uuid IS NULL OR entry_id > $1 ORDER BY entry_id LIMIT $2",
        after,
        count,
    )
    return [Keyed(UUID(bytes=entry_id.bytes), *key) for entry_id, *key in found]


async def open_submissions(connection: Connection, size: int) -> Sequence[OpenSubmission]:
    """Return the submissions below `size` that were admitted and have not come to their end.

    One pass over every step: meant for start-up.
    """
    found = await connection.fetch(_OPEN, size, [each.value for each in OUTCOMES])
    return [
        OpenSubmission(UUID(str(each)), admitted, samples, frozenset(closed), Kind(last))
        for each, admitted, samples, closed, last in found
    ]


async def path_of(connection: Connection, index: int, size: int) -> tuple[bytes, ...]:
    """Return the hashes that prove entry `index` in the tree of `size`."""
    return await _roots(connection, inclusion_spans(index, size))


async def tile_of(connection: Connection, level: int, index: int, width: int) -> tuple[bytes, ...]:
    """Return the first `width` hashes of a tile of the tree, as far as they are there."""
    first = index << TILE_LEVELS
    found = await connection.fetch(_BELOW, [level * TILE_LEVELS], [first], [first + width])
    return tuple(each for _, _, each in found)


async def consistency_of(connection: Connection, first: int, second: int) -> tuple[bytes, ...]:
    """Return the hashes that prove the tree of size `first` a prefix of that of `second`."""
    return await _roots(connection, consistency_spans(first, second))


async def drop(connection: Connection, record: UUID, start: int, count: int) -> int:
    """Put hashes in the place of entries; return how many: see `audit.postgres.schema.DROP`."""
    ((went,),) = await connection.fetch(
        "SELECT audit.drop_entries($1, $2, $3)", record, start, count
    )
    return int(went)


async def root_at(connection: Connection, size: int) -> bytes:
    """Return the root that the log had at `size`, from the hashes it stores."""
    (root,) = await _roots(connection, [(0, size)])
    return root


async def _roots(connection: Connection, spans: Sequence[Span]) -> tuple[bytes, ...]:
    wanted = [each for span in spans for each in perfect_subtrees(span)]
    found = await _nodes(connection, wanted)
    return tuple(span_root(span, lambda level, index: found[level, index]) for span in spans)


async def _nodes(
    connection: Connection, wanted: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """Return the hashes of perfect subtrees, from those at the tile borders below them."""
    places = [(level, index, level - level % TILE_LEVELS) for level, index in wanted]
    first = [index << (level - base) for level, index, base in places]
    last = [(index + 1) << (level - base) for level, index, base in places]
    found = await connection.fetch(
        _BELOW,
        [base for _, _, base in places],
        first,
        last,
    )
    below: list[list[bytes]] = [[] for _ in places]
    for at, _, each in found:
        below[at - 1].append(each)
    for (level, index, base), hashes in zip(places, below, strict=True):
        if len(hashes) != 1 << (level - base):
            raise UnusableError("log", f"nodes are missing below level {level}, index {index}")
    return {
        (level, index): Edge().extended(hashes)[0].root()
        for (level, index, _), hashes in zip(places, below, strict=True)
    }


def _row(found: tuple[int, UUID, bytes, bytes]) -> Row:
    index, entry_id, leaf, leaf_hash = found
    return Row(index, entry_id.bytes, leaf, leaf_hash)
