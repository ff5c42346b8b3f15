"""Measures the students that never saw a source again, as texts are served: pane by pane.

    python -m classifiers.training.prompts.by_panes MODEL OUT coprov2|nibbler|hate|questions

`student` measures whole texts, as it learned from them; long ones are read differently when served
(ADR 20). Same rows, same weights, same calibration; it writes `OUT/student/runs/NAME.panes.json`.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_network import NAME
from classifiers.prompt_pieces import Pane, Pieces
from classifiers.registry import WEIGHTS
from classifiers.training.prompts import encoder, letters, run
from classifiers.training.prompts.calibrate import Combination, combine
from classifiers.training.prompts.folds import FOLDS
from classifiers.training.prompts.libraries import safetensors, torch
from classifiers.training.prompts.lower import load, subset
from classifiers.training.prompts.rows import Row, Split, read_rows
from classifiers.training.prompts.student import spelled

_AT_ONCE: Final = 64
Panes = Sequence[tuple[str, Pane]]


def main(model: Path, out: Path, name: str) -> None:
    """Measure one fold, and write its figures."""
    path = encoder.STUDENT.folder(out, "runs") / f"{name}.panes.json"
    fitted = safetensors.load_file(path.with_name(f"{name}.safetensors"))
    fitted.pop("step", None)
    published = encoder.pretrained(model / "model.safetensors")
    weights = encoder.shortened(published, encoder.STUDENT) | fitted
    table, left_out = spelled(out, name), FOLDS[name]
    joined = _joined(out, fitted, table, left_out)
    rows = [
        *_some(out, Split.TEST, lambda row: run.is_real(row) or row.source in left_out),
        *_some(out, Split.TRAIN, lambda row: row.source in left_out),
    ]
    told = {"left_out": run.out_of_source(rows, _highest(rows, weights, table, joined), left_out)}
    told["rows"] = json.loads(path.with_name(f"{name}.json").read_text("utf-8"))["rows"]
    path.write_text(json.dumps(told, indent=1), "utf-8")
    print(f"{path.name}: {told['left_out']}")


def _joined(
    out: Path, fitted: encoder.Weights, table: letters.Letters, left_out: Sequence[str]
) -> Combination:
    """Calibrate on dev by whole texts, as the fold did."""
    rows, lowered = load(out, Split.DEV, encoder.STUDENT)
    chosen = run.sampled(rows, lambda row: row.source not in left_out)
    known = [rows[at] for at in chosen]
    part = subset(lowered, chosen)
    return combine(known, *run.logits(fitted, table, known, part, encoder.STUDENT))


def _some(out: Path, split: Split, wanted: Callable[[Row], bool]) -> Iterator[Row]:
    rows = list(read_rows(out / f"{split}.jsonl"))
    return (rows[at] for at in run.sampled(rows, wanted))


def _highest(
    rows: Sequence[Row], weights: encoder.Weights, table: letters.Letters, joined: Combination
) -> NDArray[np.float64]:
    """Return for each row the highest likelihood of its panes: N x heads."""
    pieces = Pieces.parse((WEIGHTS / f"{NAME}.vocab.txt").read_text("utf-8"))
    owners, panes = [], []
    for at, row in enumerate(rows):
        inside = [pane for window in pieces.windows(row.text) for pane in window.panes]
        owners += [at] * len(inside)
        panes += [(row.text, pane) for pane in inside]
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    return np.asarray(np.maximum.reduceat(_answers(panes, weights, table, joined), starts))


def _answers(
    panes: Panes, weights: encoder.Weights, table: letters.Letters, joined: Combination
) -> NDArray[np.float64]:
    found: list[Any] = []
    with torch.inference_mode():
        for start in range(0, len(panes), _AT_ONCE):
            batch = encoder.batch([pane.numbers for _, pane in panes[start : start + _AT_ONCE]])
            pooled = encoder.encode(weights, *batch, encoder.STUDENT)
            found.append(encoder.answer(weights, pooled).double().numpy())
    spelt = np.stack([table.answer(text[slice(*pane.span)]) for text, pane in panes])
    return joined.answer(np.concatenate(found), spelt.astype(np.float64))


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("name", choices=tuple(FOLDS))
    said = asked.parse_args()
    main(said.model, said.out, said.name)
