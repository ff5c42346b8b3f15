"""Prints what the prompt gate catches, whom it stops for nothing, and what it costs.

    python -m tests.bench.prompts [--data FOLDER] [--most N] [--quick] [--json]

Nothing is asserted: tests/evasion does that. FOLDER holds the harmless texts of
../shared/data/prompts; what it lacks is said, and is not counted as harmless.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from time import thread_time

from rich.console import Console

from classifiers.content import Grammar, Polarity, Prompt
from pipeline.cli.measuring.measures import Rate
from pipeline.cli.measuring.page import percent
from pipeline.cli.screening.asked import Manner
from pipeline.cli.screening.screener import Screener, Terms, screener
from pipeline.novelai import request
from pipeline.novelai.limits import Limits
from tests.bench import benign
from tests.bench.figure import nearest
from tests.bench.harmless import SOURCES, Absent
from tests.bench.prompt_tables import Harmless, Row, Took, of_disguises, of_harmless, of_latency
from tests.bench.screening import texts_a_second
from tests.bench.short_sentences import of_sentences, taken
from tests.evasion.corpus import (
    DISGUISES,
    attempts,
    caught_by_script,
    caught_of,
    found,
    placeholder_terms,
    tried,
)
from tests.evasion.ordinary import ORDINARY
from tests.evasion.words import UNLISTED

DATA = Path(__file__).parents[3] / "shared" / "data" / "prompts"
BUDGETS = {64: 5, 128: 12, 256: 22}
"""Milliseconds that a text of so many tokens may take, at p95."""
_REQUEST = 20
_GOAL = 0.97
_MANNER = Manner(Polarity.POSITIVE, Grammar.V4)
_TERMS = Terms((), tier_adult=False, age_claim=False)


def evasion() -> tuple[list[Row], dict[str, float]]:
    """Try the corpus; return a row for each disguise, and the shares caught: of all, by script."""
    with tempfile.TemporaryDirectory() as folder:
        terms = placeholder_terms(Path(folder))
    rows = list(tried(terms))
    raised = [
        sum(bool(found(terms, prompt)) for _, prompt in attempts(disguise, UNLISTED))
        for disguise in DISGUISES
    ]
    return [
        Row(row.disguise, len(row.words), len(row.caught), len(row.refused), false)
        for row, false in zip(rows, raised, strict=True)
    ], {"all": caught_of(rows), **caught_by_script(rows)}


def false_blocks(judging: Screener, folder: Path, most: int) -> Iterable[Harmless]:
    """Judge harmless texts, at most so many of each source, for the general audience."""
    yield Harmless("ordinary prompts that peers refuse", 0, _stopped(judging, ORDINARY))
    for source in SOURCES:
        try:
            texts = source.read(folder)
        except Absent as fault:
            yield Harmless(source.name, source.budget, None, str(fault))
            continue
        chance = random.Random(source.name)  # noqa: S311 - a sample, no secret
        some = texts if len(texts) <= most else chance.sample(texts, most)
        yield Harmless(source.name, source.budget, _stopped(judging, some))


def latencies(judging: Screener, rounds: int) -> Iterable[Took]:
    """Read and judge fresh texts, one after the other, in one thread."""
    chance = random.Random(7)  # noqa: S311 - a sample, no secret
    for tokens, budget in BUDGETS.items():
        make = _text_of(tokens // 2, chance)
        yield _took(f"a text of {tokens} tokens", judging, make, rounds, budget)
    seeds = iter(range(rounds + 1))

    def whole() -> Prompt:
        return request.parse(benign.request(next(seeds)), None, limits=Limits()).prompt

    yield _took("a whole request", judging, whole, rounds, _REQUEST)


def _text_of(count: int, chance: random.Random) -> Callable[[], Prompt]:
    """Give texts of so many tags: a tag and its comma are about two tokens."""
    return lambda: _MANNER.prompt(benign.tags(count, chance))


def _took(
    what: str, judging: Screener, make: Callable[[], Prompt], rounds: int, budget: int
) -> Took:
    judging.screen(make())
    wall: list[float] = []
    cpu: list[float] = []
    for _ in range(rounds):
        prompt, busy = make(), thread_time()
        wall.append(judging.screen(prompt).milliseconds)
        cpu.append((thread_time() - busy) * 1000)
    return Took(
        what,
        nearest(wall, 0.5),
        nearest(wall, 0.95),
        nearest(cpu, 0.5),
        nearest(cpu, 0.95),
        budget,
    )


def _stopped(judging: Screener, texts: Iterable[str]) -> Rate:
    decided = [judging.screen(_MANNER.prompt(text)).decision.allows for text in texts]
    return Rate(decided.count(False), len(decided))


def main() -> None:
    """Print three tables, or one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of harmless texts")
    parser.add_argument("--most", type=int, default=4000, help="texts of each source")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    judging = screener(_TERMS)
    most = min(options.most, 500) if options.quick else options.most
    disguises, caught = evasion()
    harmless = list(false_blocks(judging, options.data, most))
    took = list(latencies(judging, 100 if options.quick else 400))
    rate = texts_a_second(600 if options.quick else 3000)
    if options.json:
        measured: dict[str, object] = {
            "caught": caught,
            "disguises": disguises,
            "harmless": harmless,
            "took": took,
            "texts_a_second": rate,
        }
        json.dump(measured, sys.stdout, indent=2, default=asdict)
        print()
        return
    console = Console(width=110, highlight=False)
    console.print(of_disguises(disguises))
    cases = sum(row.tried for row in disguises)
    shares = ", ".join(f"{name} {percent(share)}" for name, share in caught.items())
    print(f"{len(disguises)} disguises on {cases:,} words; caught, goal {_GOAL:.0%}: {shares}")
    console.print(of_harmless(harmless))
    console.print(of_sentences(list(taken())))
    if not options.data.is_dir():
        print(f"{options.data} is not there: nothing of it was measured. Name another with --data.")
    console.print(of_latency(took))
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(f"{rate:.0f} texts a second on {cores} cores, goal 100 on two; load {load:.1f}")


if __name__ == "__main__":
    main()
