"""What reading texts costs: of 64 to 256 tokens, of one request, of many, and of the worst."""

import random
from functools import partial
from importlib.resources import files

from classifiers import character_list, vocabulary
from classifiers.characters import Characters
from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import read
from classifiers.prompt_terms import PromptTerms
from classifiers.readers import embedded_readers
from tests.bench.benign import tags
from tests.bench.figure import Figure, timed
from tests.bench.screening import screening
from tests.fuzz.shapes import HOSTILE

BUDGETS = {64: "5 ms", 128: "12 ms", 256: "22 ms"}
_REQUEST = "20 ms"
_HOSTILE = "20 ms"
_WORST = 5
"""Hostile shapes that are shown."""


def texts(rounds: int) -> list[Figure]:
    """Read fresh texts each time, and have every text classifier look."""
    readers = embedded_readers()
    chance = random.Random(5)  # noqa: S311 - a sample, no secret

    def look(*counts: int) -> None:
        parts = [Text(f"field {place}", tags(count, chance)) for place, count in enumerate(counts)]
        negative = Text("negative", "lowres, blurry, jpeg artifacts", Polarity.NEGATIVE)
        whole = (*parts, negative) if len(parts) > 1 else tuple(parts)
        reading = read(Prompt(whole, Grammar.V4))
        for reader in readers:
            reader.classify(reading)

    figures: list[Figure] = []
    for tokens, budget in BUDGETS.items():
        took = timed(partial(look, tokens // 2), rounds)
        figures.append(
            Figure(
                f"one text of {tokens} tokens, p95", took.p95, cpu_ms=took.cpu_p95, budget=budget
            )
        )
    took = timed(lambda: look(30, 15), rounds)
    what = "a request: base, negative and one character, p95"
    request = Figure(what, took.p95, cpu_ms=took.cpu_p95, budget=_REQUEST)
    return [*figures, request, opening(), screening(rounds * 6), *hostile(max(5, rounds // 10))]


def _all_views(prompt: Prompt) -> None:
    """Read a prompt, and ask for what is made when somebody asks."""
    for field in read(prompt).fields:
        _ = field.views


def opening() -> Figure:
    """Open the lists of terms and of characters, as at every start."""
    folder = files("classifiers") / "terms"

    def open_lists() -> None:
        PromptTerms(vocabulary.load(folder))
        Characters(character_list.load(folder / "characters"))

    took = timed(open_lists, 3)
    least = min(took.wall)
    return Figure("open the terms and the characters", least, cpu_ms=min(took.cpu), budget="500 ms")


def hostile(rounds: int) -> list[Figure]:
    """Normalise 16,000 characters of each hostile shape, and show the slowest, each at its best.

    What others do on the machine lengthens a run and never shortens it.
    """
    shown: list[Figure] = []
    for name, text in HOSTILE.items():
        worst = Figure("", 0.0)
        for grammar in Grammar:
            prompt = Prompt((Text("input", text),), grammar)
            took = timed(partial(_all_views, prompt), rounds)
            what = f"normalise {len(text):,} characters: {name}"
            one = Figure(what, min(took.wall), cpu_ms=min(took.cpu), budget=_HOSTILE)
            worst = max(worst, one, key=lambda figure: figure.cpu_ms or 0.0)
        shown.append(worst)
    return sorted(shown, key=lambda figure: -(figure.cpu_ms or 0.0))[:_WORST]
