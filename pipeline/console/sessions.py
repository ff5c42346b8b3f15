"""Sessions: who is signed in, for how long, and what their forms carry.

A session is a random token in a cookie. app.db has its SHA-256 only, and forms carry an HMAC of
it: whoever reads one of the two cannot make the other. It ends on signing out, 30 minutes after
it was last used, 12 hours after it began, and when its account is disabled, reset or given
another role.
"""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from pipeline.access.permissions import Permission, Person
from pipeline.console.roles import MAY, Role
from pipeline.store.reviewers import Reviewer
from pipeline.store.store import Store

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
_NOTED_EVERY = timedelta(minutes=1)
_TOKEN_BYTES = 32
_TOKEN_LETTERS = 43


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    name: str = field(repr=False)
    """For their own eyes."""
    role: Role
    person: Person
    """Who acts, by pseudonym, with what the role may do: what rulings and entries take."""
    tenants: frozenset[str]
    """Whose cases they may see; empty: every tenant's."""
    form: str = field(repr=False)
    """What each form and each request that changes something MUST carry."""
    token_sha256: str = field(repr=False)

    def may(self, permission: Permission) -> bool:
        """Whether the role includes a permission."""
        return permission in self.person.permissions

    def sees(self, tenant: str) -> bool:
        """Whether a tenant's cases are theirs to see; others MUST look as if not there."""
        return not self.tenants or tenant in self.tenants


@dataclass(frozen=True, slots=True)
class Sessions:
    """Begins, finds and ends sessions."""

    store: Store
    now: Callable[[], datetime]
    random: Callable[[int], bytes] = field(repr=False)

    async def begin(self, reviewer: Reviewer) -> str:
        """Begin a session, and return its token, which nobody can see again."""
        token = base64.urlsafe_b64encode(self.random(_TOKEN_BYTES)).decode().rstrip("=")
        table, now = self.store.console_sessions, self.now()
        await table.purge(now - LONGEST)
        await table.begin(_hash_of(token), reviewer.id, now)
        return token

    async def of(self, token: str) -> Session | None:
        """Return the session of a token, unless it has ended."""
        if len(token) != _TOKEN_LETTERS or not token.isascii():
            return None
        hashed, now = _hash_of(token), self.now()
        found = await self.store.console_sessions.of_token(hashed)
        if found is None:
            return None
        if not (now - found.begun_at < LONGEST and now - found.seen_at < IDLE):
            await self.store.console_sessions.end(hashed)
            return None
        if now - found.seen_at >= _NOTED_EVERY:
            await self.store.console_sessions.seen(hashed, now)
        who = found.reviewer
        role = Role(who.role)
        form = hmac.digest(token.encode(), b"form", "sha256").hex()
        person = Person(who.pseudonym, MAY[role])
        return Session(who.name, role, person, frozenset(who.tenants), form, hashed)

    async def end(self, session: Session) -> None:
        """End a session."""
        await self.store.console_sessions.end(session.token_sha256)


def _hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
