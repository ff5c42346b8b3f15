"""Judges pictures in a loop as a gateway would, without one: what the image gate alone can do.

    python -m tests.bench.gate_alone DATA_DIR PICTURES SECONDS

Prints pictures per second, and the processor's milliseconds for one.
"""

import asyncio
import os
import sys
import time
from itertools import cycle
from pathlib import Path

from classifiers.content import Grammar, Image, Prompt, Purpose
from pipeline.app import FIRST_TENANT, House, open_house
from pipeline.items import Subject
from pipeline.settings import first_start, load
from policies.policy import Moment

_AT_ONCE = 4
_NO_TEXT = Prompt((), Grammar.V4)


async def look(house: House, data: bytes) -> None:
    """Decode one picture, have everybody look at it, and decide."""
    judge = house.gate.judge
    policy = await house.gate.tenancy.policy_of(FIRST_TENANT)
    contents = await judge.prepare(_NO_TEXT, [Image("output", 0, Purpose.OUTPUT, data)])
    await judge.judge(contents, policy, Moment.OUTPUT, Subject(FIRST_TENANT).facts)


async def loop(house: House, pictures: list[bytes], seconds: float) -> tuple[float, float]:
    """Look at one picture after the other, a few at once, for so long."""
    count = 0
    waiting = cycle(pictures)
    await look(house, pictures[-1])
    began, busy = time.perf_counter(), time.process_time()

    async def work() -> None:
        nonlocal count
        while time.perf_counter() - began < seconds:
            await look(house, next(waiting))
            count += 1

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return count / (time.perf_counter() - began), (time.process_time() - busy) * 1000 / count


async def main(data_dir: Path, pictures: list[bytes], seconds: float) -> None:
    """Open a house in `data_dir`, and print what it can do with `pictures`."""
    first_start(data_dir, os.urandom)
    async with open_house(load(data_dir, os.environ)) as house:
        rate, cpu = await loop(house, pictures, seconds)
    print(rate, cpu)


if __name__ == "__main__":
    found = [path.read_bytes() for path in sorted(Path(sys.argv[2]).iterdir())]
    asyncio.run(main(Path(sys.argv[1]), found, float(sys.argv[3])))
