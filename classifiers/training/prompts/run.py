"""One run: fits a design to all sources, or to all but one, and writes its figures as one JSON.

    python -m classifiers.training.prompts.run MODEL OUT all --epochs 2
    python -m classifiers.training.prompts.run MODEL OUT coprov2 --most 16000 --epochs 1

The name is `all`, or that of a fold of `FOLDS`: the sources that are left out. A run that was
stopped goes on; one that is done says so and does nothing.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from classifiers.prompt_heads import HEADS
from classifiers.training.prompts import encoder, letters
from classifiers.training.prompts.calibrate import CAPTIONS, combine, labels
from classifiers.training.prompts.fit import Plan, choose, fit, targets, upper
from classifiers.training.prompts.folds import FOLDS
from classifiers.training.prompts.libraries import torch
from classifiers.training.prompts.lower import Lowered, load, subset
from classifiers.training.prompts.measures import (
    area,
    average_precision,
    log_odds,
    share_at,
    threshold_at,
)
from classifiers.training.prompts.rows import HARMS, Kind, Row, Split

SEED: Final = 17
_MEASURED: Final = 3_000
"""Rows of a split that a fold is measured on."""
Part = tuple[list[Row], Lowered]
_ONE_PERCENT: Final = 0.01


def main(model: Path, out: Path, name: str, most: int, epochs: int) -> None:
    """Fit, measure, and write `OUT/runs/NAME.json`."""
    folder = out / "runs"
    folder.mkdir(exist_ok=True)
    told = folder / f"{name}.json"
    if told.exists():
        print(f"{told.name}: done before")
        return
    rows, lowered = load(out, Split.TRAIN, encoder.WHOLE)
    left_out = FOLDS.get(name, ())
    chosen = [at for at, row in enumerate(rows) if row.source not in left_out]
    chosen = [chosen[at] for at in choose(chosen, most, SEED)]
    plan = Plan(SEED, epochs)
    start = encoder.pretrained(model / "model.safetensors")
    checkpoint = folder / f"{name}.safetensors"
    weights = fit(start, rows, lowered, chosen, plan, checkpoint, encoder.WHOLE)
    wanted, known = targets(rows)
    table = letters.fit([rows[at].text for at in chosen], wanted[chosen], known[chosen], SEED)
    np.savez(folder / f"{name}.letters.npz", table=table.table.astype(np.float16), bias=table.bias)
    figures = (
        left_out_figures(out, weights, table, left_out, (rows, lowered), encoder.WHOLE)
        if left_out
        else measured(out, weights, table, encoder.WHOLE)
    )
    told.write_text(
        json.dumps({"plan": asdict(plan), "rows": len(chosen)} | figures, indent=1), "utf-8"
    )


def measured(
    out: Path, weights: encoder.Weights, table: letters.Letters, depth: encoder.Depth
) -> dict[str, Any]:
    """Return the figures of the run `all`, of each part and of both."""
    on_dev = logits(weights, table, *(dev := load(out, Split.DEV, depth)), depth)
    on_test = logits(weights, table, *(test := load(out, Split.TEST, depth)), depth)
    scored = {
        depth.name: on_test[0],
        "letters": on_test[1],
        f"{depth.name}+letters": log_odds(combine(dev[0], *on_dev).answer(*on_test)),
    }
    return {"auprc": {design: per_head(test[0], one) for design, one in scored.items()}}


def left_out_figures(
    out: Path,
    weights: encoder.Weights,
    table: letters.Letters,
    left_out: Sequence[str],
    training: Part,
    depth: encoder.Depth,
) -> dict[str, Any]:
    """Return how a fold does on texts of the sources that it never saw, in whatever split."""
    dev = _some(load(out, Split.DEV, depth), lambda row: row.source not in left_out)
    test = _some(load(out, Split.TEST, depth), lambda row: is_real(row) or row.source in left_out)
    strange = _some(training, lambda row: row.source in left_out)
    joined = combine(dev[0], *logits(weights, table, *dev, depth))
    scores = [joined.answer(*logits(weights, table, *part, depth)) for part in (test, strange)]
    return {"left_out": out_of_source([*test[0], *strange[0]], np.concatenate(scores), left_out)}


def _some(part: Part, wanted: Callable[[Row], bool]) -> Part:
    """Return some rows that are wanted: all, or as many as are measured."""
    rows, lowered = part
    found = sampled(rows, wanted)
    return [rows[at] for at in found], subset(lowered, found)


def sampled(rows: Sequence[Row], wanted: Callable[[Row], bool]) -> list[int]:
    """Return where rows that are wanted stand: all, or as many as a fold is measured on."""
    found = [at for at, row in enumerate(rows) if wanted(row)]
    return [found[at] for at in choose(found, _MEASURED, SEED)]


def logits(
    weights: encoder.Weights,
    table: letters.Letters,
    rows: Sequence[Row],
    lowered: Lowered,
    depth: encoder.Depth,
) -> tuple[Any, Any]:
    """Return the logits of the encoder and of the letters: N x heads each."""
    with torch.inference_mode():
        pooled = torch.from_numpy(upper(weights, lowered, depth))
        tuned = encoder.answer(weights, pooled).double().numpy()
    return tuned, np.stack([table.answer(row.text) for row in rows]).astype(np.float64)


def per_head(rows: Sequence[Row], scores: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return the average precision of each head."""
    found = {}
    for column, head in enumerate(HEADS):
        known, positive = labels(rows, head)
        found[str(head)] = round(average_precision(scores[known, column], positive), 4)
    return found


def out_of_source(
    rows: Sequence[Row], likelihoods: np.ndarray[Any, Any], left_out: Sequence[str]
) -> dict[str, Any]:
    """Return how risky texts of unseen sources stand out from harmless ones, and from their own.

    `captions` are real captions and benchmark prompts; `real` is all that was written by people,
    tweets and harmless look-alikes of hate among it.
    """
    columns = [HEADS.index(head) for head in HARMS]
    risk = likelihoods[:, columns].max(axis=1)
    inside = [row.source in left_out for row in rows]
    risky = np.asarray([own and not row.is_benign for own, row in zip(inside, rows, strict=True)])
    real = np.asarray([is_real(row) and not own for own, row in zip(inside, rows, strict=True)])
    captions = real & np.asarray([row.source.startswith(CAPTIONS) for row in rows])
    own = np.asarray([own and row.is_benign for own, row in zip(inside, rows, strict=True)])
    border = threshold_at(risk[captions], _ONE_PERCENT)
    return {
        "risky": int(risky.sum()),
        "captions": int(captions.sum()),
        "auc": round(area(risk[risky | captions], risky[risky | captions]), 4),
        "recall_at_1_percent": round(share_at(risk[risky], border), 4),
        "real": int(real.sum()),
        "auc_real": round(area(risk[risky | real], risky[risky | real]), 4),
        "own_benign": int(own.sum()),
        "own_benign_at_that_threshold": round(share_at(risk[own], border), 4),
    }


def is_real(row: Row) -> bool:
    """Whether people wrote a text, and its source says of no harm that it applies."""
    return row.is_benign and row.kind is Kind.REAL


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("name", choices=("all", *FOLDS))
    asked.add_argument("--most", type=int, default=1_000_000)
    asked.add_argument("--epochs", type=int, default=2)
    said = asked.parse_args()
    main(said.model, said.out, said.name, said.most, said.epochs)
