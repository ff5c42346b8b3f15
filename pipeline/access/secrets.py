"""Bearers: the secrets that API keys and subject tokens are.

They look like NovelAI's persistent tokens, `pst-` and 64 characters, so that unmodified SDKs
carry them. Only their SHA-256 is kept: they have 384 random bits, so nobody finds one by trying.
"""

import base64
import re
from collections.abc import Callable
from hashlib import sha256

from pydantic import SecretStr

from pipeline.errors import UnauthenticatedError

_RANDOM_BYTES = 48  # 64 characters of base64, without padding
_BEARER = re.compile(r"pst-[A-Za-z0-9_-]{64}", re.ASCII)


def new_bearer(random: Callable[[int], bytes]) -> SecretStr:
    """Return a new secret; `random` returns that many bytes nobody can guess."""
    return SecretStr("pst-" + base64.urlsafe_b64encode(random(_RANDOM_BYTES)).decode())


def hash_of(bearer: SecretStr) -> str:
    """Return what is kept of a secret.

    Raises:
        UnauthenticatedError: it has not the shape of one.
    """
    if not _BEARER.fullmatch(bearer.get_secret_value()):
        raise UnauthenticatedError("bearer", "`pst-` and 64 characters", "another shape")
    return sha256(bearer.get_secret_value().encode()).hexdigest()
