"""How a receiver knows that it is us: Standard Webhooks' signature, and the secret behind it.

    webhook-signature: v1,base64(HMAC-SHA256(secret, webhook-id.webhook-timestamp.body))

Secrets look like `whsec_` and base64 of 32 random bytes, as that convention has them.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from pipeline.webhooks.errors import AddressError

_PREFIX: Final = "whsec_"
_SECRET_BYTES, _NONCE_BYTES = 32, 12


def new_secret(random: Callable[[int], bytes]) -> SecretStr:
    """Return a new secret; `random` returns that many bytes nobody can guess."""
    return SecretStr(_PREFIX + base64.b64encode(random(_SECRET_BYTES)).decode())


def signed(secret: SecretStr, known_as: UUID, at: int, body: bytes) -> Mapping[str, str]:
    """Return the headers by which a receiver knows that we sent `body`, and when (Unix seconds)."""
    key = base64.b64decode(secret.get_secret_value().removeprefix(_PREFIX))
    mac = hmac.digest(key, f"{known_as}.{at}.".encode() + body, "sha256")
    return {
        "webhook-id": str(known_as),
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


@dataclass(frozen=True, slots=True)
class Sealer:
    """Keeps the secrets of tenants: none opens as another's."""

    key: bytes = field(repr=False)
    random: Callable[[int], bytes]

    def seal(self, tenant: str, secret: SecretStr) -> bytes:
        """Encrypt a tenant's secret."""
        nonce = self.random(_NONCE_BYTES)
        plain = secret.get_secret_value().encode()
        return nonce + AESGCM(self.key).encrypt(nonce, plain, _bound(tenant))

    def open(self, tenant: str, sealed: bytes) -> SecretStr:
        """Decrypt a tenant's secret.

        Raises:
            AddressError: it was altered, or sealed under another key.
        """
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            plain = AESGCM(self.key).decrypt(nonce, ciphertext, _bound(tenant))
        except (InvalidTag, ValueError):
            raise AddressError("its secret does not open: set the address anew") from None
        return SecretStr(plain.decode())


def _bound(tenant: str) -> bytes:
    return b"webhook secret/" + tenant.encode()
