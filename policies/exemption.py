"""An exemption: one rule, some exact evidence, for a time, and somebody who answers for it.

It stands in the set of the rule that it is from, and the floor has none: so it can take back what
that set itself added, and nothing that lies below.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import yaml

from classifiers.signals import Signal
from policies.decision import Verdict
from policies.facts import Facts
from policies.reading import Reader
from policies.rule import Judgement, Rule
from policies.truth import Truth


@dataclass(frozen=True, slots=True)
class Exemption:
    """What of one rule's verdicts decides nothing, until when, and why."""

    name: str
    rule: str
    evidence: frozenset[str]
    """The evidence of findings, exactly: `term:gore.en.44`."""
    reason: str
    owner: str
    """Who answers for it."""
    expires: date
    """Its last day."""

    def covers(self, verdict: Verdict, facts: Facts) -> bool:
        """Whether all that `verdict` rests on is exempt today.

        Never what somebody could not look at; and nothing where nobody knows the day.
        """
        return (
            verdict.rule == self.rule
            and verdict.truth is Truth.TRUE
            and facts.today is not None
            and facts.today <= self.expires
            and bool(verdict.evidence)
            and all(
                isinstance(each, Signal) and each.evidence in self.evidence
                for each in verdict.evidence
            )
        )


def exempted(judgement: Judgement, exemptions: Sequence[Exemption], facts: Facts) -> Judgement:
    """Return `judgement`; its verdict in shadow if it is exempt: recorded, and deciding nothing."""
    verdict = judgement.verdict
    if verdict is None or not any(each.covers(verdict, facts) for each in exemptions):
        return judgement
    return judgement._replace(verdict=replace(verdict, shadow=True))


def read_exemptions(
    reader: Reader, node: yaml.Node | None, rules: Sequence[Rule]
) -> tuple[Exemption, ...]:
    """Read a list of exemptions from `rules`."""
    return tuple(_exemption(reader, item, rules) for item in reader.items(node, "exemptions"))


def _exemption(reader: Reader, node: yaml.Node, rules: Sequence[Rule]) -> Exemption:
    required = ("exemption", "rule", "evidence", "reason", "owner", "expires")
    fields = reader.fields(node, required)
    rule = reader.name(fields.get("rule"))
    if "rule" in fields and rule not in {each.name for each in rules}:
        reader.wrong(
            fields["rule"], f"no rule here is called '{rule}'", "exempt from rules of this set only"
        )
    return Exemption(
        reader.name(fields.get("exemption")),
        rule,
        frozenset(reader.phrase(item) for item in reader.items(fields.get("evidence"), "evidence")),
        reader.phrase(fields.get("reason")),
        reader.phrase(fields.get("owner")),
        reader.day(fields.get("expires")),
    )
