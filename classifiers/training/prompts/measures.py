"""Figures: area under precision-recall and ROC, recall at a false-positive rate, intervals."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]


def average_precision(scores: Scores, positive: Flags) -> float:
    """Return the area under the precision-recall curve, ties together; NaN without a positive."""
    if not positive.any():
        return math.nan
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(positive[order])
    last = np.r_[np.diff(scores[order]) != 0, True]
    precision, recall = (hits / np.arange(1, len(hits) + 1))[last], (hits / hits[-1])[last]
    return float((np.diff(np.r_[0.0, recall]) * precision).sum())


def area(scores: Scores, positive: Flags) -> float:
    """Return the area under the ROC curve, ties counted half; NaN if one side is empty."""
    wanted, others = np.sort(scores[positive]), np.sort(scores[~positive])
    if not len(wanted) or not len(others):
        return math.nan
    below = np.searchsorted(others, wanted, "left") + np.searchsorted(others, wanted, "right")
    return float(below.mean() / 2 / len(others))


def threshold_at(scores: Scores, rate: float) -> float:
    """Return the least threshold that at most `rate` of `scores` reach."""
    allowed = int(rate * len(scores))
    worst = np.sort(scores)[::-1]
    return float(np.nextafter(worst[allowed], np.inf)) if allowed < len(worst) else 0.0


def share_at(scores: Scores, threshold: float) -> float:
    """Return the share of `scores` that reach a threshold; NaN of none."""
    return float((scores >= threshold).mean()) if len(scores) else math.nan


def interval(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of `count`."""
    if not count or math.isnan(share):
        return (0.0, 1.0)
    z = 1.959964
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return (max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))


def log_odds(likelihoods: Sequence[float] | Scores) -> Scores:
    """Return log odds, held within 30."""
    held = np.clip(np.asarray(likelihoods, np.float64), 1e-13, 1 - 1e-13)
    return np.log(held / (1 - held))
