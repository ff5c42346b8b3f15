"""Prints how many pictures a second an image classifier of ViT-B's size looks at on a card.

    python -m tests.bench.gpu_pictures [--device cpu] [--engine torch] [--quick] [--json]

Needs torch and transformers (`.[models]`). The network is ViT-B/16 at 448 pixels with weights by
chance, made and opened as `models pull` does it. The limit of the card is measured in the same run:
its fastest product of large matrices in half floats. Arrivals come at even times, at shares of what
the largest batch reached, each by itself through the batcher. Nothing is asserted.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any, Final

import numpy as np

from classifiers.batcher import Answering, Batcher
from classifiers.device import Device
from classifiers.exporting import export
from classifiers.picture_engines import Planes
from classifiers.picture_engines.choice import on_card
from classifiers.picture_engines.onnx_engine import Together
from classifiers.picture_engines.torch_engine import TorchEngine
from classifiers.pins import EXPORTED, Pin, parse_registry
from classifiers.runtime import Session
from tests.bench.figure import nearest, timed
from tests.bench.gpu import limit, named, show
from tests.unit.classifiers.raters import NAME
from tests.unit.classifiers.torch_raters import registry_of, write_weights

BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128)
LOADS: Final = (0.25, 0.5, 0.8)
_LONG: Final = 600.0
_PATCH: Final = 16
_WAITING: Final = 256
"""Threads that may wait at once."""
LARGE: Final[Mapping[str, int]] = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "image_size": 448,
    "patch_size": _PATCH,
}
SMALL: Final[Mapping[str, int]] = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 256,
    "image_size": 64,
    "patch_size": _PATCH,
}


@dataclass(frozen=True, slots=True)
class Speed:
    """What batches of one size reach."""

    batch: int
    ms: float
    pictures_per_second: float
    tflops: float
    share: float
    """Of the limit."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """What a picture waits when they come at a fixed rate, one by one."""

    arrivals_per_second: float
    answered_per_second: float
    p50_ms: float
    p99_ms: float


def operations(sizes: Mapping[str, int]) -> int:
    """Return the multiplications and additions of one picture, in its large products."""
    width, deep = sizes["hidden_size"], sizes["num_hidden_layers"]
    patches = (sizes["image_size"] // _PATCH) ** 2
    places = patches + 1
    layer = 4 * width**2 + 2 * width * sizes["intermediate_size"] + 2 * places * width
    return 2 * (deep * places * layer + patches * 3 * _PATCH**2 * width)


def made(sizes: Mapping[str, int]) -> tuple[Pin, Mapping[str, bytes]]:
    """Make the network, and its graph as pulling does it."""
    side = sizes["image_size"]
    with TemporaryDirectory() as place:
        size = {"size": {"height": side, "width": side}}
        folder = write_weights(Path(place), preparing=size, sizes=sizes)
        pin = parse_registry(registry_of(folder, side))[NAME]
        files = {name: (folder / name).read_bytes() for name in pin.files}
    pin, graph = export(pin, files)
    return pin, {**files, EXPORTED: graph}


def opened(pin: Pin, files: Mapping[str, bytes], device: Device, engine: str) -> Answering[Planes]:
    """Open the engine that is to be measured."""
    if engine == "torch":
        return TorchEngine(pin, files, device)
    if device is Device.CUDA:
        return on_card(pin, files)
    return Together(Session(pin.id, files[pin.graph]))


def speeds(
    engine: Answering[Planes], seen: Sequence[Planes], each: int, most: float, rounds: int
) -> list[Speed]:
    """Measure batches of all sizes; `each`: operations of a picture, `most`: the limit."""
    found = []
    for batch in (size for size in BATCHES if size <= len(seen)):
        ms = timed(lambda size=batch: engine.ask(seen[:size]), rounds).median  # type: ignore[misc]  # bound now
        rate = batch / ms * 1000
        found.append(Speed(batch, ms, rate, rate * each / 1e12, rate * each / 1e12 / most))
    return found


def arrivals(
    engine: Answering[Planes], seen: Sequence[Planes], best: float, seconds: float
) -> list[Arriving]:
    """Ask at even times, whether the one before was answered or not."""
    batcher, found = Batcher("bench", engine, deadline_seconds=_LONG), []
    for share in LOADS:
        rate = share * best
        count = max(8, int(rate * seconds))
        with ThreadPoolExecutor(_WAITING) as threads:
            begun, waiting = perf_counter(), []
            for at in range(count):
                due = begun + at / rate
                sleep(max(0.0, due - perf_counter()))
                waiting.append(threads.submit(_waited, batcher, seen[at % len(seen)], due))
            ms = [one.result() for one in waiting]
            answered = count / (perf_counter() - begun)
        found.append(Arriving(rate, answered, nearest(ms, 0.5), nearest(ms, 0.99)))
    batcher.close()
    return found


def _waited(batcher: Batcher[Planes], picture: Planes, due: float) -> float:
    batcher.ask([picture])
    return (perf_counter() - due) * 1000


def main() -> None:
    """Measure, and print two tables or one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", type=Device, default=Device.CUDA, choices=list(Device))
    parser.add_argument("--engine", default="chosen", choices=["chosen", "torch"])
    parser.add_argument("--quick", action="store_true", help="a small network and few rounds")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    sizes = SMALL if options.quick else LARGE
    pin, files = made(sizes)
    engine = opened(pin, files, options.device, options.engine)
    chance, side = np.random.default_rng(7), sizes["image_size"]
    count = 8 if options.quick else BATCHES[-1]
    seen = list(chance.normal(0, 0.5, (count, 3, side, side)).astype(np.float32))
    engine.ask(seen)  # first runs take seconds
    each, most = operations(sizes), limit(options.device, exact=False)
    told: dict[str, Any] = {
        "device": named(options.device),
        "engine": f"{options.engine}: {type(engine).__name__}",
        "operations a picture (GFLOP)": round(each / 1e9, 3),
        "limit of bfloat16 products (TFLOP/s)": round(most, 3),
    }
    batches = speeds(engine, seen, each, most, 3 if options.quick else 9)
    best = max(row.pictures_per_second for row in batches)
    coming = arrivals(engine, seen, best, 0.5 if options.quick else 10.0)
    if options.json:
        rows = {"batches": [*map(asdict, batches)], "arrivals": [*map(asdict, coming)]}
        json.dump(told | rows, sys.stdout, indent=2)
        print()
        return
    print("\n".join(f"{key}: {value}" for key, value in told.items()))
    show("batches", batches)
    show("one by one through the batcher", coming)


if __name__ == "__main__":
    main()
