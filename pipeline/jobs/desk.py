"""The desk: admits requests, runs each in a task that the server owns, and lets repeats join.

A client that leaves takes nothing with it: before the paid call its request is dropped with an
entry, after it the request is finished and recorded.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from uuid import UUID

import structlog

from pipeline.flow import End, Flow
from pipeline.items import NOTHING, Added, Contents, Subject, Submission, Work
from pipeline.jobs.budgets import charge
from pipeline.jobs.errors import (
    BusyError,
    ClosingError,
    KeyReusedError,
    LongWaitError,
    RefusedOftenError,
)
from pipeline.jobs.received import Received
from pipeline.novelai.turns import Turns
from pipeline.patience import asks_again_at
from pipeline.stages.prepare import Prepare
from pipeline.store.admission import Admitted, Entrance
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from pipeline.tenancy import Tenancy
from pipeline.vault import Vault
from policies.policy import Policy

LONGEST_WAIT = timedelta(minutes=30)
"""A job whose turn would come later is refused: its tenant can ask elsewhere, or again."""
NEWEST_COUNTS = 0.2
"""The part that the newest job has in how long jobs took of late."""

_say = structlog.get_logger("desk")


@dataclass(slots=True)
class Ticket:
    """One request at the desk, and how many clients wait for it."""

    id: UUID
    end: asyncio.Task[End] | None = None
    """None when it ended before: ask for its state by its id."""
    waiting: int = field(default=1)
    is_job: bool = False
    """Whether whoever asked went away on purpose, and asks for it by its id."""
    has_turn: bool = False
    """Whether a job is on its way, and no longer only queued."""
    added: Added = NOTHING
    """What was added to its texts."""
    tenant: str = ""

    def is_left(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.waiting <= 0

    def cancel(self) -> bool:
        """Let a job be dropped, unless its paid call has begun; False if it is none."""
        was, self.is_job = self.is_job, False
        self.waiting -= was
        return was

    def leave(self) -> None:
        """Say that one who waited does not any more."""
        self.waiting -= 1


@dataclass(slots=True)
class Desk:
    """Has at most `limit` requests in progress, from before they are read to their end."""

    flow: Flow
    prepare: Prepare
    vault: Vault
    store: Store
    tenancy: Tenancy
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    owner: str
    limit: int
    refusals_a_day: int
    """After how many refusals in a day somebody has to wait before each further request."""
    turns: Turns = field(default_factory=lambda: Turns(1))
    """One for each account. Until a job has one nothing of it is begun: a crash loses nothing."""
    accounts: int = 1
    longest_wait: timedelta = LONGEST_WAIT
    _recent_seconds: float = 0.0
    """How long jobs took of late; 0 while none has ended."""
    _running: dict[UUID, Ticket] = field(default_factory=dict)
    _entering: int = 0
    _closing: bool = False
    _closed: bool = False

    @property
    def in_flight(self) -> int:
        """How many requests are being read, judged without a generation, admitted or carried."""
        return len(self._running) + self._entering

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is begun: the server is stopping."""
        return self._closing

    @contextmanager
    def entering(self) -> Generator[None]:
        """Keep a place for a request. It MUST be taken before the body is read: a body is memory.

        Raises:
            BusyError, ClosingError: there is none.
        """
        if self._closing:
            raise ClosingError
        if self.in_flight >= self.limit:
            raise BusyError
        self._entering += 1
        try:
            yield
        finally:
            self._entering -= 1

    async def submit(
        self,
        received: Received,
        work: Work,
        key_id: UUID,
        price: int,
        subject: str,
        idempotency_key: str | None = None,
        *,
        is_job: bool = False,
    ) -> Ticket:
        """Admit a request that has a place by `entering`, or join the one that it repeats.

        `subject` is the fingerprint of its end user. A job outlives a crash while it is queued, and
        its tenant is told its end.

        Raises:
            ClosingError, LongWaitError, KeyReusedError, OverBudgetError, SubjectSpentError,
                RefusedOftenError: it is not admitted.
            UnreadableError: an image of it cannot be read.
            RequestRefusedError: an encoding in it was not made here.
            VaultError, StoreError: nothing was begun.
        """
        if self._closing:
            raise ClosingError
        tenant = received.subject.tenant
        if is_job:
            self._refuse_long_wait(tenant)
        contents = await self.prepare.work(tenant, work)
        row = await self._sealed(received, work, key_id, price, subject)
        named = received.subject.pseudonym is not None
        try:
            admitted, policy = await self.store.together(
                lambda part: self._admit(part, row, idempotency_key, named=named, is_job=is_job)
            )
        except Exception:
            await self.vault.destroy(row.vault_id)
            raise
        if self._closed:  # nothing is begun that nobody would finish: the next start closes it
            raise ClosingError
        # Nothing is awaited here: an identical request finds this one carried.
        submission = _submission(admitted.submission, received.subject, work, contents, policy)
        ticket = self._joined(admitted) or self._begun(replace(submission, is_job=is_job))
        ticket.added = work.added
        if ticket.id != row.id:  # what it repeats was sealed
            await self.vault.destroy(row.vault_id)
        return ticket

    async def _admit(
        self,
        part: Store,
        row: SubmissionRow,
        idempotency_key: str | None,
        *,
        named: bool,
        is_job: bool,
    ) -> tuple[Admitted, Policy]:
        """Admit a request and charge for it if it is new, as a part of one transaction.

        Raises:
            KeyReusedError, OverBudgetError, SubjectSpentError, RefusedOftenError, PolicyError: it
                is not admitted, and nothing is charged.
        """
        policy = await self.tenancy.within(part).policy_of(row.tenant)
        admitted = await part.admission.admit(row, idempotency_key)
        if admitted.entrance is Entrance.CONFLICT:
            raise KeyReusedError
        if admitted.entrance is Entrance.NEW:
            now = row.received_at
            until = await asks_again_at(part.refusals, row, now, self.refusals_a_day, named=named)
            if until is not None:
                raise RefusedOftenError(math.ceil((until - now).total_seconds()))
            await charge(part, row)
        if is_job and not await part.jobs.has(admitted.submission.id):
            await part.jobs.ask(admitted.submission.id, row.received_at)
        return admitted, policy

    async def _sealed(
        self, received: Received, work: Work, key_id: UUID, price: int, subject: str
    ) -> SubmissionRow:
        """Seal a request, and return how it will be remembered."""
        submission, now = self.new_id(), self.now()
        return SubmissionRow(
            id=submission,
            tenant=received.subject.tenant,
            key_id=key_id,
            body_sha256=received.sha256,
            samples=work.samples,
            price=price,
            received_at=now,
            owner=self.owner,
            vault_id=await self.vault.put(received.write(), submission, "request"),
            state=State.ADMITTED,
            code=None,
            changed_at=now,
            subject=subject,
        )

    def _joined(self, admitted: Admitted) -> Ticket | None:
        """Return the ticket of the request that this one repeats; None if it is to be carried.

        That is one that is new, or that came no further than its admission because the log could
        not be written: its client was told to try again, and then it goes on.
        """
        row = admitted.submission
        running = self._running.get(row.id)
        if running is not None:
            running.waiting += 1
            return running
        stranded = row.state is State.ADMITTED and row.owner == self.owner
        return None if admitted.entrance is Entrance.NEW or stranded else Ticket(row.id)

    def _begun(self, submission: Submission) -> Ticket:
        tenant = submission.subject.tenant
        ticket = Ticket(submission.id, is_job=submission.is_job, tenant=tenant)
        if submission.is_job:
            run = partial(self.flow.run, submission, ticket.is_left)
            return self.in_turn(ticket, submission, run)
        return self.carry(ticket, self.flow.run(submission, ticket.is_left))

    def in_turn(
        self,
        ticket: Ticket,
        submission: Submission,
        run: Callable[[], Coroutine[object, object, End]],
    ) -> Ticket:
        """Run a job to its end, once an account is free of other jobs."""

        async def turn() -> End:
            async with self.turns.taken(submission.subject.tenant):
                ticket.has_turn = True
                if await self.store.jobs.is_suspect(ticket.id):
                    return await self.flow.suspected(submission)
                started = perf_counter()
                end = await run()
                took = perf_counter() - started
                before = self._recent_seconds or took
                self._recent_seconds = before + (took - before) * NEWEST_COUNTS
                return end

        carried = self.carry(ticket, turn())
        if carried.end is not None:
            carried.end.add_done_callback(_told)
        return carried

    def ticket(self, submission: UUID) -> Ticket | None:
        """Return the ticket of a request that is on its way in this process."""
        return self._running.get(submission)

    def _refuse_long_wait(self, tenant: str) -> None:
        """Return if a job of a tenant that comes now has its turn in time.

        Tenants take turns: of each other one no more go before it than of its own.

        Raises:
            LongWaitError: it has not, by how long jobs took of late.
        """
        waiting = [each for each in self._running.values() if each.is_job and not each.has_turn]
        queued = Counter(each.tenant for each in waiting)
        own = queued.pop(tenant, 0)
        before = own + sum(min(count, own + 1) for count in queued.values())
        over = before * self._recent_seconds / self.accounts - self.longest_wait.total_seconds()
        if over > 0:
            raise LongWaitError(math.ceil(over))

    def carries(self, submission: UUID) -> bool:
        """Whether a request is on its way in this process."""
        return submission in self._running

    def carry(self, ticket: Ticket, running: Coroutine[object, object, End]) -> Ticket:
        """Run a request to its end, whoever waits for it."""
        ticket.end = asyncio.create_task(running)
        self._running[ticket.id] = ticket
        ticket.end.add_done_callback(lambda _: self._running.pop(ticket.id, None))
        return ticket

    async def drain(self, seconds: float) -> int:
        """Admit nothing more, and finish what is in flight; return how many were cut off."""
        self._closing = True
        self._closed = seconds <= 0
        for ticket in self._running.values():
            if ticket.end is not None and ticket.is_job and not ticket.has_turn:
                ticket.end.cancel()  # the next start takes it up
        tasks = [ticket.end for ticket in self._running.values() if ticket.end is not None]
        if not tasks:
            return 0
        _, cut = await asyncio.wait(tasks, timeout=seconds)
        for task in cut:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(cut)


def _told(end: asyncio.Task[End]) -> None:
    """Tell the fault of a job, which nobody else hears of: upkeep finishes what it left."""
    fault = None if end.cancelled() else end.exception()
    if fault is not None:
        _say.error("job failed", fault=type(fault).__name__)


def _submission(
    row: SubmissionRow, subject: Subject, work: Work, contents: Contents, policy: Policy
) -> Submission:
    return Submission(
        id=row.id,
        subject=subject,
        work=work,
        contents=contents,
        vault_id=row.vault_id,
        policy=policy,
        received_at=row.received_at,
        body_sha256=row.body_sha256,
    )
