"""Stands in for `audit/stamps.py` in `verify.pyz`, which has Python's standard library alone."""

from audit.errors import UnusableError


def stamped_at(
    response: bytes, message: bytes, certificates: bytes, nonce: int | None = None
) -> int:
    """Refuse: that it could not look is no answer about the stamp.

    Raises:
        UnusableError: always.
    """
    del response, message, certificates, nonce
    hint = "this file cannot check them: use `openssl ts -verify`, or the verifier as installed"
    raise UnusableError("time stamps", hint)
