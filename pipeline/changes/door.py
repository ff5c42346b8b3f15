"""The one door through which a change comes: tried, proposed, activated by a second person.

    propose:   try it, write it down, keep it
    activate:  another person; nothing it was tried against has changed; write it down; in force

Each step is an entry in the log before it takes effect. What is in force is read from app.db again
and again, so that it holds in every process on it, and counts only if the log has its entry.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID, uuid5

import structlog

from audit.entry import Entry, Json, Kind
from audit.errors import AuditError
from audit.leaf import Leaf
from audit.log import Log
from pipeline.errors import ChangeError, StoreError
from pipeline.store.changes import Change, ChangeKind, ChangeTable
from pipeline.telemetry.spacing import Spacing

_ENTRIES: Final = {
    ChangeKind.POLICY: Kind.POLICY,
    ChangeKind.BANK: Kind.BANK,
    ChangeKind.TERMS: Kind.MODEL,
    ChangeKind.MODEL: Kind.MODEL,
    ChangeKind.THRESHOLDS: Kind.MODEL,
}
"""What is written of each kind that has a door."""
DAYS: Final = 7.0
"""Of how many days what was decided is decided again, if nobody says."""
SELDOMEST: Final = timedelta(hours=1)
"""How often a failure that lasts is told in the end."""


_say = structlog.get_logger("changes")


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a version, and all that a change says of it."""

    name: str
    before: str | None
    after: str | None
    body: str | None = field(repr=False)
    before_body: str | None = field(repr=False)
    everywhere: bool
    milder: bool
    """Whether it may stop less than what is in force: then a way back takes two people, too."""
    basis: str
    report: Mapping[str, Json]


class Changeable(Protocol):
    """One kind of thing that can be changed while the gateway serves."""

    async def tried(self, body: str, days: float, person: str) -> Trial:
        """Check a version, and decide again what was decided in so many days by it.

        Raises:
            ChangeError, PolicyError: it cannot be used, and why.
        """
        ...

    async def tried_back(self, last: Change, person: str) -> Trial:
        """Try the version that `last`, which is in force, took the place of.

        It is replayed only where it may be milder: one that is not goes back at once.

        Raises:
            ChangeError, PolicyError: it cannot be used, and why.
        """
        ...

    async def shadowed(self, change: Change, person: str) -> Mapping[str, Json]:
        """Decide again by a proposed version what was decided since, and count; of no effect.

        Raises:
            ChangeError: it cannot be used any more.
        """
        ...

    async def basis(self) -> str:
        """Return the digest of all that is in force, against which a version is tried.

        It MUST change with whatever may make a trial say something else.
        """
        ...

    def take(self, activated: Sequence[Change], unproven: frozenset[str]) -> None:
        """Put in force what was activated, in that order; nothing of `unproven` may be used."""
        ...


@dataclass(slots=True)
class Door:
    """Where changes come through, one at a time."""

    table: ChangeTable
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    kinds: Mapping[ChangeKind, Changeable]
    _newest: int | None = None
    _proven: set[tuple[UUID, str, str | None]] = field(default_factory=set)
    _open: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(self) -> None:
        """Put in force what was activated. It MUST be called before anything is served.

        An activation whose entry is in the log, and which a crash kept from app.db, is finished.

        Raises:
            StoreError, AuditError: nobody knows what is in force: nothing may be served.
        """
        for change in await self.table.pending():
            receipt = await self.log.receipt(_activation(change.id))
            if receipt is not None:
                at = datetime.fromisoformat(Leaf.parse(receipt.leaf).at)
                await self.table.activate(change.id, "", at)
        await self.refresh()

    async def refresh(self) -> None:
        """Put in force what was activated meanwhile, here or in another process.

        Raises:
            StoreError, AuditError: nobody knows; what is in force stays so.
        """
        if await self.table.newest() == self._newest:
            return
        activated = await self.table.activated()
        for kind, what in self.kinds.items():
            own = [change for change in activated if change.kind is kind]
            last = {change.name: change for change in own}
            bad = [name for name, change in last.items() if not await self._is_proven(change)]
            what.take(own, frozenset(bad))
        self._newest = max((change.place or 0 for change in activated), default=0)

    async def run(self, every_seconds: float) -> None:
        """Look again and again what was activated elsewhere, until cancelled.

        While nobody can say, what is in force stays so.
        """
        tellings = Spacing(SELDOMEST)
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await self.refresh()
            except (StoreError, AuditError) as fault:
                kind = type(fault).__name__
                if tellings.is_due(kind, self.now()):
                    _say.error("changes not read", fault=kind)
            else:
                tellings = Spacing(SELDOMEST)

    async def propose(
        self, kind: ChangeKind, body: str, reason: str, person: str, days: float = DAYS
    ) -> Change:
        """Try a version and keep it, for a second person to activate.

        Raises:
            ChangeError, PolicyError: it cannot be proposed; nothing was.
            StoreError, AuditError: the same.
        """
        what = self._kind(kind)
        _named(person, reason)
        async with self._open:
            await self.refresh()
            trial = await what.tried(body, days, person)
            return await self._kept(kind, trial, reason, person, rolls_back=False)

    async def pending(self) -> Sequence[Change]:
        """Return what waits for a second person and can still be activated, oldest first."""
        await self.refresh()
        bases = {kind: await what.basis() for kind, what in self.kinds.items()}
        return [c for c in await self.table.pending() if c.basis == bases.get(c.kind)]

    async def shadow(self, change_id: UUID, person: str) -> Mapping[str, Json]:
        """Say what a proposed version would have made of all that was decided since.

        Nothing waits for it and nothing follows from it: it is what was found then, decided twice.

        Raises:
            ChangeError: there is no such proposal, or it cannot be used any more.
            StoreError, AuditError: nobody can say.
        """
        _named(person, "shadows")
        change = await self.table.get(change_id)
        if change is None or change.place is not None:
            raise ChangeError("there is no such proposal, or it was activated")
        return await self._kind(change.kind).shadowed(change, person)

    async def activated(self, kind: ChangeKind) -> Sequence[Change]:
        """Return what was activated of a kind, in that order.

        Raises:
            ChangeError: no such kind comes through.
        """
        self._kind(kind)
        return [change for change in await self.table.activated() if change.kind is kind]

    async def activate(self, change_id: UUID, person: str) -> Change:
        """Put a proposed version in force, as a second person.

        Raises:
            ChangeError: it may not be, and why: the same person, something else in force, unknown.
            StoreError, AuditError: it is not in force.
        """
        _named(person, "activates")
        async with self._open:
            await self.refresh()
            change = await self.table.get(change_id)
            if change is None or change.place is not None:
                raise ChangeError("there is no such proposal, or it was activated")
            if _same(change.person, person):
                raise ChangeError("you have proposed it: a second person has to activate it")
            if change.basis != await self._kind(change.kind).basis():
                raise ChangeError(
                    "what is in force, or who is served, has changed since it was tried: "
                    "propose it again"
                )
            return await self._activated(change, person)

    async def roll_back(self, kind: ChangeKind, name: str, reason: str, person: str) -> Change:
        """Go back to the version before the one in force.

        It is in force at once where it is surely nowhere milder; else it is proposed, and a second
        person activates it. `activated_by` of what is returned tells.

        Raises:
            ChangeError, PolicyError: there is no way back, and why; nothing was done.
            StoreError, AuditError: the same.
        """
        what = self._kind(kind)
        _named(person, reason)
        async with self._open:
            await self.refresh()
            history = [c for c in await self.table.activated() if c.kind is kind and c.name == name]
            if not history:
                message = f"nothing of the name {name!r} was activated here"
                raise ChangeError(message)
            trial = await what.tried_back(history[-1], person)
            change = await self._kept(kind, trial, reason, person, rolls_back=True)
            return change if change.milder else await self._activated(change, person)

    async def _kept(
        self, kind: ChangeKind, trial: Trial, reason: str, person: str, *, rolls_back: bool
    ) -> Change:
        change = Change(
            id=self.new_id(),
            kind=kind,
            name=trial.name,
            before=trial.before,
            after=trial.after,
            body=trial.body,
            before_body=trial.before_body,
            everywhere=trial.everywhere,
            milder=trial.milder,
            basis=trial.basis,
            report=trial.report,
            reason=reason,
            person=person,
            proposed_at=self.now(),
            rolls_back=rolls_back,
        )
        detail: dict[str, Json] = {
            "report": dict(change.report),
            "body": change.body,
            "milder": change.milder,
        }
        await self._write(change, change.id, "proposed", person, detail)
        await self.table.propose(change)
        return change

    async def _activated(self, change: Change, person: str) -> Change:
        event = "rolled_back" if change.rolls_back else "activated"
        detail: dict[str, Json] = {"report": dict(change.report), "proposed_by": change.person}
        await self._write(change, _activation(change.id), event, person, detail)
        if not await self.table.activate(change.id, person, self.now()):
            raise ChangeError("somebody else has just activated it")
        await self.refresh()
        done = await self.table.get(change.id)
        return change if done is None else done

    async def _write(
        self, change: Change, entry: UUID, event: str, person: str, detail: Mapping[str, Json]
    ) -> None:
        public: dict[str, Json] = {
            "event": f"{change.kind}.{event}",
            "name": change.name,
            "trace": str(change.id),
        }
        digests = {"before": change.before, "after": change.after}
        public |= {name: digest for name, digest in digests.items() if digest is not None}
        turned = change.report.get("turned")
        if isinstance(turned, int):
            public["count"] = turned
        personal = {"person": person, "reason": change.reason}
        kind = _ENTRIES[change.kind]
        await self.log.append(Entry(entry, kind, self.now(), public, personal, detail))

    async def _is_proven(self, change: Change) -> bool:
        """Whether the log says that this very version was activated."""
        version = change.id, change.name, change.after
        if version not in self._proven:
            receipt = await self.log.receipt(_activation(change.id))
            if receipt is None:
                return False
            leaf = Leaf.parse(receipt.leaf)
            said = change.id, leaf.public.get("name"), leaf.public.get("after")
            if leaf.kind is not _ENTRIES[change.kind] or said != version:
                return False
            self._proven.add(version)
        return True

    def _kind(self, kind: ChangeKind) -> Changeable:
        if kind not in self.kinds:
            known = ", ".join(self.kinds)
            message = f"no {kind} comes through this door yet; what does: {known}"
            raise ChangeError(message)
        return self.kinds[kind]


def _activation(change: UUID) -> UUID:
    """Return the one id that the entry of an activation can have."""
    return uuid5(change, "activated")


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _named(person: str, reason: str) -> None:
    if not person.strip() or not reason.strip():
        raise ChangeError("say who you are, and give a reason")
