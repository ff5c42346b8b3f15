"""Puts into a picture what NovelAI puts there: text chunks, hidden alpha copy, signature.

The reference's sections 5.2 to 5.4 say what. The hidden copy is left out where a picture has
too few pixels to hold it.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from PIL import Image

from pipeline.sandbox import png

_MAGIC = b"stealth_pngcomp"
_NO_CORRECTION = b"\xff\xff\xff\xff"  # where error correction would begin: there is none
_OPAQUE, _PAYLOAD = 0xFF, 0xFE
_DESCRIPTION, _DOCUMENT_NAME, _SOFTWARE, _EXIF, _USER_COMMENT = 0x10E, 0x10D, 0x131, 0x8769, 0x9286


@dataclass(frozen=True, slots=True)
class Label:
    """What is written into one picture: `comment` without its signature, in order."""

    description: str
    source: str
    comment: Mapping[str, object]
    seconds: str = "2.5"

    def texts(self, signature: str) -> dict[str, str]:
        """The text chunks in order, with the signed comment last."""
        comment = json.dumps({**self.comment, "signed_hash": signature})
        return {
            "Title": "NovelAI generated image",
            "Description": self.description,
            "Software": "NovelAI",
            "Source": self.source,
            "Generation time": self.seconds,
            "Comment": comment,
        }


def sign(key: Ed25519PrivateKey, rgb: NDArray[np.uint8], comment: Mapping[str, object]) -> str:
    """The signature, in base64, over raw pixels and the comment that has none yet."""
    message = rgb.tobytes() + json.dumps(comment).encode("utf-8")
    return b64encode(key.sign(message)).decode("ascii")


def as_png(rgb: NDArray[np.uint8], label: Label, signature: str) -> bytes:
    """A finished PNG file; `rgb` has shape (height, width, 3)."""
    texts = label.texts(signature)
    return png.write(_with_alpha(rgb, texts), texts)


def as_webp(rgb: NDArray[np.uint8], label: Label, signature: str) -> bytes:
    """A finished lossless WebP file; the texts are in its EXIF block."""
    texts = label.texts(signature)
    exif = Image.Exif()
    exif[_DESCRIPTION] = texts["Description"]
    exif[_DOCUMENT_NAME] = texts["Title"]
    exif[_SOFTWARE] = texts["Source"]
    exif.get_ifd(_EXIF)[_USER_COMMENT] = b"ASCII\0\0\0" + texts["Comment"].encode("ascii")
    file = BytesIO()
    picture = Image.fromarray(_with_alpha(rgb, texts))
    picture.save(file, "WEBP", lossless=True, exact=True, method=0, quality=0, exif=exif.tobytes())
    return file.getvalue()


def _with_alpha(rgb: NDArray[np.uint8], texts: Mapping[str, str]) -> NDArray[np.uint8]:
    height, width, _ = rgb.shape
    picture = Image.fromarray(rgb)
    picture.putalpha(Image.fromarray(np.ascontiguousarray(_hidden(texts, width, height))))
    return np.asarray(picture)


def _hidden(texts: Mapping[str, str], width: int, height: int) -> NDArray[np.uint8]:
    """An alpha plane, shape (height, width), that carries every text but the title."""
    told = json.dumps({key: text for key, text in texts.items() if key != "Title"})
    packed = gzip.compress(told.encode("utf-8"), mtime=0)
    header = _MAGIC + (len(packed) * 8).to_bytes(4, "big")
    bits = np.unpackbits(np.frombuffer(header + packed + _NO_CORRECTION, np.uint8))
    plane = np.full(width * height, _OPAQUE, np.uint8)
    if bits.size <= plane.size:
        plane[: bits.size] = bits | _PAYLOAD
    return plane.reshape(width, height).T
