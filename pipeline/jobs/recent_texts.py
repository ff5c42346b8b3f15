"""The texts of requests whose pictures were released last: to try changes on."""

import asyncio
from dataclasses import dataclass

from classifiers import normalise
from classifiers.normalise import Reading
from pipeline.errors import PipelineError
from pipeline.jobs.received import Received
from pipeline.novelai.limits import Limits
from pipeline.store.store import Store
from pipeline.vault import Vault

RECENT = 48
"""Of how many pictures at most the requests are read: each is opened and read in all its views."""


@dataclass(frozen=True, slots=True)
class RecentTexts:
    """Opens what is still kept, for a moment; nothing of it is shown to anybody."""

    store: Store
    vault: Vault

    async def __call__(self) -> list[Reading]:
        """Return the texts of each request, in all their views."""
        rows = {
            (picture.tenant, picture.submission): None
            for picture in await self.store.pictures.newest_released(RECENT)
        }
        readings: list[Reading] = []
        for tenant, submission in rows:
            row = await self.store.submissions.get(tenant, submission)
            if row is None:
                continue
            try:
                received = Received.read(await self.vault.look(row.vault_id))
                work = await asyncio.to_thread(received.work, Limits())
            except PipelineError:
                continue  # it went meanwhile
            readings.append(await asyncio.to_thread(normalise.read, work.prompt))
        return readings
