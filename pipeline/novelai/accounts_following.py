"""Following: what another gateway, or a changed file, did to the accounts is done here as well.

Looked at each second. A pause that was heard of here and could not be written down stands, and is
written as soon as that is possible; what is paused in the store is leased by nobody meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from audit.errors import AuditError
from pipeline.errors import StoreError
from pipeline.novelai.accounts import AccountState, Token
from pipeline.novelai.accounts_roster import STAYS, Roster, digest_of
from pipeline.novelai.errors import AccountError
from pipeline.store.accounts import AccountRow
from pipeline.telemetry.spacing import Spacing

SELDOMEST: Final = timedelta(hours=1)
"""How often at least a fault is told, and a token tried that NovelAI did not accept."""
FILE: Final = "tokens_file"
"""Who rotates by changing the file, as the log names them."""

_FAULTS = (AuditError, StoreError, OSError, UnicodeDecodeError)
_say = structlog.get_logger("accounts")


@dataclass(frozen=True, slots=True)
class Following:
    """Keeps one gateway's accounts as the store and the file say."""

    roster: Roster
    keeps: Callable[[], Awaitable[bool]]
    """Whether this gateway keeps house: of several one writes down what the file says."""
    _read: dict[str, str] = field(default_factory=dict[str, str])
    """Why each account was paused in the store when it was last read."""
    _trying: Spacing = field(default_factory=lambda: Spacing(SELDOMEST))

    async def run(self, every_seconds: float) -> None:
        """Look again and again, until cancelled. What fails is told, ever more seldom."""
        tellings = Spacing(SELDOMEST)
        while True:
            try:
                await self.round()
            except _FAULTS as fault:
                kind = type(fault).__name__
                if tellings.is_due(kind, self.roster.now()):
                    _say.error("accounts are not followed", fault=kind)
            else:
                tellings = Spacing(SELDOMEST)
            await asyncio.sleep(every_seconds)

    async def round(self) -> None:
        """Look once.

        Raises:
            AuditError, StoreError, OSError, UnicodeDecodeError: nobody knows; all stays as it is.
        """
        await self._take_secrets()
        accounts, rows = self.roster.accounts, await self.roster.table.all()
        states = accounts.states()
        for token in accounts.tokens():
            await self._follow(token, states[token.label], rows.get(digest_of(token)))

    async def _follow(self, token: Token, state: AccountState, row: AccountRow | None) -> None:
        accounts = self.roster.accounts
        if row is None:  # another gateway rotated it: this token is nobody's any more
            if state is not AccountState.REFUSED:
                accounts.pause(token.label, AccountState.REFUSED)
                _say.error("rotated elsewhere: give its token here as well", account=token.label)
            return
        before = self._read.get(row.token, "")
        self._read[row.token] = row.paused
        if row.paused:
            if state.value != row.paused:
                accounts.pause(token.label, AccountState(row.paused))
        elif state in STAYS and before:
            accounts.resume(token.label)
        elif state in STAYS:
            await self.roster.table.pause(row.token, state.value, self.roster.now())
        elif state is AccountState.UNDECLARED and row.entitlement:
            accounts.resume(token.label)

    async def _take_secrets(self) -> None:
        """Use what stands in the file by now, in the order of its lines."""
        tokens, secrets = self.roster.accounts.tokens(), await self.roster.secrets()
        used = {each.secret for each in tokens}
        for number, secret in enumerate(secrets):
            if secret in used:
                continue
            row = await self.roster.table.get(digest_of(Token("new", secret)))
            if number >= len(tokens):
                if row is not None:  # declared in another gateway
                    self.roster.accounts.add(Token(f"account-{number + 1}", secret))
            elif row is not None:
                self.roster.accounts.replace(Token(tokens[number].label, secret))
            elif await self.keeps():
                await self._rotate(tokens[number].label, secret)

    async def _rotate(self, label: str, secret: str) -> None:
        known_as = digest_of(Token(label, secret))
        if not self._trying.is_due(known_as, self.roster.now()):
            return
        try:
            await self.roster.rotate(label, secret, FILE)
        except AccountError as fault:
            _say.error("the file's token is not used", account=label, fault=str(fault))
