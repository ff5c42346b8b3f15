"""The roster: which accounts there are, by whose word, with which token, and why one does nothing.

What happened is appended to the log first. A token's secret goes into `tokens_file` and memory.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final
from uuid import UUID

from audit.entry import Entry, Json, Kind
from audit.log import Log
from pipeline.files import replace_whole
from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.accounts_ledger import Reckoned, Reckoning
from pipeline.novelai.errors import AccountError, UpstreamError, UpstreamStatusError
from pipeline.store.accounts import AccountRow, AccountTable

OLD: Final = timedelta(days=90)
"""After so long a token is to be rotated."""
_SHAPE = re.compile(r"pst-[A-Za-z0-9_-]{64}", re.ASCII)
STAYS = frozenset({AccountState.BANNED, AccountState.SUSPECT})
"""What outlives a restart: a person ends it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One account as its operator sees it."""

    label: str
    state: AccountState
    since: datetime
    is_old: bool
    declared_by: str
    reckoned: Reckoned | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Keeps the accounts of one process."""

    accounts: Accounts
    table: AccountTable
    log: Log
    reckoning: Reckoning
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    tokens_file: Path | None
    """Where they came from, and are kept across a restart; None if that is the environment."""
    declares: bool
    """Whether an account beside the first needs a declaration; a sandbox's need none."""

    async def begin(
        self, owner: str, longest: timedelta, others: AbstractSet[str] = frozenset()
    ) -> tuple[str, ...]:
        """Take the accounts over, as they were left; return lines to print. MUST come first.

        `others` are the processes that live beside this one.

        Raises:
            StoreError: nobody knows what may be used: nothing may be served.
        """
        tokens, now = self.accounts.tokens(), self.now()
        digests = [digest_of(each) for each in tokens]
        rows = await self.table.take(digests, owner, now, longest, others)
        for number, (token, row) in enumerate(zip(tokens, rows, strict=True)):
            if row.rests_until > now:
                self.accounts.rest(token.label, (row.rests_until - now).total_seconds())
            if row.paused:
                self.accounts.pause(token.label, AccountState(row.paused))
            elif number and self.declares and not row.entitlement:
                self.accounts.pause(token.label, AccountState.UNDECLARED)
        return tuple(line for each in await self.listed() for line in _lines(each))

    async def listed(self) -> tuple[Listed, ...]:
        """Return every account, without asking NovelAI.

        Raises:
            StoreError: nobody knows.
        """
        states = self.accounts.states()
        return tuple(
            [await self._listed(each, states[each.label]) for each in self.accounts.tokens()]
        )

    async def balance(self) -> tuple[Listed, ...]:
        """Return every account with what NovelAI says of it; what can pay again is lent again.

        Raises:
            AuditError, StoreError: nobody knows.
        """
        for token in self.accounts.tokens():
            await self.reckoning.balances.look(self.accounts, token)
        found = await self.listed()
        seen = [await self.reckoning.of(each) for each in self.accounts.tokens()]
        return tuple(replace(each, reckoned=told) for each, told in zip(found, seen, strict=True))

    async def add(self, secret: str, entitlement: str, person: str) -> Listed:
        """Declare that an account may be used beside the others, and use it at once.

        `secret` may be one that is configured and was not declared.

        Raises:
            AccountError: it is not done.
            AuditError, StoreError: it is not done, or not across a restart.
        """
        if not entitlement.strip():
            raise AccountError("an account beside the first needs a declaration of entitlement")
        await self._accepted(secret)
        known = {each.secret: each.label for each in self.accounts.tokens()}
        lines = await self._kept()
        if secret not in known and not lines:
            raise AccountError("the tokens come from the environment: add it there, and declare it")
        label = known.get(secret) or self._free_label()
        token = Token(label, secret)
        await self._write("account.declared", label, person, {"entitlement": entitlement})
        before = await self.table.get(digest_of(token)) or self._row(token)
        await self.table.put(replace(before, entitlement=entitlement, declared_by=person))
        if secret not in known:
            await self._write_file([*lines, secret])
            self.accounts.add(token)
        elif self.accounts.states()[label] is AccountState.UNDECLARED:
            self.accounts.resume(label)
        return await self._listed(token, self.accounts.states()[label])

    async def rotate(self, label: str, secret: str, person: str) -> bool:
        """Use another token of the same account from now on; return whether a restart keeps it.

        Raises:
            AccountError: it is not done.
            AuditError, StoreError: it is not done, or not across a restart.
        """
        old = self._find(label)
        await self._accepted(secret)
        if secret in {each.secret for each in self.accounts.tokens()}:
            raise AccountError("that token is in use already")
        token = Token(label, secret)
        await self._write("account.rotated", label, person)
        before = await self.table.get(digest_of(old)) or self._row(old)
        row = replace(before, token=digest_of(token), since=self.now())
        await self.table.rotate(digest_of(old), row)
        kept = await self._keep(old.secret, secret)
        self.accounts.replace(token)
        return kept

    async def resume(self, label: str, person: str, reason: str) -> None:
        """Use an account again that somebody looked at; its cases are closed.

        Raises:
            AccountError: it is not paused, or by something that no word ends.
            AuditError, StoreError: it stays paused, or will be after a restart.
        """
        token = self._find(label)
        state = self.accounts.states()[label]
        if state not in STAYS:
            message = f"{label} is {state}: only what is {' or '.join(sorted(STAYS))} is resumed"
            raise AccountError(message)
        said = {"reason": reason}
        for miss in await self.table.opened():
            if miss.token == digest_of(token):
                public: dict[str, Json] = {"case": str(miss.id), "outcome": "resumed"}
                await self._case("gate_miss.closed", public, {"person": person, **said})
        await self._write("account.resumed", label, person, said)
        await self.table.close(digest_of(token), person, self.now())
        await self.table.pause(digest_of(token), "", self.now())
        self.accounts.resume(label)

    async def secrets(self) -> Sequence[str]:
        """Return the tokens that stand in the file now, in their order; none if that is not used.

        Raises:
            OSError: it cannot be read.
        """
        return [line for line in await self._kept() if line and not line.startswith("#")]

    async def _listed(self, token: Token, state: AccountState) -> Listed:
        row = await self.table.get(digest_of(token)) or self._row(token)
        is_old = self.now() - row.since >= OLD
        return Listed(token.label, state, row.since, is_old, row.declared_by)

    async def _accepted(self, secret: str) -> None:
        """Return if NovelAI accepts a token.

        Raises:
            AccountError: it does not, or nobody knows.
        """
        if not _SHAPE.fullmatch(secret):
            raise AccountError("expected `pst-` and 64 characters")
        try:
            await self.reckoning.balances.of(Token("new", secret))
        except UpstreamStatusError as fault:
            if fault.status == HTTPStatus.UNAUTHORIZED:
                raise AccountError("NovelAI does not accept that token") from None
            message = f"NovelAI did not say whether it accepts that token: {fault.status}"
            raise AccountError(message) from None
        except UpstreamError as fault:
            message = f"NovelAI did not say whether it accepts that token: {fault.reason}"
            raise AccountError(message) from None

    async def _keep(self, old: str, new: str) -> bool:
        """Write a token where the others came from; False if that is the environment."""
        lines = await self._kept()
        if old not in lines:
            return False
        changed = [new if line == old else line for line in lines]
        await self._write_file(changed)
        return True

    async def _kept(self) -> Sequence[str]:
        """Return the lines of the file, if the tokens came from one."""
        path = self.tokens_file
        if path is None:
            return ()
        text = await asyncio.to_thread(path.read_text, encoding="ascii")
        return [line.strip() for line in text.splitlines()]

    async def _write_file(self, lines: Sequence[str]) -> None:
        if self.tokens_file is not None:
            text = "".join(line + "\n" for line in lines)
            await asyncio.to_thread(replace_whole, self.tokens_file, text.encode("ascii"))

    def _find(self, label: str) -> Token:
        for token in self.accounts.tokens():
            if token.label == label:
                return token
        there = ", ".join(each.label for each in self.accounts.tokens())
        message = f"there is no account {label!r}; there is: {there}"
        raise AccountError(message)

    def _free_label(self) -> str:
        return f"account-{len(self.accounts.tokens()) + 1}"

    def _row(self, token: Token) -> AccountRow:
        return AccountRow(digest_of(token), self.now(), rests_until=self.now())

    async def _write(
        self, event: str, label: str, person: str, said: dict[str, str] | None = None
    ) -> None:
        public: dict[str, Json] = {"event": event, "name": label}
        personal: dict[str, str | bytes] = {"person": person, **(said or {})}
        await self.log.append(Entry(self.new_id(), Kind.CONFIG, self.now(), public, personal))

    async def _case(self, event: str, public: dict[str, Json], said: dict[str, str]) -> None:
        told = {"event": event, **public}
        await self.log.append(Entry(self.new_id(), Kind.CASE, self.now(), told, {**said}))


def digest_of(token: Token) -> str:
    """Return by what an account is known in app.db: it tells nothing of its token."""
    return token.digest


def _lines(account: Listed) -> Sequence[str]:
    told = {
        AccountState.UNDECLARED: "is not used: declare it with `imprimatur accounts add`",
        AccountState.SUSPECT: "is paused: look at its case, then `imprimatur accounts resume`",
        AccountState.BANNED: "is paused: NovelAI says that it is banned: ask them, then "
        "`imprimatur accounts resume`",
    }
    lines = [f"{account.label} {told[account.state]}"] if account.state in told else []
    if account.is_old:
        old = f"{OLD.days} days old: rotate it with `imprimatur accounts rotate`"
        lines.append(f"{account.label}: its token is over {old}")
    return lines
