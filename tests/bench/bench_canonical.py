"""Prints what reading and hashing one picture cost: `python -m tests.bench.bench_canonical`."""

import io
import statistics
import time
from collections.abc import Callable

import numpy as np
from PIL import Image
from skimage import data as photographs

from classifiers.canonical import Canonical, read, stripped
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.hash_bank_set import BankSet
from classifiers.hash_index import HashIndex
from classifiers.hash_match import HashMatch
from classifiers.perceptual import hash_square, hashes_of
from classifiers.waves import SIDE

WIDTH, HEIGHT, ROUNDS = 832, 1216, 21


def median_ms(work: Callable[[], object]) -> float:
    """The median of `ROUNDS` runs, after one that warms up."""
    work()
    durations: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations) * 1000


def received(mode: str = "RGB") -> bytes:
    """A photograph of NovelAI's usual size, as PNG."""
    photograph = photographs.astronaut()  # type: ignore[no-untyped-call] # skimage has no types
    picture = Image.fromarray(photograph).resize((WIDTH, HEIGHT)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(128)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def looked_at(data: bytes) -> Canonical:
    """What the gate makes of it."""
    return read(Received("output", 0, Purpose.OUTPUT, data))


def main() -> None:
    """Measure each step against Pillow's decode alone."""
    plain, layered = received(), received("RGBA")
    seen = looked_at(plain)
    square = seen.shrunk(SIDE, SIDE)
    index = HashIndex(np.random.default_rng(1).integers(0, 256, (100_000, 32), dtype=np.uint8))
    queries = np.random.default_rng(2).integers(0, 256, (8, 32), dtype=np.uint8)
    no_banks = HashMatch(BankSet(()))
    steps: dict[str, Callable[[], object]] = {
        "Pillow decode alone": lambda: np.asarray(Image.open(io.BytesIO(plain))),
        "read": lambda: looked_at(plain),
        "read, half transparent (3 views)": lambda: looked_at(layered),
        "shrink to the canonical square": lambda: looked_at(plain).shrunk(SIDE, SIDE),
        "PDQ and pHash, 8 variants each": lambda: hash_square(square),
        "read and hash": lambda: hashes_of(looked_at(plain)),
        "stripped": lambda: stripped(seen),
        "hash match without banks": lambda: no_banks.classify(seen),
        "8 variants in 100,000 hashes": lambda: index.within(queries, 31),
    }
    print(f"{WIDTH}x{HEIGHT} PNG of {len(plain):,} bytes, median of {ROUNDS}")
    for name, work in steps.items():
        print(f"{name:36} {median_ms(work):8.2f} ms")


if __name__ == "__main__":
    main()
