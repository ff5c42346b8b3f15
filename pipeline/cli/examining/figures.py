"""An evaluation's figures, as tables have them, as JSON has them and as a page has them."""

from collections.abc import Sequence
from typing import Any

from pipeline.cli.examining.evaluation import Evaluation, Figures
from pipeline.cli.measuring.measures import (
    Rate,
    average_precision,
    average_precision_interval,
)
from pipeline.cli.measuring.page import (
    curves,
    figure,
    page,
    paragraph,
    table,
    with_interval,
)

_BY_LABEL = (
    "Recall and precision are those at the suggested threshold: the lowest one with at most 1 % "
    "false alarms among the pictures that are not the label. Calibration is how far scores are, on "
    "average, from the share of pictures that are the label. In brackets: 95 % intervals."
)
_BY_SLICE = "The same for one kind of picture at a time; a threshold is suggested for it alone."
_SURE = "Of pictures whose scores lie between two tenths: how many are the label."


def row(figures: Figures) -> dict[str, str]:
    """Return a row of a table."""
    ranking = figures.ranking
    threshold, recall, precision = figures.at_threshold()
    return {
        "label": figures.label,
        **({"of": figures.of} if figures.of else {}),
        "cases": f"{sum(ranking.cases):,}",
        "others": f"{sum(ranking.others):,}",
        "untold": f"{figures.untold:,}",
        "AUPRC": with_interval(average_precision(ranking), average_precision_interval(ranking)),
        "recall": with_interval(recall.share, recall.interval),
        "precision": with_interval(precision.share, precision.interval),
        "threshold": "-" if threshold is None else f"{threshold:.3g}",
        "calibration": "-" if figures.error is None else f"{figures.error:.3f}",
    }


def written(seen: Evaluation) -> dict[str, Any]:
    """Return all figures; what has no value is null."""
    return {
        "pictures": seen.rows,
        "unread": seen.unread,
        "labels": [_written(each) for each in seen.whole],
        "slices": [_written(each) for each in seen.slices],
    }


def render(seen: Evaluation, models: Sequence[str]) -> str:
    """Return the page: figures, names of labels and sources, and nothing of a picture."""
    return page(
        "What the image gate tells apart",
        f"{seen.rows:,} pictures, {seen.unread:,} of which could not be read.",
        {
            "By label": paragraph(_BY_LABEL) + table([row(each) for each in seen.whole]),
            "Precision over recall": curves(
                figure(each.label, each.ranking, each.untold) for each in seen.whole
            ),
            "By slice": paragraph(_BY_SLICE) + table([row(each) for each in seen.slices]),
            "How sure scores are": paragraph(_SURE)
            + table([each for figures in seen.whole for each in _bins(figures)]),
            "What looked": "".join(paragraph(model) for model in models),
        },
    )


def _bins(figures: Figures) -> list[dict[str, str]]:
    return [
        {
            "label": figures.label,
            "mean score": f"{each.mean:.3f}",
            "pictures": f"{each.rate.total:,}",
            "share that is": with_interval(each.rate.share, each.rate.interval),
        }
        for each in figures.bins
    ]


def _written(figures: Figures) -> dict[str, Any]:
    threshold, recall, precision = figures.at_threshold()
    return {
        "label": figures.label,
        "of": figures.of or None,
        "cases": sum(figures.ranking.cases),
        "others": sum(figures.ranking.others),
        "untold": figures.untold,
        "auprc": average_precision(figures.ranking),
        "threshold": threshold,
        "recall": _rate(recall),
        "precision": _rate(precision),
        "calibration_error": figures.error,
        "bins": [{"mean": each.mean, **_rate(each.rate)} for each in figures.bins],
    }


def _rate(rate: Rate) -> dict[str, Any]:
    interval = rate.interval
    return {
        "hits": rate.hits,
        "of": rate.total,
        "share": rate.share,
        "interval": None if interval is None else [interval.low, interval.high],
    }
