"""Restores a submission from the vault, after a hold or a crash, and looks at it anew."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

from audit.entry import Kind, Receipt, entry_id
from audit.leaf import Leaf
from audit.log import Log
from classifiers.signals import Reason, Unavailable
from pipeline.errors import AlteredObjectError, MissingObjectError
from pipeline.items import (
    Approval,
    Generated,
    Judged,
    Recorded,
    Screened,
    Sealed,
    Submission,
    may_go_on,
)
from pipeline.jobs.errors import NotLookedError
from pipeline.jobs.received import Received
from pipeline.judge import Judge
from pipeline.novelai.limits import Limits
from pipeline.projection import gravity, ruling_id
from pipeline.record import LOST
from pipeline.stages.approval import covering
from pipeline.stages.generate import picture_name
from pipeline.stages.prepare import Prepare
from pipeline.store.holds import Hold
from pipeline.store.pictures import PictureState
from pipeline.store.seizures import Seizable
from pipeline.store.submissions import State, SubmissionRow
from pipeline.tenancy import Tenancy
from pipeline.vault import Vault, id_of
from policies.decision import Action
from policies.labels import HarmCode
from policies.policy import Moment

WAITING = frozenset({PictureState.HELD, PictureState.CLEARED})
"""Where a held picture stands until its hold ends: cleared, if its release was cut off."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Reads back what was sealed. Every restored item is judged by today's policy and banks."""

    judge: Judge
    prepare: Prepare
    vault: Vault
    log: Log
    tenancy: Tenancy
    limits: Limits
    _taken: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])
    """The holds that somebody is ending at this moment, each with its submission."""

    async def submission(self, row: SubmissionRow) -> Submission:
        """Return a submission as it was sealed, to be judged by today's policy.

        Raises:
            VaultError: it cannot be opened, or it is another one.
            RequestRefusedError: it is not served any more: an encoding is kept no longer.
        """
        received = Received.read(await self.vault.look(row.vault_id))
        if received.subject.tenant != row.tenant or received.sha256 != row.body_sha256:
            raise AlteredObjectError(row.vault_id, "the request of this submission", "another")
        work = received.work(self.limits)
        return Submission(
            id=row.id,
            subject=received.subject,
            work=work,
            contents=await self.prepare.work(row.tenant, work),
            vault_id=row.vault_id,
            policy=await self.tenancy.policy_of(row.tenant),
            received_at=row.received_at,
            body_sha256=row.body_sha256,
        )

    async def judged(self, submission: Submission) -> Judged:
        """Judge a restored request once more.

        If it turns out to be of the worst kind, which no list told when it came, its seizure is
        ordered: whoever learns of it has to keep it.

        Raises:
            NotLookedError: what stops it is that somebody failed to look.
            StoreError: its seizure cannot be ordered.
        """
        facts = submission.subject.facts
        contents, policy = submission.contents, submission.policy
        judged = await self.judge.judge(contents, policy, Moment.REQUEST, facts)
        if _was_not_looked_at(judged):
            raise NotLookedError
        code = gravity(judged.decision)
        if code is not None:
            await self._seize(submission, code)
        return judged

    async def _seize(self, submission: Submission, code: HarmCode) -> None:
        tenant, at = submission.subject.tenant, submission.received_at
        order = Seizable(submission.vault_id, tenant, submission.id, code.value, at)
        await self.tenancy.store.seizures.order(order)

    async def request_approval(self, row: SubmissionRow) -> Approval | None:
        """Return how a person let the request through, if it was held and approved."""
        for hold in await self.tenancy.store.holds.of(row.tenant, row.id):
            receipt = None
            if hold.index is None:
                receipt = await self.log.receipt(ruling_id(hold.id))
            if receipt and Leaf.parse(receipt.leaf).public.get("outcome") == "approved":
                return Approval(receipt.entry_id, shown(hold))
        return None

    async def generated(
        self,
        row: SubmissionRow,
        hold: Hold | None = None,
        approval: Approval | None = None,
    ) -> Recorded[Generated] | None:
        """Return the pictures of a submission (or the one of `hold`), for one more look.

        None if none ever came back, or if today its request is refused: then they stay sealed.
        Without a hold, those on which nothing was decided yet.

        Raises:
            VaultError: they cannot be opened.
            NotLookedError: whether it is refused cannot be told now.
        """
        receipt = await self.log.receipt(entry_id(row.id, Kind.GENERATED))
        if receipt is None:
            return None
        if hold is not None and hold.index is not None:
            indices: Sequence[int] = [hold.index]
            if await self.state_of(hold) not in WAITING:
                return None  # withheld since, with a sibling that tainted it
        else:
            indices = await self.undecided(row)
        found = await self._pictures(row, indices, approval)
        if found is None:
            return None
        until = None if hold is None else hold.expires_at
        return Recorded(replace(found, held_until=until), (receipt,))

    async def state_of(self, hold: Hold) -> PictureState | None:
        """Return where the picture of a hold stands; None if it has none."""
        known = await self.tenancy.store.pictures.of(hold.tenant, hold.submission)
        return next((each.state for each in known if each.index == hold.index), None)

    async def waits(self, row: SubmissionRow, hold: Hold) -> bool:
        """Whether what is held has not gone on: what went on may have been cut off after that."""
        if hold.index is None:
            return row.state is State.HELD
        return await self.state_of(hold) in WAITING

    async def ended(self, row: SubmissionRow, hold: Hold) -> Receipt | None:
        """Return the entry that ended what is held, at this look or a later one, if there is one.

        app.db may not know of it: a crash came between the two.
        """
        kind = Kind.HALTED if hold.index is None else Kind.WITHHOLD
        last = max(hold.attempt, await self.next_look(row))
        for attempt in range(hold.attempt, last + 1):
            receipt = await self.log.receipt(entry_id(row.id, kind, hold.index or 0, attempt))
            if receipt is not None:
                return receipt
        return None

    @contextmanager
    def taking(self, hold: Hold) -> Generator[bool]:
        """Take a hold, to end it one way; False if somebody is about to end it already."""
        if hold.id in self._taken:
            yield False
            return
        self._taken[hold.id] = hold.submission
        try:
            yield True
        finally:
            self._taken.pop(hold.id)

    def has_taken(self, submission: UUID) -> bool:
        """Whether somebody is ending a hold of a submission: what is approved may wait long."""
        return submission in self._taken.values()

    async def unrecorded(self, row: SubmissionRow) -> Generated | None:
        """Return pictures that were sealed before a crash, and not yet written down.

        The crash may have come between the first and the last of them: those after it are lost.

        Raises:
            VaultError, NotLookedError: as `generated` says.
        """
        places = range(row.samples)
        there = [index for index in places if await self._is_sealed(row.id, index)]
        found = await self._pictures(row, there, None) if there else None
        lost = tuple(index for index in places if index not in there)
        return None if found is None else replace(found, lost=lost)

    async def _is_sealed(self, submission: UUID, index: int) -> bool:
        try:
            await self._sealed(submission, index)
        except MissingObjectError:
            return False
        return True

    async def undecided(self, row: SubmissionRow) -> Sequence[int]:
        """Return the places of the pictures that were not held or withheld and have not left."""
        known = await self.tenancy.store.pictures.of(row.tenant, row.id)
        if not known:
            return [each for each in range(row.samples) if not await self._is_lost(row, each)]
        return [each.index for each in known if each.state is PictureState.CLEARED]

    async def _is_lost(self, row: SubmissionRow, index: int) -> bool:
        receipt = await self.log.receipt(entry_id(row.id, Kind.WITHHOLD, index))
        return receipt is not None and Leaf.parse(receipt.leaf).public.get("reason") == LOST

    async def _pictures(
        self, row: SubmissionRow, indices: Sequence[int], approval: Approval | None
    ) -> Generated | None:
        pictures = [await self._sealed(row.id, each) for each in indices]
        submission = await self.submission(row)
        judged = await self.judged(submission)
        ruling = covering(judged.decision, await self.request_approval(row)) or covering(
            judged.decision, approval
        )
        if not may_go_on(judged.decision, ruling):
            return None
        look = await self.next_look(row)
        screened = Screened(replace(submission, attempt=look), judged, ruling)
        return Generated(screened, tuple(pictures), 0, approval)

    async def next_look(self, row: SubmissionRow) -> int:
        """Return how often pictures of a submission were looked at, one of them or more."""
        looks = 0
        while await seen(self.log, row, looks):
            looks += 1
        return looks

    async def _sealed(self, submission: UUID, index: int) -> Sealed:
        vault_id = id_of(submission, picture_name(index))
        data = await self.vault.look(vault_id)
        return Sealed(vault_id, index, sha256(data).hexdigest())


async def seen(log: Log, row: SubmissionRow, attempt: int) -> Mapping[int, Receipt]:
    """Return the receipts of one look, by the place of each picture that was looked at."""
    wanted = {each: entry_id(row.id, Kind.EXAMINED, each, attempt) for each in range(row.samples)}
    receipts = {each: await log.receipt(known_as) for each, known_as in wanted.items()}
    return {each: receipt for each, receipt in receipts.items() if receipt is not None}


def shown(hold: Hold) -> frozenset[str]:
    """Return the rules that held an item, as the person who rules on it is shown them."""
    rules = hold.facts.get("rules")
    return frozenset(
        str(each.get("rule"))
        for each in (rules if isinstance(rules, list) else [])
        if isinstance(each, dict) and each.get("action") == Action.HOLD
    )


def _was_not_looked_at(judged: Judged) -> bool:
    """Whether somebody failed to look, and nothing blocks for what was seen all the same."""
    decision = judged.decision
    if decision.was_seen or (decision.action is not Action.HOLD and not decision.incapable):
        return False
    failed = {Reason.FAILED, Reason.TIMED_OUT}
    return any(isinstance(each, Unavailable) and each.reason in failed for each in judged.findings)
