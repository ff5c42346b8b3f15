"""The desk: admits requests, runs each in a task that the server owns, and lets repeats join.

A client that leaves takes nothing with it: before the paid call its request is dropped with an
entry, after it the request is finished and recorded.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pipeline.flow import End, Flow
from pipeline.items import Halted, PublicCode, Stage, Submission, Work
from pipeline.jobs.errors import BusyError, ClosingError, KeyReusedError, OverBudgetError
from pipeline.jobs.received import Received
from pipeline.judge import Judge
from pipeline.store.admission import Entrance
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from pipeline.tenancy import Tenancy
from pipeline.vault import Vault


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
    """Admits at most `limit` requests at a time."""

    flow: Flow
    judge: Judge
    vault: Vault
    store: Store
    tenancy: Tenancy
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    owner: str
    limit: int
    _running: dict[UUID, Ticket] = field(default_factory=dict)
    _entering: int = 0
    _closing: bool = False

    @property
    def in_flight(self) -> int:
        """How many requests are being admitted or carried."""
        return len(self._running) + self._entering

    async def submit(
        self,
        received: Received,
        work: Work,
        key_id: UUID,
        price: int,
        idempotency_key: str | None = None,
    ) -> Ticket:
        """Admit a request, or join the one that it repeats.

        Raises:
            BusyError, ClosingError, KeyReusedError, OverBudgetError: it is not admitted.
            UnreadableError: an image of it cannot be read.
            VaultError, StoreError: nothing was begun.
        """
        if self._closing:
            raise ClosingError
        if self.in_flight >= self.limit:
            raise BusyError
        self._entering += 1
        try:
            return await self._admit(received, work, key_id, price, idempotency_key)
        finally:
            self._entering -= 1

    async def _admit(
        self,
        received: Received,
        work: Work,
        key_id: UUID,
        price: int,
        idempotency_key: str | None,
    ) -> Ticket:
        policy = await self.tenancy.policy_of(received.subject.tenant)
        contents = await self.judge.prepare(work.prompt, work.images)
        submission_id, now = self.new_id(), self.now()
        vault_id = await self.vault.put(received.write(), submission_id, "request")
        tenant = received.subject.tenant
        row = SubmissionRow(
            id=submission_id,
            tenant=tenant,
            key_id=key_id,
            body_sha256=received.sha256,
            samples=work.samples,
            price=price,
            received_at=now,
            owner=self.owner,
            vault_id=vault_id,
            state=State.ADMITTED,
            code=None,
            changed_at=now,
        )
        admitted = await self.store.admission.admit(row, idempotency_key)
        if admitted.entrance is not Entrance.NEW:
            await self.vault.destroy(vault_id)
            if admitted.entrance is Entrance.CONFLICT:
                raise KeyReusedError
            return self._join(admitted.submission)
        if not await self.store.tenants.charge(tenant, price):
            await self.flow.record.close(row, Stage.ADMIT, None, "over_budget")
            raise OverBudgetError
        submission = Submission(
            id=submission_id,
            subject=received.subject,
            work=work,
            contents=contents,
            vault_id=vault_id,
            policy=policy,
            received_at=now,
            body_sha256=row.body_sha256,
        )
        ticket = Ticket(submission_id)
        return self.carry(ticket, self._charged(submission, price, ticket))

    async def _charged(self, submission: Submission, price: int, ticket: Ticket) -> End:
        """Carry a request that is charged for; what was surely not paid upstream is given back."""
        end = await self.flow.run(submission, lambda: ticket.waiting <= 0)
        if isinstance(end.outcome, Halted) and end.outcome.code is not PublicCode.UPSTREAM_REFUSED:
            await self.store.tenants.charge(submission.subject.tenant, -price)
        return end

    def carry(self, ticket: Ticket, running: Coroutine[object, object, End]) -> Ticket:
        """Run a request to its end, whoever waits for it."""
        ticket.end = asyncio.create_task(running)
        self._running[ticket.id] = ticket
        ticket.end.add_done_callback(lambda _: self._running.pop(ticket.id, None))
        return ticket

    def _join(self, row: SubmissionRow) -> Ticket:
        running = self._running.get(row.id)
        if running is None:
            return Ticket(row.id)
        running.waiting += 1
        return running

    async def drain(self, seconds: float) -> int:
        """Admit nothing more, and finish what is in flight; return how many were cut off."""
        self._closing = True
        tasks = [ticket.end for ticket in self._running.values() if ticket.end is not None]
        if not tasks:
            return 0
        _, cut = await asyncio.wait(tasks, timeout=seconds)
        for task in cut:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(cut)
