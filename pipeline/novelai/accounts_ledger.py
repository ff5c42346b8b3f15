"""Reckoning: what is left on an account, against what was counted for it.

A call is counted before it is made (`store/ledgers.py`), at what it costs by the account's plan,
and dropped if it was surely not paid for. What NovelAI then says has to be what was there before,
less that. What is under way, or of unknown outcome, may be in it or not; of V5, which a plan
includes in part, so may what is over. What cannot be explained so is drift: an entry of the log,
and from then on what NovelAI says counts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from audit.entry import Entry, Kind
from audit.log import Log
from pipeline.novelai.accounts import Accounts, Token
from pipeline.novelai.accounts_alarms import LOW_AT
from pipeline.novelai.accounts_balance import TIER_OPUS, Balance, Balances
from pipeline.novelai.errors import UpstreamError
from pipeline.store.ledgers import Ledger, Ledgers
from pipeline.telemetry.spacing import Spacing

DRIFT: Final = "account.drift"
EVERY: Final = timedelta(hours=1)
"""How often at least it is told that an account runs low."""

_say = structlog.get_logger("accounts")


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What NovelAI says of an account, beside what was counted."""

    balance: Balance
    drift: int
    """How much more is left than can be; negative if NovelAI took more than was counted."""
    is_low: bool


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Reckons with NovelAI, account by account."""

    accounts: Accounts
    balances: Balances
    ledgers: Ledgers
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    _tellings: Spacing = field(default_factory=lambda: Spacing(EVERY))

    async def look(self) -> None:
        """Reckon every account; one of which NovelAI says nothing now is left for the next time.

        Raises:
            AuditError, StoreError: a drift is not written down, and is found again.
        """
        for token in self.accounts.tokens():
            await self.of(token)

    async def of(self, token: Token) -> Reckoned | None:
        """Reckon one account; None if NovelAI does not say what is left.

        Raises:
            AuditError, StoreError: as `look`.
        """
        before = await self.ledgers.get(token.digest)
        try:
            balance = await self.balances.of(token)
        except UpstreamError:
            await self._fold(before)
            return None
        after = await self.ledgers.get(token.digest)
        over = {each.submission for each in before.calls if each.is_over}
        # What was dropped meanwhile was not paid; what was begun meanwhile may be in the answer.
        asked = replace(
            after, calls=tuple(replace(c, is_over=c.submission in over) for c in after.calls)
        )
        drift = drift_of(asked, balance.anlas)
        if drift:
            await self._tell(token, asked, balance.anlas, drift)
        seen = _seen(asked, balance, drift, self.now())
        await self.ledgers.see(seen, over)
        self._alarm(token, seen)
        return Reckoned(balance, drift, is_low(seen))

    async def _fold(self, ledger: Ledger) -> None:
        """Settle what is over and certain: while NovelAI says nothing, calls MUST NOT pile up."""
        unknown = ledger.opening is None
        done = [c for c in ledger.calls if c.is_over and (unknown or c.least == c.most)]
        settled = {each.submission: each.most for each in done}
        if ledger.left is None:  # it never said anything: there is nothing to settle them with
            for submission in settled:
                await self.ledgers.drop(submission)
        elif settled:
            opening = None if ledger.opening is None else ledger.opening - sum(settled.values())
            await self.ledgers.see(replace(ledger, opening=opening), settled)

    async def _tell(self, token: Token, ledger: Ledger, left: int, drift: int) -> None:
        say = _say.warning if drift < 0 else _say.info
        say("the balance is not what was counted", account=token.label, anlas=drift)
        public = {"event": DRIFT, "name": token.label}
        under_way = sum(each.most for each in ledger.calls if not each.is_over)
        detail = {"drift": drift, "left": left, "under_way": under_way}
        entry = Entry(self.new_id(), Kind.CONFIG, self.now(), public, {}, detail)
        await self.log.append(entry)

    def _alarm(self, token: Token, ledger: Ledger) -> None:
        if not is_low(ledger):
            self._tellings.forget(token.label)
        elif self._tellings.is_due(token.label, self.now()):
            _say.error("Anlas run low", account=token.label, left=ledger.left, of=ledger.full)


def drift_of(ledger: Ledger, left: int) -> int:
    """Return how far what is left lies outside of what can be; 0 if nothing was known yet."""
    if ledger.opening is None:
        return 0
    least = ledger.opening - sum(each.most for each in ledger.calls)
    most = ledger.opening - sum(each.least for each in ledger.calls if each.is_over)
    return left - min(max(left, least), most)


def is_low(ledger: Ledger) -> bool:
    """Whether most is spent of what was there when the account had last been filled up."""
    if ledger.left is None or ledger.full is None:
        return False
    return ledger.full - ledger.left >= ledger.full * LOW_AT


def _seen(ledger: Ledger, balance: Balance, drift: int, now: datetime) -> Ledger:
    """Return a ledger that agrees with what NovelAI said."""
    left, opening = balance.anlas, ledger.opening
    over = [each for each in ledger.calls if each.is_over]
    if opening is not None:
        least, most = sum(each.least for each in over), sum(each.most for each in over)
        opening += drift - min(max(opening + drift - left, least), most)
    elif len(over) == len(ledger.calls):  # else nobody knows what of them is in what is left
        opening = left
    is_fuller = ledger.full is None or drift > 0
    full = left if is_fuller else ledger.full
    opus = balance.active and balance.tier >= TIER_OPUS
    return replace(ledger, opening=opening, left=left, full=full, opus=opus, seen_at=now)
