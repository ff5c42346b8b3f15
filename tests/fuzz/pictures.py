"""Feeds broken files to what reads pictures, until one of them is not answered as it should be.

    python -m tests.fuzz.pictures [--count 10000] [--seed 1] [--json]

A file is read, and hashed if it can be, or refused with `UnreadableError`; it takes neither long
nor much memory; nothing crashes. Files are made here, and changed as chance has it: cut, spliced,
given other lengths, with check sums that hold. What reads them may take so much memory and no more.
"""

import argparse
import json
import os
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from time import thread_time

from rich.console import Console
from rich.progress import track

from classifiers.canonical import Canonical, read
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.errors import UnreadableError
from classifiers.guises import guises_of
from classifiers.hidden import hidden_in
from classifiers.perceptual import Hashed, hashes_of
from tests.fuzz.files import FILES, changed

MOST_SECONDS = 5.0
"""Of the processor: other programs may be busy."""
MOST_MEMORY = 2 << 30
"""Bytes of addresses; without it, what asks for too much is given it."""
_BATCH = 250


class BrokenPromiseError(AssertionError):
    """A file was answered as none may be; the message says how to make it again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one file, and how long it took the processor."""

    answer: str
    seconds: float


def check(data: bytes, name: str) -> Seen:
    """Read one file, and hold what comes of it to what is promised.

    Raises:
        BrokenPromiseError: something else than a picture or `UnreadableError` came of it.
    """
    began = thread_time()
    try:
        canonical = read(Received("output", 0, Purpose.OUTPUT, data))
        for each in (canonical, *hidden_in(canonical)):
            _hash(each)
        answer = "read"
    except UnreadableError as refused:
        answer = str(refused.kind)
    except Exception as fault:
        message = f"{name}: expected a picture or UnreadableError, got {type(fault).__name__}"
        raise BrokenPromiseError(message) from fault
    seconds = thread_time() - began
    if seconds > MOST_SECONDS:
        message = f"{name}: expected an answer in {MOST_SECONDS} s, got one in {seconds:.1f} s"
        raise BrokenPromiseError(message)
    return Seen(answer, seconds)


def _hash(canonical: Canonical) -> None:
    for one in hashes_of(canonical):
        if isinstance(one, Hashed):
            guises_of(one, canonical)


def mutated(seed: int, numbers: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Make the files of these numbers, each with what makes it again."""
    names = list(FILES)
    for number in numbers:
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - tests, no secret
        name = chance.choice(names)
        yield f"{name}, seed {seed}, number {number}", changed(FILES[name], chance)


def batch(seed: int, numbers: Iterable[int]) -> tuple[list[Seen], int]:
    """Check so many files; return what became of them, and the most memory in KiB."""
    seen = [check(data, name) for name, data in mutated(seed, numbers)]
    return seen, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def main() -> None:
    """Fuzz as the command line says; a crash or a broken promise is an exit status of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    batches = [
        range(first, min(first + _BATCH, options.count))
        for first in range(0, options.count, _BATCH)
    ]
    seen = [check(data, name) for name, data in FILES.items()]
    memory = 0
    told = Console(stderr=True)
    with ProcessPoolExecutor(options.processes, initializer=_limit) as pool:
        run = pool.map(partial(batch, options.seed), batches)
        for some, most in track(run, "files", len(batches), console=told):
            seen += some
            memory = max(memory, most)
    answers = Counter(each.answer for each in seen)
    summary = Summary(len(seen), dict(answers.most_common()), max(s.seconds for s in seen), memory)
    sys.stdout.write(_told(summary, as_json=options.json) + "\n")


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of all of them."""

    files: int
    answers: dict[str, int]
    slowest_seconds: float
    most_kib: int
    """Of one process, its own 100 MiB of libraries included."""


def _told(summary: Summary, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(asdict(summary), indent=2)
    answers = ", ".join(f"{count:,} {answer}" for answer, count in summary.answers.items())
    return (
        f"{summary.files:,} files, and every promise held: {answers}. The slowest took "
        f"{summary.slowest_seconds:.2f} s, a process at most {summary.most_kib / 1024:.0f} MiB."
    )


if __name__ == "__main__":
    main()
