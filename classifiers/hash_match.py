"""Compares a picture with the banks: exactly by its bytes, nearly by what it looks like."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from classifiers.canonical import Canonical
from classifiers.classifier import Capability
from classifiers.content import Purpose
from classifiers.errors import ClassifierError
from classifiers.hash_bank import EXACT, NEAR, BankSet, Entry, HashType, Kind, Status
from classifiers.hash_index import HashIndex
from classifiers.mask import is_mask
from classifiers.perceptual import (
    BYTES,
    SIDE,
    VARIANTS,
    Hashed,
    TooFlat,
    hash_square,
    hashes_of,
)
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable

RADIUS = 31
"""The greatest distance in bits that is a match; 32 is none."""
STRONG = 10
"""Up to here two copies of one picture; beyond it, a suspicion that somebody must look at."""

_EXACT_NAMES = {
    Kind.CSAM: SignalName.HASH_CSAM_EXACT,
    Kind.NCII: SignalName.HASH_NCII_EXACT,
    Kind.BLOCKED: SignalName.HASH_BLOCKED_EXACT,
}
_NEAR_NAMES = {
    Kind.CSAM: SignalName.HASH_CSAM_NEAR,
    Kind.NCII: SignalName.HASH_NCII_NEAR,
    Kind.BLOCKED: SignalName.HASH_BLOCKED_NEAR,
}
_MOST_HITS = 16
_DISPUTED_WEIGHT = 0.5
_SCALE = 64

Row = tuple[Kind, Entry]
Hit = tuple[float, SignalName, str]


def near_score(distance: int) -> float:
    """1 - distance / 64: 1.0 for the same hash, 0.84 at `STRONG`, 0.52 at `RADIUS`."""
    return 1.0 - distance / _SCALE


class HashMatch:
    """Looks a picture up in one set of banks, which never changes.

    An empty set is an operator's explicit `banks: []`: every answer is then 0.0, from a source
    that says so. Retracted rows match nothing; disputed ones at half the score.
    """

    def __init__(self, banks: BankSet) -> None:
        digest = hashlib.sha256("\n".join(banks.versions).encode()).hexdigest()[:8]
        self.id = f"hash_match@1+{digest if banks.banks else 'no-banks'}"
        self.versions = banks.versions
        self.emits = frozenset({*_EXACT_NAMES.values(), *_NEAR_NAMES.values()})
        self.answers = frozenset(Capability(name) for name in self.emits)
        rows = [(b.kind, e) for b in banks.banks for e in b.entries]
        live = [row for row in rows if row[1].status in {Status.ACTIVE, Status.DISPUTED}]
        self._cleared = {e.hash: e for _, e in rows if e.status is Status.OWN_NEGATIVE}
        self._exact: dict[bytes, list[Row]] = {}
        for row in live:
            if row[1].type in EXACT:
                self._exact.setdefault(row[1].hash, []).append(row)
        self._near = {kind: [row for row in live if row[1].type is kind] for kind in NEAR}
        self._indexes = {kind: HashIndex(_matrix(rows)) for kind, rows in self._near.items()}

    def warm(self) -> None:
        """Hash a drawn pattern, and find it by the hash that it has on every machine.

        Raises:
            ClassifierError: it hashes to something else, so no bank could be matched.
        """
        known = HashIndex(np.frombuffer(_PATTERN_PDQ, dtype=np.uint8).reshape(1, BYTES))
        seen = hash_square(_pattern())
        if isinstance(seen, TooFlat) or not known.within(seen.pdq[:1], STRONG):
            raise ClassifierError("hash_match: expected a known pattern to have its known hash")

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report each of the six names: its strongest hits, or 0.0, or that nobody could look."""
        where = Picture(content.carrier, content.index)
        findings: list[Finding] = [
            Signal(name, score, where, self.id, evidence)
            for score, name, evidence in _strongest(self._exact_hits(content))
        ]
        findings += self._nearly(content, where)
        named = {finding.name for finding in findings}
        return [*findings, *(Signal(n, 0.0, where, self.id) for n in sorted(self.emits - named))]

    def _exact_hits(self, content: Canonical) -> Iterator[Hit]:
        for digest in (content.md5, content.sha1, content.sha256):
            for kind, entry in self._exact.get(bytes.fromhex(digest), ()):
                yield _weighed(1.0, entry), _EXACT_NAMES[kind], f"{entry.reference} {entry.type}"

    def _nearly(self, content: Canonical, where: Picture) -> list[Finding]:
        """The near findings. A true mask is exempt: half of all masks look alike."""
        if not any(self._near.values()) or (content.purpose is Purpose.MASK and is_mask(content)):
            return []
        cleared = self._cleared.get(bytes.fromhex(content.sha256))
        if cleared is not None:
            evidence = f"{cleared.reference} {cleared.status}"
            return [Signal(n, 0.0, where, self.id, evidence) for n in _NEAR_NAMES.values()]
        hashes = hashes_of(content)
        hits = _strongest(
            hit for one in hashes if isinstance(one, Hashed) for hit in self._hits(one)
        )
        found: list[Finding] = [Signal(n, score, where, self.id, e) for score, n, e in hits]
        if any(isinstance(one, TooFlat) for one in hashes):
            blind = set(_NEAR_NAMES.values()) - {finding.name for finding in found}
            found += [Unavailable(n, where, self.id, Reason.TOO_FLAT) for n in sorted(blind)]
        return found

    def _hits(self, hashed: Hashed) -> Iterator[Hit]:
        for kind_of_hash, queries in (
            (HashType.PDQ, hashed.pdq),
            (HashType.PHASH_OWN, hashed.phash),
        ):
            for match in self._indexes[kind_of_hash].within(queries, RADIUS):
                kind, entry = self._near[kind_of_hash][match.row]
                score = _weighed(near_score(match.distance), entry)
                evidence = f"{entry.reference} d={match.distance} v={VARIANTS[match.query]}"
                yield score, _NEAR_NAMES[kind], evidence


def _weighed(score: float, entry: Entry) -> float:
    return score * (_DISPUTED_WEIGHT if entry.status is Status.DISPUTED else 1.0)


def _strongest(hits: Iterator[Hit]) -> list[Hit]:
    """The best hit of each entry, best first; of each name no more than a reviewer can use."""
    best: dict[tuple[SignalName, str], Hit] = {}
    for hit in hits:
        key = hit[1], hit[2].partition(" ")[0]
        best[key] = max(best.get(key, hit), hit, key=lambda one: one[0])
    ranked = sorted(best.values(), key=lambda one: (-one[0], one[2]))
    names = {hit[1] for hit in ranked}
    return [
        hit for n in sorted(names) for hit in islice((h for h in ranked if h[1] == n), _MOST_HITS)
    ]


def _matrix(rows: list[Row]) -> NDArray[np.uint8]:
    packed = np.frombuffer(b"".join(entry.hash for _, entry in rows), dtype=np.uint8)
    return packed.reshape(-1, BYTES)


def _pattern() -> NDArray[np.uint8]:
    """Blocks of 32 pixels in colours that are the same on every machine."""
    side = SIDE // 32
    colours = hashlib.shake_256(b"imprimatur").digest(side * side * 3)
    blocks = np.frombuffer(colours, dtype=np.uint8).reshape(side, side, 3)
    return np.kron(blocks, np.ones((32, 32, 1), dtype=np.uint8))


_PATTERN_PDQ = bytes.fromhex("87d203d803e507c7d2e10615c528993fbf0027b8f74cda5c3481fbade25d6b7c")
