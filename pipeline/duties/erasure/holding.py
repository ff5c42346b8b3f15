"""Legal holds: placed and lifted on record, and read back from the log if app.db is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.errors import AbsentError
from audit.leaf import Leaf
from pipeline.duties.erasure.errors import UnknownError
from pipeline.duties.erasure.keeping import Keeping
from pipeline.store.legal_holds import LegalHold

PLACED, LIFTED = "hold.placed", "hold.released"
_LEGAL_HOLD = b'"kind":"legal_hold"'
_PAGE = 500
_NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class Over:
    """What a hold stands over: a submission, a subject, or all that a tenant's users did."""

    tenant: str
    submission: UUID | None = None
    subject: str | None = field(default=None, repr=False)
    """The tenant's pseudonym of it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Places holds and lifts them.

    A hold stands before its entry is written, and until after the entry of its end: a crash leaves
    one that is too strong, never one that is missing.
    """

    keeping: Keeping
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def place(self, over: Over, reason: str, person: str) -> LegalHold:
        """Have something kept until further notice.

        Raises:
            UnknownError: there is no such tenant, or it has no such submission.
            AuditError: the hold stands, and is not on record: place it again.
        """
        await self._require_known(over)
        subject = over.subject and self.keeping.fingerprint(over.tenant, over.subject)
        hold = LegalHold(
            self.new_id(), over.tenant, over.submission, subject, reason, self.now(), person
        )
        async with self.keeping.alone():
            await self.keeping.store.legal_holds.place(hold)
        personal = {"person": person} | ({"subject": over.subject} if over.subject else {})
        await self._append(hold.id, PLACED, hold, personal, reason)
        return hold

    async def lift(self, known_as: UUID, reason: str, person: str) -> LegalHold:
        """End a hold.

        Raises:
            UnknownError: there is no such hold, or it was lifted.
        """
        holds = self.keeping.store.legal_holds
        hold = await holds.get(known_as)
        if hold is None or hold.lifted_at is not None:
            raise UnknownError("legal hold", "one that stands", "none of this id")
        await self._append(uuid5(hold.id, LIFTED), LIFTED, hold, {"person": person}, reason)
        await holds.lift(hold.id, self.now(), person)
        return hold

    async def read_back(self) -> int:
        """Put every hold of the log back into an app.db that was lost; return how many stand."""
        at, holds = 0, self.keeping.store.legal_holds
        while page := await self.keeping.log.entries(at, _PAGE):
            for receipt in page:
                if _LEGAL_HOLD in receipt.leaf:
                    await self._follow(Leaf.parse(receipt.leaf))
            at = page[-1].index + 1
        return len(await holds.all())

    async def _follow(self, leaf: Leaf) -> None:
        """Do again what an entry says was done.

        Whom it stood over only its detail says. Without that it stands over the whole tenant.
        """
        hold, at = UUID(str(leaf.public["case"])), datetime.fromisoformat(leaf.at)
        try:
            detail = await self.keeping.log.detail(leaf.entry_id)
        except AbsentError:
            person, subject, reason = _NOBODY, None, _NOBODY
        else:
            person, subject = str(detail.personal.get("person", _NOBODY)), None
            if (named := detail.personal.get("subject")) is not None:
                subject = self.keeping.fingerprint(str(leaf.public["tenant"]), str(named))
            reason = str(detail.detail.get("reason", _NOBODY))
        holds = self.keeping.store.legal_holds
        if leaf.public["event"] == LIFTED:
            await holds.lift(hold, at, person)
            return
        named_submission = leaf.public.get("submission")
        submission = UUID(named_submission) if isinstance(named_submission, str) else None
        tenant = str(leaf.public["tenant"])
        await holds.place(LegalHold(hold, tenant, submission, subject, reason, at, person))

    async def _require_known(self, over: Over) -> None:
        if await self.keeping.store.tenants.get(over.tenant) is None:
            raise UnknownError("tenant", "one that is served", over.tenant)
        if over.submission is not None:
            found = await self.keeping.thing(over.tenant, over.submission)
            if found is None:
                raise UnknownError("submission", "one of this tenant", over.submission)

    async def _append(
        self, entry_id: UUID, event: str, hold: LegalHold, personal: dict[str, str], reason: str
    ) -> None:
        public: dict[str, Json] = {"event": event, "tenant": hold.tenant, "case": str(hold.id)}
        if hold.submission is not None:
            public["submission"] = str(hold.submission)
        detail: dict[str, Json] = {"reason": reason}
        entry = Entry(entry_id, Kind.LEGAL_HOLD, self.now(), public, {**personal}, detail)
        await self.keeping.log.append(entry)
