"""Prints how often the terms fire on harmless prompts, and how long they take.

    python tests/bench/bench_terms.py PATH_TO_PROMPTS [--show SIGNAL]

PATH_TO_PROMPTS holds `coco_captions.csv`, `danbooru_tags.csv` and `wildcards/`, each if present.
"""

import argparse
import csv
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import read
from classifiers.prompt_terms import PromptTerms
from classifiers.readability import Readability
from classifiers.signals import Signal, SignalName
from tests.fuzz import shapes

GENERAL = "0"
TAGS = 15
COMMON = 2000
SEED = 20261122
HOSTILE = {
    **shapes.HOSTILE,
    "a term": "kid " * 4_000,
    "a term in leet": "k1d " * 4_000,
    "a term in spaced letters": "c h i l d " * 1_600,
    "harmless phrases": "baby blue " * 1_600,
    "ages": "12yo " * 3_200,
}


def shuffled() -> random.Random:
    """Give the same chance each time."""
    return random.Random(SEED)  # noqa: S311 (a sample, no secret)


def captions(folder: Path, most: int) -> Iterator[str]:
    """Give captions of photographs that somebody described."""
    with (folder / "coco_captions.csv").open(encoding="utf-8") as file:
        rows = [row["prompt"] for row in csv.DictReader(file)]
    yield from shuffled().sample(rows, min(most, len(rows)))


def tags(folder: Path, _most: int) -> Iterator[str]:
    """Give each of the common general tags, alone."""
    with (folder / "danbooru_tags.csv").open(encoding="utf-8") as file:
        general = [row[0] for row in csv.reader(file) if row[1] == GENERAL]
    yield from general[:COMMON]


def wildcards(folder: Path, most: int) -> Iterator[str]:
    """Give lines of word lists that prompts are put together from."""
    people = {"celeb.txt", "actress.txt", "actor.txt", "supermodel.txt"}
    lines = [
        line
        for file in sorted((folder / "wildcards").glob("*.txt"))
        if file.name not in people
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.strip()
    ]
    yield from shuffled().sample(lines, min(most, len(lines)))


def rates(prompts: list[str], terms: PromptTerms, show: str) -> None:
    """Print the share of `prompts` that fire each signal, and the terms that did."""
    readable = Readability()
    fired: Counter[str] = Counter()
    by_term: Counter[str] = Counter()
    for text in prompts:
        reading = read(Prompt((Text("input", text),), Grammar.V4))
        found = [one for one in terms.classify(reading) if isinstance(one, Signal) and one.score]
        fired.update({one.name for one in found})
        by_term.update({f"{one.name} {one.evidence}" for one in found})
        unreadable = any(
            isinstance(one, Signal) and one.name is SignalName.TEXT_READABLE and not one.score
            for one in readable.classify(reading)
        )
        fired.update(["unreadable"] * unreadable)
        if show and (show in {one.name for one in found} or (show == "unreadable" and unreadable)):
            print("   ", repr(text), sorted({one.evidence for one in found if one.name == show}))
    for name, count in fired.most_common():
        print(f"  {name:32} {count / len(prompts):7.2%}  {count}/{len(prompts)}")
    for name, count in by_term.most_common(40 if show else 12):
        print(f"    {name}: {count}")


def milliseconds(text: str, terms: PromptTerms, readable: Readability, tenant: str = "") -> float:
    """Return the processor's time for one text, from reading to findings.

    A tenant that asked for it before is answered from memory.
    """
    start = time.thread_time()
    reading = read(Prompt((Text("input", text),), Grammar.V4, tenant))
    terms.classify(reading)
    readable.classify(reading)
    return (time.thread_time() - start) * 1000


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--show", default="", help="a signal: print each prompt that fires it")
    parser.add_argument("--most", type=int, default=4000)
    options = parser.parse_args()
    terms, readable = PromptTerms.embedded(), Readability()
    general = list(tags(options.prompts, options.most))
    for source in (captions, tags, wildcards):
        sample = list(source(options.prompts, options.most))
        print(f"{source.__name__}: {len(sample)} prompts")
        rates(sample, terms, options.show)
    pick = shuffled()
    ordinary = [", ".join(pick.sample(general, TAGS)) for _ in range(1000)]
    took = sorted(milliseconds(text, terms, readable) for text in ordinary)
    length = statistics.mean(map(len, ordinary))
    print(f"{TAGS} tags ({length:.0f} characters): p50 {took[500]:.2f} ms, p95 {took[950]:.2f} ms")
    for name, text in HOSTILE.items():
        best = min(milliseconds(text, terms, readable, tenant) for tenant in "abc")
        print(f"  {len(text)} characters, {name:20} {best:7.1f} ms")


if __name__ == "__main__":
    main()
