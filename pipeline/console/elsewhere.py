"""Signing in elsewhere: a provider of OpenID Connect says who somebody is.

What is kept of somebody who was sent there lies in a cookie of theirs, encrypted, for ten minutes.
It comes back with them from another site, so it is `Lax`; a session's is `Strict`, and is not sent
by a page that another site led to: so coming back ends on a page that leads on by itself.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipeline.console.accounts import Accounts
from pipeline.console.entries import Entries
from pipeline.console.errors import ElsewhereError
from pipeline.console.sessions import Sessions
from pipeline.openid.errors import UnprovenError, UnreachableError
from pipeline.openid.journey import Journey, Provider
from pipeline.store.store import Store

COOKIE: Final = "__Host-imprimatur-away"
AWAY: Final = timedelta(minutes=10)
"""How long somebody may take to sign in there."""
_NONCE_BYTES = 12
_BYTES = 32
_PURPOSE = b"imprimatur console: signing in elsewhere"
_NOT_OURS = "You were not sent there from here."
_ANOTHER = "The answer is to another question than yours."
_TOO_LONG = "It took too long."
_NO_ACCOUNT = (
    "No account here is yours. Whoever runs this installation makes one, and gives you an address: "
    "open that first."
)


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody who was sent away: their journey, and what they wanted."""

    journey: Journey
    to: str
    secret: str = field(repr=False)
    """Of an enrolment; empty for whoever has an account."""


@dataclass(frozen=True, slots=True)
class Back:
    """Somebody who came back, and is who they have to be."""

    to: str
    token: str = field(repr=False)
    """Of their session."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """Keeps journeys where only who was sent can bring them back, and cannot read them."""

    key: bytes = field(repr=False)
    random: Callable[[int], bytes] = field(repr=False)
    now: Callable[[], datetime]

    @classmethod
    def create(
        cls, master: bytes, random: Callable[[int], bytes], now: Callable[[], datetime]
    ) -> "Sealing":
        """Derive the key from the installation's."""
        return cls(HKDF(SHA256(), _BYTES, None, _PURPOSE).derive(master), random, now)

    def seal(self, away: Away) -> str:
        """Return what the cookie holds."""
        journey, until = away.journey, (self.now() + AWAY).timestamp()
        kept = [until, journey.state, journey.nonce, journey.verifier, away.to, away.secret]
        nonce = self.random(_NONCE_BYTES)
        sealed = nonce + AESGCM(self.key).encrypt(nonce, json.dumps(kept).encode(), _PURPOSE)
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, cookie: str | None, state: str) -> Away:
        """Return who was sent away, if the answer is to that.

        Raises:
            ElsewhereError: it is not, or that was too long ago.
        """
        try:
            sealed = base64.urlsafe_b64decode(cookie or "")
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            kept = json.loads(AESGCM(self.key).decrypt(nonce, rest, _PURPOSE))
        except (InvalidTag, ValueError):
            raise _again(_NOT_OURS) from None
        until, expected, token, verifier, to, secret = kept
        if not compare_digest(expected.encode(), state.encode(errors="replace")):
            raise _again(_ANOTHER)
        if self.now().timestamp() > until:
            raise _again(_TOO_LONG)
        return Away(Journey(expected, token, verifier), to, secret)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Sends people to a provider, and lets them in when they come back."""

    provider: Provider
    store: Store
    accounts: Accounts
    sessions: Sessions
    entries: Entries
    sealing: Sealing

    async def sends(self, to: str, secret: str) -> tuple[str, str]:
        """Return the address to send somebody to, and the cookie to send them with.

        `secret` is of an enrolment that is to be theirs, or empty.

        Raises:
            NowhereError: the enrolment is unknown, used, or too old.
            ElsewhereError: the provider does not say where.
        """
        if secret:
            await self.accounts.enrolling(secret)
        state, nonce, verifier = (self._drawn() for _ in range(3))
        journey = Journey(state, nonce, verifier)
        try:
            address = await self.provider.sends(journey)
        except UnreachableError as fault:
            raise self._not_now(fault) from None
        return address, self.sealing.seal(Away(journey, to, secret))

    async def lets_in(self, cookie: str | None, state: str, code: str, issuer: str | None) -> Back:
        """Return the session of whoever came back.

        Raises:
            ElsewhereError: nobody proves who they are, or no account is theirs.
            NowhereError, AccountError: the enrolment that they brought cannot be theirs.
        """
        away = self.sealing.open(cookie, state)
        if not code:
            await self.entries.write("account.refused", None)
            raise _again(self.provider.name, "did not let you through.")
        try:
            subject = await self.provider.proves(away.journey, code, issuer)
        except UnreachableError as fault:
            raise self._not_now(fault) from None
        except UnprovenError:
            await self.entries.write("account.refused", None)
            raise _again("What", self.provider.name, "sent proves nothing.") from None
        if away.secret:
            reviewer = await self.accounts.bind(away.secret, self.provider.issuer, subject)
        else:
            found = await self.store.identities.of(self.provider.issuer, subject)
            if found is None or found.disabled_at is not None:
                await self.entries.write("account.refused", found)
                raise ElsewhereError(_NO_ACCOUNT)
            reviewer = found
        await self.entries.write("account.signed_in", reviewer)
        return Back(away.to, await self.sessions.begin(reviewer))

    def _drawn(self) -> str:
        return base64.urlsafe_b64encode(self.sealing.random(_BYTES)).decode().rstrip("=")

    def _not_now(self, fault: UnreachableError) -> ElsewhereError:
        return ElsewhereError(f"{self.provider.name}: {fault}. Try again later.", 503)


def _again(*why: str) -> ElsewhereError:
    return ElsewhereError(" ".join((*why, "Go back to the door and try again.")))
