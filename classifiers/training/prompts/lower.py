"""Runs all texts once through the layers that stay as they are, and keeps what comes out.

    python -m classifiers.training.prompts.lower MODEL OUT [--student]

Every fit starts from here, which makes each twice as fast. Goes on where it was stopped.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.training.prompts import encoder
from classifiers.training.prompts.libraries import Tensor, torch
from classifiers.training.prompts.pieces import check, pieces
from classifiers.training.prompts.rows import Row, Split, read_rows

_SHARD: Final = 2048
_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class Lowered:
    """What the lower layers say of texts: for each, pieces x 384, one behind the other."""

    values: NDArray[Any]
    starts: NDArray[np.int64]
    """For each text its first place, and one more for the end of the last."""

    def batch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return texts padded to the longest, and where there are pieces."""
        lengths = [int(self.starts[row + 1] - self.starts[row]) for row in rows]
        x = torch.zeros(len(rows), max(lengths), encoder.WIDTH)
        mask = torch.zeros(len(rows), max(lengths))
        for at, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            start = int(self.starts[row])
            x[at, :length] = torch.from_numpy(self.values[start : start + length]).float()
            mask[at, :length] = 1.0
        return x, mask

    def length(self, row: int) -> int:
        """Return the pieces of a text."""
        return int(self.starts[row + 1] - self.starts[row])


def load(out: Path, split: Split, depth: encoder.Depth) -> tuple[list[Row], Lowered]:
    """Return the rows of a split and what `main` kept of them."""
    folder = depth.folder(out, "lower")
    rows = list(read_rows(out / f"{split}.jsonl"))
    shards = sorted(folder.glob(f"{split}-*.npy"))
    starts = np.concatenate([[0], np.cumsum(np.load(folder / f"{split}.lengths.npy"))])
    values = np.concatenate([np.load(shard, allow_pickle=False) for shard in shards])
    if len(values) != starts[-1] or len(rows) + 1 != len(starts):
        message = (
            f"{split}: expected {starts[-1]} pieces, got {len(values)}; delete {folder.name!r}"
        )
        raise ValueError(message)
    return rows, Lowered(values, starts)


def subset(lowered: Lowered, rows: Sequence[int]) -> Lowered:
    """Return what is kept of some of the texts."""
    parts = [lowered.values[lowered.starts[row] : lowered.starts[row + 1]] for row in rows]
    return Lowered(np.concatenate(parts), np.cumsum([0, *map(len, parts)]))


def main(model: Path, out: Path, depth: encoder.Depth) -> None:
    """Run every split through the lower layers, a shard at a time."""
    weights = encoder.pretrained(model / "model.safetensors")
    folder = depth.folder(out, "lower")
    folder.mkdir(parents=True, exist_ok=True)
    for split in (Split.DEV, Split.TRAIN, Split.TEST):
        texts = [row.text for row in read_rows(out / f"{split}.jsonl")]
        check(model, texts)
        ids = pieces(model, texts)
        np.save(folder / f"{split}.lengths.npy", np.asarray(list(map(len, ids))))
        for number, start in enumerate(range(0, len(ids), _SHARD)):
            path = folder / f"{split}-{number:04}.npy"
            if not path.exists():
                values = np.concatenate(_lowered(weights, ids[start : start + _SHARD], depth))
                np.save(path.with_suffix(".part.npy"), values)
                path.with_suffix(".part.npy").rename(path)
                print(path.name, flush=True)


def _lowered(
    weights: encoder.Weights, ids: Sequence[Sequence[int]], depth: encoder.Depth
) -> list[NDArray[Any]]:
    found: list[NDArray[Any]] = [np.zeros(0)] * len(ids)
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            padded, mask = encoder.batch([ids[row] for row in rows])
            x = encoder.embed(weights, padded)
            x = encoder.layers(weights, x, mask, range(depth.kept)).half()
            for at, row in enumerate(rows):
                found[row] = x[at, : len(ids[row])].numpy()
    return found


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--student", action="store_true")
    said = asked.parse_args()
    main(said.model, said.out, encoder.STUDENT if said.student else encoder.WHOLE)
