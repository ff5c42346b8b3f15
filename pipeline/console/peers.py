"""How often one address may try to sign in or to enrol, whatever names it tries."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.requests import Request

from pipeline.console.errors import WaitError

MOST = 60
WITHIN = timedelta(minutes=10)
_MOST_PEERS = 4096
_OTHERS = "others"
"""Whoever comes when so many were counted: whoever has many addresses keeps nobody else out."""


@dataclass(slots=True)
class Peers:
    """Counts attempts by address, in memory. Behind a proxy everybody has the proxy's."""

    now: Callable[[], datetime]
    _since: datetime | None = None
    _counts: dict[str, int] = field(default_factory=dict)

    def enter(self, request: Request) -> str:
        """Count an attempt before it is looked at, and return whose it is.

        Raises:
            WaitError: there were too many.
        """
        now = self.now()
        if self._since is None or not timedelta() <= now - self._since < WITHIN:
            self._since, self._counts = now, {}
        # The port and the name of the host are the caller's to choose; this is not.
        peer = "" if request.client is None else request.client.host
        if peer not in self._counts and len(self._counts) >= _MOST_PEERS:
            peer = _OTHERS
        count = self._counts.get(peer, 0)
        if count >= MOST:
            raise WaitError(math.ceil((self._since + WITHIN - now).total_seconds()))
        self._counts[peer] = count + 1
        return peer

    def succeeded(self, peer: str) -> None:
        """Take an attempt back: it was none of somebody who guesses."""
        if self._counts.get(peer, 0):
            self._counts[peer] -= 1
