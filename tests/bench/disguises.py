"""Prints which known pictures the gate knows again in disguise, and whom it takes for another.

    python -m tests.bench.disguises [--quick] [--json] [--page docs/image-gate.md]

Nothing is asserted. Each of tests/bench/subjects is put into each of tests/bench/coats and looked
up by what ships; beside it stands threatexchange's PDQ of the same bytes, at the same distance.
False matches are counted among unrelated pictures of the same kinds, and among hashes of chance.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from classifiers.hash_index import HashIndex
from classifiers.hash_match import RADIUS, STRONG
from classifiers.perceptual import BYTES
from tests.bench.coats import COATS
from tests.bench.disguised import FAR, Case, disguised, subjects
from tests.bench.pages import replaced
from tests.bench.strangers import Hashes, looked_up, nearest

SECTION = "disguises"
_STRANGERS, _FEW_STRANGERS = 5_000, 200
_CHANCE, _LITTLE_CHANCE = 1_000_000, 100_000
_AT_ONCE = 20


def main() -> None:
    """Measure, and print or write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a minute instead of ten")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--page", type=Path, help="a page whose tables are to be replaced")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    with ProcessPoolExecutor(options.processes) as pool:
        cases = list(_cases(pool))
        known = "\n".join(_table(cases))
        if not options.json and options.page is None:
            print(known, flush=True)
        false = _false(pool, cases, quick=options.quick)
    if options.json:
        json.dump({"coats": _rows(cases), "false": false}, sys.stdout, indent=2)
        print()
        return
    unrelated = "\n".join(_false_lines(false))
    if options.page is None:
        print(f"\n{unrelated}")
        return
    replaced(options.page, SECTION, f"{known}\n\n{unrelated}\n")


def _cases(pool: ProcessPoolExecutor) -> Iterator[Case]:
    names = list(subjects().pictures)
    told = Console(stderr=True)
    for some in track(pool.map(disguised, names), "disguises", len(names), console=told):
        yield from some


def _rows(cases: Sequence[Case]) -> list[dict[str, object]]:
    """One row for each coat, and one for all."""
    return [_row(coat, [each for each in cases if each.coat == coat]) for coat in COATS] + [
        _row("photographs", [each for each in cases if not each.drawing]),
        _row("drawings", [each for each in cases if each.drawing]),
        _row("all", cases),
    ]


def _row(name: str, cases: Sequence[Case]) -> dict[str, object]:
    guises = Counter(each.guise for each in cases if each.distance < FAR)
    return {
        "coat": name,
        "tried": len(cases),
        "strong": sum(each.distance <= STRONG for each in cases),
        "found": sum(each.distance <= RADIUS for each in cases),
        "found with pHash": sum(each.distance <= RADIUS or each.by_phash for each in cases),
        "stock": sum(each.stock for each in cases),
        "mostly as": guises.most_common(1)[0][0] if guises else "",
        "taken for others": sum(bool(each.others) for each in cases),
    }


def _table(cases: Sequence[Case]) -> Iterator[str]:
    yield "| coat | tried | found | of these within 10 bits | with pHash as well | stock | as |"
    yield "|---|--:|--:|--:|--:|--:|---|"
    for row in _rows(cases):
        tried = int(str(row["tried"]))
        found, strong, both, stock = (
            f"{int(str(row[key])) / tried:.0%}"
            for key in ("found", "strong", "found with pHash", "stock")
        )
        cells = (row["coat"], tried, found, strong, both, stock, row["mostly as"])
        yield _line(cells)


def _false(pool: ProcessPoolExecutor, cases: Sequence[Case], *, quick: bool) -> dict[str, int]:
    """Count matches of what is unrelated; tell how near the nearest came."""
    count = _FEW_STRANGERS if quick else _STRANGERS
    parts = [range(first, first + _AT_ONCE) for first in range(0, count, _AT_ONCE)]
    known, hashes, distances = subjects().hashes, [], []
    told = Console(stderr=True)
    for some in track(pool.map(looked_up, parts), "strangers", len(parts), console=told):
        for own, queries in some:
            hashes.append(own)
            distances.append(nearest(queries, known))
    of_strangers = np.concatenate(hashes)
    dice = np.random.default_rng(11)
    of_chance = dice.integers(0, 256, (_LITTLE_CHANCE if quick else _CHANCE, BYTES), np.uint8)
    asked = [each for each in cases if len(each.queries)]
    return {
        "cases": len(cases),
        "asked": len(asked),
        "queries": sum(len(each.queries) for each in asked),
        "taken for another subject": sum(bool(each.others) for each in cases),
        "strangers": count,
        "flat": sum(not len(own) for own in hashes),
        "hashes of strangers": len(of_strangers),
        "strangers taken for a subject": sum(far <= RADIUS for far in distances),
        "nearest stranger": min(distances),
        "cases taken for a stranger": _taken(asked, of_strangers),
        "hashes of chance": len(of_chance),
        "cases taken for one of chance": _taken(asked, of_chance),
    }


def _taken(cases: Sequence[Case], hashes: Hashes) -> int:
    index, told = HashIndex(hashes), Console(stderr=True)
    what = f"among {len(hashes):,}"
    return sum(
        bool(index.within(each.queries, RADIUS)) for each in track(cases, what, console=told)
    )


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _false_lines(false: dict[str, int]) -> Iterator[str]:
    yield "| false matches | among | matches |"
    yield "|---|--:|--:|"
    cases, asked = f"{false['cases']:,} disguises", f"{false['asked']:,} of them"
    strangers, known = f"{false['strangers']:,} strangers", len(subjects().hashes)
    of_strangers, chance = f"{false['hashes of strangers']:,}", f"{false['hashes of chance']:,}"
    yield _line((f"{cases} taken for another subject", known, false["taken for another subject"]))
    yield _line((f"{strangers} taken for a subject", known, false["strangers taken for a subject"]))
    yield _line(
        (f"{asked} taken for a stranger", of_strangers, false["cases taken for a stranger"])
    )
    yield _line((f"{asked} taken for chance", chance, false["cases taken for one of chance"]))
    yield ""
    yield (
        f"The stranger that came nearest to a subject was {false['nearest stranger']} bits away; "
        f"{false['flat']:,} strangers were too flat to hash. For each disguise "
        f"{false['queries'] // false['asked']} hashes were looked up."
    )


if __name__ == "__main__":
    main()
