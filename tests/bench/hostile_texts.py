"""Prints what reading 16,000 hostile characters costs, shape by shape: all of it, not the views.

    python -m tests.bench.hostile_texts [--rounds 3]

Milliseconds of processor time, each the least of its rounds: what others do lengthens a run. Each
round is another tenant's, for whom nothing is remembered.
"""

import argparse
from dataclasses import replace
from itertools import pairwise
from time import thread_time

from rich.console import Console
from rich.table import Table

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import read
from classifiers.prompt_terms import PromptTerms
from classifiers.readability import Readability
from tests.fuzz.shapes import HOSTILE

STEPS = ("views", "readability and languages", "terms")


def main() -> None:
    """Print one row for each shape, the slowest first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    readability, terms = Readability(), PromptTerms.embedded()
    rows: list[tuple[str, list[float]]] = []
    for name, text in HOSTILE.items():
        asked = Prompt((Text("input", text),), Grammar.V4)
        tenants = [replace(asked, tenant=str(number)) for number in range(rounds)]
        tried = [_milliseconds(prompt, readability, terms) for prompt in tenants]
        rows.append((name, [min(step) for step in zip(*tried, strict=True)]))
    table = Table("shape", *STEPS, "all")
    for name, least in sorted(rows, key=lambda row: -sum(row[1])):
        table.add_row(name, *(f"{each:.1f}" for each in (*least, sum(least))))
    Console(width=100).print(table)


def _milliseconds(prompt: Prompt, readability: Readability, terms: PromptTerms) -> list[float]:
    times = [thread_time()]
    reading = read(prompt)
    _ = [field.views for field in reading.fields]  # they are made when somebody asks
    times.append(thread_time())
    for reader in (readability, terms):
        reader.classify(reading)
        times.append(thread_time())
    return [1000 * (end - start) for start, end in pairwise(times)]


if __name__ == "__main__":
    main()
