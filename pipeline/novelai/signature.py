"""Verifies NovelAI's signature of a picture (novelai-api.md 5.4)."""

import base64
import binascii
import json
from collections.abc import Mapping

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from numpy.typing import NDArray

from pipeline.items import Json

NOVELAI_VERIFY_KEY = "Y2JcQAOhLwzwSDUJPNgL04nS0Tbqm7cSRc4xk0vRMic="
FIELD = "signed_hash"
"""The key of the comment that holds the signature; it is not part of what is signed."""


def verify_key(text: str) -> Ed25519PublicKey:
    """Give the key of its base64.

    Raises:
        ValueError: it is not the base64 of 32 bytes.
    """
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


def signed_message(rgb: NDArray[np.uint8], comment: Mapping[str, Json]) -> bytes:
    """Give what is signed: the RGB bytes, row by row, then the comment without its signature.

    The comment MUST be as `json.loads` gave it: key order and number formats are signed.
    """
    unsigned = {key: value for key, value in comment.items() if key != FIELD}
    return rgb.tobytes() + json.dumps(unsigned).encode("utf-8")


def holds(rgb: NDArray[np.uint8], comment: Mapping[str, Json], key: Ed25519PublicKey) -> bool:
    """Whether `comment` carries a signature by `key` of itself and these colours."""
    signed_hash = comment.get(FIELD)
    if not isinstance(signed_hash, str):
        return False
    try:
        signature = base64.b64decode(signed_hash, validate=True)
        key.verify(signature, signed_message(rgb, comment))
    except (binascii.Error, ValueError, RecursionError, InvalidSignature):
        return False
    return True
