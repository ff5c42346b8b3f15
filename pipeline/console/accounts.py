"""Accounts: made and changed from the command line, and enrolled by their owners.

An account is made with an enrolment, a secret that is shown once and works for a day. With it its
owner sets a password and shows a first code, or has a provider say who they are. To reset an
account is to enrol it anew.
"""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from pipeline.console.codes import Codes
from pipeline.console.entries import Entries
from pipeline.console.errors import AccountError, NowhereError, WrongError
from pipeline.console.passwords import LONGEST, SHORTEST, Passwords
from pipeline.console.roles import Role
from pipeline.errors import ConflictError
from pipeline.store.reviewers import Reviewer
from pipeline.store.store import Store

ENROLS_FOR = timedelta(hours=24)
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}", re.ASCII)
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An account that waits for its owner, and the secret, which nobody can see again."""

    reviewer: Reviewer
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Makes, lists, changes and enrols accounts."""

    store: Store
    entries: Entries
    codes: Codes
    passwords: Passwords
    now: Callable[[], datetime]
    random: Callable[[int], bytes] = field(repr=False)

    async def add(self, name: str, role: Role, tenants: Sequence[str], by: str) -> Enrolment:
        """Make an account.

        Raises:
            AccountError: its name does not go, somebody has it, or there is no such tenant.
        """
        if not is_name(name):
            raise AccountError("a name is up to 64 small letters, digits and any of . _ @ + -")
        await self._check(tenants)
        known_as = UUID(bytes=self.random(16), version=4)
        secret, hashed = self._secret()
        reviewer = Reviewer(
            id=known_as,
            name=name,
            pseudonym=f"person-{self.random(5).hex()}",
            role=role,
            tenants=tuple(sorted(set(tenants))),
            created_at=self.now(),
            sealed_key=self.codes.new(known_as),
            enrolment_sha256=hashed,
            enrol_until=self.now() + ENROLS_FOR,
        )
        if await self.store.reviewers.named(name) is not None:
            raise _taken(name)
        await self.entries.write("account.added", reviewer, by)
        try:
            await self.store.reviewers.add(reviewer)
        except ConflictError:
            raise _taken(name) from None
        return Enrolment(reviewer, secret)

    async def all(self) -> tuple[Reviewer, ...]:
        """Return every account, by name."""
        return await self.store.reviewers.all()

    async def disable(self, name: str, by: str) -> None:
        """Let nobody sign in to an account, and sign out whoever has.

        Raises:
            AccountError: there is no such account, or it is disabled.
        """
        reviewer = await self._named(name)
        if reviewer.disabled_at is not None:
            message = f"the account {name!r} is disabled already"
            raise AccountError(message)
        await self.entries.write("account.disabled", reviewer, by)
        await self.store.reviewers.disable(reviewer.id, self.now())
        await self.store.console_sessions.end_of(reviewer.id)

    async def reset(self, name: str, by: str) -> Enrolment:
        """Take an account's password and key away, sign its owner out, and let them enrol anew.

        Raises:
            AccountError: there is no such account.
        """
        reviewer = await self._named(name)
        secret, hashed = self._secret()
        until, key = self.now() + ENROLS_FOR, self.codes.new(reviewer.id)
        await self.entries.write("account.reset", reviewer, by)
        await self.store.identities.unbind(reviewer.id)
        await self.store.reviewers.reset(reviewer.id, key, hashed, until)
        await self.store.console_sessions.end_of(reviewer.id)
        await self.store.sign_in_attempts.clear(name)
        return Enrolment(replace(reviewer, enrol_until=until, disabled_at=None), secret)

    async def give(self, name: str, role: Role, tenants: Sequence[str], by: str) -> None:
        """Change what an account may do and see, and sign its owner out.

        Raises:
            AccountError: there is no such account or tenant.
        """
        reviewer = replace(await self._named(name), role=role)
        await self._check(tenants)
        await self.entries.write("account.changed", reviewer, by)
        await self.store.reviewers.give(reviewer.id, role, tuple(sorted(set(tenants))))
        await self.store.console_sessions.end_of(reviewer.id)

    async def enrolling(self, secret: str) -> Reviewer:
        """Return the account that an enrolment is for.

        Raises:
            NowhereError: it is unknown, used, or too old; which of them is not said.
        """
        found = await self.store.reviewers.enrolling(_hash_of(secret), self.now())
        if found is None:
            raise NowhereError
        return found

    async def enrol(self, secret: str, password: str, code: str) -> Reviewer:
        """Set the owner's password once they have shown a code; the enrolment is used up.

        Raises:
            NowhereError: the enrolment is unknown, used, or too old.
            AccountError: the password does not go.
            WrongError: the code is wrong.
        """
        reviewer = await self.enrolling(secret)
        if not SHORTEST <= len(password) <= LONGEST or reviewer.name in password.casefold():
            message = f"a password has {SHORTEST} to {LONGEST} characters and not your name"
            raise AccountError(message)
        step = self.codes.step_of(reviewer.sealed_key, reviewer.id, code, self.now())
        if step is None:
            raise WrongError
        hashed = await self.passwords.hash(password)
        await self.entries.write("account.enrolled", reviewer)
        if not await self.store.reviewers.enrol(_hash_of(secret), hashed, step):
            raise NowhereError
        return reviewer

    async def bind(self, secret: str, issuer: str, subject: str) -> Reviewer:
        """Make the account theirs whom a provider calls `subject`; the enrolment is used up.

        Raises:
            NowhereError: the enrolment is unknown, used, or too old.
            AccountError: they have another account.
        """
        reviewer = await self.enrolling(secret)
        if await self.store.identities.of(issuer, subject) is not None:
            raise _has_another()
        await self.entries.write("account.enrolled", reviewer)

        async def bound(part: Store) -> bool:
            if not await part.reviewers.use_up(_hash_of(secret)):
                return False
            await part.identities.bind(issuer, subject, reviewer.id)
            return True

        try:
            if not await self.store.together(bound):
                raise NowhereError
        except ConflictError:
            raise _has_another() from None
        return reviewer

    async def _named(self, name: str) -> Reviewer:
        found = await self.store.reviewers.named(name)
        if found is None:
            message = f"there is no account {name!r}"
            raise AccountError(message)
        return found

    async def _check(self, tenants: Sequence[str]) -> None:
        known = {each.id for each in await self.store.tenants.all()}
        for tenant in tenants:
            if tenant not in known:
                message = f"there is no tenant {tenant!r}"
                raise AccountError(message)

    def _secret(self) -> tuple[str, str]:
        secret = base64.urlsafe_b64encode(self.random(_SECRET_BYTES)).decode().rstrip("=")
        return secret, _hash_of(secret)


def is_name(name: str) -> bool:
    """Whether somebody can be called so."""
    return _NAME.fullmatch(name) is not None


def _taken(name: str) -> AccountError:
    return AccountError(f"there is an account {name!r} already")


def _has_another() -> AccountError:
    return AccountError("You have another account here: whoever made this one can disable that.")


def _hash_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
