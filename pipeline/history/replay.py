"""Decides again what was decided, by another policy, and counts what would be otherwise.

A flip is where the new policy decides otherwise than today's does over the same findings: what
changed between then and today is counted apart. Nothing is guessed. A decision whose detail is
erased is counted as such; and where today's policy decided it then, and decides it otherwise now
over what was written down, it is `unlike`: then what is written down is not all that it was decided
over, and the flip of another policy proves nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.signals import Field, Finding, Picture, Reason, Signal, SignalName, Where
from pipeline.history.findings import findings_of
from policies.decision import Action, Decision
from policies.facts import Facts, Moment
from policies.policy import Policy

MOST_SHOWN: Final = 20
Turn = tuple[str, str, str]
"""The moment, the action by today's policy, and by the new one."""


@dataclass(slots=True)
class Tally:
    """What came of it."""

    decided: int = 0
    drifted: int = 0
    """Of these, those that today's policy decides otherwise than they were: no flip of NEW's."""
    unproven: int = 0
    """Of these, those that another policy than today's decided: nobody can tell whether what is
    written down is all that it decided over."""
    closed: Counter[str] = field(default_factory=Counter[str])
    """Those that nobody can decide again, by why."""
    turns: Counter[Turn] = field(default_factory=Counter[Turn])
    rules: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """The rules that decided those that turned: by whether they turned stricter or milder."""
    codes: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """The code by today's policy and by the new one, of those that turned."""
    shown: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])

    @property
    def turned(self) -> int:
        """How many would be decided otherwise."""
        return self.turns.total()

    def holds(self) -> int:
        """By how many more (or fewer) the holds would be: what people have to look at."""
        more = sum(count for (_, _, to), count in self.turns.items() if to == Action.HOLD)
        fewer = sum(count for (_, was, _), count in self.turns.items() if was == Action.HOLD)
        return more - fewer


@dataclass(frozen=True, slots=True)
class Replay:
    """Decides again."""

    today: Callable[[str], Policy]
    """The policy of a tenant as it is."""
    other: Callable[[str], Policy]
    """As it would be."""
    installed: frozenset[Capability]
    tally: Tally = field(default_factory=Tally)

    def take(self, decisions: Iterable[Mapping[str, Any]]) -> None:
        """Decide a page of decisions again.

        Raises:
            PolicyError: the policies of a tenant do not fit together.
            FindingsError: what was written down cannot be read.
        """
        for each in decisions:
            if "closed" in each:
                self.tally.closed[each["closed"]] += 1
            else:
                self._take(each)

    def _take(self, each: Mapping[str, Any]) -> None:
        moment, tenant = Moment(each["moment"]), str(each["tenant"])
        findings = findings_of(each["findings"])
        facts = facts_of(each["facts"], findings)
        policy = self.today(tenant)
        today = policy.decide(moment, findings, facts, self.installed)
        same_policy = policy.digest == each["policy_digest"]
        if same_policy and today.action != each["action"]:
            self.tally.closed["unlike"] += 1
            return
        self.tally.decided += 1
        self.tally.unproven += not same_policy
        self.tally.drifted += today.action != each["action"]
        other = self.other(tenant).decide(moment, findings, facts, self.installed)
        if other.action != today.action:
            self._turned(str(each["entry"]), moment, today, other)

    def _turned(self, entry: str, moment: Moment, today: Decision, other: Decision) -> None:
        stricter = other.action.severity > today.action.severity
        way = "stricter" if stricter else "milder"
        rules = _deciding(other if stricter else today)
        self.tally.turns[moment, today.action, other.action] += 1
        self.tally.codes[str(today.code), str(other.code)] += 1
        self.tally.rules.update((rule, way) for rule in rules)
        if len(self.tally.shown) < MOST_SHOWN:
            told = {"entry": entry, "is": today.action.value, "would_be": other.action.value}
            self.tally.shown.append({**told, "rules": ", ".join(sorted(rules))})


def capabilities(told: Sequence[Sequence[str | None]]) -> frozenset[Capability]:
    """Read what an installation can answer."""
    return frozenset(
        Capability(SignalName(str(name)), None if rendition is None else Rendition(rendition))
        for name, rendition in told
    )


def facts_of(told: Mapping[str, bool], findings: Sequence[Finding]) -> Facts:
    """Read what a policy knew of who asked, and of what there was to look at."""
    places = frozenset(_place(finding.where) for finding in findings)
    masks = frozenset(
        place
        for finding in findings
        if finding.name is SignalName.IMAGE_MASK
        and isinstance(place := _place(finding.where), Picture)
        if isinstance(finding, Signal) or finding.reason is not Reason.NOT_ASSESSED
    )
    return Facts(told["tier_adult"], told["age_claim"], places, masks)


def _place(where: Where) -> Where:
    """Return the subject that a finding is about: all texts are one, a picture is without a box."""
    return Field("*") if isinstance(where, Field) else Picture(where.carrier, where.index)


def _deciding(decision: Decision) -> frozenset[str]:
    return frozenset(
        verdict.rule
        for verdict in decision.verdicts
        if not verdict.shadow and verdict.action is decision.action
    ) or frozenset({"nobody judged"})
