"""The tokens that pay for generations: one at a time each, with a pause in between.

NovelAI locks an account while it generates (429) and takes parallel use for automation, so a
request waits here for a free token instead of trying its luck there. An account that NovelAI
refused, or that somebody has to look at, is paused; what may be well again is tried again.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final

from pipeline.novelai.accounts_leases import Leases
from pipeline.novelai.accounts_line import Line
from pipeline.novelai.errors import (
    NoAccountError,
    UpstreamBusyError,
    UpstreamError,
    UpstreamFailedError,
    UpstreamObjectedError,
    UpstreamUnknownError,
    UpstreamUnpaidError,
    UpstreamUnreachableError,
)

MOST_FAILURES: Final = 5
"""After so many in a row an account is left alone for a while."""
LEFT_ALONE_SECONDS: Final = 30.0
JOBS_WAIT_SECONDS: Final = 1800.0
"""How long a job waits for an account: nobody waits for it."""
_RETRY_SECONDS = 30
_ASK_AGAIN_SECONDS = 0.1
"""How long to leave an account alone that another process has."""
_FAILURES = (UpstreamFailedError, UpstreamUnknownError, UpstreamUnreachableError)


@dataclass(frozen=True, slots=True)
class Token:
    """A NovelAI token, known by a label; its secret shows in no repr, message or log."""

    label: str
    secret: str = field(repr=False)

    @property
    def digest(self) -> str:
        """By what it is known in app.db: it tells nothing of the token."""
        return sha256(self.secret.encode()).hexdigest()


class AccountState(StrEnum):
    """What an account is doing, or why it does nothing."""

    FREE = "free"
    GENERATING = "generating"
    FAILING = "failing"
    """It failed again and again: it is tried again a little later, by itself."""
    REFUSED = "refused"
    """NovelAI answered 401: it needs a new token."""
    UNPAID = "unpaid"
    """NovelAI answered 402: it waits until a balance is seen on it."""
    BANNED = "banned"
    """NovelAI says that it is banned or suspended: somebody has to write to NovelAI."""
    SUSPECT = "suspect"
    """NovelAI refused what this gate had approved: somebody has to look at the case."""
    UNDECLARED = "undeclared"
    """Nobody has declared that it may be used beside another one."""


PAUSED: Final = frozenset(AccountState) - {
    AccountState.FREE,
    AccountState.GENERATING,
    AccountState.FAILING,
}
"""What does not pass by itself."""


@dataclass(slots=True)
class _Account:
    """One account and how it stands."""

    token: Token
    order: int
    busy: bool = False
    rested_at: float = 0.0
    paused: AccountState | None = None
    failures: int = 0
    left_until: float = 0.0


_Waiting = asyncio.Future[_Account]


class Accounts:
    """Lends each token to one generation at a time: tenants in turn, each in the order of asking.

    It belongs to one event loop. What another process may still be generating is told by `rest`;
    where others serve beside this one, `leases` keep each token to one of them.
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
        leases: Leases | None = None,
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
        self._leases = leases
        self._all = {each.label: _Account(each, order) for order, each in enumerate(tokens)}
        self._line = Line[_Waiting]()

    def states(self) -> Mapping[str, AccountState]:
        """Give each account's state, by label: what health reports."""
        return {label: self._state(self._all[label]) for label in sorted(self._all)}

    def tokens(self) -> Sequence[Token]:
        """Give every token, in the order of their labels' making."""
        return [account.token for account in self._all.values()]

    def is_usable(self) -> bool:
        """Whether some account is not paused."""
        return any(account.paused is None for account in self._all.values())

    @asynccontextmanager
    async def lease(self, tenant: str = "", *, is_job: bool = False) -> AsyncGenerator[Token]:
        """Lend a token that nobody else holds, rested since its last use.

        A job lets those go first for whose answer somebody waits, and waits for longer itself.

        Raises:
            UpstreamBusyError: too many wait already, no turn came in time, or all are failing.
            NoAccountError: every account is paused.
            StoreError: nobody knows whether another process has it: nothing may be sent.
        """
        patience = max(self._longest_wait_seconds, JOBS_WAIT_SECONDS if is_job else 0.0)
        until = self._monotonic() + patience
        account = self._taken() or await self._turn(tenant, patience, is_job=is_job)
        try:
            while True:
                await self._rested(account, patience)
                async with self._held(account) as is_ours:
                    if is_ours:
                        yield account.token
                        return
                account = self._instead(account, until)
        finally:
            account.rested_at = max(account.rested_at, self._monotonic() + self._spacing_seconds)
            account.busy = False
            self._call()

    async def _rested(self, account: _Account, patience: float) -> None:
        """Return once an account may be used.

        Raises:
            UpstreamBusyError: that takes longer than anybody waits.
        """
        rest = account.rested_at - self._monotonic()
        if rest > patience:
            raise UpstreamBusyError("accounts: it rests for long", math.ceil(rest))
        if rest > 0:
            await self._sleep(rest)

    def _held(self, account: _Account) -> AbstractAsyncContextManager[bool]:
        """Hold a token against the other processes; where there are none it is ours."""
        if self._leases is None:
            return nullcontext(True)  # noqa: FBT003
        return self._leases.held(account.token.secret, lambda: account.paused is not None)

    def _instead(self, account: _Account, until: float) -> _Account:
        """Take another account than one that another process has; whoever asks keeps their turn.

        Raises:
            UpstreamBusyError: it was asked for too long.
            NoAccountError: every account is paused by now.
        """
        if fault := self._none() if account.paused is not None else None:
            raise fault
        now = self._monotonic()
        if now >= until:
            raise UpstreamBusyError("accounts: others have them all", _RETRY_SECONDS)
        account.rested_at = max(account.rested_at, now + _ASK_AGAIN_SECONDS)
        other = self._take()
        if other is None:
            return account
        account.busy = False
        self._call()
        return other

    def accepted(self) -> Token:
        """Give a token for what costs nothing: whoever generates with it goes on.

        Raises:
            NoAccountError: every account is paused.
        """
        for account in self._all.values():
            if account.paused in {None, AccountState.UNPAID}:
                return account.token
        raise NoAccountError("accounts: every one is paused")

    def worked(self, token: Token) -> None:
        """Say that a generation came back."""
        self._all[token.label].failures = 0

    def failed(self, token: Token, fault: UpstreamError) -> None:
        """Say what went wrong with an account: it is paused, or left alone, if that is needed."""
        account = self._all[token.label]
        if isinstance(fault, UpstreamUnpaidError):
            self.pause(token.label, AccountState.UNPAID)
        elif isinstance(fault, UpstreamObjectedError):
            self.pause(token.label, AccountState.BANNED if fault.banned else AccountState.SUSPECT)
        elif isinstance(fault, _FAILURES):
            account.failures += 1
            if account.failures >= MOST_FAILURES:
                account.left_until = self._monotonic() + LEFT_ALONE_SECONDS

    def pause(self, label: str, why: AccountState) -> None:
        """Lend an account no more; `why` MUST be one of `PAUSED`. What it generates goes on."""
        self._all[label].paused = why
        self._call()

    def resume(self, label: str) -> None:
        """Lend an account again."""
        account = self._all[label]
        account.paused, account.failures, account.left_until = None, 0, 0.0
        self._call()

    def rest(self, label: str, seconds: float) -> None:
        """Lend an account only after so long: another process may be generating with it."""
        account = self._all[label]
        account.rested_at = max(account.rested_at, self._monotonic() + seconds)

    def add(self, token: Token) -> None:
        """Lend one more account, whose label is new."""
        if token.label in self._all:
            message = f"accounts: there is {token.label} already"
            raise ValueError(message)
        self._all[token.label] = _Account(token, len(self._all))
        self._call()

    def replace(self, token: Token) -> None:
        """Use another token for the account of this label from the next generation on."""
        account = self._all[token.label]
        account.token = token
        if account.paused is AccountState.REFUSED:
            self.resume(token.label)

    def _state(self, account: _Account) -> AccountState:
        if account.paused is not None:
            return account.paused
        if account.busy:
            return AccountState.GENERATING
        failing = account.left_until > self._monotonic()
        return AccountState.FAILING if failing else AccountState.FREE

    def _taken(self) -> _Account | None:
        """Take a free account, unless others wait; None if there is none."""
        return None if len(self._line) else self._take()

    def _take(self) -> _Account | None:
        free = [each for each in self._all.values() if self._state(each) is AccountState.FREE]
        if not free:
            return None
        account = min(free, key=lambda each: (each.rested_at, each.order))
        account.busy = True
        return account

    async def _turn(self, tenant: str, patience: float, *, is_job: bool) -> _Account:
        """Wait for an account.

        Raises:
            UpstreamBusyError, NoAccountError: as `lease` says.
        """
        if fault := self._none():
            raise fault
        if len(self._line) >= self._most_waiting:
            raise UpstreamBusyError("accounts: too many wait already", _RETRY_SECONDS)
        called: _Waiting = asyncio.get_running_loop().create_future()
        self._line.join(tenant, called, is_job=is_job)
        self._call()  # one that was left alone may be back
        try:
            async with asyncio.timeout(patience):
                return await called
        except TimeoutError:
            self._leave(tenant, called)
            raise UpstreamBusyError("accounts: no turn came in time", _RETRY_SECONDS) from None
        except asyncio.CancelledError:
            self._leave(tenant, called)
            raise

    def _leave(self, tenant: str, called: _Waiting) -> None:
        """Give back what came in the very moment in which nobody waited for it any more."""
        self._line.leave(tenant, called)
        if called.done() and not called.cancelled() and called.exception() is None:
            called.result().busy = False
            self._call()

    def _call(self) -> None:
        """Let those have their turn for whom there is an account, or say that none is left."""
        while len(self._line):
            fault = self._none()
            account = None if fault is not None else self._take()
            if fault is None and account is None:
                return
            called = self._line.call()
            if called is None or called.done():
                if account is not None:
                    account.busy = False
            elif account is not None:
                called.set_result(account)
            elif fault is not None:
                called.set_exception(fault)

    def _none(self) -> UpstreamError | None:
        """Return why there will be no turn; None if one may come."""
        usable = [each for each in self._all.values() if each.paused is None]
        if not usable:
            return NoAccountError("accounts: every one is paused")
        left = [each.left_until - self._monotonic() for each in usable if not each.busy]
        if len(left) < len(usable) or min(left) <= 0:
            return None
        return UpstreamBusyError("accounts: every one is failing", math.ceil(min(left)))
