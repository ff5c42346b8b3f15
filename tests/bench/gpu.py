"""Prints how many texts a second the prompt model reads on a card, and what share of the card.

    python -m tests.bench.gpu [--device cpu] [--engine torch] [--pieces 64] [--quick] [--json]

Needs torch and onnx (`.[models]`). The limit of the card is measured in the same run: its fastest
product of large 8-bit matrices, which is what the model is made of. Nothing is asserted.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import import_module
from itertools import islice
from math import prod
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from classifiers.batcher import Batcher
from classifiers.device import Device
from classifiers.prompt_engines import Engine, Question, stored
from classifiers.prompt_engines.by_text import by_text
from classifiers.prompt_engines.choice import on_card
from classifiers.prompt_engines.onnx_engine import Together
from classifiers.prompt_engines.torch_engine import TorchEngine
from classifiers.prompt_network import NAME, PromptNetwork, question
from classifiers.registry import WEIGHTS
from classifiers.runtime import Session
from tests.bench.figure import nearest, timed
from tests.evasion.ordinary import ORDINARY

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
THREADS = (1, 8, 64)
_LONG = 600.0
_SIDE = {Device.CUDA: 8192, Device.CPU: 1024}
"""Of the matrices by which the limit is found."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What batches of one size reach."""

    batch: int
    ms: float
    texts_per_second: float
    pieces_per_second: float
    tops: float
    share: float
    """Of the limit."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What threads get that ask one window each, through the batcher."""

    threads: int
    texts_per_second: float
    p50_ms: float
    p95_ms: float


def operations(model: bytes, pieces: int) -> int:
    """Return the multiplications and additions of one piece in a window of so many."""
    stored_arrays = stored.load(model).graph.initializer
    sizes: dict[str, list[int]] = {one.name: list(one.dims) for one in stored_arrays}
    matrices = [
        size for name, size in sizes.items() if "layer." in name and name.endswith("_quantized")
    ]
    width = sizes["embeddings.word_quantized"][1]
    attention = 2 * pieces * width * sum(name.endswith("self.all.bias") for name in sizes)
    return 2 * (sum(map(prod, matrices)) + attention)


def asked(network: PromptNetwork, pieces: int, count: int) -> list[Question]:
    """Return windows of so many pieces, frames aside, no two alike."""
    made = []
    for at in range(count):
        turn = at % len(ORDINARY)
        text = f"{at}, " + ", ".join((*ORDINARY[turn:], *ORDINARY[:turn]) * 2)
        *_, last = islice(network.pieces.cut(text), pieces)
        text = text[: last.span[1]]
        made.append(question(text, next(network.pieces.windows(text))))
    return made


def opened(model: bytes, device: Device, engine: str) -> Engine:
    """Open the engine that is to be measured."""
    if engine == "torch":
        return TorchEngine("torch", model, device)
    if device is Device.CUDA:
        return on_card("chosen", model)
    return Together(Session("chosen", by_text(model)))


def limit(device: Device, *, exact: bool) -> float:
    """Return the trillions of operations a second of large products, 8-bit or in half floats."""
    torch: Any = import_module("torch")
    side = _SIDE[device]
    one = torch.randint(-60, 60, (side, side), dtype=torch.int8, device=device.value)
    other = one.t()
    if not exact:
        one, other = one.bfloat16(), other.bfloat16()

    def products() -> None:
        for _ in range(10):
            _ = torch._int_mm(one, other) if exact else one @ other  # the engine's own product
        if device is Device.CUDA:
            torch.cuda.synchronize()

    return 10 * 2 * side**3 / (min(timed(products, 5).wall) / 1000) / 1e12


def speeds(engine: Engine, windows: Sequence[Question], each: int, most: float) -> list[Speed]:
    """Measure batches of all sizes; `each`: operations of a window, `most`: the limit."""
    found = []
    for batch in (size for size in BATCHES if size <= len(windows)):
        ms = timed(lambda size=batch: engine.ask(windows[:size]), 9).median  # type: ignore[misc]  # bound now
        rate = batch / ms * 1000
        tops = rate * each / 1e12
        found.append(Speed(batch, ms, rate, rate * len(windows[0].pieces), tops, tops / most))
    return found


def waits(engine: Engine, windows: Sequence[Question], rounds: int) -> list[Waiting]:
    """Measure what threads get through the batcher."""
    batcher, found = Batcher("bench", engine, deadline_seconds=_LONG), []
    for count in THREADS:
        taken = [(batcher.ask, windows[at % len(windows)]) for at in range(count * rounds)]
        with ThreadPoolExecutor(count) as threads:
            begun = perf_counter()
            ms = [one.result() for one in [threads.submit(_timed, *each) for each in taken]]
            rate = len(taken) / (perf_counter() - begun)
        found.append(Waiting(count, rate, nearest(ms, 0.5), nearest(ms, 0.95)))
    batcher.close()
    return found


def _timed(ask: Callable[[Sequence[Question]], object], window: Question) -> float:
    begun = perf_counter()
    ask([window])
    return (perf_counter() - begun) * 1000


def named(device: Device) -> str:
    """Return what the card is called."""
    torch: Any = import_module("torch")
    return str(torch.cuda.get_device_name()) if device is Device.CUDA else "the processor"


def show(title: str, rows: Sequence[Any]) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left", title_style="bold")
    cells = [asdict(row) for row in rows]
    for name in cells[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for row in cells:
        table.add_row(*(f"{value:.4g}" for value in row.values()))
    Console(width=130, highlight=False).print(table)


def main() -> None:
    """Measure, and print two tables or one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", type=Device, default=Device.CUDA, choices=list(Device))
    parser.add_argument("--engine", default="chosen", choices=["chosen", "torch"])
    parser.add_argument("--pieces", type=int, default=64, help="of each window, its frames counted")
    parser.add_argument("--quick", action="store_true", help="small batches and few rounds")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    network = PromptNetwork.open()
    model = (WEIGHTS / f"{NAME}.onnx").read_bytes()
    windows = asked(network, options.pieces, 16 if options.quick else BATCHES[-1])
    engine = opened(model, options.device, options.engine)
    whole, half = (limit(options.device, exact=exact) for exact in (True, False))
    each = operations(model, options.pieces)
    told = {
        "model": network.card.id,
        "device": named(options.device),
        "engine": options.engine,
        "pieces": options.pieces,
        "operations a piece": each,
        "limit of 8-bit products (TOP/s)": round(whole, 3),
        "limit of bfloat16 products (TFLOP/s)": round(half, 3),
    }
    batches = speeds(engine, windows, each * options.pieces, whole)
    threads = waits(engine, windows, 2 if options.quick else 50)
    if options.json:
        rows = {"batches": [*map(asdict, batches)], "threads": [*map(asdict, threads)]}
        json.dump(told | rows, sys.stdout, indent=2)
        print()
        return
    print("\n".join(f"{key}: {value}" for key, value in told.items()))
    show("batches", batches)
    show("through the batcher, one window each", threads)


if __name__ == "__main__":
    main()
