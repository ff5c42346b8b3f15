"""Signing in: a name, a password and a code, all at once, and one answer if any of them is wrong.

1. The attempt is counted as failed; whoever failed too often waits.
2. The password is checked, as long for a name that nobody has.
3. The code is checked, and its time step used up: none works twice.
4. It is written down, and only then a session begins.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.console.accounts import Accounts, is_name
from pipeline.console.entries import Entries
from pipeline.console.errors import WaitError, WrongError
from pipeline.console.passwords import LONGEST
from pipeline.console.sessions import Session, Sessions
from pipeline.store.reviewers import Reviewer
from pipeline.store.sign_in_attempts import Attempt
from pipeline.store.store import Store


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Lets people in and out."""

    store: Store
    accounts: Accounts
    sessions: Sessions
    entries: Entries
    now: Callable[[], datetime]

    async def sign_in(self, name: str, password: str, code: str) -> str:
        """Return the token of a new session.

        Raises:
            WrongError: the three do not belong together, or the code was used before.
            WaitError: too many attempts with this name failed.
        """
        if not is_name(name) or len(password) > LONGEST:
            raise WrongError
        attempt = await self.store.sign_in_attempts.begin(name, self.now())
        if not attempt.allowed:
            raise WaitError(math.ceil((attempt.wait_until - self.now()).total_seconds()))
        reviewer = await self._shown(name, password, code)
        if reviewer is None:
            await self._refused(name, attempt)
            raise WrongError
        await self.store.sign_in_attempts.clear(name)
        await self.store.sign_in_attempts.purge(self.now())
        await self.entries.write("account.signed_in", reviewer)
        return await self.sessions.begin(reviewer)

    async def sign_out(self, session: Session) -> None:
        """End a session, and write it down."""
        await self.sessions.end(session)
        reviewer = await self.store.reviewers.named(session.name)
        await self.entries.write("account.signed_out", reviewer)

    async def _shown(self, name: str, password: str, code: str) -> Reviewer | None:
        """Return who has shown that the name is theirs, if it is."""
        found = await self.store.reviewers.named(name)
        known = found if found is not None and found.disabled_at is None else None
        kept = None if known is None else known.password_hash
        fits = await self.accounts.passwords.fits(kept, password)
        if known is None or not fits:
            return None
        step = self.accounts.codes.step_of(known.sealed_key, known.id, code, self.now())
        if step is None or not await self.store.reviewers.accept(known.id, step):
            return None
        return known

    async def _refused(self, name: str, attempt: Attempt) -> None:
        reviewer = await self.store.reviewers.named(name)
        await self.entries.write("account.refused", reviewer)
        if attempt.wait_until > self.now():
            await self.entries.write("account.locked", reviewer)
