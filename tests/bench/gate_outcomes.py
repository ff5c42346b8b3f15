"""What the shipped policies make of a text, whoever asks: with the prompt model, and without it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from classifiers.signals import Field, Finding, Signal, SignalName
from pipeline.cli.measuring.in_order import in_order
from pipeline.cli.policy_sets import stacked
from pipeline.cli.screening.screener import Terms, screener
from policies.facts import Facts, Moment, Rating
from policies.levels import Minor, Sexual
from policies.policy import Policy
from tests.bench.held_out import Case

MODEL = "text.model."
TERMS = Terms((), tier_adult=False, age_claim=False)
_PLACES = frozenset({Field("*")})
ANYBODY, ADULTS = Facts(False, False, _PLACES), Facts(True, True, _PLACES)  # noqa: FBT003


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where one text lands in the matrix, and who is stopped by what."""

    case: Case
    minor: Minor
    sexual: Sexual
    reached: frozenset[SignalName]
    """The signals that are evidence: half a score or more."""
    by_character: bool
    """Whether evidence of a minor is the name of a character: those are in prompts by chance."""
    for_anybody: tuple[str, ...]
    """The rules that stop it where no age is known; none: it passes."""
    for_adults: tuple[str, ...]
    without_model: tuple[str, ...]
    """The rules that would stop it for anybody if the model said nothing."""


def outcomes(cases: Sequence[Case], processes: int) -> Iterator[Outcome]:
    """Judge every text, in order, on so many cores."""
    return in_order(_outcomes, cases, processes)


@cache
def policy() -> Policy:
    """Return what ships: the floor and the default."""
    return stacked([])


def _outcomes(cases: Sequence[Case]) -> list[Outcome]:
    return [_outcome(case) for case in cases]


def _outcome(case: Case) -> Outcome:
    findings = screener(TERMS).screen(case.prompt).findings
    weight = policy().account(Moment.REQUEST, findings, ANYBODY).weight
    return Outcome(
        case,
        weight.minor.known,
        weight.sexual.known,
        frozenset(one.name for one in findings if isinstance(one, Signal) and one.score >= 0.5),
        any(_is_character(one) for one in findings),
        stopping(findings, ANYBODY),
        stopping(findings, ADULTS),
        stopping([_silenced(one) for one in findings], ANYBODY),
    )


def stopping(findings: Sequence[Finding], facts: Facts) -> tuple[str, ...]:
    """Return the rules that hold or block, none if it passes."""
    answerable = policy().required(Rating.MATURE)
    decision = policy().decide(Moment.REQUEST, findings, facts, answerable)
    if decision.allows:
        return ()
    return tuple(sorted({one.rule for one in decision.verdicts if one.action is decision.action}))


def _is_character(finding: Finding) -> bool:
    return isinstance(finding, Signal) and finding.evidence.startswith("character:")


def _silenced(finding: Finding) -> Finding:
    if isinstance(finding, Signal) and finding.name.startswith(MODEL):
        return replace(finding, score=0.0)
    return finding
