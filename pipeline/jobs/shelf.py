"""The shelf: released pictures, opened again for whom they were made, with an entry each time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.entry import Entry, Kind, Receipt, entry_id
from audit.log import Log
from pipeline.items import Marked, Sealed
from pipeline.jobs.restore import seen
from pipeline.stages.release import Release
from pipeline.store.pictures import Picture, PictureState
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture and the receipt of this opening."""

    picture: Marked
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Shelf:
    """Opens what was released, for its tenant."""

    release: Release
    store: Store
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def find(self, tenant: str, submission: UUID, index: int) -> Picture | None:
        """Return what is known of a tenant's picture."""
        pictures = await self.store.pictures.of(tenant, submission)
        return next((picture for picture in pictures if picture.index == index), None)

    async def open(self, picture: Picture) -> Opened | None:
        """Open a released picture; None if it was not released, or is kept no longer.

        The log has the last word: without its `release` entry nothing is opened.

        Raises:
            AuditError, VaultError, StoreError, MarkingError, TimeoutError: it cannot be opened now.
        """
        if picture.state is not PictureState.RELEASED:
            return None
        examined = await self._released(picture)
        if examined is None:
            return None
        sealed = Sealed(picture.vault_id, picture.index, picture.sha256)
        marked = await self.release.open(sealed, examined, picture.tenant)
        entry = Entry(
            self.new_id(),
            Kind.ACCESS,
            self.now(),
            {
                "submission": str(picture.submission),
                "sample": picture.index,
                "tenant": picture.tenant,
                "event": "picture.reopened",
            },
            {"sha256": marked.sha256},
        )
        return Opened(marked, await self.log.append(entry))

    async def _released(self, picture: Picture) -> Receipt | None:
        """Return the receipt of the examination that a release followed, and no withdrawal did."""
        row = await self.store.submissions.get(picture.tenant, picture.submission)
        if row is None:
            return None
        attempt, examined = 0, None
        while look := await seen(self.log, row, attempt):
            if await self._has(row, Kind.WITHHOLD, picture.index, attempt):
                return None  # with a sibling, after it was released
            if picture.index in look and await self._has(row, Kind.RELEASE, picture.index, attempt):
                examined = look[picture.index]
            attempt += 1
        return examined

    async def _has(self, row: SubmissionRow, kind: Kind, index: int, attempt: int) -> bool:
        return await self.log.receipt(entry_id(row.id, kind, index, attempt)) is not None
