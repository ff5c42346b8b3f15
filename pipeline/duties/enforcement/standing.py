"""Where an end user stands: it follows from the strikes that were not taken back, and no more.

Nothing else is kept. So a strike that is taken back leaves everything as it would be without it,
and a restriction ends by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipeline.duties.enforcement.ladder import Ladder, Step
from pipeline.store.strikes import Strike


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for an end user at one moment."""

    step: Step | None
    """The gravest step in force; None if there is none."""
    until: datetime | None
    """When it ends; None without one, and of a warning the time its strike stops counting."""
    strikes: tuple[Strike, ...]
    """Those that count, oldest first."""

    @property
    def stops(self) -> bool:
        """Whether nothing is made for them now."""
        return self.step is not None and self.step.stops

    @property
    def safe_only(self) -> bool:
        """Whether they are served as the general audience."""
        return self.step is Step.SAFE_TIER


def standing(strikes: Sequence[Strike], ladder: Ladder, now: datetime) -> Standing:
    """Return where somebody with these strikes stands.

    Each strike takes every step that it reaches together with those that counted when it came: when
    the gravest is over, the milder ones that last longer still hold.
    """
    known = sorted((each for each in strikes if each.at <= now), key=_when)
    counting = tuple(each for each in known if now < each.expires_at)
    in_force = [
        (step.rank, until, step)
        for last in known
        for step, until in _taken(last, known, ladder)
        if now < until
    ]
    if not in_force:
        return Standing(None, None, counting)
    _, until, step = max(in_force)
    return Standing(step, until, counting)


def _taken(
    last: Strike, known: Sequence[Strike], ladder: Ladder
) -> Iterator[tuple[Step, datetime]]:
    """Yield what follows from one strike, and until when."""
    weight = sum(each.weight for each in known if each.at <= last.at < each.expires_at)
    for rung in ladder.rungs:
        if rung.at <= weight:
            is_warning = rung.step is Step.WARN
            yield rung.step, last.expires_at if is_warning else last.at + rung.lasts


def _when(strike: Strike) -> tuple[datetime, UUID]:
    return strike.at, strike.id
