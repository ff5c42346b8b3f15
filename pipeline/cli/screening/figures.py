"""An evaluation's figures, as tables have them and as JSON has them."""

from typing import Any

from pipeline.cli.measuring.measures import (
    Interval,
    Rate,
    average_precision,
    average_precision_interval,
    recall_at,
)
from pipeline.cli.measuring.page import with_interval
from pipeline.cli.screening.evaluation import Evaluation, LabelFigures, SourceFigures


def written(seen: Evaluation) -> dict[str, Any]:
    """Return all figures; what has no value is null."""
    return {
        "rows": seen.rows,
        "unjudged": seen.unjudged,
        "policy_digest": seen.policy_digest,
        "labels": {each.label: _label(each) for each in seen.labels},
        "benign": {
            each.source: {"stopped": _rate(each.stopped), "blocked": _rate(each.blocked)}
            for each in seen.sources
        },
    }


def label_row(figures: LabelFigures) -> dict[str, str]:
    """Return a row of the table of labels."""
    ranking = figures.ranking
    threshold, recall = recall_at(ranking)
    return {
        "label": figures.label,
        "cases": f"{sum(ranking.cases):,}",
        "others": f"{sum(ranking.others):,}",
        "untold": f"{figures.untold:,}",
        "AUPRC": with_interval(average_precision(ranking), average_precision_interval(ranking)),
        "recall at 1 % false": with_interval(recall.share, recall.interval),
        "threshold": "-" if threshold is None else f"{threshold:.3g}",
    }


def source_row(figures: SourceFigures) -> dict[str, str]:
    """Return a row of the table of sources."""
    stopped, blocked = figures.stopped, figures.blocked
    return {
        "source": figures.source,
        "benign rows": f"{stopped.total:,}",
        "stopped": f"{stopped.hits:,}",
        "share stopped": with_interval(stopped.share, stopped.interval),
        "of those blocked": f"{blocked.hits:,}",
    }


def _label(figures: LabelFigures) -> dict[str, Any]:
    ranking = figures.ranking
    threshold, recall = recall_at(ranking)
    return {
        "cases": sum(ranking.cases),
        "others": sum(ranking.others),
        "untold": figures.untold,
        "auprc": average_precision(ranking),
        "auprc_interval": _interval(average_precision_interval(ranking)),
        "recall_at_1_percent": recall.share,
        "recall_interval": _interval(recall.interval),
        "threshold": threshold,
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "hits": rate.hits,
        "rows": rate.total,
        "share": rate.share,
        "interval": _interval(rate.interval),
    }


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]
