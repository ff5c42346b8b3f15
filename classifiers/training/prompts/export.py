"""Makes what is served out of the student `all`.

    python -m classifiers.training.prompts.export MODEL OUT TO

Writes the model in 8 bits, calibrates that model itself on dev (not the one in floats), by whole
texts as they were learned; chooses the thresholds there by panes, as texts are served, measures on
test, and writes model, vocabulary and card to `TO`. What it found is kept in `OUT/served`, so that
it goes on where it was stopped; a model that lies in `TO` is not made again, only measured.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.prompt_engines import Engine
from classifiers.prompt_engines.onnx_engine import OneByOne
from classifiers.prompt_network import NAME, question
from classifiers.prompt_pieces import Pieces, Window
from classifiers.runtime import Session
from classifiers.training.prompts import encoder, graph
from classifiers.training.prompts.calibrate import COSTS, Combination, combine, thresholds
from classifiers.training.prompts.card import card
from classifiers.training.prompts.figures import figures
from classifiers.training.prompts.hints import measured_by
from classifiers.training.prompts.libraries import safetensors
from classifiers.training.prompts.pieces import LONGEST, pieces
from classifiers.training.prompts.rows import Row, Split, read_rows
from classifiers.training.prompts.student import ALL, spelled

_WATCHED: Final = 400
_EVERY: Final = 50
"""Texts to train on, of the first many every 50th: what each matrix gets from them is watched."""
_SHARD: Final = 1024
KNOWN: Final = "a lighthouse at dawn, watercolor, two gulls, no text"


def main(model: Path, out: Path, to: Path) -> None:
    """Export the run `all`."""
    (out / "served").mkdir(exist_ok=True)
    to.mkdir(parents=True, exist_ok=True)
    listed = (model / "vocab.txt").read_bytes()
    cutting = Pieces.parse(listed.decode("utf-8"))
    splits = (Split.DEV, Split.TEST)
    rows = {
        split: [measured_by(row) for row in read_rows(out / f"{split}.jsonl")] for split in splits
    }
    path = to / f"{NAME}.onnx"
    if not path.exists():
        path.write_bytes(_made(model, out, cutting, rows[Split.DEV]))
    served = path.read_bytes()
    engine = OneByOne(Session("served", served))
    dev, test = (likelihoods(engine, cutting, rows[split], out / "served") for split in splits)
    chosen = thresholds(rows[Split.DEV], dev)
    measured = figures(rows[Split.TEST], test, chosen)
    (to / f"{NAME}.vocab.txt").write_bytes(listed)
    known = _highest(engine, cutting, KNOWN)
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


def _made(model: Path, out: Path, cutting: Pieces, dev: Sequence[Row]) -> bytes:
    """Make the model, calibrated on dev."""
    weights, letters = _weights(model, out), spelled(out, ALL)
    raw = Session("raw", graph.raw(weights, letters.table, letters.bias))
    encoded, lettered = (np.stack(one) for one in zip(*_logits(raw, cutting, dev), strict=True))
    shares = _shares(combine(dev, encoded.astype(np.float64), lettered.astype(np.float64)))
    return graph.calibrated(weights, letters.table, letters.bias, shares)


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


def _logits(
    raw: Session, cutting: Pieces, rows: Sequence[Row]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield what the encoder and the letters say of each text, as far as it was learned from."""
    for row in rows:
        pieces = list(islice(cutting.cut(row.text), LONGEST - 2))
        framed = cutting.framed(pieces)
        encoded, lettered = raw.run(*question(row.text, Window((framed,))).parts)
        yield encoded[0], lettered[0]


def likelihoods(engine: Engine, cutting: Pieces, rows: Sequence[Row], folder: Path) -> NDArray[Any]:
    """Return what is served about each text: N x heads."""
    found: list[NDArray[Any]] = []
    for start in range(0, len(rows), _SHARD):
        texts = [row.text for row in rows[start : start + _SHARD]]
        path = folder / f"{_digest(texts)}.npy"
        if not path.exists():
            np.save(path, np.stack([_highest(engine, cutting, text) for text in texts]))
            print(path.name, flush=True)
        found.append(np.load(path, allow_pickle=False))
    return np.concatenate(found).astype(np.float64)


def _highest(engine: Engine, cutting: Pieces, text: str) -> NDArray[Any]:
    """Return the highest likelihood of each head over all windows."""
    asked = [question(text, window) for window in cutting.windows(text)]
    highest: NDArray[Any] = engine.ask(asked).max(axis=0)
    return highest


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
