"""The tables of a transparency report, in the columns and rows of Annex I.

A figure that nobody here can know is left empty, and the row says why: empty is not nought.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from pipeline.duties.dsa import headings
from pipeline.duties.dsa.accuracy import Accuracy
from pipeline.duties.dsa.courses import Complaint, Counted, Measure, Notice, Query
from pipeline.duties.dsa.taxonomy import BY_TERMS, CATEGORIES, Place
from pipeline.store.takedowns import Taken

Row = tuple[str, ...]


class Duty(StrEnum):
    """What a provider is under the DSA. Very large platforms owe more than is made here."""

    HOSTING = "hosting"
    PLATFORM = "online-platform"


@dataclass(frozen=True, slots=True)
class Provider:
    """Who reports, of which service."""

    name: str
    service: str
    duty: Duty
    previous: str = ""
    """The day of the report before this one."""


@dataclass(frozen=True, slots=True)
class Table:
    """One file."""

    name: str
    columns: Row
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Parts:
    """Makes the tables; the same question makes the same tables."""

    provider: Provider
    query: Query
    counted: Counted
    accuracy: Sequence[Accuracy]
    no_accuracy: str
    """Why there is none, if there is none."""

    def tables(self) -> list[Table]:
        """Return every table that a provider of this kind publishes and that is known here."""
        others = ("NOT_SPECIFIED_ORDER", "NOT_SPECIFIED_NOTICE")
        orders, notices = ({**CATEGORIES, each: ()} for each in others)
        illegal = "Category of illegal content"
        terms = "Category of incompatibility with the provider's terms and conditions"
        return [
            self._summary(),
            _names({**BY_TERMS, **dict.fromkeys(others, ())}),
            self._orders(orders),
            self._notices(notices),
            self._own("5_own_initiative_illegal", illegal, CATEGORIES, ()),
            self._own("6_own_initiative_TC", terms, BY_TERMS, self.counted.measures),
            self._appeals(),
            self._automated(),
            self._people(),
            self._recipients(),
            self._texts(),
        ]

    @property
    def _begin(self) -> tuple[str, str]:
        first, last = self.query.first.isoformat(), self.query.last.isoformat()
        return self.provider.service, f"{first}/{last}"

    def _summary(self) -> Table:
        said = {
            "Name of the service provider": self.provider.name,
            "Date of the publication of the report": "",
            "Date of the publication of the latest previous report": self.provider.previous,
            "Starting date of reporting period": self.query.first.isoformat(),
            "Ending date of reporting period": self.query.last.isoformat(),
        }
        rows = [(headings.ALL, self.provider.service, *pair) for pair in said.items()]
        return Table("1_summary", ("Applicability", "Service", "Indicator", "Value"), rows)

    def _orders(self, categories: Mapping[str, Sequence[str]]) -> Table:
        """Return the orders of authorities, over all and by Member State: they come elsewhere."""
        figures = headings.ORDERS
        columns = (*_columns("Category of illegal content"), "Scope")
        blank = ("",) * len(figures)
        rows = list[Row]()
        for scope in ("TOTAL", *headings.MEMBER_STATES):
            for label, _ in _labels(categories, ()):
                told = _context(label, headings.ELSEWHERE if scope == "TOTAL" else "", blank)
                rows.append((headings.ALL, *self._begin, label, "", scope, *blank, *told))
        return Table("3_member_states_orders", (*columns, *figures, *_contextual(figures)), rows)

    def _notices(self, categories: Mapping[str, Sequence[str]]) -> Table:
        """Return the notices of others: nobody says of which category they are."""
        figures = headings.NOTICES
        rows = list[Row]()
        for label, _ in _labels(categories, ()):
            mine = self.counted.received if label in _OF_NOTICES else ()
            numbers = _received(mine)
            told = _context(label, headings.NOTICED, figures)
            begin = (headings.HOSTING, *self._begin, label, "")
            rows.append((*begin, *numbers, *told))
        columns = (*_columns("Category of illegal content"), *figures, *_contextual(figures))
        return Table("4_notices", columns, rows)

    def _own(
        self,
        name: str,
        called: str,
        categories: Mapping[str, Sequence[str]],
        measures: Sequence[Measure],
    ) -> Table:
        figures = (headings.OWN, headings.DETECTED, *headings.RESTRICTIONS)
        note = "" if measures else "Every measure was taken on the ground of the terms: part 6."
        rows = list[Row]()
        for label, place in _labels(categories, measures):
            mine = [each for each in measures if _is_in(each.place, label, place)]
            numbers = tuple(map(str, _restrictions(mine)))
            told = _context(label, note, numbers)
            description = "" if place is None else place.description
            rows.append((headings.ALL, *self._begin, label, description, *numbers, *told))
        return Table(name, (*_columns(called), *figures, *_contextual(figures)), rows)

    def _appeals(self) -> Table:
        section, made = "Internal complaints mechanism", self.counted.complaints
        waiting = sum(each.outcome is None for each in made)
        total = dict(zip(headings.OUTCOMES, _outcomes(made), strict=True)) | {
            "Decision omitted": "0"
        }
        known: dict[str, Iterable[tuple[str, str]]] = {
            headings.SUBMITTED: total.items(),
            "Number of restrictions newly imposed as a result of an internal complaint": [
                ("Total number", "0")
            ],
        }
        for about, of_request in ((headings.OF_VISIBILITY, False), (headings.OF_SERVICE, True)):
            mine = [each for each in made if each.of_request is of_request]
            known[about] = zip(headings.OUTCOMES, _outcomes(mine), strict=True)
        rows = [
            self._row(section, indicator, scope, value)
            for indicator, values in known.items()
            for scope, value in values
        ]
        rows[0] = (
            headings.ALL,
            *rows[0][1:-2],
            total["Total number"],
            f"{waiting} wait for a decision.",
        )
        rows += [
            self._row(section, each, scope, None)
            for each in headings.OTHER_COMPLAINTS
            for scope in headings.OUTCOMES
        ]
        more = (*headings.OUTCOMES, "Decision omitted", "Percentage of outcomes implemented")
        suspended: dict[str, str | None] = {
            "illegal content": str(self.counted.suspensions),
            "unfounded notices": None,
            "unfounded complaints": None,
        }
        bodies = "Out-of-court dispute settlement bodies"
        rows += [self._row(bodies, headings.DISPUTES, scope, None) for scope in more]
        rows += [
            self._row(
                "Suspensions imposed on repeated offenders",
                headings.SUSPENSIONS + what,
                "Total number",
                count,
            )
            for what, count in suspended.items()
        ]
        return Table("7_appeals_and_recidivism", headings.LONG, rows)

    def _row(self, section: str, indicator: str, scope: str, value: str | None) -> Row:
        """Return a row for online platforms; it stays empty for others, or if nobody knows here."""
        owed = self.provider.duty is Duty.PLATFORM
        context = headings.ELSEWHERE if owed and value is None else ""
        shown = value if owed and value is not None else ""
        return (headings.PLATFORMS, *self._begin, section, indicator, scope, shown, context)

    def _automated(self) -> Table:
        section = "Use of automated means for content moderation"
        machine = sum(each.decided_by_machine for each in self.counted.measures)
        counts = {
            headings.SOLELY: machine,
            headings.NOT_SOLELY: len(self.counted.measures) - machine,
        }
        rows = list[Row]()
        for scope in ("Total number", "Own-initiative"):
            begin = (headings.ALL, *self._begin, section)
            rows += [(*begin, name, scope, str(count), "") for name, count in counts.items()]
            for figure in headings.FIGURES:
                named = headings.ACCURACY + figure
                if not self.accuracy:
                    rows.append((*begin, named, scope, "", self.no_accuracy))
                rows += [
                    (*begin, named, scope, each.value(figure), each.told) for each in self.accuracy
                ]
        for applies, scope in (
            (headings.HOSTING, "NAM Total"),
            (headings.PLATFORMS, "NAM Trusted Flagger"),
        ):
            begin = (applies, *self._begin, section)
            rows += [(*begin, each, scope, "", headings.ELSEWHERE) for each in headings.OF_NOTICES]
        return Table("8_automated_means", headings.LONG, rows)

    def _people(self) -> Table:
        """Return the rows that very large platforms fill in: no other owes them."""
        begin = (headings.VERY_LARGE, *self._begin, headings.HUMAN)
        scopes = ("Total number", *headings.LANGUAGES)
        asked = [(each, "Total number") for each in headings.MODERATORS]
        asked += [(headings.LINGUISTS, scope) for scope in scopes]
        rows = [(*begin, *each, "", "") for each in asked]
        return Table("9_human_resources", headings.LONG, rows)

    def _recipients(self) -> Table:
        begin = (headings.SEARCH_TOO, *self._begin, "AMAR", headings.RECIPIENTS)
        rows = [(*begin, scope, "") for scope in ("TOTAL", *headings.MEMBER_STATES)]
        return Table("10_AMAR", headings.LONG[:-1], rows)

    def _texts(self) -> Table:
        columns = ("Applicability", "Service", "Reporting period", "Indicator", "Value")
        rows = [(headings.ALL, *self._begin, each, "") for each in headings.TEXTS]
        return Table("11_qualitative", columns, rows)


def _names(categories: Mapping[str, Sequence[str]]) -> Table:
    """Return every label, in words, below its category."""
    rows = [("TOTAL", "All categories", "", headings.WORDED)]
    for category, keywords in categories.items():
        label = f"STATEMENT_CATEGORY_{category}"
        rows.append((label, _in_words(category), label, ""))
        rows += [(f"KEYWORD_{each}", _in_words(each), label, "") for each in keywords]
    return Table("2_categories_names", headings.NAMES, rows)


def _in_words(label: str) -> str:
    return label.replace("_", " ").capitalize()


def _columns(called: str) -> Row:
    other = 'Description of the sub-category "Other"'
    return ("Applicability", "Service", "Reporting period", called, other)


def _contextual(figures: Row) -> Row:
    return tuple(f"Contextual information on {each}" for each in figures)


def _labels(
    categories: Mapping[str, Sequence[str]], measures: Sequence[Measure]
) -> Iterator[tuple[str, Place | None]]:
    """Name each row: the total, each category, and its keywords, `OTHER` once for each meaning."""
    yield "TOTAL", None
    for category, keywords in categories.items():
        yield f"STATEMENT_CATEGORY_{category}", None
        for keyword in keywords:
            found = {each.place for each in measures}
            mine = sorted(p for p in found if (p.category, p.keyword) == (category, keyword))
            for place in mine or [Place(category, keyword)]:
                yield f"KEYWORD_{keyword}", place


def _is_in(place: Place, label: str, row: Place | None) -> bool:
    if row is not None:
        return place == row
    return label in {"TOTAL", f"STATEMENT_CATEGORY_{place.category}"}


def _restrictions(measures: Sequence[Measure]) -> Iterator[int]:
    """Count: all, those that machines detected, and each kind of restriction."""
    yield len(measures)
    yield sum(each.detected_by_machine for each in measures)
    requests = sum(each.of_request for each in measures)
    kinds = {
        "Visibility restriction Disable": len(measures) - requests,
        "Provision of the service Suspension": requests,
    }
    for name in headings.RESTRICTIONS:
        yield kinds.get(name, 0)


_OF_NOTICES = frozenset({"TOTAL", "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"})


def _received(made: Sequence[Notice]) -> Row:
    """Return how many notices there were, and what came of them; items are not told."""
    flagged = [each for each in made if each.by_flagger]
    both = (made, flagged)
    hours = [[each.hours for each in some if each.hours is not None] for some in both]
    acted = [str(sum(each.outcome == Taken.DOWN for each in some)) for some in both]
    medians = [f"{median(some):.2f}" if some else "" for some in hours]
    return (*(str(len(some)) for some in both), "", "", *medians, "", "", *acted)


def _context(label: str, note: str, figures: Sequence[str]) -> Row:
    """Say a thing once: with the first figure of the first row."""
    return (note if label == "TOTAL" else "", *("" for _ in figures[1:]))


def _outcomes(made: Sequence[Complaint]) -> Row:
    hours = [each.hours for each in made if each.hours is not None]
    ends = [each.outcome for each in made]
    return (
        str(len(made)),
        str(ends.count("upheld")),
        "0",
        str(ends.count("reversed")),
        f"{median(hours):.2f}" if hours else "",
    )
