"""Compares a picture with the banks: exactly by its bytes, nearly by what it looks like."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from classifiers.canonical import Canonical
from classifiers.classifier import Capability
from classifiers.content import Purpose
from classifiers.errors import BankError, ClassifierError
from classifiers.guises import Guises, guises_of
from classifiers.hash_bank import HashType, Kind, Status
from classifiers.hash_bank_lookup import Asked, Banks, Hit, Opened, Use
from classifiers.hash_index import HashIndex
from classifiers.mask import is_mask
from classifiers.perceptual import (
    BYTES,
    VARIANTS,
    Hashed,
    TooFlat,
    hash_square,
    hashes_of,
)
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable
from classifiers.waves import SIDE

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

Scored = tuple[float, SignalName, str]


def near_score(distance: int) -> float:
    """1 - distance / 64: 1.0 for the same hash, 0.84 at `STRONG`, 0.52 at `RADIUS`."""
    return 1.0 - distance / _SCALE


class HashMatch:
    """Looks a picture up in banks, as they are at that moment.

    An empty set is an operator's explicit `banks: []`: every answer is then 0.0, from a source
    that says so. Retracted rows match nothing; disputed ones at half the score. Where a bank is
    past its time, or must be there and is not, nobody could look for what it knows of.
    """

    def __init__(self, banks: Banks) -> None:
        self._banks = banks
        self.emits = frozenset({*_EXACT_NAMES.values(), *_NEAR_NAMES.values()})

    @property
    def id(self) -> str:
        """Names the versions that are used now."""
        try:
            return _source(self._banks.opened())
        except BankError:
            return "hash_match@2+lost-banks"

    @property
    def answers(self) -> frozenset[Capability]:
        """Every name, but those of kinds of which a bank is stale, missing or lost."""
        try:
            blind = _blind(self._banks.opened())
        except BankError:
            return frozenset()
        return frozenset(Capability(name) for name in self.emits if name not in blind)

    def warm(self) -> None:
        """Hash a drawn pattern, and find it by the hash that it has on every machine.

        Raises:
            ClassifierError: it hashes to something else, so no bank could be matched; or the banks
                do not verify.
        """
        self._banks.opened()
        known = HashIndex(np.frombuffer(_PATTERN_PDQ, dtype=np.uint8).reshape(1, BYTES))
        seen = hash_square(_pattern())
        if isinstance(seen, TooFlat) or not known.within(seen.pdq[:1], STRONG):
            raise ClassifierError("hash_match: expected a known pattern to have its known hash")

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report each of the six names: its strongest hits, or 0.0, or that nobody could look."""
        where, banks = Picture(content.carrier, content.index), self._banks.opened()
        source = _source(banks)
        exact = _exact_hits(content, banks)
        findings: list[Finding] = [
            Signal(name, score, where, source, evidence)
            for score, name, evidence in _strongest(
                _exactly(hit) for hit in exact if hit.status is not Status.OWN_NEGATIVE
            )
        ]
        findings += self._nearly(content, where, banks, exact)
        named = {finding.name for finding in findings}
        blind = {name: why for name, why in _blind(banks).items() if not _seen(name, findings)}
        findings = [finding for finding in findings if finding.name not in blind]
        findings += [Unavailable(n, where, source, blind[n]) for n in sorted(blind)]
        left = self.emits - named - blind.keys()
        return [*findings, *(Signal(n, 0.0, where, source) for n in sorted(left))]

    def _nearly(
        self, content: Canonical, where: Picture, banks: Opened, exact: Sequence[Hit]
    ) -> list[Finding]:
        """The near findings. A true mask is exempt: half of all masks look alike."""
        if not banks.has_near or (content.purpose is Purpose.MASK and is_mask(content)):
            return []
        source = _source(banks)
        cleared = next((hit for hit in exact if hit.status is Status.OWN_NEGATIVE), None)
        if cleared is not None:
            evidence = f"{cleared.reference} {cleared.status}"
            return [Signal(n, 0.0, where, source, evidence) for n in _NEAR_NAMES.values()]
        hashes = hashes_of(content)
        asked = _asked(content)
        hits = _strongest(
            hit
            for one in hashes
            if isinstance(one, Hashed)
            for hit in _hits(one, guises_of(one, content), banks, asked)
        )
        found: list[Finding] = [Signal(n, score, where, source, e) for score, n, e in hits]
        if any(isinstance(one, TooFlat) for one in hashes):
            blind = set(_NEAR_NAMES.values()) - {finding.name for finding in found}
            found += [Unavailable(n, where, source, Reason.TOO_FLAT) for n in sorted(blind)]
        return found


def _asked(content: Canonical) -> Asked:
    use = Use.OUTPUT if content.purpose is Purpose.OUTPUT else Use.INPUT
    return Asked(use, content.tenant)


def _exact_hits(content: Canonical, banks: Opened) -> Sequence[Hit]:
    digests = {
        HashType.MD5: bytes.fromhex(content.md5),
        HashType.SHA1: bytes.fromhex(content.sha1),
        HashType.SHA256: bytes.fromhex(content.sha256),
    }
    return banks.exact(digests, _asked(content))


def _exactly(hit: Hit) -> Scored:
    return _weighed(1.0, hit), _EXACT_NAMES[hit.kind], f"{hit.reference} {hit.type}"


def _hits(hashed: Hashed, guises: Guises, banks: Opened, asked: Asked) -> Iterator[Scored]:
    """Whatever is near the picture's hashes, and near those of what it may be a copy of."""
    for kind_of_hash, names, queries in (
        (HashType.PDQ, guises.names, guises.pdq),
        (HashType.PHASH_OWN, VARIANTS, hashed.phash),
    ):
        for hit in banks.near(kind_of_hash, queries, RADIUS, asked):
            score = _weighed(near_score(hit.distance), hit)
            evidence = f"{hit.reference} d={hit.distance} v={names[hit.query]}"
            yield score, _NEAR_NAMES[hit.kind], evidence


def _weighed(score: float, hit: Hit) -> float:
    return score * (_DISPUTED_WEIGHT if hit.status is Status.DISPUTED else 1.0)


def _source(banks: Opened) -> str:
    return _named(banks.versions)


@lru_cache(8)  # every request asks several times, and they seldom change
def _named(versions: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\n".join(versions).encode()).hexdigest()[:8]
    return f"hash_match@2+{digest if versions else 'no-banks'}"


def _blind(banks: Opened) -> dict[SignalName, Reason]:
    """The names of kinds where a bank cannot be asked, and why."""
    reasons = dict.fromkeys(banks.missing, Reason.NO_BANKS) | dict.fromkeys(
        banks.stale, Reason.STALE
    )
    return {
        name: reason
        for kind, reason in reasons.items()
        for name in (_EXACT_NAMES[kind], _NEAR_NAMES[kind])
    }


def _seen(name: SignalName, findings: Sequence[Finding]) -> bool:
    """Whether another bank of the kind matched: that is known, whatever the rest would say."""
    return any(isinstance(f, Signal) and f.name is name and f.score > 0 for f in findings)


def _strongest(hits: Iterator[Scored]) -> list[Scored]:
    """The best hit of each entry, best first; of each name no more than a reviewer can use."""
    best: dict[tuple[SignalName, str], Scored] = {}
    for hit in hits:
        key = hit[1], hit[2].partition(" ")[0]
        best[key] = max(best.get(key, hit), hit, key=lambda one: one[0])
    ranked = sorted(best.values(), key=lambda one: (-one[0], one[2]))
    names = {hit[1] for hit in ranked}
    return [
        hit for n in sorted(names) for hit in islice((h for h in ranked if h[1] == n), _MOST_HITS)
    ]


def _pattern() -> NDArray[np.uint8]:
    """Blocks of 32 pixels in colours that are the same on every machine."""
    side = SIDE // 32
    colours = hashlib.shake_256(b"imprimatur").digest(side * side * 3)
    blocks = np.frombuffer(colours, dtype=np.uint8).reshape(side, side, 3)
    return np.kron(blocks, np.ones((32, 32, 1), dtype=np.uint8))


_PATTERN_PDQ = bytes.fromhex("87d203d803e507c7d2e10615c528993fbf0027b8f74cda5c3481fbade25d6b7c")
