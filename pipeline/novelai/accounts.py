"""The tokens that pay for generations: one at a time each, with a pause in between.

NovelAI locks an account while it generates (429) and takes parallel use for automation, so a
request waits here for a free token instead of trying its luck there.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.novelai.errors import NoAccountError, UpstreamBusyError

_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Token:
    """A NovelAI token, known by a label; its secret shows in no repr, message or log."""

    label: str
    secret: str = field(repr=False)


class AccountState(StrEnum):
    """What an account is doing."""

    FREE = "free"
    GENERATING = "generating"
    REFUSED = "refused"
    """NovelAI answered 401: it stays out until the process starts with a new token."""


class Accounts:
    """Lends each token to one generation at a time, in the order of asking.

    It belongs to one event loop. Across processes a lease row holds the same rule.
    """

    def __init__(
        self,
        tokens: Sequence[Token],
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        spacing_seconds: float = 1.0,
        most_waiting: int = 64,
        longest_wait_seconds: float = 120.0,
    ) -> None:
        labels = {token.label for token in tokens}
        if not tokens or len(labels) != len(tokens):
            message = f"accounts: expected one or more tokens with labels of their own: {labels!r}"
            raise ValueError(message)
        self._monotonic = monotonic
        self._sleep = sleep
        self._spacing_seconds = spacing_seconds
        self._most_waiting = most_waiting
        self._longest_wait_seconds = longest_wait_seconds
        self._states = dict.fromkeys(sorted(labels), AccountState.FREE)
        self._tokens = tuple(tokens)
        self._free = deque(tokens)
        self._turns = asyncio.Semaphore(len(tokens))
        self._waiting = 0
        self._rested_at: dict[str, float] = {}

    def states(self) -> Mapping[str, AccountState]:
        """Give each account's state, by label: what health reports."""
        return dict(self._states)

    @asynccontextmanager
    async def lease(self) -> AsyncGenerator[Token]:
        """Lend a token that nobody else holds, rested since its last use.

        Raises:
            UpstreamBusyError: too many wait already, or no turn came in time.
            NoAccountError: every token was refused.
        """
        await self._take_turn()
        token = self._free.popleft()
        self._states[token.label] = AccountState.GENERATING
        try:
            rest = self._rested_at.get(token.label, 0.0) - self._monotonic()
            if rest > 0:
                await self._sleep(rest)
            yield token
        finally:
            self._give_back(token)

    def accepted(self) -> Token:
        """Give a token for what costs nothing: whoever generates with it goes on.

        Raises:
            NoAccountError: every token was refused.
        """
        for token in self._tokens:
            if self._states[token.label] is not AccountState.REFUSED:
                return token
        raise NoAccountError("accounts: every token was refused")

    def refuse(self, token: Token) -> None:
        """Take `token`, which MUST be on loan, out for good: NovelAI does not accept it."""
        self._states[token.label] = AccountState.REFUSED

    async def _take_turn(self) -> None:
        """Wait for a turn; as many turns are free as tokens, or one to tell that none is left."""
        if self._waiting >= self._most_waiting:
            raise UpstreamBusyError("accounts: too many wait already", _RETRY_SECONDS)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._longest_wait_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise UpstreamBusyError("accounts: no turn came in time", _RETRY_SECONDS) from None
        finally:
            self._waiting -= 1
        if not self._free:
            self._turns.release()  # the next in line learns it too
            raise NoAccountError("accounts: every token was refused")

    def _give_back(self, token: Token) -> None:
        self._rested_at[token.label] = self._monotonic() + self._spacing_seconds
        if self._states[token.label] is AccountState.GENERATING:
            self._states[token.label] = AccountState.FREE
            self._free.append(token)
            self._turns.release()
        elif all(state is AccountState.REFUSED for state in self._states.values()):
            self._turns.release()
