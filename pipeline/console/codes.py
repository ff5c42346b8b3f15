"""One-time codes: a key that an authenticator shares, six digits of it every 30 seconds.

The key lies encrypted in app.db, bound to its account: whoever has a copy of that file alone
cannot make codes.
"""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import segno
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyotp.totp import TOTP

STEP_SECONDS = 30
_AROUND = (0, -1, 1)
"""A code of the step before or after goes too: clocks differ, and people type slowly."""
_KEY_BYTES = 20
_NONCE_BYTES = 12
_ISSUER = "Imprimatur"


@dataclass(frozen=True, slots=True)
class Codes:
    """Makes the keys of authenticators, and knows their codes."""

    key: bytes = field(repr=False)
    random: Callable[[int], bytes] = field(repr=False)

    @classmethod
    def create(cls, master: bytes, random: Callable[[int], bytes]) -> "Codes":
        """Return what seals with a key of its own, derived from the installation's."""
        info = b"imprimatur/console/one-time-codes"
        return cls(HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(master), random)

    def new(self, owner: UUID) -> bytes:
        """Return a new key for an account, sealed."""
        nonce, key = self.random(_NONCE_BYTES), self.random(_KEY_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, key, owner.bytes)

    def step_of(self, sealed: bytes, owner: UUID, code: str, at: datetime) -> int | None:
        """Return the time step that a code is of, or None if it is of none around `at`.

        The caller MUST see to it that a step, and those before it, are accepted once only.
        """
        now, found = int(at.timestamp()) // STEP_SECONDS, None
        made = TOTP(self._spelled(sealed, owner))
        for step in (now + each for each in _AROUND):  # all of them, however early one fits
            if hmac.compare_digest(made.generate_otp(step).encode(), code.encode()):
                found = step if found is None else found
        return found

    def spelled(self, sealed: bytes, owner: UUID) -> str:
        """Return a key as people type it into an authenticator: groups of four."""
        key = self._spelled(sealed, owner)
        return " ".join(key[place : place + 4] for place in range(0, len(key), 4))

    def picture(self, sealed: bytes, owner: UUID, name: str) -> str:
        """Return a key as an authenticator reads it: a QR code, as the markup of an SVG."""
        made = TOTP(self._spelled(sealed, owner), name=name, issuer=_ISSUER)
        drawn = segno.make(made.provisioning_uri(), micro=False)
        title = "QR code for your authenticator"
        return drawn.svg_inline(scale=5, light="#fff", title=title, svgclass="qr", lineclass=None)

    def _spelled(self, sealed: bytes, owner: UUID) -> str:
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return base64.b32encode(AESGCM(self.key).decrypt(nonce, ciphertext, owner.bytes)).decode()
