"""The pure Python verification: RFC 8032's vectors, and the same answers as OpenSSL."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit import ed25519, signatures

ORDER = 2**252 + 27742317777372353535851937790883648493
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()

# RFC 8032, section 7.1: tests 1, 2, 3 and SHA(abc): public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
            "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_verify_and_not_over_another_message(
    public: str, message: str, signature: str
) -> None:
    """Whoever wrote the standard says what it means."""
    said = bytes.fromhex(message)
    key, blob = bytes.fromhex(public), bytes.fromhex(signature)

    assert ed25519.verifies(key, said, blob)
    assert not ed25519.verifies(key, said + b"\x00", blob)


@given(
    message=st.binary(max_size=200),
    place=st.integers(0, 511),
    whose=st.binary(min_size=32, max_size=32),
)
def test_it_says_what_openssl_says(message: bytes, place: int, whose: bytes) -> None:
    """Two verifiers that differ would let somebody show different people different logs."""
    key = Ed25519PrivateKey.from_private_bytes(whose)
    public, blob = key.public_key().public_bytes_raw(), key.sign(message)
    changed = bytearray(blob)
    changed[place // 8] ^= 1 << place % 8

    for signature in (blob, bytes(changed)):
        found = ed25519.verifies(public, message, signature)
        assert found is signatures.verifies(public, message, signature)
        assert found is (signature == blob)


@given(public=st.binary(max_size=40), signature=st.binary(max_size=70))
def test_other_bytes_verify_nothing_and_raise_nothing(public: bytes, signature: bytes) -> None:
    """A key or signature of the wrong length, or no point of the curve, is no signature."""
    assert not ed25519.verifies(public, b"x", signature)
    assert not signatures.verifies(public, b"x", signature)


def test_a_second_spelling_of_the_scalar_is_refused() -> None:
    """RFC 8032 demands it: else anybody could make another signature of one that he saw."""
    blob = KEY.sign(b"x")
    larger = int.from_bytes(blob[32:], "little") + ORDER
    again = blob[:32] + larger.to_bytes(32, "little")

    assert ed25519.verifies(PUBLIC, b"x", blob)
    assert not ed25519.verifies(PUBLIC, b"x", again)
    assert not signatures.verifies(PUBLIC, b"x", again)


def test_a_key_that_is_no_point_verifies_nothing() -> None:
    """That y = p is zero written in a second way, and x = 0 has no negative."""
    for y in (2**255 - 19, 1 | 1 << 255, 2):
        assert not ed25519.verifies(y.to_bytes(32, "little"), b"x", KEY.sign(b"x"))
