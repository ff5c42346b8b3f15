"""Ed25519 signatures verified by OpenSSL: the one thing a verification needs beyond Python itself.

In `verify.pyz` the file `audit/ed25519.py` stands in this one's place.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether the key with these 32 bytes signed exactly this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
