"""Gate misses: NovelAI objected to what was approved here, or to an account that sent it.

Each is a case for a person: this gate let something pass that it should not have, or the account
is about to be lost. Until somebody has looked the account does nothing, and whose request it was
waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import structlog

from audit.entry import Entry, Json, Kind
from audit.log import Log
from pipeline.items import Submission
from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.accounts_balance import Balances
from pipeline.novelai.accounts_roster import digest_of
from pipeline.novelai.errors import UpstreamError, UpstreamObjectedError
from pipeline.store.accounts import GateMiss
from pipeline.store.store import Store

SLOWED: Final = 6
"""How many doublings of the wait whose request it was begins with: a minute."""
BANNED: Final = "ban_status"

_say = structlog.get_logger("accounts")


@dataclass(frozen=True, slots=True)
class Misses:
    """Opens a case for each."""

    accounts: Accounts
    store: Store
    log: Log
    balances: Balances
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    refusals_a_day: int

    async def __call__(self, submission: Submission, fault: UpstreamObjectedError) -> None:
        """Open a case of what NovelAI objected to; the account is paused already.

        Raises:
            AuditError, StoreError: it is not written down; the account stays paused.
        """
        token = self._token(fault.account)
        state = AccountState.BANNED if fault.banned else AccountState.SUSPECT
        case, tenant = uuid5(submission.id, "gate_miss"), submission.subject.tenant
        miss = GateMiss(case, submission.id, tenant, digest_of(token), fault.reason, self.now())
        about: dict[str, Json] = {"submission": str(submission.id), "tenant": tenant}
        await self._open(miss, token, state, about)
        row = await self.store.submissions.get(tenant, submission.id)
        if row is not None:
            weight = self.refusals_a_day + SLOWED
            await self.store.refusals.add(tenant, row.subject, self.now(), weight)

    async def watch(self) -> None:
        """Ask for the balance of what could not pay, and whether any account was banned.

        Raises:
            AuditError, StoreError: a ban is not written down; the account is paused.
        """
        for token in self.accounts.tokens():
            await self.balances.look(self.accounts, token)
            if self.accounts.states()[token.label] is not AccountState.BANNED:
                await self._look_for_ban(token)

    async def _look_for_ban(self, token: Token) -> None:
        try:
            is_banned = await self.balances.is_banned(token)
        except UpstreamError:
            return  # nobody knows: what NovelAI answers to the next generation will tell
        if is_banned:
            self.accounts.pause(token.label, AccountState.BANNED)
            miss = GateMiss(self.new_id(), None, "", digest_of(token), BANNED, self.now())
            await self._open(miss, token, AccountState.BANNED, {})

    async def _open(
        self, miss: GateMiss, token: Token, state: AccountState, about: dict[str, Json]
    ) -> None:
        _say.error("gate miss", account=token.label, cause=miss.cause, case=str(miss.id))
        public = {"event": "gate_miss.opened", "case": str(miss.id), "cause": miss.cause, **about}
        known_as, detail = uuid5(miss.id, "opened"), {"account": token.label}
        await self.log.append(Entry(known_as, Kind.CASE, self.now(), public, {}, detail))
        await self.store.accounts.open(miss)
        await self.store.accounts.pause(miss.token, state, self.now())

    def _token(self, label: str) -> Token:
        return next(each for each in self.accounts.tokens() if each.label == label)
