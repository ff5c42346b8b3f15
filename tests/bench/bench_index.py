"""Prints how fast known hashes are found: `python -m tests.bench.bench_index [ROWS ...]`.

A lookup finds all of so many random hashes that are within 31 bits of one; a picture asks for
eight, and one of the eight is a changed copy of a stored hash. Other programs take turns with ours
where they are installed: `faiss-cpu`, `threatexchange`.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifiers import hash_bank_changes as changes
from classifiers.hash_bank import HEADER, HashType, Kind
from classifiers.hash_bank_catalogue import Terms, Trial
from classifiers.hash_bank_formats import Format, parse
from classifiers.hash_bank_given import Given
from classifiers.hash_bank_lookup import Asked, Use
from classifiers.hash_bank_store import SealedBanks
from classifiers.hash_index import Banded, Library, Listed, Scan, add, create, withdraw
from classifiers.hash_index.bands import MOST_RADIUS, width_for
from classifiers.hash_index.tables import size_of
from tests.bench.benign import NOON
from tests.bench.figure import Figure, nearest, show
from tests.bench.index_peers import Hashes, Lookup, peers

_OURS = "ours"
_SEED = 20261122
_VARIANTS = 8
_SLOW = 0.1
"""Seconds a lookup; what takes longer is asked a few times only."""
_FEW = 3
_BYTES = 32
_PASSED = Trial(benign=0, benign_matched=0, recent=0, recent_matched=0)
_KEY = bytes(_BYTES)
_BUDGETS = {1_000_000: ("0.3 ms", "0.5 s"), 10_000_000: ("2 ms", "2 s")}


@dataclass(frozen=True, slots=True)
class _Times:
    """How long one lookup took, in milliseconds, by the clock and by the processor."""

    wall: list[float]
    cpu: list[float]


def index(rows: int, rounds: int = 64) -> list[Figure]:
    """Measure lookups, and what it takes to build the tables and to open them from a disk."""
    hashes, asked = _random(rows), _asked(rows, rounds)
    began = time.perf_counter()
    banded = Banded.of(hashes)
    built = time.perf_counter() - began
    missed = _missed(banded, Scan(hashes), asked[:_FEW])
    taken = _in_turns({_OURS: lambda q: banded.within(q, MOST_RADIUS), **peers(hashes)}, asked)
    ours, (budget, to_open) = taken.pop(_OURS), _BUDGETS.get(rows, ("", ""))
    cpu = nearest(ours.cpu, 0.5)
    per_hash = size_of(rows, width_for(rows)) / rows
    return [
        *(
            Figure(what, nearest(ours.wall, at), "ms", nearest(ours.cpu, at), budget)
            for what, at in (("one lookup, p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        ),
        *(
            Figure("the same, CPU, p50", cpu, "ms", None, "", peer, nearest(t.cpu, 0.5))
            for peer, t in taken.items()
        ),
        Figure("matches missed or made up", missed, "", None, "0"),
        Figure("build", built, "s"),
        Figure("memory for each", per_hash, "bytes", None, "96", "the hash alone", _BYTES),
        *_kept(hashes, to_open),
        *_imported(hashes),
    ]


def _kept(hashes: Hashes, budget: str) -> list[Figure]:
    """Measure a sealed list: to open it, alone and after another process, and to change it."""
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(dir=_ram()) as ram:
        folder, memory = Path(name) / "list", Path(ram) / "memory"
        create(folder, _KEY)
        rows = [Listed(one.tobytes(), f"bench/{row}") for row, one in enumerate(hashes)]
        add(Library(folder, _KEY), rows)
        first, second = Library(folder, _KEY, memory), Library(folder, _KEY, memory)
        opened = [_seconds(library.__len__) for library in (first, second)]
        gone = _seconds(lambda: withdraw(first, rows[:1]))
        seen = _seconds(lambda: second.within(hashes[:1], MOST_RADIUS))
        size = sum(path.stat().st_size for path in folder.iterdir())
        first.close()
        second.close()
    return [
        Figure("open: decrypt and map", opened[0], "s", None, budget),
        Figure("open in a second process of the host", opened[1] * 1000, "ms"),
        Figure("withdraw a row", gone * 1000, "ms"),
        Figure("the first lookup after it elsewhere", seen * 1000, "ms", None, "1,000 ms"),
        Figure("on disk for each, with a note", size / len(hashes), "bytes"),
    ]


def _imported(hashes: Hashes) -> list[Figure]:
    """Measure the import of a canonical CSV, up to the first look in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "known"
        changes.create(folder, _KEY)
        banks = SealedBanks(folder, _KEY, lambda: NOON)
        head = f"{','.join(HEADER)}\r\n"
        data = head.encode() + b"".join(
            f"bench,{row},pdq,{one.tobytes().hex()},A1,3,,active,2026-01-02T03:04:05Z\r\n".encode()
            for row, one in enumerate(hashes)
        )
        given = Given("bench", NOON, lambda digest: digest.hex()[:8])
        began, busy = time.perf_counter(), time.process_time()
        listing = parse(data, Format.CANONICAL, given)
        read, read_busy = time.perf_counter() - began, time.process_time() - busy
        made = changes.Imported(listing, Kind.BLOCKED, False, "", "canonical", NOON, Terms())  # noqa: FBT003 - a field
        changes.stage(banks, made)
        changes.activate(banks, "bench", _PASSED)
        asked = Asked(Use.INPUT)
        found = banks.opened().near(HashType.PDQ, hashes[:1], 0, asked)
        whole, whole_busy = time.perf_counter() - began, time.process_time() - busy
    return [
        Figure("import: read a canonical CSV", read, "s", read_busy * 1000),
        Figure("import: all of it, to the first look", whole, "s", whole_busy * 1000),
        Figure("found after it", len(found), "", None, "1"),
    ]


def _ram() -> Path | None:
    """Where Linux keeps files in memory; elsewhere the bench writes to a disk."""
    place = Path("/") / "dev" / "shm"
    return place if place.is_dir() else None


def _random(rows: int) -> Hashes:
    return np.random.default_rng(_SEED).integers(0, 256, (rows, _BYTES), dtype=np.uint8)


def _asked(rows: int, rounds: int) -> Hashes:
    """Give rounds x 8 x 32 bytes; the first of each eight is a copy with 0 to 31 bits changed."""
    chance = np.random.default_rng(_SEED + 1)
    asked = chance.integers(0, 256, (rounds, _VARIANTS, _BYTES), dtype=np.uint8)
    stored = _random(rows)[chance.integers(0, rows, rounds)]
    order = chance.permuted(np.tile(np.arange(8 * _BYTES), (rounds, 1)), axis=1)
    changed = order < chance.integers(0, MOST_RADIUS + 1, (rounds, 1))
    asked[:, 0] = stored ^ np.packbits(changed, axis=1)
    return asked


def _missed(ours: Banded, plain: Scan, asked: Hashes) -> int:
    """Count the matches that only one of the two finds."""
    pairs = [(ours.within(q, MOST_RADIUS), plain.within(q, MOST_RADIUS)) for q in asked]
    return sum(len(set(one) ^ set(other)) for one, other in pairs)


def _in_turns(lookups: Mapping[str, Lookup], asked: Hashes) -> dict[str, _Times]:
    """Ask each of them for the same eight, one after another, so that all meet the same machine."""
    for look_up in lookups.values():
        look_up(asked[0])
    gc.collect()
    gc.freeze()  # or the objects of a peer are searched for garbage in the time of another
    taken = {name: _Times([], []) for name in lookups}
    for queries in asked:
        for name, look_up in lookups.items():
            times = taken[name]
            if len(times.wall) >= _FEW and nearest(times.wall, 0.5) > _SLOW * 1000:
                continue
            began, busy = time.perf_counter(), time.process_time()
            look_up(queries)
            times.wall.append((time.perf_counter() - began) * 1000 / _VARIANTS)
            times.cpu.append((time.process_time() - busy) * 1000 / _VARIANTS)
    return taken


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Print a table for each number of rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=64, help="pictures, of eight lookups each")
    given = parser.parse_args()
    for rows in given.rows:
        show(f"{rows:,} known hashes", index(rows, given.rounds))


if __name__ == "__main__":
    main()
