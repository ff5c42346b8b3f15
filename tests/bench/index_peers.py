"""Other programs that find hashes within a distance, where they are installed."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_index.bands import MOST_RADIUS
from classifiers.hash_index.scan import Scan

Hashes = NDArray[np.uint8]
Lookup = Callable[[Hashes], object]
"""Looks up q x 32 bytes, one after another."""

_BITS = 256
_BANDS = 16
_MOST_TO_BUILD = 1_000_000
"""Rows; beyond, the tables of faiss's multi-hash take minutes to build."""


def peers(hashes: Hashes) -> Mapping[str, Lookup]:
    """Return every way to look up that this machine has, each on one thread."""
    scan = Scan(hashes)
    found: dict[str, Lookup] = {"compare all (Scan)": lambda q: scan.within(q, MOST_RADIUS)}
    if importlib.util.find_spec("faiss") is not None:
        found |= _faiss(hashes)
    if importlib.util.find_spec("threatexchange") is not None and len(hashes) <= _MOST_TO_BUILD:
        found["threatexchange PDQIndex"] = _threatexchange(hashes)
    return found


def _faiss(hashes: Hashes) -> dict[str, Lookup]:
    faiss: Any = importlib.import_module("faiss")
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(_BITS)
    flat.add(hashes)
    found = {"faiss, flat": _each(flat)}
    if len(hashes) <= _MOST_TO_BUILD:
        multi = faiss.IndexBinaryMultiHash(_BITS, _BANDS, _BITS // _BANDS)
        multi.nflip = 1
        multi.add(hashes)
        found["faiss, multi-hash"] = _each(multi)
    return found


def _each(index: Any) -> Lookup:
    """One at a time; faiss leaves out the radius itself."""
    return lambda asked: [index.range_search(one[np.newaxis], MOST_RADIUS + 1) for one in asked]


def _threatexchange(hashes: Hashes) -> Lookup:
    module: Any = importlib.import_module("threatexchange.signal_type.pdq.pdq_index")
    index = module.PDQIndex.build((one.tobytes().hex(), row) for row, one in enumerate(hashes))
    return lambda asked: [index.query(one.tobytes().hex()) for one in asked]
