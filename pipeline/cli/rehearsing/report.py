"""What a rehearsal came to: blocks by code, holds by cause, who has to look, what is not paid."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pipeline.cli.output import note, say, say_pairs, say_table
from pipeline.cli.rehearsing.rehearser import Fate, Outcome
from pipeline.items import Cause

MOST_REASONS: Final = 20


@dataclass(frozen=True, slots=True)
class Shift:
    """How people work who rule."""

    days: float
    """How many days of requests the file holds."""
    rulings_an_hour: float
    hours_a_day: float
    """How long one of them looks in a day."""


@dataclass(slots=True)
class Report:
    """The counts of a run."""

    fates: Counter[Fate] = field(default_factory=Counter[Fate])
    blocks: Counter[str] = field(default_factory=Counter[str])
    holds: Counter[tuple[Cause, str]] = field(default_factory=Counter[tuple[Cause, str]])
    missing: Counter[str] = field(default_factory=Counter[str])
    anlas: Counter[Fate] = field(default_factory=Counter[Fate])
    reasons: Counter[str] = field(default_factory=Counter[str])
    first: dict[str, int] = field(default_factory=dict[str, int])
    """For each reason why something is not served, the first line of it."""
    pictures: int = 0
    omitted: int = 0

    def take(self, outcomes: Iterable[Outcome]) -> None:
        """Count some."""
        for each in outcomes:
            self._take(each)

    def _take(self, each: Outcome) -> None:
        self.fates[each.fate] += 1
        self.anlas[each.fate] += each.anlas
        self.pictures += each.pictures
        self.omitted += each.omitted
        self.missing.update(each.missing)
        if each.fate is Fate.BLOCKED:
            self.blocks[each.code] += 1
        if each.cause is not None:
            self.holds[each.cause, each.code] += 1
        if each.fate is Fate.NOT_SERVED:
            self.reasons[each.why] += 1
            self.first.setdefault(each.why, each.line)

    @property
    def anlas_saved(self) -> int:
        """What was refused before it would have been paid."""
        return self.anlas[Fate.BLOCKED]

    def by_cause(self) -> dict[str, int]:
        """How many are held, by cause."""
        counted = {cause.value: 0 for cause in Cause}
        for (cause, _), count in self.holds.items():
            counted[cause] += count
        return counted


@dataclass(frozen=True, slots=True)
class People:
    """Who has to look, for what a person must rule on."""

    rulings_a_day: float
    hours_a_day: float
    reviewers: int


def people(report: Report, shift: Shift) -> People:
    """Say who is needed; what is held because nobody could look is looked at again by machine."""
    a_day = report.by_cause()[Cause.SUSPICION] / shift.days
    hours = a_day / shift.rulings_an_hour
    return People(round(a_day, 2), round(hours, 2), math.ceil(hours / shift.hours_a_day))


def written(report: Report, shift: Shift, policy_digest: str) -> dict[str, object]:
    """Return all figures, as JSON has them."""
    need = people(report, shift)
    return {
        "requests": report.fates.total(),
        "days": shift.days,
        "policy_digest": policy_digest,
        "fates": {fate.value: report.fates[fate] for fate in Fate},
        "blocks": dict(report.blocks.most_common()),
        "holds": report.by_cause(),
        "holds_by_code": [
            {"cause": cause, "code": code, "count": count}
            for (cause, code), count in report.holds.most_common()
        ],
        "reviewers": {
            "rulings_a_day": need.rulings_a_day,
            "rulings_an_hour": shift.rulings_an_hour,
            "hours_of_ruling_a_day": need.hours_a_day,
            "hours_a_person_looks_a_day": shift.hours_a_day,
            "people": need.reviewers,
        },
        "missing": dict(report.missing.most_common()),
        "anlas": {
            "saved": report.anlas_saved,
            "waiting": report.anlas[Fate.HELD],
            "spent": report.anlas[Fate.ALLOWED],
        },
        "pictures": {"looked_at": report.pictures, "not_looked_at": report.omitted},
        "not_served": [
            {"why": why, "count": count, "first_line": report.first[why]}
            for why, count in report.reasons.most_common(MOST_REASONS)
        ],
    }


def say_report(report: Report, shift: Shift, policy_digest: str) -> None:
    """Print it for people."""
    total, need = report.fates.total(), people(report, shift)
    say(f"{total} requests of {shift.days:g} days, by policy {policy_digest[:12]}")
    rows = [(fate, report.fates[fate], _share(report.fates[fate], total)) for fate in Fate]
    say_table(["what becomes of them", "how many", "share"], rows, "")
    blocks = [(code, count, _share(count, total)) for code, count in report.blocks.most_common()]
    say_table(["blocked as", "how many", "share"], blocks, "Nothing is blocked.")
    holds = [(*hold, count, _share(count, total)) for hold, count in report.holds.most_common()]
    say_table(["held for", "code", "how many", "share"], holds, "Nothing is held.")
    if report.missing:
        say_table(["missing capability", "refused for it"], report.missing.most_common(), "")
    say_pairs(
        {
            "rulings a day": f"{need.rulings_a_day:g}",
            f"hours a day at {shift.rulings_an_hour:g} an hour": f"{need.hours_a_day:g}",
            f"people who look {shift.hours_a_day:g} hours a day": need.reviewers,
            "Anlas saved": f"{report.anlas_saved:,}",
            "Anlas of what is held": f"{report.anlas[Fate.HELD]:,}",
            "Anlas of what is allowed": f"{report.anlas[Fate.ALLOWED]:,}",
            "pictures looked at": report.pictures,
        }
    )
    if report.omitted:
        note(f"{report.omitted} pictures were not there, so nobody looked at them")
    for why, count in report.reasons.most_common(MOST_REASONS):
        note(f"not served: {count}, the first on line {report.first[why]}: {why}")


def _share(count: int, total: int) -> str:
    return f"{count / total:.2%}" if total else "-"
