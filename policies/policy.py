"""A policy: layers of sets, the floor first, of which each can only make it stricter.

    decide:  what the floor decides alone, and what all layers decide together: the strictest

That the floor is judged alone as well is what makes it a floor: whatever another layer requires,
asks or says, the floor's own verdicts are among those that decide.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from classifiers.classifier import Capability
from classifiers.signals import Finding
from policies.account import Account, Hearing
from policies.decision import Action, Decision, Verdict
from policies.facts import Facts, Moment, Rating
from policies.labels import HarmCode
from policies.layers import Floor, Layer, PolicySet
from policies.requirement import Requirement, lacking
from policies.rule import verdicts_of
from policies.truth import Truth

__all__ = ["Facts", "Moment", "Policy", "Rating"]

_INCAPABLE = Verdict("required", Layer.FLOOR, Action.BLOCK, HarmCode.CAPABILITY, Truth.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Policy:
    """Sets that fit together; `policies.compose` makes it and checks that they do."""

    floor: Floor
    sets: tuple[PolicySet, ...]
    """All of them, the floor's own first."""
    requirement: Requirement
    """What all of them require together."""
    digest: str
    """The sha256 of all that the layers say, in order."""

    def required(self, rating: Rating) -> frozenset[Capability]:
        """Every question that must be answered at `rating`."""
        return self.requirement.at(rating)

    def servable(self, installed: frozenset[Capability]) -> Mapping[Rating, frozenset[Capability]]:
        """For each rating, what is missing; a rating that misses nothing can be served."""
        return {rating: lacking(self.required(rating), installed) for rating in Rating}

    def decide(
        self,
        moment: Moment,
        findings: Sequence[Finding],
        facts: Facts,
        installed: frozenset[Capability] | None,
    ) -> Decision:
        """Decide over everything that was found.

        At the moment of a request, every question that will be required of the outputs must be
        among those `installed`, or it is refused before it is paid for; None means that nothing
        is. Of an output, `installed` is not read: what could not be answered is in the findings.
        """
        hearing = Hearing(self.floor, moment, findings, facts)
        alone = hearing.account(self.sets[:1], self.sets[0].requirement)
        account = hearing.account(self.sets, self.requirement)
        verdicts = _once([*verdicts_of(alone.judgements), *verdicts_of(account.judgements)])
        needed, missing = self.required(account.rating), frozenset[Capability]()
        if moment is Moment.REQUEST:
            missing = lacking(needed, installed or frozenset())
        if missing:
            verdicts.append(_INCAPABLE)
        return Decision.strictest(verdicts, needed, missing, self.digest)

    def account(self, moment: Moment, findings: Sequence[Finding], facts: Facts) -> Account:
        """Give account of everything that all layers together make of it."""
        return Hearing(self.floor, moment, findings, facts).account(self.sets, self.requirement)


def _once(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Keep the first of equal ones, in order; compared only with those of the same rule."""
    kept: dict[tuple[str, str], list[Verdict]] = {}
    ordered: list[Verdict] = []
    for verdict in verdicts:
        alike = kept.setdefault((verdict.layer, verdict.rule), [])
        if verdict not in alike:
            alike.append(verdict)
            ordered.append(verdict)
    return ordered
