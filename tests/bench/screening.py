"""How many texts a second `imprimatur screen --jsonl` judges, with a process on each core."""

import json
import os
import random
from functools import partial
from time import perf_counter

from classifiers.content import Grammar, Polarity
from pipeline.cli.measuring.in_order import in_order
from pipeline.cli.screening.asked import Manner
from pipeline.cli.screening.lines import Line, answers
from pipeline.cli.screening.screener import Terms
from tests.bench import benign
from tests.bench.figure import Figure

_TERMS = Terms((), tier_adult=False, age_claim=False)
_MANNER = Manner(Polarity.POSITIVE, Grammar.V4)
_RUNS = 3


def screening(count: int) -> Figure:
    """Show the best of some short runs: what others do on the machine only ever makes one slow."""
    rate = max(texts_a_second(count, seed) for seed in range(_RUNS))
    return Figure("imprimatur screen --jsonl, texts", rate, "/s", budget="100/s on two cores")


def texts_a_second(count: int, seed: int = 9) -> float:
    """Have lines judged once the processes have started: lists of tags as long as people write."""
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    sizes = [max(2, round(chance.lognormvariate(3.4, 0.6))) for _ in range(count)]
    texts = [json.dumps({"text": benign.tags(size, chance)}).encode() for size in sizes]
    lines = [Line(number, text) for number, text in enumerate(texts)]
    cores = len(os.sched_getaffinity(0))
    judged = in_order(partial(answers, _TERMS, _MANNER), lines, cores)
    next(judged)  # the processes have started
    began = perf_counter()
    left = sum(1 for _ in judged)
    return left / (perf_counter() - began)
