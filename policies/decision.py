"""What follows: the verdict of each rule, and the decision, which is the strictest of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from classifiers.classifier import Capability
from classifiers.signals import Finding
from policies.labels import HarmCode
from policies.truth import Truth


class Action(StrEnum):
    """What is done, mildest first. Nothing is ever reported without people."""

    ALLOW = "allow"
    LABEL = "label"
    HOLD = "hold"
    BLOCK = "block"
    BLOCK_AND_ESCALATE = "block_and_escalate"

    @property
    def severity(self) -> int:
        """Greater is stricter."""
        return _SEVERITY[self]


_SEVERITY = {action: severity for severity, action in enumerate(Action)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule concluded, and from what."""

    rule: str
    layer: str
    """The name of the set that the rule stands in: `floor`, `default`, a tenant's."""
    action: Action
    code: HarmCode
    truth: Truth
    """TRUE when it was seen, UNKNOWN when somebody could not look."""
    shadow: bool = False
    """Whether the rule is only tried out: its verdict is recorded and decides nothing."""
    evidence: tuple[Finding, ...] = ()
    """The findings that made it so."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a request or a picture, and why."""

    action: Action
    code: HarmCode
    verdicts: tuple[Verdict, ...]
    """Every verdict, those in shadow too, in the order of layers and rules."""
    needed: frozenset[Capability]
    """Every question that must be answered about something of which this was found."""
    missing: frozenset[Capability]
    """The questions that had to be answered and that this installation cannot answer."""
    policy_digest: str

    @classmethod
    def strictest(
        cls,
        verdicts: Iterable[Verdict],
        needed: frozenset[Capability],
        missing: frozenset[Capability],
        policy_digest: str,
    ) -> "Decision":
        """Decide by the strictest verdict that is not in shadow.

        No such verdict means that nobody judged: that blocks, with the code `UNKNOWN`.
        """
        given = tuple(verdicts)
        binding = [verdict for verdict in given if not verdict.shadow]
        if not binding:
            return cls(Action.BLOCK, HarmCode.UNKNOWN, given, needed, missing, policy_digest)
        worst = max(binding, key=lambda verdict: (verdict.action.severity, verdict.code.severity))
        return cls(worst.action, worst.code, given, needed, missing, policy_digest)

    @property
    def allows(self) -> bool:
        """Whether it may go on: with or without a label."""
        return self.action in {Action.ALLOW, Action.LABEL}

    @property
    def incapable(self) -> bool:
        """Whether it is stopped only because somebody could not look, not for what was seen."""
        return not self.allows and all(
            verdict.truth is Truth.UNKNOWN for verdict in self._deciding()
        )

    @property
    def was_seen(self) -> bool:
        """Whether whatever stops it was seen, and nothing stops it for not being known."""
        return all(
            verdict.truth is Truth.TRUE
            for verdict in self.verdicts
            if not verdict.shadow and verdict.action.severity >= Action.HOLD.severity
        )

    @property
    def codes(self) -> frozenset[HarmCode]:
        """Every code that a verdict names which is not in shadow, whatever its action."""
        return frozenset(verdict.code for verdict in self.verdicts if not verdict.shadow)

    @property
    def worst_first(self) -> tuple[HarmCode, ...]:
        """Every such code but `OK`: that of the decision first, then the others by severity."""
        others = self.codes - {HarmCode.OK, self.code}
        first = () if self.code is HarmCode.OK else (self.code,)
        return (*first, *sorted(others, key=lambda code: code.severity, reverse=True))

    def _deciding(self) -> list[Verdict]:
        return [
            verdict
            for verdict in self.verdicts
            if not verdict.shadow and verdict.action is self.action
        ]
