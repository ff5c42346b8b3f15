"""Gives account of a decision in words: each rule, where it looked, what came of it, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.classifier import Capability
from classifiers.signals import Finding, Signal
from policies.account import Account
from policies.decision import Decision
from policies.facts import Facts, Moment
from policies.levels import L, Range
from policies.policy import Policy
from policies.rule import Judgement, name_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and everything that led to it or to nothing."""

    moment: Moment
    decision: Decision
    account: Account

    def render(self) -> str:
        """Say it in lines: the decision, the two axes, then each rule. It holds no content."""
        decision, account = self.decision, self.account
        lines = [
            f"{self.moment}: {decision.action} {decision.code}{_incapacity(decision)}",
            f"rating {account.rating}, policy {decision.policy_digest[:12]}",
            *_missing(decision),
            f"minor evidence: {_range(account.weight.minor)}",
            f"sexual level: {_range(account.weight.sexual)}",
            *(line for judgement in account.judgements for line in _judgement(judgement)),
        ]
        return "\n".join(lines)


def explain(
    policy: Policy,
    moment: Moment,
    findings: Sequence[Finding],
    facts: Facts,
    installed: frozenset[Capability] | None,
) -> Explanation:
    """Decide as `policy.decide` does, and say how it came about."""
    return Explanation(
        moment,
        policy.decide(moment, findings, facts, installed),
        policy.account(moment, findings, facts),
    )


def _incapacity(decision: Decision) -> str:
    return ", because somebody could not look" if decision.incapable else ""


def _missing(decision: Decision) -> list[str]:
    if not decision.missing:
        return []
    return [f"not installed: {', '.join(sorted(str(each) for each in decision.missing))}"]


def _range(level: Range[L]) -> str:
    if level.known is level.possible:
        return level.known
    return f"{level.known}, and {level.possible} cannot be excluded"


def _judgement(judgement: Judgement) -> Iterable[str]:
    verdict = judgement.verdict
    outcome = "-"
    if verdict is not None:
        outcome = f"{verdict.action} {verdict.code}"
        outcome += " (in shadow)" if verdict.shadow else ""
    truth = judgement.answer.truth.value
    yield f"[{judgement.layer}] {judgement.rule} on {judgement.about}: {truth} > {outcome}"
    if verdict is not None:
        yield from (f"    {_finding(finding)}" for finding in judgement.answer.because)


def _finding(finding: Finding) -> str:
    about = f"{finding.name} at {name_of(finding.where)} by {finding.source}"
    if not isinstance(finding, Signal):
        return f"{about}: {finding.reason}"
    evidence = f" ({finding.evidence})" if finding.evidence else ""
    return f"{about}: {finding.score:.2f}{evidence}"
