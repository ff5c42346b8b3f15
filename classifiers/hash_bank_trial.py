"""Tries a version of a bank on pictures that it should not match, before anybody is refused by it.

A list may be wrong as a whole: of another kind than it says, full of pictures that everybody has,
or made to have harmless ones refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from classifiers.canonical import Canonical
from classifiers.guises import guises_of
from classifiers.hash_bank import HashType, Status
from classifiers.hash_bank_catalogue import Trial
from classifiers.hash_bank_lookup import Asked, Hit, Opened, Use
from classifiers.perceptual import Hashed, hash_square, hashes_of
from classifiers.waves import SIDE

MOST_MATCHED = 0.01
"""The share of harmless pictures above which a version is set aside."""
_RADIUS = 31
_PAGE = 0.6
_ASKED = Asked(Use.LOOKUP)


@dataclass(frozen=True, slots=True)
class Prints:
    """By what a picture may be known."""

    digests: Mapping[HashType, bytes] = field(repr=False)
    looks: tuple[tuple[HashType, NDArray[np.uint8]], ...] = field(repr=False)
    """What is looked up as near: hashes, q x 32, of the picture and of what it may be a copy of."""


def prints_of(content: Canonical) -> Prints:
    """Return the prints of a picture."""
    digests = {
        HashType.MD5: bytes.fromhex(content.md5),
        HashType.SHA1: bytes.fromhex(content.sha1),
        HashType.SHA256: bytes.fromhex(content.sha256),
    }
    hashed = [one for one in hashes_of(content) if isinstance(one, Hashed)]
    looks = [(HashType.PDQ, guises_of(one, content).pdq) for one in hashed]
    looks += [(HashType.PHASH_OWN, one.phash) for one in hashed]
    return Prints(digests, tuple(looks))


def hits_of(banks: Opened, prints: Prints) -> list[Hit]:
    """Return every row that matches a picture, for a person's question.

    Raises:
        BankError: nobody could look.
    """
    hits = [*banks.exact(prints.digests, _ASKED)] if prints.digests else []
    for kind, queries in prints.looks:
        hits += banks.near(kind, queries, _RADIUS, _ASKED)
    return [hit for hit in hits if hit.status is not Status.OWN_NEGATIVE]


def tried(banks: Opened, recent: Iterable[Prints]) -> Trial:
    """Look for harmless patterns, and for pictures that were allowed a moment ago.

    Raises:
        BankError: nobody could look.
    """
    benign, seen = [bool(hits_of(banks, one)) for one in patterns()], [*recent]
    return Trial(
        benign=len(benign),
        benign_matched=sum(benign),
        recent=len(seen),
        recent_matched=sum(bool(hits_of(banks, one)) for one in seen),
    )


@cache
def patterns() -> tuple[Prints, ...]:
    """Return the prints of drawn patterns, of which every picture library is full."""
    hashed = (hash_square(_coloured(shade)) for shade in _shades())
    return tuple(
        Prints({}, ((HashType.PDQ, one.pdq), (HashType.PHASH_OWN, one.phash)))
        for one in hashed
        if isinstance(one, Hashed)
    )


def _coloured(shade: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.repeat((shade.clip(0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def _shades() -> Iterable[NDArray[np.float64]]:
    """Yield gradients, checks, stripes, rings, frames and a page of lines: 0 to 1, square."""
    down, across = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    middle = np.hypot(down - 0.5, across - 0.5)
    yield from (across, down, (across + down) / 2, 1 - 1.4 * middle)
    for parts in (2, 4, 8, 16):
        yield ((down * parts).astype(int) + (across * parts).astype(int)) % 2.0
        yield (down * parts).astype(int) % 2.0
        yield 0.5 + 0.5 * np.sin(2 * np.pi * parts * middle)
    for edge in (0.05, 0.1, 0.2):
        yield (np.maximum(abs(down - 0.5), abs(across - 0.5)) < 0.5 - edge) * 1.0
        yield (abs(down - 0.5) < 0.5 - edge) * across
        yield (middle < 0.5 - edge) * 1.0
    yield ((down * 32).astype(int) % 2) * (middle < _PAGE) * 1.0
