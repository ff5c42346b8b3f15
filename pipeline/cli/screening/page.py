"""The page of an evaluation: figures, names of labels and sources, and no text that was judged."""

from pipeline.cli.measuring.page import curves, figure, page, paragraph, table
from pipeline.cli.screening.evaluation import Evaluation
from pipeline.cli.screening.figures import label_row, source_row

_BY_LABEL = (
    "Area is the average precision; chance would have the share of cases. Recall is measured at "
    "the lowest threshold with at most 1 % false alarms among the rows that are not the label. "
    "Texts with one score stand or fall together. In brackets: 95 % intervals."
)
_STOPPED = "Rows that are none of the labels, by source: held for a person, or blocked."


def render(seen: Evaluation) -> str:
    """Return the page."""
    summary = (
        f"{seen.rows:,} texts, {seen.unjudged:,} of which could not be judged; "
        f"policy {seen.policy_digest[:12]}."
    )
    drawn = (figure(each.label, each.ranking, each.untold) for each in seen.labels)
    return page(
        "What the prompt gate tells apart",
        summary,
        {
            "By label": paragraph(_BY_LABEL) + table([label_row(each) for each in seen.labels]),
            "Precision over recall": curves(drawn),
            "Benign texts that would be stopped": paragraph(_STOPPED)
            + table([source_row(each) for each in seen.sources]),
        },
    )
