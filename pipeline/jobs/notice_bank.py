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
from pipeline.duties.takedown.intake import Intake, rows_of
from pipeline.jobs.bank_desk import BankDesk
from pipeline.store.store import Store
from pipeline.store.takedowns import NoticeKind, Takedown, Taken

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


@dataclass(frozen=True, slots=True)
class NoticeDesk:
    """What people do with notices, wherever they do it."""

    intake: Intake
    bank: NoticeBank

    async def decide(
        self, notice: Takedown, taken: Taken, person: str, reason: str
    ) -> tuple[Takedown, int]:
        """Decide on a notice; return it, and how many rows are in its tenant's bank then.

        Raises:
            TakedownError: it was decided otherwise, or there is no reason.
            BankError: it is decided, and its bank is not made yet: the same again makes it.
            StoreError, AuditError: ask again.
        """
        notice, rows = await self.intake.decide(notice, taken, person, reason), 0
        if notice.taken is Taken.DOWN:
            rows = await self.bank.publish(notice.tenant, notice.kind, person)
        return notice, rows
