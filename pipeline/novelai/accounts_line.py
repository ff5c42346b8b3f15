"""The line before the accounts: tenants take turns, and each tenant's requests keep their order."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
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
