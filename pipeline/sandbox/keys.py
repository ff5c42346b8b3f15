"""The key pair that the sandbox signs with: public on purpose, for tests and demonstrations.

NovelAI's own key is not ours to use. A gateway that is to trust the sandbox's pictures is
told `TEST_VERIFY_KEY_BASE64`; it MUST NOT be told so when it serves anybody.
"""

from base64 import b64encode
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SEED = b"imprimatur sandbox: a public test key, never to be trusted in service"

UNSAFE_TEST_SIGNING_KEY = Ed25519PrivateKey.from_private_bytes(sha256(_SEED).digest())
TEST_VERIFY_KEY_BASE64 = b64encode(
    UNSAFE_TEST_SIGNING_KEY.public_key().public_bytes_raw(),
).decode("ascii")
