"""One-time codes, held to the published vectors, and the key that makes them."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipeline.console.codes import STEP_SECONDS, Codes
from tests.unit.pipeline.console.conftest import numbered

MIA = UUID(int=1)
RFC_KEY = b"12345678901234567890"
"""Of RFC 6238, appendix B; its codes have eight digits, of which ours are the last six."""


def sealed(codes: Codes, key: bytes) -> bytes:
    """A given key, as `new` seals one."""
    nonce = bytes(12)
    return nonce + AESGCM(codes.key).encrypt(nonce, key, MIA.bytes)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """Whatever authenticator somebody has, its codes are ours."""
    codes = Codes.create(b"m" * 32, numbered())
    key, at = sealed(codes, RFC_KEY), datetime.fromtimestamp(seconds, UTC)

    assert codes.step_of(key, MIA, code, at) == seconds // STEP_SECONDS
    assert codes.spelled(key, MIA).replace(" ", "") == base64.b32encode(RFC_KEY).decode()


@pytest.mark.parametrize(("later", "found"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_clocks_may_differ_by_one_step(later: int, found: bool) -> None:
    """People type slowly; a code of a minute ago is somebody else's."""
    codes = Codes.create(b"m" * 32, numbered())
    at = datetime.fromtimestamp(1111111111 + later, UTC)

    step = codes.step_of(sealed(codes, RFC_KEY), MIA, "050471", at)
    assert step == (1111111111 // STEP_SECONDS if found else None)


@pytest.mark.parametrize(
    "code", ["", "50471", "0050471", "\uff10\uff15\uff10\uff14\uff17\uff11", "abcdef"]
)
def test_no_other_text_is_a_code(code: str) -> None:
    """Digits of another script look alike, and are others."""
    codes = Codes.create(b"m" * 32, numbered())
    at = datetime.fromtimestamp(1111111111, UTC)

    assert codes.step_of(sealed(codes, RFC_KEY), MIA, code, at) is None


def test_a_key_is_of_one_account_and_one_installation() -> None:
    """Whoever can write app.db cannot give one account another's key."""
    codes = Codes.create(b"m" * 32, numbered())
    key = codes.new(MIA)

    assert codes.spelled(key, MIA) != codes.spelled(codes.new(MIA), MIA)
    with pytest.raises(InvalidTag):
        codes.spelled(key, UUID(int=2))
    with pytest.raises(InvalidTag):
        Codes.create(b"n" * 32, numbered()).spelled(key, MIA)


def test_the_picture_is_markup_of_ours_alone() -> None:
    """It is put into a page as it is: no style, no script, no name."""
    codes = Codes.create(b"m" * 32, numbered())

    drawn = codes.picture(codes.new(MIA), MIA, "<script>mia")

    assert drawn.startswith("<svg")
    assert "QR code" in drawn
    assert "style" not in drawn
    assert "script" not in drawn
