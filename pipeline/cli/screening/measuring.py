"""Measures on labelled texts, and says the figures in words, in JSON and on a page."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pipeline.cli.measuring.bar import progress
from pipeline.cli.measuring.in_order import in_order
from pipeline.cli.output import note, say, say_json, say_table
from pipeline.cli.screening import figures
from pipeline.cli.screening.asked import Manner
from pipeline.cli.screening.evaluation import Outcome, evaluate, outcomes_of
from pipeline.cli.screening.labelled import LABELS, Sheet
from pipeline.cli.screening.page import render
from pipeline.cli.screening.screener import Terms, screener


def screen_sheet(
    path: Path, page: Path | None, terms: Terms, manner: Manner, processes: int, *, as_json: bool
) -> None:
    """Measure on labelled texts, say the figures, and write a page with curves.

    Raises:
        UnusableError, PolicyError, ClassifierError, OSError: nothing can be measured.
    """
    sheet = Sheet.open(path)
    for name in sheet.others:
        note(f"column {name!r} is no label: expected some of {', '.join(LABELS)}")
    written = page or Path(f"{path.stem}.evaluation.html")
    digest = screener(terms).policy_digest
    job = partial(outcomes_of, sheet.labels, terms, manner)
    with progress(None, lambda: 0) as advance:
        judged = in_order(job, sheet.rows(), processes)
        seen = evaluate(sheet, _counted(judged, advance), digest)
    written.write_text(render(seen), encoding="utf-8")
    if as_json:
        say_json({**figures.written(seen), "page": str(written)})
        return
    _say_rows([figures.label_row(each) for each in seen.labels])
    _say_rows([figures.source_row(each) for each in seen.sources])
    say(f"{seen.rows} rows, {seen.unjudged} could not be judged; the page is {written}")


def _counted(outcomes: Iterable[Outcome], advance: Callable[[int], None]) -> Iterator[Outcome]:
    for count, outcome in enumerate(outcomes, 1):
        yield outcome
        advance(count)


def _say_rows(rows: Sequence[Mapping[str, str]]) -> None:
    columns = list(rows[0]) if rows else []
    say_table(columns, [tuple(row.values()) for row in rows], "No row is benign.")
