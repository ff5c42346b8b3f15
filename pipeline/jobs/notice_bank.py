"""The hashes of what was taken down, as banks of its tenant: they stop uploads, and are marked.

A bank is made anew from all notices by which something was taken down: to do it twice is to do it
once, and a crash in between leaves the one before.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from classifiers import hash_bank_changes, hash_bank_csv
from classifiers.hash_bank import Bank, Kind
from classifiers.hash_bank_catalogue import Terms
from classifiers.hash_bank_changes import Imported
from classifiers.hash_bank_rows import take
from pipeline.duties.takedown.intake import rows_of
from pipeline.jobs.bank_desk import BankDesk
from pipeline.store.store import Store
from pipeline.store.takedowns import NoticeKind

_OF = {
    NoticeKind.TAKE_IT_DOWN: (Kind.NCII, (NoticeKind.TAKE_IT_DOWN,)),
    NoticeKind.ARTICLE_16: (Kind.BLOCKED, (NoticeKind.ARTICLE_16, NoticeKind.TRUSTED_FLAGGER)),
    NoticeKind.TRUSTED_FLAGGER: (
        Kind.BLOCKED,
        (NoticeKind.ARTICLE_16, NoticeKind.TRUSTED_FLAGGER),
    ),
}
_EVERYTHING = 1.0
"""What was taken down may have been released here: that it matches is what is wanted."""


@dataclass(frozen=True, slots=True)
class NoticeBank:
    """Makes the banks of notices."""

    store: Store
    desk: BankDesk
    now: Callable[[], datetime]

    async def publish(self, tenant: str, kind: NoticeKind, person: str) -> int:
        """Use what a tenant's notices say from now on; return how many rows that are.

        Raises:
            BankError: it cannot be made, or two people change this bank: its version waits.
        """
        meant, kinds = _OF[kind]
        name = f"notices-{meant.value}-{tenant}"
        rows = [
            row
            for notice in await self.store.takedowns.down(tenant, kinds)
            for row in rows_of(name, str(notice.id), notice.hashes, notice.received_at)
        ]
        if not rows:
            return 0
        await asyncio.to_thread(self._stage, Bank(name, meant, tuple(rows), self.now()), tenant)
        return (await self.desk.use(name, person, _EVERYTHING)).entries

    def _stage(self, bank: Bank, tenant: str) -> None:
        data = hash_bank_csv.write(bank)
        listing = take(bank.source, hash_bank_csv.read(data.decode(), bank.source))
        terms = Terms(licensee=tenant, tenants=frozenset({tenant}))
        digest, at = sha256(data).hexdigest(), bank.fetched_at
        imported = Imported(
            listing=listing,
            kind=bank.kind,
            own=True,
            file_digest=digest,
            format="notices",
            fetched_at=at,
            terms=terms,
        )
        hash_bank_changes.stage(self.desk.banks, imported)
