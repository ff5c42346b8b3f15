"""The line before the accounts, in two lanes: tenants take turns, and who is waited for goes first.

Each tenant's requests keep their order in a lane. Whoever waits for an answer goes before jobs, for
which nobody waits; but a job has every fifth turn, however many wait, or it would never come.
"""

from collections import deque
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST_PASSED: Final = 4
"""How many go before a job that waits."""


class Lane(Generic[T]):
    """Who waits. Whoever asks much waits behind himself, and keeps no other tenant waiting."""

    def __init__(self) -> None:
        self._of: dict[str, deque[T]] = {}
        """In the order of their turns: the tenant that was served last stands last."""

    def __len__(self) -> int:
        """Return how many wait."""
        return sum(map(len, self._of.values()))

    def join(self, tenant: str, waiting: T) -> None:
        """Let one more wait."""
        self._of.setdefault(tenant, deque()).append(waiting)

    def leave(self, tenant: str, waiting: T) -> None:
        """Let go who waits no longer; who was called already stands here no more."""
        queue = self._of.get(tenant, deque())
        if waiting in queue:
            queue.remove(waiting)
        if not queue:
            self._of.pop(tenant, None)

    def call(self) -> T | None:
        """Return whose turn it is, who waits no longer then; None if nobody waits."""
        if not self._of:
            return None
        tenant, queue = next(iter(self._of.items()))
        del self._of[tenant]
        called = queue.popleft()
        if queue:
            self._of[tenant] = queue
        return called


class Line(Generic[T]):
    """Both lanes."""

    def __init__(self) -> None:
        self._waited_for, self._jobs = Lane[T](), Lane[T]()
        self._passed = 0
        """How many went before the job that is next."""

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waited_for) + len(self._jobs)

    def join(self, tenant: str, waiting: T, *, is_job: bool = False) -> None:
        """Let one more wait."""
        (self._jobs if is_job else self._waited_for).join(tenant, waiting)

    def leave(self, tenant: str, waiting: T) -> None:
        """Let go who waits no longer; who was called already stands here no more."""
        self._waited_for.leave(tenant, waiting)
        self._jobs.leave(tenant, waiting)

    def call(self) -> T | None:
        """Return whose turn it is, who waits no longer then; None if nobody waits."""
        is_jobs = len(self._jobs) and (self._passed >= MOST_PASSED or not len(self._waited_for))
        self._passed = self._passed + 1 if len(self._jobs) and not is_jobs else 0
        return (self._jobs if is_jobs else self._waited_for).call()
