"""Closes a shard when its period is over, and drops one when its days are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Json, Kind
from audit.errors import ConflictError
from audit.leaf import Leaf
from audit.log import Log
from audit.note import Note
from audit.shards import Shard, ShardEvent, Shards

LEAST_DAYS = 2555
"""No entry goes before this: it is how long the details of records are kept at least."""
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Sharding:
    """The log by periods. `days` is what the next closing publishes; earlier ones said their own.

    Several processes may do this at once: each step has one id, so that it is taken once.
    """

    log: Log
    now: Callable[[], datetime]
    period: timedelta
    days: int

    async def shards(self) -> Shards:
        """Return the shards as the log says them.

        Raises:
            MalformedError, UntrustedError, UnusableError: they cannot be read.
        """
        shards = Shards((await self.log.keys()).first.name)
        while (found := await self.log.receipt(shards.closing_id)) is not None:
            shards = shards.with_closed(found.index, Leaf.parse(found.leaf))
        while (found := await self.log.receipt(shards.dropping_id)) is not None:
            shards = shards.with_dropped(found.index, Leaf.parse(found.leaf))
        return shards

    async def close_if_due(self) -> Shard | None:
        """Close the shard that is open if its period is over; return it then.

        Raises:
            AuditError: it is open still, or nobody knows: ask again.
        """
        shards = await self.shards()
        if shards.all:
            began = shards.all[-1].closed_at
        else:
            began = datetime.fromisoformat(Leaf.parse((await self.log.entries(0, 1))[0].leaf).at)
        if self.now() < began + self.period:
            return None
        head = Checkpoint.parse(Note.parse(await self.log.newest()).text)
        public: dict[str, Json] = {
            "event": ShardEvent.CLOSED.value,
            "number": len(shards.all),
            "size": head.size,
            "root": head.root.hex(),
            "days": max(self.days, LEAST_DAYS),
        }
        try:
            await self.log.append(Entry(shards.closing_id, Kind.SHARD, self.now(), public))
        except ConflictError:  # another process was faster, and had come to another size
            return None
        return (await self.shards()).all[len(shards.all)]

    async def drop_due(self) -> int:
        """Drop every shard whose days are over; return how many entries went.

        What had to stay of earlier ones goes as well if it need not any more.

        Raises:
            AuditError: not all of them went: ask again.
        """
        shards = await self.shards()
        for shard in shards.all[len(shards.dropped) :]:
            if self.now() < shard.due_at:
                break
            public: dict[str, Json] = {
                "event": ShardEvent.DROPPED.value,
                "number": shard.number,
                "size": shard.size,
            }
            await self.log.append(Entry(shards.dropping_id, Kind.SHARD, self.now(), public))
            shards = await self.shards()
        if not shards.border:
            return 0
        record = shards.last_dropping_id
        gone = 0
        for start in range(0, shards.border, _AT_ONCE):
            gone += await self.log.drop(record, start, _AT_ONCE)
        return gone
