"""Shards: the log by periods. Each is closed on record, and dropped on record when its time is up.

There is one tree. A `shard` entry with the event `shard.closed` says how far it had come (`size`,
`root`), and publishes for how many days the entries before that stay. When they are over, another
with the event `shard.dropped` says so; then those entries go, and their hashes stay in their place.
So every root, checkpoint, anchor and proof of before still holds, and nothing can be put where they
were. What must go on standing stays: see `STAYS`.

The ids of these entries follow from the log's name and their number, as those of key changes do.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from audit.entry import Json, Kind
from audit.errors import MalformedError, UntrustedError
from audit.leaf import Leaf

STAYS = frozenset(
    map(
        Kind,
        ("genesis", "key_change", "shard", "config", "policy", "model", "bank", "legal_hold"),
    )
)
"""Kinds that are never dropped: whose log it is, and what may be in force for longer than a shard.

Entries with a living detail are not dropped either, nor the others of their submissions, nor those
of submissions that go on behind the shard: what stays of a submission is all of it.
"""


class ShardEvent(StrEnum):
    """What an entry says of a shard."""

    CLOSED = "shard.closed"
    DROPPED = "shard.dropped"


@dataclass(frozen=True, slots=True)
class Shard:
    """The entries from `first` up to `size`.

    `closed` and `dropped` are the indices of the entries that say so; `due_at` is when its entries
    may go, as the former published.
    """

    number: int
    first: int
    size: int
    root: bytes
    days: int
    closed: int
    closed_at: datetime
    due_at: datetime
    dropped: int | None = None
    dropped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shards:
    """Every shard that was closed, in order; those that were dropped are the first of them."""

    origin: str
    all: tuple[Shard, ...] = ()

    @property
    def dropped(self) -> tuple[Shard, ...]:
        """Those that were dropped."""
        return tuple(each for each in self.all if each.dropped is not None)

    @property
    def border(self) -> int:
        """The index below which entries may be gone."""
        return max((each.size for each in self.dropped), default=0)

    @property
    def end(self) -> int:
        """Where the shard begins that is not closed yet."""
        return self.all[-1].size if self.all else 0

    def knows(self, index: int) -> bool:
        """Whether the entry at this index closes or drops one of them."""
        return any(index in {each.closed, each.dropped} for each in self.all)

    @property
    def closing_id(self) -> UUID:
        """The id of the entry that closes the next shard."""
        return self._id(ShardEvent.CLOSED, len(self.all))

    @property
    def dropping_id(self) -> UUID:
        """The id of the entry that drops the oldest shard that is there."""
        return self._id(ShardEvent.DROPPED, len(self.dropped))

    @property
    def last_dropping_id(self) -> UUID:
        """The id of the entry that dropped a shard last; there MUST be one."""
        return self._id(ShardEvent.DROPPED, len(self.dropped) - 1)

    def with_closed(self, index: int, leaf: Leaf) -> "Shards":
        """Return them with the one that this entry closes.

        Raises:
            MalformedError, UntrustedError: it does not close the next shard.
        """
        said, number = _said(leaf, ShardEvent.CLOSED), len(self.all)
        size, days, root = (said.get(name) for name in ("size", "days", "root"))
        if not isinstance(size, int) or not isinstance(days, int) or not isinstance(root, str):
            raise MalformedError("shard", "a size, a root and days", "another form")
        after = self.all[-1].closed if self.all else 0
        if leaf.entry_id != self.closing_id or said.get("number") != number:
            raise UntrustedError("shard", f"the entry {index} does not close the shard {number}")
        if not self.end < size <= index or index <= after:
            raise UntrustedError("shard", f"the entry {index} closes what is not before it")
        at = datetime.fromisoformat(leaf.at)
        try:
            due_at = at + timedelta(days=days)
        except OverflowError as fault:
            raise MalformedError("shard", "days that a calendar has", days) from fault
        shard = Shard(number, self.end, size, bytes.fromhex(root), days, index, at, due_at)
        return replace(self, all=(*self.all, shard))

    def with_dropped(self, index: int, leaf: Leaf) -> "Shards":
        """Return them with the oldest one dropped that was there.

        Raises:
            MalformedError, UntrustedError: it does not drop that, or before its time.
        """
        said, number = _said(leaf, ShardEvent.DROPPED), len(self.dropped)
        if leaf.entry_id != self.dropping_id or said.get("number") != number:
            raise UntrustedError("shard", f"the entry {index} does not drop the shard {number}")
        if number == len(self.all) or self.all[number].closed >= index:
            raise UntrustedError("shard", f"the entry {index} drops what was not closed before it")
        shard, at = self.all[number], datetime.fromisoformat(leaf.at)
        if said.get("size") != shard.size or at < shard.due_at:
            raise UntrustedError("shard", f"the shard {number} was dropped before its time")
        gone = replace(shard, dropped=index, dropped_at=at)
        return replace(self, all=(*self.all[:number], gone, *self.all[number + 1 :]))

    def _id(self, event: ShardEvent, number: int) -> UUID:
        return uuid5(uuid5(NAMESPACE_URL, self.origin), f"{event}/{number}")


def shards_of(origin: str, find: Callable[[UUID], tuple[int, bytes] | None]) -> Shards:
    """Return the shards of a log; `find` gives index and leaf of an id.

    Raises:
        MalformedError, UntrustedError: one cannot be read, or cannot be followed.
    """
    shards = Shards(origin)
    while (found := find(shards.closing_id)) is not None:
        shards = shards.with_closed(found[0], Leaf.parse(found[1]))
    while (found := find(shards.dropping_id)) is not None:
        shards = shards.with_dropped(found[0], Leaf.parse(found[1]))
    return shards


def size_to_drop(leaf: bytes) -> int:
    """Return up to where a `shard.dropped` entry drops the log.

    Raises:
        MalformedError: it is none.
    """
    size = _said(Leaf.parse(leaf), ShardEvent.DROPPED).get("size")
    if not isinstance(size, int):
        raise MalformedError("shard", "a size", "none")
    return size


def _said(leaf: Leaf, event: ShardEvent) -> dict[str, Json]:
    if leaf.kind is not Kind.SHARD or leaf.public.get("event") != event:
        raise MalformedError("shard", event, f"{leaf.kind} {leaf.public.get('event')!r}")
    return dict(leaf.public)
