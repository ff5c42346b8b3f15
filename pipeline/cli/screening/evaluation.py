"""Measures what is found in labelled texts: per label how well it tells, per source what it stops.

A row that could not be judged has no score and is stopped. It is counted by itself, never as 0.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.cli.measuring.measures import Ranking, Rate
from pipeline.cli.screening.asked import Manner
from pipeline.cli.screening.labelled import Row, Sheet, score
from pipeline.cli.screening.screener import Terms, screener
from pipeline.novelai.errors import RequestRefusedError
from policies.decision import Action


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row's labels, each label's score (None: nobody told), and what was decided."""

    source: str
    labels: tuple[bool | None, ...]
    scores: tuple[float | None, ...]
    action: Action
    is_judged: bool

    @property
    def is_benign(self) -> bool:
        """Whether it was labelled, and nothing in it is any of the labels."""
        return True not in self.labels and False in self.labels

    @property
    def is_stopped(self) -> bool:
        """Whether it would not have been generated: held or blocked."""
        return self.action not in {Action.ALLOW, Action.LABEL}


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """What is known of one label."""

    label: str
    ranking: Ranking
    untold: int
    """Labelled rows of which nobody told: they are in no figure."""


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What became of the benign rows of one source."""

    source: str
    stopped: Rate
    blocked: Rate
    """Of those, what no person is asked about."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was measured."""

    rows: int
    unjudged: int
    labels: tuple[LabelFigures, ...]
    sources: tuple[SourceFigures, ...]
    """Those that have benign rows."""
    policy_digest: str


def evaluate(sheet: Sheet, outcomes: Iterable[Outcome], policy_digest: str) -> Evaluation:
    """Measure over all `outcomes`, which are read once and not kept."""
    counted: list[Counter[tuple[float, bool]]] = [Counter() for _ in sheet.labels]
    untold: Counter[int] = Counter()
    sources: dict[str, Counter[str]] = defaultdict(Counter)
    rows = unjudged = 0
    for outcome in outcomes:
        rows += 1
        unjudged += not outcome.is_judged
        for place, (truth, its) in enumerate(zip(outcome.labels, outcome.scores, strict=True)):
            if truth is not None and its is None:
                untold[place] += 1
            elif truth is not None and its is not None:
                counted[place][its, truth] += 1
        if outcome.is_benign:
            blocked = outcome.is_stopped and outcome.action is not Action.HOLD
            sources[outcome.source].update(
                rows=1, stopped=int(outcome.is_stopped), blocked=int(blocked)
            )
    labels = zip(sheet.labels, counted, strict=True)
    return Evaluation(
        rows,
        unjudged,
        tuple(
            LabelFigures(label, Ranking.of(count), untold[place])
            for place, (label, count) in enumerate(labels)
        ),
        tuple(
            SourceFigures(
                name, Rate(seen["stopped"], seen["rows"]), Rate(seen["blocked"], seen["rows"])
            )
            for name, seen in sorted(sources.items())
        ),
        policy_digest,
    )


def outcomes_of(
    labels: Sequence[str], terms: Terms, manner: Manner, rows: Sequence[Row]
) -> list[Outcome]:
    """Judge some rows, in order, in whatever process this is."""
    return [_outcome(labels, terms, manner, row) for row in rows]


def _outcome(labels: Sequence[str], terms: Terms, manner: Manner, row: Row) -> Outcome:
    try:
        screened = screener(terms).screen(manner.prompt(row.text))
    except RequestRefusedError:  # the gateway refuses it as well
        scores: tuple[float | None, ...] = tuple(None for _ in labels)
        return Outcome(row.source, row.labels, scores, Action.BLOCK, is_judged=False)
    scores = tuple(score(label, screened.signals, screened.unavailable) for label in labels)
    return Outcome(row.source, row.labels, scores, screened.decision.action, is_judged=True)
