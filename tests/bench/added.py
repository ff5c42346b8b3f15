"""What all gates add to a generation: the gateway's answer against the sandbox's own."""

import json
import time
from collections.abc import Sequence

import httpx

from tests.bench.benign import request
from tests.bench.figure import Figure, Times
from tests.bench.servers import Served

DIRECT = "pst-" + "d" * 64
PATH = "/ai/generate-image"
Bodies = Sequence[bytes]


def bodies(count: int, after: int = 0) -> Bodies:
    """Return so many different requests."""
    return [json.dumps(request(after + seed)).encode() for seed in range(1, count + 1)]


def prerender(upstream: Served, asked: Bodies) -> None:
    """Have the sandbox draw everything beforehand."""
    with _client(upstream.address, DIRECT) as client:
        for body in asked:
            client.post("/sandbox/prerender", content=body).raise_for_status()


def added(upstream: Served, gateway: Served, asked: Bodies) -> list[Figure]:
    """Ask both in turn for the same picture, one at a time, and compare the medians."""
    with _client(upstream.address, DIRECT) as sandbox, _client(gateway.address, gateway.key) as g:
        _ask(g, asked[-1])
        busy = gateway.cpu_ms()
        gated, direct = [], []
        for body in asked:
            direct.append(_ask(sandbox, body))
            gated.append(_ask(g, body))
        cpu = (gateway.cpu_ms() - busy) / len(asked)
    alone, through = Times(direct, direct), Times(gated, gated)
    return [
        Figure(
            "added to a generation by all gates, one core",
            through.median - alone.median,
            cpu_ms=cpu,
            budget="150 ms",
            peer="the sandbox called directly",
            peer_measured=alone.median,
        ),
        Figure("the same, 95th percentile", through.p95 - alone.median),
    ]


def _ask(client: httpx.Client, body: bytes) -> float:
    began = time.perf_counter()
    answer = client.post(PATH, content=body)
    took = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return took


def headers(key: str) -> dict[str, str]:
    """Return what a client sends with a request."""
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


def _client(address: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=address, headers=headers(key), timeout=120, trust_env=False)
