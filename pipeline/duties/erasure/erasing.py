"""Erasure: what a submission, or all of a subject's, was made of is deleted, on record."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.errors import AbsentError
from audit.fields import MAX_ITEMS
from audit.leaf import Leaf
from pipeline.duties.erasure.errors import UnknownError
from pipeline.duties.erasure.keeping import Keeping, Kept, Thing
from pipeline.lineage import Lineage
from pipeline.store.erasures import ErasureRow
from pipeline.vault import Vault

DONE, REFUSED = "erasure.done", "erasure.refused"
ON_REQUEST: Final = "request"
"""The reason of an erasure that somebody asked for; the other is `retention`."""
_DRY_RUN = b'"kind":"dry_run"'
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be erased: some submissions of a tenant, or all that is a subject's."""

    tenant: str
    submissions: tuple[UUID, ...] = ()
    subject: str | None = field(default=None, repr=False)
    """The tenant's pseudonym of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What would be erased, or was: how many things and details, and what is kept back and why."""

    things: int
    details: int
    kept: Mapping[Kept, int]

    @property
    def refused(self) -> bool:
        """Whether nothing at all could be erased."""
        return self.things == 0


@dataclass(frozen=True, slots=True)
class Erasing:
    """Erases on request. What is kept back now is erased once nothing keeps it any more."""

    keeping: Keeping
    vault: Vault
    lineage: Lineage
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def plan(self, asked: Asked) -> Found:
        """Say what an erasure would do, and do nothing.

        Raises:
            UnknownError: nothing is known of what was named.
        """
        things, details, kept = 0, 0, Counter[Kept]()
        for known_as in await self._named(asked):
            thing = await self._thing(asked.tenant, known_as)
            if thing.kept is None:
                things, details = things + 1, details + len(await self.keeping.details(thing))
            else:
                kept[thing.kept] += 1
        return Found(things, details, kept)

    async def order(self, asked: Asked, ground: str, person: str) -> tuple[UUID, Found]:
        """Erase what may be erased; return the erasure's id and what it did.

        It is complete only when the period of the detail keys has ended (`Ending`).

        Raises:
            UnknownError: nothing is known of what was named.
            AuditError, PipelineError: it did not come to its end; upkeep goes on with it.
        """
        named, subject = await self._named(asked), None
        if asked.subject is not None:
            subject = self.keeping.fingerprint(asked.tenant, asked.subject)
        row = ErasureRow(
            self.new_id(), asked.tenant, subject, ground, person, self.now(), tuple(named)
        )
        async with self._turn:
            await self.keeping.store.erasures.order(row)
            found = await self._work(row)
            if found.refused:
                await self._refuse(row, found)
            if asked.subject and subject and Kept.LEGAL_HOLD not in found.kept:
                forgetting = self.keeping.store.forgetting
                await forgetting.subject(asked.tenant, subject, asked.subject)
        return row.id, found

    async def resume(self) -> None:
        """Erase what was kept back, or cut off, and is no more. For upkeep."""
        async with self._turn:
            for row in await self.keeping.store.erasures.all():
                if row.waiting:
                    await self._work(row)

    async def _work(self, row: ErasureRow) -> Found:
        things, details, kept = 0, 0, Counter[Kept]()
        for known_as in row.waiting:
            why = await self._erase(row, known_as)
            if isinstance(why, Kept):
                kept[why] += 1
            else:
                things, details = things + 1, details + why
        return Found(things, details, kept)

    async def _erase(self, row: ErasureRow, known_as: UUID) -> Kept | int:
        """Erase one thing, the entry first; return how many details it had, or why it is kept."""
        async with self.keeping.alone():
            thing = await self._thing(row.tenant, known_as)
            if thing.kept is not None:
                return thing.kept
            details = await self.keeping.details(thing)
            index = await self._append(row, thing, details)
        for vault_id in await self.keeping.store.forgetting.submission(known_as):
            await self.vault.destroy(vault_id)
        self.lineage.forget(row.tenant)
        await self.keeping.store.erasures.done(row.id, known_as, index, len(details))
        return len(details)

    async def _append(self, row: ErasureRow, thing: Thing, details: Sequence[UUID]) -> int:
        """Write down what is erased, which erases its details; return the newest entry's index.

        After a crash the details are gone already, and so is what there is to write down.
        """
        log, index = self.keeping.log, 0
        for number, at in enumerate(range(0, max(len(details), 1), MAX_ITEMS)):
            entry_id = uuid5(row.id, f"{thing.id}/{number}")
            receipt = await log.receipt(entry_id)
            if receipt is None or details:
                some = details[at : at + MAX_ITEMS]
                public = _public(row.tenant, thing, some)
                told: dict[str, Json] = {"erasure": str(row.id), "ground": row.ground}
                known_as = entry_id if receipt is None else self.new_id()
                personal: dict[str, str | bytes] = {"person": row.person}
                receipt = await log.append(
                    Entry(known_as, Kind.ERASE, self.now(), public, personal, told)
                )
            index = max(index, receipt.index)
        return index

    async def _refuse(self, row: ErasureRow, found: Found) -> None:
        """Write down that nothing was erased. Why not, only the detail says: it could tip off."""
        kept = {why.value: count for why, count in found.kept.items()}
        told: dict[str, Json] = {"erasure": str(row.id), "ground": row.ground, "kept": kept}
        public = {"event": REFUSED, "tenant": row.tenant, "reason": ON_REQUEST}
        entry_id, personal = uuid5(row.id, REFUSED), {"person": row.person}
        await self.keeping.log.append(
            Entry(entry_id, Kind.ERASE, self.now(), public, {**personal}, told)
        )

    async def _named(self, asked: Asked) -> list[UUID]:
        """Return every submission that is meant, and every entry that belongs to none.

        Raises:
            UnknownError: nothing is known of it.
        """
        named = dict.fromkeys(asked.submissions)
        for known_as in named:
            await self._thing(asked.tenant, known_as)
        if asked.subject is not None:
            subject = self.keeping.fingerprint(asked.tenant, asked.subject)
            forgetting = self.keeping.store.forgetting
            named |= dict.fromkeys(await forgetting.submissions_of(asked.tenant, subject))
            named |= dict.fromkeys(await self._dry_runs(asked.tenant, asked.subject))
        if not named:
            raise UnknownError("erasure", "a submission or subject that is known", "none")
        return [*named]

    async def _dry_runs(self, tenant: str, pseudonym: str) -> list[UUID]:
        """Return a subject's dry runs: only their details say whose, so it reads the whole log."""
        found: list[UUID] = []
        at = 0
        while page := await self.keeping.log.entries(at, _PAGE):
            at = page[-1].index + 1
            for leaf in (Leaf.parse(each.leaf) for each in page if _DRY_RUN in each.leaf):
                if leaf.public.get("tenant") == tenant and await self._is_of(leaf, pseudonym):
                    preserved = leaf.public.get("submission")
                    found.append(UUID(preserved) if isinstance(preserved, str) else leaf.entry_id)
        return found

    async def _is_of(self, leaf: Leaf, pseudonym: str) -> bool:
        if "subject" not in leaf.personal:
            return False
        try:
            return (await self.keeping.log.detail(leaf.entry_id)).personal["subject"] == pseudonym
        except AbsentError:  # erased already
            return False

    async def _thing(self, tenant: str, known_as: UUID) -> Thing:
        thing = await self.keeping.thing(tenant, known_as)
        if thing is None:
            raise UnknownError("submission", f"one of {tenant!r}", known_as)
        return thing


def _public(tenant: str, thing: Thing, details: Sequence[UUID]) -> dict[str, Json]:
    """Return what everybody may know: which entries, and of which submission. Never whose."""
    is_submission = any("submission" in leaf.public for leaf in thing.leaves)
    return {
        "event": DONE,
        "tenant": tenant,
        "reason": ON_REQUEST,
        "entries": [*map(str, details)],
        "count": len(details),
        **({"submission": str(thing.id)} if is_submission else {}),
    }
