"""Many clients at once: pictures per second against the image gate alone, and a bounded queue."""

import asyncio
import io
import os
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

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

    def middle(self, other: "Rate") -> "Rate":
        """Return the middle of two runs: what else the machine does changes with time."""
        return Rate((self.rate + other.rate) / 2, (self.cpu_ms + other.cpu_ms) / 2)


@dataclass(frozen=True, slots=True)
class Alone:
    """What the image gate does without a gateway, without and with the maker's marks."""

    upload: Rate
    output: Rate

    @classmethod
    def between(cls, before: "Alone", after: "Alone") -> "Alone":
        """Return the middle of two runs."""
        return cls(before.upload.middle(after.upload), before.output.middle(after.output))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a gateway did under load."""

    rate: float
    cpu_ms: float
    answers: Counter[int]
    crowd: Counter[str]


async def load(gateway: Served, asked: Bodies, crowd: Bodies, seconds: float) -> Loaded:
    """Let 32 clients ask as fast as they are answered, then more at once than may wait."""
    async with _client(gateway) as client:
        busy, began = gateway.cpu_ms(), time.perf_counter()
        answers = await _clients(client, asked, seconds)
        took = time.perf_counter() - began
        served = answers[200]
        cpu = (gateway.cpu_ms() - busy) / max(served, 1)
    async with _client(gateway) as client:  # whose connections have not been idle for long
        told = await _crowd(client, crowd)
    return Loaded(served / took, cpu, answers, told)


def figures(loaded: Loaded, alone: Alone) -> list[Figure]:
    """Compare what a gateway did with the image gate alone."""
    total, served = loaded.answers.total(), loaded.answers[200]
    released, told = loaded.crowd["200"], loaded.crowd["429 with Retry-After"]
    many = f"{CLIENTS} clients, {CLIENTS} tokens"
    gates = (
        ("the image gate alone, same core", alone.output, "0.80 x", "1.25 x"),
        ("the same without the maker's marks", alone.upload, "", ""),
    )
    rates = [
        figure
        for peer, gate, rate, cpu in gates
        for figure in (
            Figure(f"pictures per second, {many}", loaded.rate, "/s", None, rate, peer, gate.rate),
            Figure("processor's time for each", loaded.cpu_ms, "ms", None, cpu, peer, gate.cpu_ms),
        )
    ]
    return [
        *rates,
        Figure(f"errors among {total} answers", total - served, "", budget="0"),
        Figure(
            f"served of {loaded.crowd.total()} at once, {CLIENTS} + {QUEUE} at a time",
            released,
            "",
            peer="told 429 with Retry-After",
            peer_measured=told,
        ),
        Figure("anything else among them", loaded.crowd.total() - released - told, "", budget="0"),
    ]


def gate_alone(
    cores: Collection[int], data_dir: Path, env: Mapping[str, str], pictures: Path, seconds: float
) -> Alone:
    """Measure the image gate alone, in a process of its own on the gateway's cores."""
    code = f"import os; os.sched_setaffinity(0, {set(cores)}); "
    code += "import runpy; runpy.run_module('tests.bench.gate_alone', run_name='__main__')"
    command = (sys.executable, "-c", code, str(data_dir), str(pictures), str(seconds))
    said = subprocess.run(
        command, env=os.environ | env, check=True, capture_output=True, text=True, timeout=300
    )
    upload, output = (Rate(*map(float, line.split())) for line in said.stdout.splitlines())
    return Alone(upload, output)


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


async def _crowd(client: httpx.AsyncClient, asked: Bodies) -> Counter[str]:
    answers = await asyncio.gather(*(client.post(PATH, content=body) for body in asked))
    return Counter(
        f"{answer.status_code}{' with Retry-After' if 'retry-after' in answer.headers else ''}"
        for answer in answers
    )


def _client(gateway: Served) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=gateway.address,
        headers=headers(gateway.key),
        timeout=300,
        trust_env=False,
        limits=httpx.Limits(max_connections=None),
    )
