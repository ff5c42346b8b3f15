"""Restores a submission from the vault, after a hold or a crash, and looks at it anew."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

from audit.entry import Kind, Receipt, entry_id
from audit.leaf import Leaf
from audit.log import Log
from pipeline.errors import MissingObjectError
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
from pipeline.jobs.received import Received
from pipeline.judge import Judge
from pipeline.novelai.limits import Limits
from pipeline.projection import hold_id, ruling_id
from pipeline.stages.generate import picture_name
from pipeline.store.holds import Hold
from pipeline.store.pictures import PictureState
from pipeline.store.submissions import State, SubmissionRow
from pipeline.tenancy import Tenancy
from pipeline.vault import Vault, id_of
from policies.policy import Moment

WAITING = frozenset({PictureState.HELD, PictureState.CLEARED})
"""Where a held picture stands until its hold ends: cleared, if its release was cut off."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Reads back what was sealed. Every restored item is judged by today's policy and banks."""

    judge: Judge
    vault: Vault
    log: Log
    tenancy: Tenancy
    limits: Limits
    _taken: set[UUID] = field(default_factory=set[UUID])

    async def submission(self, row: SubmissionRow) -> Submission:
        """Return a submission as it was sealed, to be judged by today's policy.

        Raises:
            VaultError: it cannot be opened.
        """
        received = Received.read(await self.vault.look(row.vault_id))
        work = received.work(self.limits)
        return Submission(
            id=row.id,
            subject=received.subject,
            work=work,
            contents=await self.judge.prepare(work.prompt, work.images),
            vault_id=row.vault_id,
            policy=await self.tenancy.policy_of(row.tenant),
            received_at=row.received_at,
            body_sha256=row.body_sha256,
        )

    async def judged(self, submission: Submission) -> Judged:
        """Judge a restored request once more."""
        facts = submission.subject.facts
        return await self.judge.judge(submission.contents, submission.policy, Moment.REQUEST, facts)

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
        """Whether what is held has not gone on: what went on may have been cut off after that.

        A picture that was withheld with a sibling waits for the entry that says so.
        """
        if hold.index is None:
            return row.state is State.HELD
        return await self.state_of(hold) in WAITING | {PictureState.WITHHELD}

    @contextmanager
    def taking(self, hold: Hold) -> Generator[bool]:
        """Take a hold, to end it one way; False if somebody is about to end it already."""
        if hold.id in self._taken:
            yield False
            return
        self._taken.add(hold.id)
        try:
            yield True
        finally:
            self._taken.discard(hold.id)

    async def unrecorded(self, row: SubmissionRow) -> Generated | None:
        """Return pictures that were sealed before a crash, and not yet written down."""
        try:
            return await self._pictures(row, range(row.samples), None)
        except MissingObjectError:
            return None

    async def undecided(self, row: SubmissionRow) -> Sequence[int]:
        """Return the places of the pictures that were not held or withheld and have not left."""
        known = await self.tenancy.store.pictures.of(row.tenant, row.id)
        if not known:
            return range(row.samples)
        return [each.index for each in known if each.state is PictureState.CLEARED]

    async def _pictures(
        self, row: SubmissionRow, indices: Sequence[int], approval: Approval | None
    ) -> Generated | None:
        pictures = [await self._sealed(row.id, each) for each in indices]
        submission = await self.submission(row)
        judged = await self.judged(submission)
        approved = await self._request_ruling(row.id)
        if approved is None and approval is not None:
            approved = approval.ruling
        if not may_go_on(judged.decision, approved):
            return None
        looks = [await self.next_look(row.id, each) for each in indices]
        screened = Screened(replace(submission, attempt=max(looks, default=0)), judged, approved)
        return Generated(screened, tuple(pictures), 0, approval)

    async def next_look(self, submission: UUID, index: int) -> int:
        """Return the number of looks that a picture had."""
        attempt = 0
        while await self._seen(submission, index, attempt) is not None:
            attempt += 1
        return attempt

    async def _request_ruling(self, submission: UUID) -> UUID | None:
        """Return the ruling that let the request through, if it was held and approved."""
        receipt = await self.log.receipt(ruling_id(hold_id(submission, None, 0)))
        if receipt is None or Leaf.parse(receipt.leaf).public.get("outcome") != "approved":
            return None
        return receipt.entry_id

    async def _seen(self, submission: UUID, index: int, attempt: int) -> Receipt | None:
        return await self.log.receipt(entry_id(submission, Kind.EXAMINED, index, attempt))

    async def _sealed(self, submission: UUID, index: int) -> Sealed:
        vault_id = id_of(submission, picture_name(index))
        data = await self.vault.look(vault_id)
        return Sealed(vault_id, index, sha256(data).hexdigest())
