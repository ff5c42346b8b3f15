"""A policy set, and the layers in which sets lie on each other."""

from dataclasses import dataclass, field
from enum import StrEnum

from classifiers.signals import SignalName
from policies.condition import Condition
from policies.evidence import Evidence
from policies.exemption import Exemption
from policies.matrix import Matrix
from policies.requirement import Requirement
from policies.rule import Rule


class Layer(StrEnum):
    """Whose set it is, in the order in which sets are laid on each other."""

    FLOOR = "floor"
    DEFAULT = "default"
    JURISDICTION = "jurisdiction"
    TENANT = "tenant"

    @property
    def height(self) -> int:
        """Greater lies above."""
        return list(Layer).index(self)


@dataclass(frozen=True, slots=True)
class Floor:
    """What only the floor says: what counts as evidence, and what follows from it."""

    evidence: Evidence
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class PolicySet:
    """One set of rules, as loaded."""

    name: str
    layer: Layer
    requirement: Requirement
    mature_when: Condition | None
    rules: tuple[Rule, ...]
    floor: Floor | None
    """Given if, and only if, the layer is the floor."""
    exemptions: tuple[Exemption, ...]
    """From its own rules; the floor has none."""
    canonical: str
    """What the set says, without comments and layout; the digest is taken of it."""
    text: str = field(default="", repr=False, compare=False)
    """As it was written, from which it can be loaded again."""

    def reads(self) -> frozenset[SignalName]:
        """Every signal that the set asks for."""
        conditions = [rule.when for rule in self.rules]
        if self.mature_when is not None:
            conditions.append(self.mature_when)
        named = frozenset(name for condition in conditions for name in condition.reads())
        if self.floor is None:
            return named
        return named | self.floor.evidence.reads() | {SignalName.IMAGE_PHOTOGRAPH}
