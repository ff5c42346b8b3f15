"""What a case is like: looked at once, when somebody takes it, so that earlier ones are found."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from classifiers import canonical, normalise
from classifiers.content import Image, Purpose
from classifiers.errors import ClassifierError
from classifiers.likeness import likeness
from classifiers.perceptual import Hashed, hashes_of
from pipeline.console.ordinary import Ordinary
from pipeline.errors import PipelineError
from pipeline.items import Stage
from pipeline.jobs.received import Received
from pipeline.jobs.recovery import UNFIT
from pipeline.novelai.limits import Limits
from pipeline.store.precedents import Precedent, Resemblance
from pipeline.store.store import Store
from pipeline.vault import Vault

_FAULTS = (PipelineError, ClassifierError, *UNFIT)


@dataclass(frozen=True, slots=True)
class Resembling:
    """Says what cases are like, and what was decided on what is nearly the same."""

    store: Store
    vault: Vault

    async def look(self, case: Ordinary, now: datetime) -> None:
        """Keep what a case is like. What cannot be looked at is like nothing, and that is told."""
        hold = case.hold
        if await self.store.precedents.of(hold.id) is not None:
            return
        try:
            words, picture = await self._words(case), await self._picture(case)
        except _FAULTS:
            return
        like = Resemblance(hold.id, hold.tenant, hold.submission, words, picture, now)
        await self.store.precedents.keep(like)

    async def precedents(self, case: Ordinary) -> tuple[Precedent, ...] | None:
        """Return decisions on what is nearly the same; None if nobody could compare."""
        like = await self.store.precedents.of(case.hold.id)
        return None if like is None else await self.store.precedents.nearest(like)

    async def _words(self, case: Ordinary) -> int:
        row = await self.store.submissions.get(case.hold.tenant, case.hold.submission)
        if row is None:
            return 0
        received = Received.read(await self.vault.look(row.vault_id))
        return await asyncio.to_thread(_like, received)

    async def _picture(self, case: Ordinary) -> int:
        if case.hold.stage is not Stage.EXAMINE or case.hold.index is None:
            return 0
        return await asyncio.to_thread(_hashed, await self.vault.look(case.hold.vault_id))


def _like(received: Received) -> int:
    return likeness(normalise.read(received.work(Limits()).prompt))


def _hashed(data: bytes) -> int:
    """Return a picture's PDQ hash as it stands; 0 of one with too little on it."""
    first, *_ = hashes_of(canonical.read(Image("output", 0, Purpose.OUTPUT, data)))
    return int.from_bytes(first.pdq[0].tobytes(), "big") if isinstance(first, Hashed) else 0
