"""Judges pictures in a loop as a gateway would, without one: what the image gate alone can do.

    python -m tests.bench.gate_alone DATA_DIR PICTURES

For each line `upload SECONDS` or `output SECONDS` that it reads, it works so long and answers with
pictures per second and the processor's milliseconds for one. An upload's gate decodes, matches and
classifies; that of a picture that comes back also verifies the maker's signature over its three
million colour bytes and compares its embedded prompt with the approved one.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle
from pathlib import Path

from classifiers import canonical, normalise
from classifiers.content import Grammar, Image, Prompt, Purpose
from pipeline.app import FIRST_TENANT, House, open_house
from pipeline.items import Contents, Subject, Work
from pipeline.jobs.received import Received
from pipeline.novelai import marks
from pipeline.novelai.limits import Limits
from pipeline.novelai.marks import Marks
from pipeline.novelai.signature import verify_key
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from pipeline.settings import first_start, load
from policies.policy import Moment
from tests.bench.added import bodies

_AT_ONCE = 4
_NO_TEXT = Prompt((), Grammar.V4)
_KEY = verify_key(TEST_VERIFY_KEY_BASE64)
Asked = tuple[bytes, Work]
"""A picture, and the request that it came back for."""
Look = Callable[[House, Asked], Awaitable[None]]


async def upload(house: House, asked: Asked) -> None:
    """Decode one picture, have everybody look at it, and decide."""
    image = Image("output", 0, Purpose.OUTPUT, asked[0])
    judge, policy = house.gate.judge, await house.gate.tenancy.policy_of(FIRST_TENANT)
    contents = await judge.prepare(_NO_TEXT, [image])
    await judge.judge(contents, policy, Moment.OUTPUT, Subject(FIRST_TENANT).facts)


async def output(house: House, asked: Asked) -> None:
    """The same, with what its maker wrote into it, as the stage Examine does."""
    judge, policy = house.gate.judge, await house.gate.tenancy.policy_of(FIRST_TENANT)
    facts = Subject(FIRST_TENANT).facts
    await judge.read_and_judge(lambda: _read(*asked), policy, Moment.OUTPUT, facts)


def _read(data: bytes, work: Work) -> tuple[Contents, Marks]:
    picture = canonical.read(Image("output", 0, Purpose.OUTPUT, data))
    found = marks.read(picture, work, _KEY)
    reading = normalise.read(Prompt(found.texts, work.prompt.grammar))
    return Contents(reading, (picture,)), found


async def loop(house: House, waiting: Iterator[Asked], look: Look, seconds: float) -> str:
    """Look at one picture after the other, a few at once, for so long; tell rate and cost."""
    count, began, busy = 0, time.perf_counter(), time.process_time()

    async def work() -> None:
        nonlocal count
        while time.perf_counter() - began < seconds:
            await look(house, next(waiting))
            count += 1

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    rate = count / (time.perf_counter() - began)
    return f"{rate} {(time.process_time() - busy) * 1000 / count}"


async def main(data_dir: Path, asked: list[Asked]) -> None:
    """Open a house in `data_dir`, and do what each line asks with the pictures of `asked`."""
    first_start(data_dir, os.urandom)
    waiting = cycle(asked)  # goes on from one to the other: the network remembers the last ones
    async with open_house(load(data_dir, os.environ)) as house:
        await upload(house, next(waiting))
        print("ready", flush=True)
        for line in sys.stdin:
            name, seconds = line.split()
            look = {"upload": upload, "output": output}[name]
            print(await loop(house, waiting, look, float(seconds)), flush=True)


def _work(body: bytes) -> Work:
    return Received("application/json", body, Subject(FIRST_TENANT)).work(Limits())


if __name__ == "__main__":
    found = [path.read_bytes() for path in sorted(Path(sys.argv[2]).iterdir())]
    works = map(_work, bodies(len(found)))
    pairs = [*zip(found, works, strict=True)]
    asyncio.run(main(Path(sys.argv[1]), pairs))
