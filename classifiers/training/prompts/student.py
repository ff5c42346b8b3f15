"""Fits the small encoder that is served to what the whole one says; goes on where it was stopped.

    python -m classifiers.training.prompts.student MODEL OUT all
    python -m classifiers.training.prompts.student MODEL OUT nibbler

It comes after `run` of the same name (and `minor`, for `all`), learns from the same rows and takes
its runs of letters; its figures lie in `OUT/student/runs`. It starts from the first two layers as
published and from the teacher's last, each narrowed. A fold's teacher has not seen the fold's
sources either.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from classifiers.training.prompts import encoder, letters
from classifiers.training.prompts.fit import Lesson, Plan, choose, fit, upper
from classifiers.training.prompts.folds import FOLDS
from classifiers.training.prompts.hints import said
from classifiers.training.prompts.libraries import safetensors, torch
from classifiers.training.prompts.lower import load, subset
from classifiers.training.prompts.minor import COLUMN
from classifiers.training.prompts.narrow import narrowed
from classifiers.training.prompts.pieces import pieces
from classifiers.training.prompts.rows import Split
from classifiers.training.prompts.run import SEED, left_out_figures, measured

_RATE: Final = 2e-4
_WATCHED: Final = 1_000
"""Texts that the widths are fitted to."""
ALL: Final = "all"


def main(model: Path, out: Path, name: str, most: int, epochs: int) -> None:
    """Fit, measure, and write `OUT/student/runs/NAME.json`."""
    folder = encoder.STUDENT.folder(out, "runs")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    if path.exists():
        print(f"{path.name}: done before")
        return
    rows, lowered = load(out, Split.TRAIN, encoder.STUDENT)
    rows = [said(row) for row in rows]
    left_out = FOLDS.get(name, ())
    chosen = [at for at, row in enumerate(rows) if row.source not in left_out]
    count = json.loads((out / "runs" / f"{name}.json").read_text("utf-8"))["rows"]
    chosen = [chosen[at] for at in choose(chosen, count, SEED)]
    chosen = [chosen[at] for at in choose(chosen, most, SEED)]
    teacher = taught(model, out, name)
    plan = Plan(SEED, epochs, rate=_RATE)
    start = _start(encoder.pretrained(model / "model.safetensors"), teacher)
    ids = pieces(model, [rows[at].text for at in chosen[:: len(chosen) // _WATCHED]])
    for layer in encoder.STUDENT.fitted:
        start = narrowed(start, layer, ids)
    lesson = _lesson(out, teacher, chosen, folder / f"{name}.lesson.npy")
    checkpoint = folder / f"{name}.safetensors"
    weights = fit(start, rows, lowered, chosen, plan, checkpoint, encoder.STUDENT, lesson)
    table = spelled(out, name)
    figures = (
        left_out_figures(out, weights, table, left_out, (rows, lowered), encoder.STUDENT)
        if left_out
        else measured(out, weights, table, encoder.STUDENT)
    )
    told = {"plan": asdict(plan), "rows": len(chosen)} | figures
    path.write_text(json.dumps(told, indent=1), "utf-8")


def taught(model: Path, out: Path, name: str) -> encoder.Weights:
    """Return the whole encoder as `run` fitted it, and as `minor` did where that was run."""
    weights = encoder.pretrained(model / "model.safetensors")
    fitted = safetensors.load_file(out / "runs" / f"{name}.safetensors")
    weights |= {part: value for part, value in fitted.items() if part in weights}
    if name == ALL:
        again = safetensors.load_file(out / "runs" / "minor.safetensors")
        weights["heads.weight"][COLUMN] = again["weight"]
        weights["heads.bias"][COLUMN] = again["bias"][0]
    return weights


def spelled(out: Path, name: str) -> letters.Letters:
    """Return the runs of letters as `run` fitted them, and as `minor` did where that was run."""
    known = np.load(out / "runs" / f"{name}.letters.npz", allow_pickle=False)
    table, bias = known["table"].astype(np.float32), known["bias"].astype(np.float32)
    if name == ALL:
        again = safetensors.load_file(out / "runs" / "minor.safetensors")
        table[:, COLUMN], bias[COLUMN] = again["letters"].numpy(), float(again["letters.bias"][0])
    return letters.Letters(table, bias)


def _start(published: encoder.Weights, teacher: encoder.Weights) -> encoder.Weights:
    """Return the lowest layers as published, with the teacher's last layer and heads on top."""
    own, last = (f"encoder.layer.{depth.layers - 1}." for depth in (encoder.STUDENT, encoder.WHOLE))
    start = encoder.shortened(published, encoder.STUDENT)
    start |= {part: value for part, value in teacher.items() if part.startswith("heads.")}
    return start | {part: teacher[part.replace(own, last)] for part in start if own in part}


def _lesson(out: Path, teacher: encoder.Weights, chosen: Sequence[int], path: Path) -> Lesson:
    """Return what the teacher says of the chosen rows; `path` keeps it."""
    if not path.exists():
        _, lowered = load(out, Split.TRAIN, encoder.WHOLE)
        np.save(path, upper(teacher, subset(lowered, chosen), encoder.WHOLE).astype(np.float16))
    pooled = torch.zeros(max(chosen) + 1, encoder.WIDTH)
    pooled[list(chosen)] = torch.from_numpy(np.load(path, allow_pickle=False)).float()
    with torch.inference_mode():
        likelihoods = torch.sigmoid(encoder.answer(teacher, pooled))
    return Lesson(pooled, likelihoods.clone())


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("name", choices=(ALL, *FOLDS))
    asked.add_argument("--most", type=int, default=1_000_000)
    asked.add_argument("--epochs", type=int, default=1)
    given = asked.parse_args()
    main(given.model, given.out, given.name, given.most, given.epochs)
