"""Prints what it costs to make the file that leaves, beside decoding the same file once.

    python -m tests.bench.bench_marking

The picture is a photograph of 832 x 1216 whose alpha hides bits as NovelAI's does.
"""

import io
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from rich.console import Console
from rich.table import Table
from skimage import data

from pipeline.items import ReleasedMetadata
from pipeline.marking.leaving import leaving

SIZE = (832, 1216)
ROUNDS = 15


def _astronaut() -> NDArray[np.uint8]:
    return np.asarray(data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]  # ships none


def photograph() -> Image.Image:
    """Return one with chance in its lowest bits, which no file format makes small."""
    chance = np.random.default_rng(1)
    plain = Image.fromarray(_astronaut()).resize(SIZE, Image.Resampling.LANCZOS)
    pixels = np.asarray(plain) ^ chance.integers(0, 4, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    alpha = 254 | chance.integers(0, 2, (SIZE[1], SIZE[0], 1), dtype=np.uint8)
    return Image.fromarray(np.concatenate([pixels, alpha], axis=2))


def files() -> dict[str, bytes]:
    """Return it as the two kinds of files that leave."""
    picture, png, webp = photograph(), io.BytesIO(), io.BytesIO()
    noted = PngInfo()
    noted.add_text("Comment", '{"prompt": "a harbour at dawn"}' * 50)
    picture.save(png, "PNG", pnginfo=noted)
    picture.save(webp, "WEBP", lossless=True, method=0, quality=0)
    return {"PNG": png.getvalue(), "WebP": webp.getvalue()}


def decoded(file: bytes) -> None:
    """Do with a file what any program does that shows it."""
    Image.open(io.BytesIO(file)).load()


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median of some rounds, by the processor's clock."""
    took: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        took.append((time.process_time() - started) * 1000)
    return statistics.median(took)


def main() -> None:
    """Measure and print."""
    table = Table("file", "choice", "ms", "one decode, ms", "bytes before", "bytes that leave")
    for kind, file in files().items():
        decode = milliseconds(partial(decoded, file))
        for metadata in ReleasedMetadata:
            took = milliseconds(partial(leaving, file, metadata))
            left = f"{len(leaving(file, metadata).data):,}"
            table.add_row(kind, metadata, f"{took:.2f}", f"{decode:.1f}", f"{len(file):,}", left)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
