"""Fits the answer about minors again, on the encoder as it was fitted.

    python -m classifiers.training.prompts.minor MODEL OUT

In the first fit, words that might hint at youth came to count as children: see `hints`. Here only
this head is learned again, from labels that say it better; `OUT/runs/minor.safetensors` has it.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from classifiers.prompt_heads import HEADS, Head
from classifiers.training.prompts import encoder, letters
from classifiers.training.prompts.fit import choose, targets, upper
from classifiers.training.prompts.hints import said
from classifiers.training.prompts.libraries import safetensors, torch
from classifiers.training.prompts.lower import load, subset
from classifiers.training.prompts.rows import Row, Split

SEED: Final = 23
_ROWS: Final = 7_000
_SPELLED: Final = 30_000
COLUMN: Final = HEADS.index(Head.MINOR_PRESENT)
_linear: Any = import_module("sklearn.linear_model")


def main(model: Path, out: Path) -> None:
    """Write the head's weights and its column of the letters' table."""
    rows, lowered = load(out, Split.TRAIN, encoder.WHOLE)
    rows = [said(row) for row in rows]
    known = [at for at, row in enumerate(rows) if Head.MINOR_PRESENT in row.labels]
    some = [known[at] for at in choose(known, _ROWS, SEED)]
    weights = encoder.pretrained(model / "model.safetensors")
    fitted = safetensors.load_file(out / "runs" / "all.safetensors")
    weights |= {name: value for name, value in fitted.items() if name in weights}
    learner = _linear.LogisticRegression(C=1.0, max_iter=500)
    learner.fit(upper(weights, subset(lowered, some), encoder.WHOLE), _labels(rows, some))
    more = [known[at] for at in choose(known, _SPELLED, SEED)]
    wanted, count = targets([rows[at] for at in more])
    count[:, [column for column in range(len(HEADS)) if column != COLUMN]] = 0
    table = letters.fit([rows[at].text for at in more], wanted, count, SEED)
    found = {
        "weight": torch.from_numpy(learner.coef_[0].astype(np.float32)),
        "bias": torch.from_numpy(learner.intercept_.astype(np.float32)),
        "letters": torch.from_numpy(table.table[:, COLUMN].copy()),
        "letters.bias": torch.from_numpy(table.bias[COLUMN : COLUMN + 1].copy()),
    }
    safetensors.save_file(found, out / "runs" / "minor.safetensors")


def _labels(rows: Sequence[Row], some: Sequence[int]) -> list[int]:
    return [rows[at].labels[Head.MINOR_PRESENT] for at in some]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
