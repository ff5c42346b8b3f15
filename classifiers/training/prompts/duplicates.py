"""Leaves out texts that stand in the data already, of whatever source, the same or nearly so."""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from classifiers.training.prompts.rows import Row

_SHINGLE: Final = 5
_ALIKE: Final = 0.8
_HASHES: Final = 32
_BAND: Final = 4
_FACTORS: Final = np.arange(1, _HASHES + 1, dtype=np.uint64) * np.uint64(
    0x9E3779B97F4A7C15
) | np.uint64(1)
_OFFSETS: Final = np.arange(_HASHES, dtype=np.uint64) * np.uint64(0xD1B54A32D192ED03)


def without_duplicates(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield each text once; of texts alike, the first, unless they are of one group.

    Texts are alike when 0.8 of their runs of five letters are the same. A pair of one group is
    alike on purpose: it differs in what makes it harmful.
    """
    exact: set[str] = set()
    near: dict[bytes, list[tuple[str, frozenset[int]]]] = {}
    for row in rows:
        plain = normal(row.text)
        if not plain or plain in exact:
            continue
        exact.add(plain)
        shingles = _shingles(plain)
        keys = list(_keys(shingles))
        alike = (other for key in keys for other in near.get(key, ()))
        if any(group != row.group and _are_alike(shingles, known) for group, known in alike):
            continue
        for key in keys:
            near.setdefault(key, []).append((row.group, shingles))
        yield row


def normal(text: str) -> str:
    """Return the letters and digits of `text`, small, with one space between words."""
    return " ".join(re.findall(r"\w+", text.casefold().replace("_", " ")))


def _shingles(plain: str) -> frozenset[int]:
    return frozenset(
        zlib.crc32(plain[at : at + _SHINGLE].encode())
        for at in range(max(1, len(plain) - _SHINGLE + 1))
    )


def _keys(shingles: frozenset[int]) -> Iterator[bytes]:
    """Yield a key for each band of minima: texts alike share one of them nearly always."""
    known = np.fromiter(shingles, np.uint64, len(shingles))
    minima = ((known + np.uint64(1)) * _FACTORS[:, None] + _OFFSETS[:, None]).min(axis=1)
    for band in range(0, _HASHES, _BAND):
        yield bytes([band]) + minima[band : band + _BAND].tobytes()


def _are_alike(some: frozenset[int], others: frozenset[int]) -> bool:
    return len(some & others) >= _ALIKE * len(some | others)
