"""Makes what is served out of the student `all`.

    python -m classifiers.training.prompts.export MODEL OUT TO

Writes the model in 8 bits, calibrates that model itself on dev (not the one in floats), chooses the
thresholds there, measures on test, and writes model, vocabulary and card to `TO`. Its logits are
kept in `OUT/served`, so that it goes on where it was stopped.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_grams import grams
from classifiers.prompt_heads import HEADS
from classifiers.prompt_network import NAME
from classifiers.prompt_pieces import Pieces
from classifiers.runtime import Session
from classifiers.training.prompts import encoder, graph
from classifiers.training.prompts.calibrate import COSTS, Combination, combine, thresholds
from classifiers.training.prompts.card import card
from classifiers.training.prompts.figures import figures
from classifiers.training.prompts.hints import said
from classifiers.training.prompts.libraries import safetensors
from classifiers.training.prompts.pieces import pieces
from classifiers.training.prompts.rows import Row, Split, read_rows
from classifiers.training.prompts.student import ALL, spelled

_WATCHED: Final = 400
_EVERY: Final = 50
"""Texts to train on, of the first many every 50th: what each matrix gets from them is watched."""
_SHARD: Final = 1024
KNOWN: Final = "a lighthouse at dawn, watercolor, two gulls, no text"
Both = tuple[NDArray[Any], NDArray[Any]]


def main(model: Path, out: Path, to: Path) -> None:
    """Export the run `all`."""
    (out / "served").mkdir(exist_ok=True)
    weights = _weights(model, out)
    letters = spelled(out, ALL)
    raw = graph.raw(weights, letters.table, letters.bias)
    listed = (model / "vocab.txt").read_bytes()
    cutting = Pieces.parse(listed.decode("utf-8"))
    splits = (Split.DEV, Split.TEST)
    rows = {split: [said(row) for row in read_rows(out / f"{split}.jsonl")] for split in splits}
    answers = {split: logits(raw, cutting, rows[split], out / "served" / split) for split in rows}
    joined = combine(rows[Split.DEV], *answers[Split.DEV])
    chosen = thresholds(rows[Split.DEV], joined.answer(*answers[Split.DEV]))
    served = graph.calibrated(weights, letters.table, letters.bias, _shares(joined))
    measured = figures(rows[Split.TEST], joined.answer(*answers[Split.TEST]), chosen)
    to.mkdir(parents=True, exist_ok=True)
    (to / f"{NAME}.onnx").write_bytes(served)
    (to / f"{NAME}.vocab.txt").write_bytes(listed)
    known = _answer(Session("known", served), cutting, KNOWN)[0][0]
    told = card(
        model=hashlib.sha256(served).hexdigest(),
        vocabulary=hashlib.sha256(listed).hexdigest(),
        thresholds=chosen,
        costs=COSTS,
        known=(KNOWN, [round(float(one), 5) for one in known]),
        statistics=json.loads((out / "statistics.json").read_text("utf-8")),
        teacher=json.loads((out / "runs" / "all.json").read_text("utf-8")),
        run=json.loads((encoder.STUDENT.folder(out, "runs") / "all.json").read_text("utf-8")),
        measured=measured,
    )
    (to / f"{NAME}.card.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    (out / "figures.json").write_text(json.dumps(measured, indent=1) + "\n", "utf-8")


def _weights(model: Path, out: Path) -> Mapping[str, NDArray[Any]]:
    depth = encoder.STUDENT
    fitted = safetensors.load_file(depth.folder(out, "runs") / "all.safetensors")
    whole = encoder.shortened(encoder.pretrained(model / "model.safetensors"), depth)
    whole |= {name: value for name, value in fitted.items() if name in whole}
    texts = [row.text for row in islice(read_rows(out / "train.jsonl"), _WATCHED * _EVERY)]
    ids = pieces(model, texts[::_EVERY])
    watched = encoder.with_peaks(whole, ids, depth)
    return {name: value.float().numpy() for name, value in watched.items()}


def _shares(joined: Combination) -> tuple[Any, Any, Any]:
    return tuple(one.astype(np.float32) for one in (joined.encoder, joined.letters, joined.bias))  # type: ignore[return-value]  # three


def logits(raw: bytes, cutting: Pieces, rows: Sequence[Row], folder: Path) -> Both:
    """Return the served model's two kinds of logits; the window with the highest sum counts."""
    folder.mkdir(exist_ok=True)
    session = Session("raw", raw)
    digest = hashlib.sha256(raw).hexdigest()[:12]
    found: list[NDArray[Any]] = []
    for start in range(0, len(rows), _SHARD):
        path = folder / f"{digest}-{start:06}.npy"
        if not path.exists():
            shard = [_highest(session, cutting, row.text) for row in rows[start : start + _SHARD]]
            np.save(path, np.stack(shard))
            print(path.name, flush=True)
        found.append(np.load(path, allow_pickle=False))
    both = np.concatenate(found).astype(np.float64)
    return both[:, 0], both[:, 1]


def _highest(session: Session, cutting: Pieces, text: str) -> NDArray[Any]:
    """Return 2 x heads, each head of the window where its logits are highest together."""
    found = np.stack(_answer(session, cutting, text), axis=1)
    by_sum = found.sum(axis=1).argmax(axis=0)
    return found[by_sum, :, np.arange(len(HEADS))].T


def _answer(session: Session, cutting: Pieces, text: str) -> list[NDArray[Any]]:
    """Return each output over all windows: windows x heads."""
    answers = []
    for window in cutting.windows(text):
        buckets, weights = grams(text[slice(*window.span)])
        numbers = np.asarray([window.numbers], np.int64)
        answers.append([one[0] for one in session.run(numbers, buckets[None], weights[None])])
    return [np.stack(one) for one in zip(*answers, strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
