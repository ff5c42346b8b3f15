"""Prints how much memory the image gate takes as it looks at picture after picture.

    python -m tests.bench.flat_memory [--count 5000]

Every picture is another one, so that nothing is remembered from the one before; each is judged as
one that came back, in two threads. What is resident is read after each twentieth part: the first
parts fill what is kept (the last answers, the allocator's arenas), the others should add nothing.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import linear_regression, median

from classifiers.content import Grammar, Image, Prompt, Purpose
from classifiers.hash_bank_set import BankSet
from classifiers.viewers import embedded_viewers
from pipeline.cli.policy_sets import stacked
from pipeline.judge import Judge
from pipeline.novelai.uploaded import texts_in
from pipeline.workers import Workers
from policies.facts import Facts, Moment
from tests.bench.benign import drawing

_PARTS = 20
_FILLING = 5
"""Parts that are left out: until then caches fill."""
_AT_ONCE = 2
_NO_TEXT = Prompt((), Grammar.V4)
_ANYBODY = Facts(tier_adult=False, age_claim=False)


def resident() -> float:
    """Return what is resident of this process, in MiB."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


async def look(judge: Judge, numbers: Iterator[int]) -> None:
    """Judge one picture after the other, until there are no more."""
    policy = stacked([])
    for number in numbers:
        image = Image("output", 0, Purpose.OUTPUT, drawing(number))
        contents = await judge.prepare(_NO_TEXT, [image])
        await judge.judge(contents, policy, Moment.OUTPUT, _ANYBODY)


async def measure(count: int) -> list[float]:
    """Look at `count` pictures; return what was resident after each part."""
    viewers = embedded_viewers(BankSet(()))
    judge = Judge([], viewers, Workers(_AT_ONCE, 60.0), texts_in)
    seen: list[float] = []
    step = max(1, count // _PARTS)
    for start in range(1, count + 1, step):
        numbers = iter(range(start, min(start + step, count + 1)))
        await asyncio.gather(*(look(judge, numbers) for _ in range(_AT_ONCE)))
        seen.append(resident())
        sys.stderr.write(f"{min(start + step - 1, count)}: {seen[-1]:.0f} MiB\n")
    judge.close()
    return seen


def told(seen: Sequence[float], count: int) -> str:
    """Say what became of the memory, once what is kept was filled."""
    kept = seen[_FILLING:]
    slope = linear_regression(range(len(kept)), kept).slope * _PARTS / count * 1000
    return (
        f"{count:,} pictures: {median(kept):.0f} MiB, {min(kept):.0f} to {max(kept):.0f}; "
        f"{slope:+.1f} MiB for a thousand pictures."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000)
    asked = parser.parse_args().count
    sys.stdout.write(told(asyncio.run(measure(asked)), asked) + "\n")
