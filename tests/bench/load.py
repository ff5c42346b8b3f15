"""Many clients at once: pictures per second against the image gate alone, and a bounded queue."""

import asyncio
import io
import os
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from tests.bench.added import PATH, Bodies, headers
from tests.bench.figure import Figure
from tests.bench.servers import Served

CLIENTS = 32
QUEUE = 64


@dataclass(frozen=True, slots=True)
class Rate:
    """Pictures a second, and the processor's time for each."""

    rate: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Turn:
    """The image gate alone, without and with the maker's marks, and then the whole gateway.

    They follow each other within seconds, because a machine changes within minutes.
    """

    upload: Rate
    output: Rate
    through: Rate
    answers: Counter[int]


class Gate:
    """The image gate alone, in a process of its own that works when it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._line()

    def work(self, look: str, seconds: float) -> Rate:
        """Let it look at pictures for so long, as uploads or as output."""
        assert self._process.stdin
        self._process.stdin.write(f"{look} {seconds}\n")
        self._process.stdin.flush()
        return Rate(*map(float, self._line().split()))

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@contextmanager
def gate_alone(
    cores: Collection[int], data_dir: Path, env: Mapping[str, str], pictures: Path
) -> Generator[Gate]:
    """Start the image gate alone on the gateway's cores."""
    code = f"import os; os.sched_setaffinity(0, {set(cores)}); "
    code += "import runpy; runpy.run_module('tests.bench.gate_alone', run_name='__main__')"
    command = (sys.executable, "-c", code, str(data_dir), str(pictures))
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=os.environ | env, stdin=pipe, stdout=pipe, text=True
    ) as process:
        try:
            yield Gate(process)
        finally:
            process.kill()


async def turns(
    gateway: Served, gate: Gate, asked: Bodies, count: int, seconds: float
) -> list[Turn]:
    """Let the gate alone work, and then 32 clients ask as fast as they are answered, in turn."""
    done: list[Turn] = []
    async with _client(gateway) as client:
        await _clients(client, asked, 1)
        for _ in range(count):
            upload, output = gate.work("upload", seconds / 2), gate.work("output", seconds / 2)
            busy, began = gateway.cpu_ms(), time.perf_counter()
            answers = await _clients(client, asked, seconds)
            took, served = time.perf_counter() - began, max(answers[200], 1)
            through = Rate(served / took, (gateway.cpu_ms() - busy) / served)
            done.append(Turn(upload, output, through, answers))
    return done


async def crowd(gateway: Served, asked: Bodies) -> Counter[str]:
    """Ask for more at once than may wait."""
    async with _client(gateway) as client:
        answers = await asyncio.gather(*(client.post(PATH, content=body) for body in asked))
    return Counter(
        f"{answer.status_code}{' with Retry-After' if 'retry-after' in answer.headers else ''}"
        for answer in answers
    )


def figures(done: Sequence[Turn], at_once: Counter[str]) -> list[Figure]:
    """Compare what a gateway did with the image gate alone, turn by turn."""
    answers = sum((turn.answers for turn in done), Counter[int]())
    released, told = at_once["200"], at_once["429 with Retry-After"]
    return [
        *_against("the image gate alone", done, lambda turn: turn.output, "0.80 x", "1.25 x"),
        *_against("without the maker's marks", done, lambda turn: turn.upload),
        Figure(
            f"errors among {answers.total()} answers",
            answers.total() - answers[200],
            "",
            budget="0",
        ),
        Figure(
            f"served of {at_once.total()} at once, {CLIENTS} + {QUEUE} at a time",
            released,
            "",
            peer="told 429 with Retry-After",
            peer_measured=told,
        ),
        Figure("anything else among them", at_once.total() - released - told, "", budget="0"),
    ]


def _against(
    peer: str, done: Sequence[Turn], gate: Callable[[Turn], Rate], rate: str = "", cpu: str = ""
) -> Iterator[Figure]:
    """Yield both medians, and the median, least and most of the ratios of each turn."""
    many = f"{CLIENTS} clients, {CLIENTS} tokens"
    alone, through = [gate(turn) for turn in done], [turn.through for turn in done]
    yield Figure(
        f"pictures per second, {many}",
        median(each.rate for each in through),
        "/s",
        peer=peer,
        peer_measured=median(each.rate for each in alone),
    )
    yield _ratio(
        "of its pictures", [a.rate / b.rate for a, b in zip(through, alone, strict=True)], rate
    )
    yield Figure(
        "processor's time for each",
        median(each.cpu_ms for each in through),
        peer=peer,
        peer_measured=median(each.cpu_ms for each in alone),
    )
    yield _ratio(
        "of its time", [a.cpu_ms / b.cpu_ms for a, b in zip(through, alone, strict=True)], cpu
    )


def _ratio(what: str, ratios: Sequence[float], budget: str) -> Figure:
    said = f"{len(ratios)} turns, {min(ratios):.2f} to {max(ratios):.2f}"
    return Figure(f"{what}, median of {said}", median(ratios), "x", budget=budget)


def fetch(gateway_or_sandbox: Served, key: str, asked: Bodies, folder: Path) -> None:
    """Keep the pictures that the sandbox answers with, for the gate alone."""
    address = gateway_or_sandbox.address
    with httpx.Client(base_url=address, headers=headers(key), trust_env=False) as client:
        for number, body in enumerate(asked):
            answer = client.post(PATH, content=body, timeout=120).raise_for_status()
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                (folder / f"{number:03}.png").write_bytes(archive.read("image_0.png"))


async def _clients(client: httpx.AsyncClient, asked: Bodies, seconds: float) -> Counter[int]:
    """Give each client requests of its own, so that none joins another's."""
    answers: Counter[int] = Counter()
    until = time.perf_counter() + seconds

    async def ask(own: Bodies) -> None:
        turn = 0
        while time.perf_counter() < until:
            answer = await client.post(PATH, content=own[turn % len(own)])
            answers[answer.status_code] += 1
            turn += 1

    await asyncio.gather(*(ask(asked[number::CLIENTS]) for number in range(CLIENTS)))
    return answers


def _client(gateway: Served) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=gateway.address,
        headers=headers(gateway.key),
        timeout=300,
        trust_env=False,
        limits=httpx.Limits(max_connections=None),
    )
