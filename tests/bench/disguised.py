"""Puts every subject into every coat, and looks it up as the gate does and as others do."""

import importlib
import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pdqhash
from PIL import Image

from classifiers.canonical import Canonical
from classifiers.guises import guises_of
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.hash_bank_set import BankSet
from classifiers.hash_match import RADIUS, HashMatch
from classifiers.perceptual import BYTES, Hashed, hashes_of, usable
from classifiers.signals import Signal
from tests.bench.benign import NOON
from tests.bench.coats import COATS, png
from tests.bench.strangers import Hashes, looked_at, nearest
from tests.bench.subjects import drawings, photographs

FAR = 256
KEPT = 4
_BY_PHASH = "/phash"


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One subject in one coat."""

    coat: str
    drawing: bool
    distance: int
    """Of its PDQ from the subject's, undone as it may be; `FAR` where it was not found."""
    guise: str
    """What it was found as."""
    by_phash: bool
    """Whether pHash found it."""
    stock: bool
    """Whether threatexchange's PDQ of the same bytes finds it."""
    others: tuple[str, ...]
    """Other subjects that it was taken for: none may be."""
    queries: Hashes = field(repr=False)
    """All that was looked up for it; kept of one in `KEPT`."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """Every subject, its hashes, and a bank of these."""

    pictures: dict[str, Image.Image]
    drawings: frozenset[str]
    hashes: Hashes
    stock: dict[str, Hashes]
    match: HashMatch


@cache
def subjects() -> Subjects:
    """Open all of them, once in a process."""
    drawn = dict(drawings())
    pictures = {**dict(photographs()), **drawn}
    entries: list[Entry] = []
    hashes: list[Hashes] = []
    for name, picture in pictures.items():
        (hashed,) = hashes_of(looked_at(png(picture)))
        if not isinstance(hashed, Hashed):
            message = f"{name}: expected a picture that is not flat"
            raise TypeError(message)
        hashes.append(hashed.pdq[:1])
        entries.append(_entry(name, HashType.PDQ, hashed.pdq[0]))
        entries.append(_entry(name + _BY_PHASH, HashType.PHASH_OWN, hashed.phash[0]))
    bank = Bank("known", Kind.BLOCKED, tuple(entries), NOON)
    return Subjects(
        pictures,
        frozenset(drawn),
        np.concatenate(hashes),
        {name: stock_hash(png(picture)) for name, picture in pictures.items()},
        HashMatch(BankSet((bank,))),
    )


def disguised(name: str) -> Sequence[Case]:
    """Put one subject into every coat."""
    first = list(subjects().pictures).index(name)
    return [case(name, coat, kept=(first + n) % KEPT == 0) for n, coat in enumerate(COATS)]


def case(name: str, coat: str, *, kept: bool) -> Case:
    """Put one subject into one coat, and look it up."""
    known = subjects()
    data = COATS[coat](known.pictures[name])
    canonical = looked_at(data)
    found = [_hit(f) for f in known.match.classify(canonical) if isinstance(f, Signal) and f.score]
    mine = [(distance, guise) for hit, distance, guise in found if hit == name]
    distance, guise = min(mine, default=(FAR, ""))
    return Case(
        coat,
        name in known.drawings,
        distance,
        guise,
        any(hit == name + _BY_PHASH for hit, _, _ in found),
        nearest(stock_hash(data), known.stock[name]) <= RADIUS,
        tuple({hit for hit, _, _ in found if hit.removesuffix(_BY_PHASH) != name}),
        _queries(canonical) if kept else np.empty((0, BYTES), np.uint8),
    )


def _queries(canonical: Canonical) -> Hashes:
    seen = [one for one in hashes_of(canonical) if isinstance(one, Hashed)]
    rows = [guises_of(one, canonical).pdq for one in seen]
    return np.concatenate([np.empty((0, BYTES), np.uint8), *rows])


def stock_hash(data: bytes) -> Hashes:
    """Return the PDQ that threatexchange makes of a file, none where its quality is too low.

    Where it is not installed, its steps are gone here: the stored samples as they are, in Pillow's
    mode of the file.
    """
    if importlib.util.find_spec("threatexchange") is not None:
        hasher: Any = importlib.import_module("threatexchange.signal_type.pdq.pdq_hasher")
        text, quality = hasher.pdq_from_bytes(data)
        packed = np.frombuffer(bytes.fromhex(text), np.uint8)[np.newaxis]
    else:
        picture: Image.Image = Image.open(io.BytesIO(data))
        if picture.mode in {"LA", "I;16"}:
            picture = picture.convert("RGB")
        pixels = np.asarray(picture)
        if pixels.ndim == 2:
            pixels = np.stack([pixels] * 3, axis=2)
        bits, quality = pdqhash.compute(pixels)
        packed = np.packbits(bits)[np.newaxis]
    return packed if usable(int(quality)) else packed[:0]


def _entry(name: str, kind: HashType, packed: Hashes) -> Entry:
    return Entry("known", name, kind, packed.tobytes(), "", 1, (), Status.ACTIVE, NOON)


def _hit(found: Signal) -> tuple[str, int, str]:
    """Take evidence apart: which entry, how far, as what."""
    reference, _, rest = found.evidence.partition(" d=")
    distance, _, guise = rest.partition(" v=")
    return reference.removeprefix("bank:known/"), int(distance), guise
