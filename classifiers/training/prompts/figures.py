"""What the served model does on test: by head, by source, at its thresholds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from classifiers.prompt_heads import HEADS, Head
from classifiers.training.prompts.calibrate import labels
from classifiers.training.prompts.measures import (
    Flags,
    Scores,
    area,
    average_precision,
    interval,
    share_at,
    threshold_at,
)
from classifiers.training.prompts.rows import HARMS, Kind, Row

_ONE_PERCENT: Final = 0.01


def figures(
    rows: Sequence[Row], likelihoods: Scores, thresholds: Mapping[Head, float]
) -> dict[str, Any]:
    """Return all figures of `docs/prompt-model.md` that are of the served model."""
    return {
        "heads": {str(head): _of_head(rows, likelihoods, head, thresholds[head]) for head in HEADS},
        "harmless": _harmless(rows, likelihoods, thresholds),
        "harmful": _harmful(rows, likelihoods, thresholds),
        "minor": _minor(rows, likelihoods, thresholds[Head.MINOR_PRESENT]),
        "risk": _risk(rows, likelihoods),
    }


def _of_head(
    rows: Sequence[Row], likelihoods: Scores, head: Head, threshold: float
) -> dict[str, Any]:
    column = HEADS.index(head)
    known, positive = labels(rows, head)
    scores = likelihoods[known, column]
    border = threshold_at(scores[~positive], _ONE_PERCENT)
    return {
        "positive": int(positive.sum()),
        "negative": int((~positive).sum()),
        "auprc": round(average_precision(scores, positive), 4),
        "auc": round(area(scores, positive), 4),
        "recall_at_1_percent": _share(scores[positive], border),
        "threshold": round(threshold, 4),
        "recall": _share(scores[positive], threshold),
        "false_positives": _share(scores[~positive], threshold),
    }


def _share(scores: Scores, threshold: float) -> list[float]:
    """Return the share that reaches a threshold, with its 95 % interval."""
    share = share_at(scores, threshold)
    return [round(one, 4) for one in (share, *interval(share, len(scores)))]


def _reached(likelihoods: Scores, thresholds: Mapping[Head, float]) -> Flags:
    """Return whether any harm's threshold is reached: N."""
    columns = [HEADS.index(head) for head in HARMS]
    borders = np.asarray([thresholds[head] for head in HARMS])
    return np.asarray((likelihoods[:, columns] >= borders).any(axis=1), np.bool_)


def _harmless(
    rows: Sequence[Row], likelihoods: Scores, thresholds: Mapping[Head, float]
) -> dict[str, Any]:
    """Return for each source the share of its harmless texts that reach a threshold, by head."""
    found: dict[str, Any] = {}
    reached = _reached(likelihoods, thresholds)
    for source in sorted({row.source for row in rows}):
        at = np.asarray([row.source == source and row.is_benign for row in rows])
        if not at.any():
            continue
        by_head = {
            str(head): round(share_at(likelihoods[at, column], thresholds[head]), 4)
            for column, head in enumerate(HEADS)
        }
        share = float(reached[at].mean())
        low, high = interval(share, int(at.sum()))
        any_harm = [round(one, 4) for one in (share, low, high)]
        found[source] = {"texts": int(at.sum()), "any_harm": any_harm, "heads": by_head}
    return found


def _harmful(
    rows: Sequence[Row], likelihoods: Scores, thresholds: Mapping[Head, float]
) -> dict[str, Any]:
    """Return for each source and head the share of its texts that are found."""
    found: dict[str, Any] = {}
    for column, head in enumerate(HEADS):
        for source in sorted({row.source for row in rows if row.labels.get(head)}):
            at = np.asarray([row.source == source and row.labels.get(head) == 1 for row in rows])
            recall = share_at(likelihoods[at, column], thresholds[head])
            found.setdefault(str(head), {})[source] = [int(at.sum()), round(recall, 4)]
    return found


def _minor(rows: Sequence[Row], likelihoods: Scores, threshold: float) -> dict[str, Any]:
    """Return minor evidence on held-out captions, and on adult texts that are sexual."""
    scores = likelihoods[:, HEADS.index(Head.MINOR_PRESENT)]
    real = np.asarray(
        [row.kind is Kind.REAL and row.source.startswith(("coco", "t2i")) for row in rows]
    )
    says = np.asarray([row.labels.get(Head.MINOR_PRESENT, -1) for row in rows])
    adult = np.asarray([row.labels.get(Head.SEXUAL) == 1 for row in rows])
    return {
        "captions_with_children": int((real & (says == 1)).sum()),
        "recall": _share(scores[real & (says == 1)], threshold),
        "captions_without": int((real & (says == 0)).sum()),
        "false_positives": _share(scores[real & (says == 0)], threshold),
        "sexual_texts": int(adult.sum()),
        "of_sexual_texts": _share(scores[adult], threshold),
    }


def _risk(rows: Sequence[Row], likelihoods: Scores) -> dict[str, Any]:
    """Return how harmful texts stand out from real harmless ones, sources not held out."""
    risk = likelihoods[:, [HEADS.index(head) for head in HARMS]].max(axis=1)
    harmful = np.asarray([not row.is_benign for row in rows])
    real = np.asarray([row.is_benign and row.kind is Kind.REAL for row in rows])
    border = threshold_at(risk[real], _ONE_PERCENT)
    both = harmful | real
    return {
        "auc": round(area(risk[both], harmful[both]), 4),
        "recall_at_1_percent": _share(risk[harmful], border),
    }
