"""Fits what the model must be better than: tf-idf of words and letters, the encoder as published.

    python -m classifiers.training.prompts.baselines MODEL OUT --most 30000

Both are logistic regressions on the same rows as the run `all`, measured on the same test rows;
`OUT/runs/tfidf.json` and `frozen.json` keep their figures.
"""

import argparse
import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from classifiers.prompt_heads import HEADS
from classifiers.training.prompts import encoder
from classifiers.training.prompts.calibrate import labels
from classifiers.training.prompts.fit import choose, upper
from classifiers.training.prompts.lower import load, subset
from classifiers.training.prompts.measures import average_precision
from classifiers.training.prompts.rows import Row, Split
from classifiers.training.prompts.run import SEED

_text: Any = import_module("sklearn.feature_extraction.text")
_linear: Any = import_module("sklearn.linear_model")
_pipeline: Any = import_module("sklearn.pipeline")
_FEATURES: Final = 150_000
_TOLERANCE: Final = 1e-3


def main(model: Path, out: Path, most: int) -> None:
    """Fit and measure both, unless that was done before."""
    rows, lowered = load(out, Split.TRAIN, encoder.WHOLE)
    test, test_lowered = load(out, Split.TEST, encoder.WHOLE)
    chosen = choose(rows, most, SEED)
    taken = [rows[at] for at in chosen]
    (out / "runs").mkdir(exist_ok=True)
    if not (out / "runs" / "tfidf.json").exists():
        words = _text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=_FEATURES)
        runs = _text.TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, max_features=_FEATURES
        )
        union = _pipeline.FeatureUnion([("words", words), ("runs", runs)])
        features = union.fit_transform([row.text for row in taken])
        _measure(
            out / "runs" / "tfidf.json",
            (taken, features),
            (test, union.transform([row.text for row in test])),
        )
    if not (out / "runs" / "frozen.json").exists():
        weights = encoder.pretrained(model / "model.safetensors")
        features = upper(weights, subset(lowered, chosen), encoder.WHOLE)
        _measure(
            out / "runs" / "frozen.json",
            (taken, features),
            (test, upper(weights, test_lowered, encoder.WHOLE)),
        )


def _measure(
    path: Path, training: tuple[Sequence[Row], Any], testing: tuple[Sequence[Row], Any]
) -> None:
    (rows, features), (test, asked) = training, testing
    found: dict[str, float] = {}
    for head in HEADS:
        known, positive = labels(rows, head)
        asked_of, holds = labels(test, head)
        learner = _linear.LogisticRegression(
            C=4.0, class_weight="balanced", max_iter=200, tol=_TOLERANCE
        )
        learner.fit(features[known], positive)
        scores = np.asarray(learner.decision_function(asked[asked_of]), np.float64)
        found[str(head)] = round(average_precision(scores, holds), 4)
        print(path.stem, head, found[str(head)], flush=True)
    path.write_text(json.dumps({"rows": len(rows), "auprc": found}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("model", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--most", type=int, default=1_000_000)
    said = asked.parse_args()
    main(said.model, said.out, said.most)
