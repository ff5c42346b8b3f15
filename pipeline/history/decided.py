"""What was decided, with what it was decided over, page by page out of the log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from audit.entry import Entry, Kind, Receipt
from audit.errors import AbsentError, UntrustedError
from audit.leaf import Leaf
from audit.log import Log
from pipeline.items import Stage

PAGE: Final = 256
_DECIDED: Final = frozenset({Kind.ADMIT, Kind.HALTED, Kind.HELD, Kind.EXAMINED})


@dataclass(frozen=True, slots=True)
class Page:
    """Some decisions, and where the next ones begin."""

    decisions: tuple[Mapping[str, object], ...]
    next: int | None
    """The index at which to go on; None at the end."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Reads the log; each page leaves an entry before anything of it is opened."""

    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def size(self) -> int:
        """Return the size of the log: where a reading that begins now is to end."""
        newest = await self.log.tail(1)
        return newest[0].index + 1 if newest else 0

    async def first(self, size: int, since: datetime | None) -> int:
        """Return the index of the first entry that is not before `since`: times only grow."""
        low, high = 0, size
        while since is not None and low < high:
            middle = (low + high) // 2
            (entry,) = await self.log.entries(middle, 1)
            if datetime.fromisoformat(Leaf.parse(entry.leaf).at) < since:
                low = middle + 1
            else:
                high = middle
        return low

    async def page(self, start: int, size: int, person: str, count: int = PAGE) -> Page:
        """Read up to `count` entries from `start` on, none of them at `size` or after it.

        Raises:
            AuditError: they cannot be read, or that they are read cannot be written down.
        """
        found = await self.log.entries(start, min(count, max(size - start, 0)))
        entries = [each for each in found if each.index < size]
        access = Entry(
            self.new_id(),
            Kind.ACCESS,
            self.now(),
            {"event": "decisions.read", "count": len(entries)},
            {"person": person},
        )
        await self.log.append(access)
        made = [await _decision(self.log, each) for each in entries]
        end = entries[-1].index + 1 if entries else size
        decisions = tuple(each for each in made if each is not None)
        return Page(decisions, end if end < size else None)


async def _decision(log: Log, entry: Receipt) -> Mapping[str, object] | None:
    """Return what was decided by an entry, and over what; None if nobody decided there."""
    leaf = Leaf.parse(entry.leaf)
    said = leaf.public
    if leaf.kind not in _DECIDED or "action" not in said:
        return None
    if leaf.kind is Kind.HELD and said.get("stage") != Stage.SCREEN:
        return None  # the look at the picture is an entry of its own
    decision: dict[str, object] = {
        "entry": str(leaf.entry_id),
        "index": entry.index,
        "moment": "output" if leaf.kind is Kind.EXAMINED else "request",
        "tenant": said.get("tenant"),
        "policy_digest": said.get("policy_digest"),
        "action": said["action"],
        "code": said.get("code"),
    }
    return {**decision, **await _opened(log, leaf.entry_id)}


async def _opened(log: Log, entry: UUID) -> Mapping[str, object]:
    try:
        detail = await log.detail(entry)
    except AbsentError:
        return {"closed": "erased"}
    except UntrustedError:
        return {"closed": "untrusted"}
    told = {name: detail.detail.get(name) for name in ("facts", "findings")}
    return {"closed": "incomplete"} if None in told.values() else told
