"""Retention: details that are older than their class allows are erased, on record.

A class is walked for behind a mark of its own, so each entry is looked at once. The mark stops at
the first entry that is kept back, and goes on from there the next time.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from audit.entry import Entry, Kind, Receipt
from audit.fields import MAX_ITEMS, write_time
from audit.leaf import Leaf
from pipeline.duties.erasure.erasing import DONE
from pipeline.duties.erasure.keeping import ABOUT_CONTENT, Keeping, Kept, Thing

RETENTION = "retention"
EVERY = timedelta(days=1)
_DECISIONS = frozenset(map(Kind, ("ruling", "case", "notice", "appeal", "report", "takedown")))


class Class(StrEnum):
    """For how long the detail of an entry is kept."""

    ALLOWED = "allowed"
    """Requests that were given a picture, and dry runs that passed: what was seen in them."""
    REFUSED = "refused"
    """Requests that were refused or withheld: what an appeal needs."""
    DECISIONS = "decisions"
    """Rulings, notices, appeals and reports: by whom, and why."""
    RECORDS = "records"
    """Everything else: accesses, exports, holds, erasures, changes: by whom."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a walk found of one class: how many details were due, and which were kept back, why."""

    due: int
    kept: Mapping[Kept, int]


@dataclass(slots=True)
class _Walk:
    """One class's way through the log."""

    of: Class
    until: str
    at: int
    """The entry to look at next."""
    pinned: int | None = None
    """The first entry that was kept back: the next walk begins there."""
    due: int = 0
    kept: Counter[Kept] = field(default_factory=Counter[Kept])
    ended: bool = False


@dataclass(slots=True)
class Retaining:
    """Erases by the calendar. What is in custody is never erased so."""

    keeping: Keeping
    terms: Mapping[Class, timedelta]
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _ran: datetime | None = None

    async def run(self, *, dry: bool) -> Mapping[Class, Counted]:
        """Erase what is due, or only count it if `dry`; return what was found of each class.

        Raises:
            AuditError, PipelineError: it did not come to its end; the next walk goes on.
        """
        async with self._turn:
            marks = await self.keeping.store.erasures.marks()
            found: dict[Class, Counted] = {}
            for of, kept_for in self.terms.items():
                walk = _Walk(of, write_time(self.now() - kept_for), marks.get(of, 0))
                while not walk.ended:
                    await self._step(walk, dry=dry)
                found[of] = Counted(walk.due, dict(walk.kept))
            return found

    async def run_if_due(self) -> None:
        """Erase what is due, once a day. For upkeep."""
        if self._ran is None or self._ran + EVERY <= self.now():
            await self.run(dry=False)
            self._ran = self.now()

    async def _step(self, walk: _Walk, *, dry: bool) -> None:
        """Look at a page, and erase what is due of it."""
        page = await self.keeping.log.entries(walk.at, MAX_ITEMS)
        async with self.keeping.alone():  # no hold comes between the look and the entry
            due = await self._due(walk, page)
            if due and not dry:
                await self._append(walk.of, due)
        walk.due += len(due)
        if not dry:
            mark = walk.at if walk.pinned is None else walk.pinned
            await self.keeping.store.erasures.mark(walk.of, mark)

    async def _due(self, walk: _Walk, page: Sequence[Receipt]) -> list[UUID]:
        due: list[UUID] = []
        things: dict[UUID, Thing | None] = {}
        for receipt in page:
            leaf = Leaf.parse(receipt.leaf)
            if leaf.at > walk.until:
                walk.ended = True
                return due
            walk.at = receipt.index + 1
            if leaf.sealed and _may_be(leaf, walk.of):
                thing = await self._thing(leaf, things)
                if _class_of(leaf, thing) is walk.of and await self._is_there(leaf):
                    kept = await self._kept(leaf, thing)
                    if kept is None:
                        due.append(leaf.entry_id)
                    else:
                        _keep(walk, kept, receipt.index)
        walk.ended = not page
        return due

    async def _is_there(self, leaf: Leaf) -> bool:
        return await self.keeping.log.has_detail(leaf.entry_id)

    async def _thing(self, leaf: Leaf, things: dict[UUID, Thing | None]) -> Thing | None:
        """Return what an entry is of: its submission, or itself if it is a dry run."""
        tenant, submission = leaf.public.get("tenant"), leaf.public.get("submission")
        of_submission = isinstance(submission, str)
        if not isinstance(tenant, str) or not (of_submission or leaf.kind in ABOUT_CONTENT):
            return None
        known_as = UUID(str(submission)) if of_submission else leaf.entry_id
        if known_as not in things:
            things[known_as] = await self.keeping.thing(tenant, known_as)
        return things[known_as]

    async def _kept(self, leaf: Leaf, thing: Thing | None) -> Kept | None:
        if thing is not None:
            return thing.kept
        tenant = leaf.public.get("tenant")
        covers = self.keeping.store.legal_holds.covers
        held = isinstance(tenant, str) and await covers(tenant, None, None)
        return Kept.LEGAL_HOLD if held else None

    async def _append(self, of: Class, due: Sequence[UUID]) -> None:
        public = {
            "event": DONE,
            "reason": RETENTION,
            "class": of.value,
            "entries": [*map(str, due)],
            "count": len(due),
        }
        await self.keeping.log.append(Entry(self.new_id(), Kind.ERASE, self.now(), public))


def _keep(walk: _Walk, kept: Kept, index: int) -> None:
    """Count what is kept back; what may be due later is looked at again."""
    walk.kept[kept] += 1
    if kept is not Kept.CUSTODY and walk.pinned is None:
        walk.pinned = index


def _may_be(leaf: Leaf, of: Class) -> bool:
    return (leaf.kind in ABOUT_CONTENT) == (of in {Class.ALLOWED, Class.REFUSED})


def _class_of(leaf: Leaf, thing: Thing | None) -> Class:
    if leaf.kind in ABOUT_CONTENT:
        return Class.ALLOWED if thing is not None and thing.released else Class.REFUSED
    return Class.DECISIONS if leaf.kind in _DECISIONS else Class.RECORDS
