"""The desk: admits requests, runs each in a task that the server owns, and lets repeats join.

A client that leaves takes nothing with it: before the paid call its request is dropped with an
entry, after it the request is finished and recorded.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pipeline.flow import End, Flow
from pipeline.items import Contents, Subject, Submission, Work
from pipeline.jobs.errors import (
    BusyError,
    ClosingError,
    KeyReusedError,
    OverBudgetError,
    RefusedOftenError,
)
from pipeline.jobs.received import Received
from pipeline.patience import asks_again_at
from pipeline.stages.prepare import Prepare
from pipeline.store.admission import Admitted, Entrance
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from pipeline.tenancy import Tenancy
from pipeline.vault import Vault
from policies.policy import Policy


@dataclass(slots=True)
class Ticket:
    """One request at the desk, and how many clients wait for it."""

    id: UUID
    end: asyncio.Task[End] | None = None
    """None when it ended before: ask for its state by its id."""
    waiting: int = field(default=1)

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
    ) -> Ticket:
        """Admit a request that has a place by `entering`, or join the one that it repeats.

        `subject` is the fingerprint of its end user.

        Raises:
            ClosingError, KeyReusedError, OverBudgetError, RefusedOftenError: it is not admitted.
            UnreadableError: an image of it cannot be read.
            RequestRefusedError: an encoding in it was not made here.
            VaultError, StoreError: nothing was begun.
        """
        if self._closing:
            raise ClosingError
        tenant = received.subject.tenant
        contents = await self.prepare.work(tenant, work)
        row = await self._sealed(received, work, key_id, price, subject)
        named = received.subject.pseudonym is not None
        try:
            admitted, policy = await self.store.together(
                lambda part: self._admit(part, row, idempotency_key, named=named)
            )
        except Exception:
            await self.vault.destroy(row.vault_id)
            raise
        if self._closed:  # nothing is begun that nobody would finish: the next start closes it
            raise ClosingError
        # Nothing is awaited here: an identical request finds this one carried.
        ticket = self._joined(admitted) or self._begun(
            _submission(admitted.submission, received.subject, work, contents, policy)
        )
        if ticket.id != row.id:  # what it repeats was sealed
            await self.vault.destroy(row.vault_id)
        return ticket

    async def _admit(
        self, part: Store, row: SubmissionRow, idempotency_key: str | None, *, named: bool
    ) -> tuple[Admitted, Policy]:
        """Admit a request and charge for it if it is new, as a part of one transaction.

        Raises:
            KeyReusedError, OverBudgetError, RefusedOftenError, PolicyError: it is not admitted.
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
            if not await part.tenants.charge(row.tenant, row.price):
                raise OverBudgetError
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
        ticket = Ticket(submission.id)
        return self.carry(ticket, self.flow.run(submission, lambda: ticket.waiting <= 0))

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
        tasks = [ticket.end for ticket in self._running.values() if ticket.end is not None]
        if not tasks:
            return 0
        _, cut = await asyncio.wait(tasks, timeout=seconds)
        for task in cut:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(cut)


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
