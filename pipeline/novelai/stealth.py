"""Reads the metadata that NovelAI hides in the alpha plane (novelai-api.md 5.3).

The least significant bits of alpha, column by column: a magic word, the length of the payload in
bits, and the payload, which is gzip of a JSON object.
"""

import json
import zlib
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.items import Json

_MAGIC = b"stealth_pngcomp"
_LENGTH_BYTES = 4
_MOST_JSON_BYTES = 1 << 20
_GZIP = 31


def read(alpha: NDArray[np.uint8]) -> dict[str, Json]:
    """Give what `alpha`, rows x columns, hides; an empty object when it hides nothing.

    A payload that is damaged, larger than the picture or than 1 MiB of JSON hides nothing.
    """
    if alpha.ndim != 2 or alpha.size == 0:  # noqa: PLR2004 - rows and columns
        return {}
    head = _bytes(alpha, 0, len(_MAGIC) + _LENGTH_BYTES)
    if not head.startswith(_MAGIC):
        return {}
    bits = int.from_bytes(head[len(_MAGIC) :], "big")
    if bits > alpha.size:
        return {}
    return _unpack(_bytes(alpha, len(head), len(head) + bits // 8))


def _bytes(alpha: NDArray[np.uint8], start: int, stop: int) -> bytes:
    """Give bytes `start` to `stop` of the stream, looking only at the columns that hold them."""
    rows = alpha.shape[0]
    first, last = start * 8 // rows, -(-stop * 8 // rows)
    bits = alpha[:, first:last].T.reshape(-1) & 1
    skipped = start * 8 - first * rows
    return np.packbits(bits[skipped : skipped + (stop - start) * 8]).tobytes()


def _unpack(payload: bytes) -> dict[str, Json]:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        text = unpacker.decompress(payload, _MOST_JSON_BYTES).decode("utf-8")
        value = cast("Json", json.loads(text))
    except (zlib.error, ValueError, RecursionError):
        return {}
    return value if unpacker.eof and isinstance(value, dict) else {}
