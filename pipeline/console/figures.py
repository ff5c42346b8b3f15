"""Dashboards: how cases, decisions, appeals, people and classifiers stand, period against period.

No case and no subject is on it; people are there by pseudonym.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from pipeline.access.permissions import Permission
from pipeline.console.charts import Bar, Chart
from pipeline.console.frame import Frame, Link
from pipeline.console.sessions import Session
from pipeline.duties.quality.agreement import Kappa, Share
from pipeline.duties.quality.measuring import agreement, drift, golden, matrices
from pipeline.items import NEVER_RELEASED
from pipeline.store.figures import Seen
from pipeline.store.samples import Checked, Opinion
from pipeline.store.store import Store
from pipeline.store.tallies import Cell
from policies.decision import Action

LINK = Link("/figures", "Figures", Permission.OPERATION_SHOW)
CHOICES: Final = (7, 28, 90)
_MOST_BARS: Final = 15
_LET_GO: Final = frozenset({Action.ALLOW.value, Action.LABEL.value})
_STAGES: Final = {"screen": "requests", "examine": "pictures"}


@dataclass(frozen=True, slots=True)
class Period:
    """So many whole days, and as many before."""

    days: int
    today: date

    @property
    def first(self) -> date:
        """Its first day."""
        return self.today - timedelta(days=self.days - 1)

    @property
    def before(self) -> date:
        """The first day of the period before."""
        return self.first - timedelta(days=self.days)

    @property
    def end(self) -> date:
        """The day after its last."""
        return self.today + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dashboards:
    """Makes the charts."""

    store: Store
    golden: Mapping[UUID, str]
    now: Callable[[], datetime]

    async def charts(self, session: Session, days: int) -> Sequence[Chart]:
        """Return every chart, of what is somebody's to see."""
        seen = Seen(session.tenants, sees_worst(session))
        period = Period(days, self.now().astimezone(UTC).date())
        drawn = await self._drawn(period.first, period.end, seen)
        given = await self.store.samples.given(_at(period.first), _at(period.end))
        return [
            await self._ages(seen),
            *await self._decisions(seen, period),
            drifting(drawn, await self._drawn(period.before, period.first, seen)),
            await self._appeals(seen, period),
            await self._exposure(period),
            *self._people(drawn, given),
            *classifiers(drawn),
        ]

    async def _drawn(self, first: date, before: date, seen: Seen) -> Sequence[Checked]:
        return await self.store.samples.drawn(_at(first), _at(before), seen.tenants)

    async def _ages(self, seen: Seen) -> Chart:
        ages = await self.store.figures.ages(seen, self.now())
        bars = [Bar(name, count) for name, count in ages.items()]
        return Chart("ages", "Cases that wait for a person, by age", "Age", bars)

    async def _decisions(self, seen: Seen, period: Period) -> Sequence[Chart]:
        tallies = self.store.tallies
        now = await tallies.between(period.first, period.end, seen.tenants)
        before = await tallies.between(period.before, period.first, seen.tenants)
        now, before = (
            {k: v for k, v in each.items() if _is_seen(k, seen)} for each in (now, before)
        )
        by_code = [
            Chart(
                f"codes-{stage}",
                f"Decisions on {what} by code",
                "Code",
                codes(now, before, stage),
                "Nothing was decided.",
            )
            for stage, what in _STAGES.items()
        ]
        rates = [rate(what, stage, now, before) for stage, what in _STAGES.items()]
        title = "Share that was refused or held"
        return [*by_code, Chart("rates", title, "Of what", [r for r in rates if r is not None])]

    async def _appeals(self, seen: Seen, period: Period) -> Chart:
        found = await self.store.figures.appeals(seen, _at(period.first), _at(period.end))
        bars = [
            _share(
                f"{rule or 'unknown rule'}, {language or 'language not stated'}", Share(back, of)
            )
            for rule, language, of, back in found
        ]
        title = "Appeals that were reversed, by rule and language"
        return Chart("appeals", title, "Rule and language", bars, "No appeal was decided.")

    async def _exposure(self, period: Period) -> Chart:
        looked = await self.store.figures.exposure(_at(period.first), _at(period.end))
        bars = [
            Bar(
                person, lasted.total_seconds(), told=f"{lasted.total_seconds():.0f} s, {count} seen"
            )
            for person, count, lasted in looked
        ]
        title = "Seconds for which pictures were uncovered, by person"
        return Chart("exposure", title, "Person", bars, "Nobody uncovered a picture.")

    def _people(self, drawn: Sequence[Checked], given: Sequence[Opinion]) -> Sequence[Chart]:
        found = agreement(drawn)
        none = "Nobody decided the same as somebody else."
        right = golden(given, self.golden)
        return [
            Chart(
                "agreement",
                "Agreement beyond chance (kappa), by code",
                "Code",
                [_kappa("all", found.overall), *_kappas(found.by_code)]
                if found.overall.pairs
                else [],
                none,
            ),
            Chart(
                "people", "Agreement with others (kappa)", "Person", _kappas(found.by_person), none
            ),
            Chart(
                "golden",
                "Golden items answered as agreed",
                "Person",
                [_share(person, share) for person, share in right.items()],
                "None was answered.",
            ),
        ]


def routes(frame: Frame, dashboards: Dashboards) -> APIRouter:
    """Return the route of the page."""
    router = APIRouter()

    @router.get(LINK.path)
    async def figures(
        session: Annotated[Session, Depends(frame.signed_in(LINK.permission))],
        days: Annotated[int, Query(ge=1, le=CHOICES[-1])] = CHOICES[0],
    ) -> Response:
        return frame.page(
            "figures.html",
            session,
            days=days,
            choices=CHOICES,
            worst=sees_worst(session),
            charts=await dashboards.charts(session, days),
        )

    return router


def sees_worst(session: Session) -> bool:
    """Whether figures of `CSE.*` are there for this person."""
    return session.may(Permission.CHILD_SAFETY_OPEN)


def codes(now: Mapping[Cell, int], before: Mapping[Cell, int], stage: str) -> Sequence[Bar]:
    """Return how many decisions each code has; the most frequent first."""
    new, old = _by_code(now, stage), _by_code(before, stage)
    ordered = sorted(new.keys() | old.keys(), key=lambda code: (-new.get(code, 0), code))
    return [Bar(code, new.get(code, 0), old.get(code, 0)) for code in ordered[:_MOST_BARS]]


def _by_code(cells: Mapping[Cell, int], stage: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for cell, count in cells.items():
        if cell.stage == stage:
            name = cell.code or "no code"
            found[name] = found.get(name, 0) + count
    return found


def rate(what: str, stage: str, now: Mapping[Cell, int], before: Mapping[Cell, int]) -> Bar | None:
    """Return which share was not let go; None if nothing was decided."""
    new, old = _stopped(now, stage), _stopped(before, stage)
    if not new.of and not old.of:
        return None
    bar = _share(what, new)
    return Bar(bar.name, bar.value, old.value, bar.interval, bar.told)


def _stopped(cells: Mapping[Cell, int], stage: str) -> Share:
    mine = {cell: count for cell, count in cells.items() if cell.stage == stage}
    stopped = sum(count for cell, count in mine.items() if cell.action not in _LET_GO)
    return Share(stopped, sum(mine.values()))


def drifting(now: Sequence[Checked], before: Sequence[Checked]) -> Chart:
    """Return the mean scores of the random sample; those that moved first."""
    found = sorted(drift(now, before), key=lambda each: (not each.moved, each.signal))
    words = {True: "moved", False: "as before", None: "too few to tell"}
    bars = [
        Bar(
            each.signal,
            each.mean,
            each.mean_before,
            told=f"{each.mean:.3f}, {words[each.moved]} (n {each.count})",
        )
        for each in found[:_MOST_BARS]
    ]
    title = "Mean scores of a random sample"
    return Chart("drift", title, "Signal", bars, "There are no samples of both periods.")


def classifiers(drawn: Sequence[Checked]) -> Sequence[Chart]:
    """Return precision and recall of each version of a classifier, over what was checked."""
    found = matrices(drawn)
    none = "Nothing that was drawn was checked."
    return [
        Chart(
            "precision",
            "Precision, by version of a classifier",
            "Version",
            [_share(each.source, each.precision) for each in found],
            none,
        ),
        Chart(
            "recall",
            "Recall, by version of a classifier",
            "Version",
            [_share(each.source, each.recall) for each in found],
            none,
        ),
    ]


def _share(name: str, share: Share) -> Bar:
    told = f"{share} of {share.of}" if share.of else "none of it was seen"
    return Bar(name, share.value, None, share.interval if share.of else None, told)


def _kappas(found: Mapping[str, Kappa]) -> Sequence[Bar]:
    return [_kappa(name, each) for name, each in found.items()]


def _kappa(name: str, found: Kappa) -> Bar:
    said = f"{found}" if found.value is not None else "says nothing"
    return Bar(name, found.value, None, found.interval, f"{said}, {found.pairs} pairs")


def _is_seen(cell: Cell, seen: Seen) -> bool:
    return seen.worst or cell.code.partition(".")[0] != NEVER_RELEASED


def _at(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
