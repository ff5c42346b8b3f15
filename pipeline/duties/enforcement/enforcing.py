"""Follows the log: what a person confirmed, and what matched a list exactly, is a strike.

Nothing else is: no suspicion, no hold that ran out, no picture that only came back, and never that
somebody could not look. What an appeal reverses is taken back, with all that was built on it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.fields import write_time
from audit.leaf import Leaf
from audit.log import Log
from pipeline.access.subjects import fingerprint
from pipeline.duties.appeals.appeals import DECIDED
from pipeline.duties.appeals.templates import UNTOLD, Templates
from pipeline.duties.dsa.ground import is_of_the_worst
from pipeline.duties.enforcement.errors import LiftingError
from pipeline.duties.enforcement.ladder import Ladder
from pipeline.duties.enforcement.standing import Standing, standing
from pipeline.items import Cause, Stage, Subject
from pipeline.store.appeals import Outcome
from pipeline.store.store import Store
from pipeline.store.strikes import Strike
from pipeline.store.submissions import SubmissionRow
from policies.decision import Action
from policies.labels import HarmCode

READER: Final = "enforcement"
PAGE: Final = 256
ADDED, VOIDED, LIFTED = "strike.added", "strike.voided", "standing.lifted"
CHANGED: Final = "subject.standing"
"""What a tenant is told, whatever changed."""
_LOOKED_AT: Final = tuple(
    f'"kind":"{kind.value}"'.encode() for kind in (Kind.HALTED, Kind.RULING, Kind.APPEAL)
)
_EXACT: Final = frozenset({HarmCode.CSE_KNOWN.value, HarmCode.NCII_KNOWN.value})
"""The codes of known pictures: what only resembles one is held, never blocked."""
_BLOCKED: Final = frozenset({Action.BLOCK.value, Action.BLOCK_AND_ESCALATE.value})


@dataclass(frozen=True, slots=True)
class Enforcing:
    """Adds strikes, takes them back, and says where somebody stands."""

    store: Store
    log: Log
    ladder: Ladder
    templates: Templates
    now: Callable[[], datetime]
    subject_key: bytes = field(repr=False)
    own: Mapping[str, Ladder] = field(default_factory=dict[str, Ladder])
    """The ladders of tenants that have one of their own."""

    def ladder_of(self, tenant: str) -> Ladder:
        """Return by which ladder a tenant's end users stand."""
        return self.own.get(tenant, self.ladder)

    async def standing(self, subject: Subject) -> Standing:
        """Return where an end user stands; nobody named stands anywhere.

        Raises:
            StoreError: nobody knows: nothing MUST be made for them.
        """
        if subject.pseudonym is None:
            return standing((), self.ladder_of(subject.tenant), self.now())
        who = fingerprint(self.subject_key, subject)
        return await self.of(subject.tenant, who)

    async def counting(self, tenant: str) -> Mapping[str, Standing]:
        """Return a tenant's end users with strikes that count, by fingerprint.

        Raises:
            StoreError: nobody knows.
        """
        now = self.now()
        found = {each.subject for each in await self.store.strikes.counting(tenant, now)}
        return {who: await self.of(tenant, who) for who in sorted(found)}

    async def follow(self) -> None:
        """Read what came since last time.

        Raises:
            StoreError, AuditError: the next time goes on where this one stopped.
        """
        at = await self.store.tallies.next(READER)
        while found := await self.log.entries(at, PAGE):
            for each in found:
                if any(kind in each.leaf for kind in _LOOKED_AT):
                    await self._read(Leaf.parse(each.leaf))
            at = found[-1].index + 1
            await self.store.tallies.read(READER, at)

    async def lift(self, subject: Subject, person: str, reason: str) -> int:
        """Take back all strikes of an end user, for a reason; return how many.

        Raises:
            LiftingError: there is no reason, or nothing to lift.
            StoreError, AuditError: it is not lifted; the same again goes on.
        """
        who, tenant, at = fingerprint(self.subject_key, subject), subject.tenant, self.now()
        counting = await self.store.strikes.of(tenant, who)
        if not reason.strip():
            raise LiftingError("lifting", "a reason", "none")
        if subject.pseudonym is None or not counting:
            raise LiftingError("end user", "one with strikes that count", "none")
        public: dict[str, Json] = {
            "event": LIFTED,
            "tenant": tenant,
            "entries": [str(each.entry) for each in counting[-64:]],
            "count": len(counting),
            "automated": False,
        }
        known_as = uuid5(counting[-1].id, f"lifted/{at.isoformat()}")
        personal: dict[str, str | bytes] = {"person": person, "reason": reason, "subject": who}
        await self.log.append(Entry(known_as, Kind.NOTICE, at, public, personal))

        async def keep(part: Store) -> int:
            count = await part.strikes.void(tenant, who, None, at)
            await self._tell(part, counting[-1], known_as)
            return count

        return await self.store.together(keep)

    async def _read(self, leaf: Leaf) -> None:
        if leaf.kind is Kind.APPEAL:
            if leaf.public.get("event") == DECIDED and leaf.public["outcome"] == Outcome.REVERSED:
                await self._void(leaf)
            return
        row = await self._row(leaf)
        if row is None or row.subject == fingerprint(self.subject_key, Subject(row.tenant)):
            return  # erased, or of nobody named
        written = [Leaf.parse(each.leaf) for each in await self.log.of_submission(row.id)]
        code = _confirmed(leaf, written)
        counts = None if code is None else self.ladder_of(row.tenant).weights.get(code)
        if code is None or counts is None:
            return
        at = datetime.fromisoformat(leaf.at)
        untold = self.templates.grounds.get(code, UNTOLD) == UNTOLD
        await self._add(
            Strike(
                uuid5(leaf.entry_id, "strike"),
                row.tenant,
                row.subject,
                row.id,
                leaf.entry_id,
                code.value,
                not untold and not any(map(is_of_the_worst, written)),
                counts.weight,
                at,
                at + counts.lasts,
            )
        )

    async def _row(self, leaf: Leaf) -> SubmissionRow | None:
        tenant, submission = str(leaf.public.get("tenant")), UUID(str(leaf.public["submission"]))
        return await self.store.submissions.get(tenant, submission)

    async def _add(self, strike: Strike) -> None:
        """Write a strike down, and keep it: the entry comes first, and both once."""
        before = await self.store.strikes.of(strike.tenant, strike.subject)
        if any(each.id == strike.id for each in before):
            return
        ladder = self.ladder_of(strike.tenant)
        step = standing((*before, strike), ladder, strike.at).step
        public: dict[str, Json] = {
            "event": ADDED,
            "tenant": strike.tenant,
            "submission": str(strike.submission),
            "code": strike.code,
            "outcome": "none" if step is None else step.value,
            "entries": [str(strike.entry)],
            "expires_at": write_time(strike.expires_at),
            "config_digest": ladder.digest,
            "automated": True,
        }
        if await self.log.receipt(strike.id) is None:
            await self.log.append(Entry(strike.id, Kind.NOTICE, self.now(), public))

        async def keep(part: Store) -> None:
            if await part.strikes.add(strike):
                await self._tell(part, strike, strike.id)

        await self.store.together(keep)

    async def _void(self, leaf: Leaf) -> None:
        """Take back what was counted for a submission whose decision was reversed."""
        row = await self._row(leaf)
        if row is None:
            return
        counting = await self.store.strikes.of(row.tenant, row.subject)
        mine = [each for each in counting if each.submission == row.id]
        if not mine:
            return
        at, known_as = self.now(), uuid5(leaf.entry_id, VOIDED)
        public: dict[str, Json] = {
            "event": VOIDED,
            "tenant": row.tenant,
            "submission": str(row.id),
            "reason": "appeal",
            "entries": [str(leaf.entry_id), *(str(each.entry) for each in mine[:32])],
            "automated": False,
        }
        if await self.log.receipt(known_as) is None:
            await self.log.append(Entry(known_as, Kind.NOTICE, at, public))

        async def keep(part: Store) -> None:
            await part.strikes.void(row.tenant, row.subject, row.id, at)
            await self._tell(part, mine[-1], known_as)

        await self.store.together(keep)

    async def of(self, tenant: str, who: str) -> Standing:
        """Return where an end user stands, by fingerprint.

        Raises:
            StoreError: nobody knows.
        """
        strikes = await self.store.strikes.of(tenant, who)
        return standing(strikes, self.ladder_of(tenant), self.now())

    async def _tell(self, part: Store, strike: Strike, known_as: UUID) -> None:
        """Have the tenant told where an end user of theirs stands, by a generation of that one."""
        held = await part.strikes.of(strike.tenant, strike.subject)
        stands = standing(held, self.ladder_of(strike.tenant), self.now())
        body = {
            "generation": str(strike.submission),
            "step": None if stands.step is None else stands.step.value,
            "until": None if stands.until is None else stands.until.isoformat(),
        }
        await part.webhooks.enqueue(
            uuid5(known_as, "webhook"), strike.tenant, CHANGED, body, self.now()
        )


def _confirmed(leaf: Leaf, written: Sequence[Leaf]) -> HarmCode | None:
    """Return for what an entry is a strike; None if it confirms nothing."""
    said = leaf.public
    if leaf.kind is Kind.HALTED:
        exact = said.get("code") in _EXACT and said.get("action") in _BLOCKED
        return HarmCode(str(said["code"])) if exact else None
    if said.get("outcome") != "rejected":
        return None
    if "code" in said:
        return HarmCode(str(said["code"]))
    held = [each for each in written if each.kind is Kind.HELD and _is_about(each, leaf)]
    if not held or held[-1].public.get("cause") == Cause.INCAPACITY:
        return None
    return HarmCode(str(held[-1].public["code"]))


def _is_about(held: Leaf, ruling: Leaf) -> bool:
    """Whether a hold is the one that a ruling is on."""
    if held.public.get("stage") != ruling.public.get("stage"):
        return False
    of_request = ruling.public.get("stage") == Stage.SCREEN
    return of_request or held.public.get("sample", 0) == ruling.public.get("sample", 0)
