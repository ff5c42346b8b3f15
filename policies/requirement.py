"""Which questions must be answered before anything goes on, at each rating."""

from collections.abc import Iterable
from dataclasses import dataclass

from classifiers.classifier import Capability
from policies.facts import Rating


@dataclass(frozen=True, slots=True)
class Requirement:
    """The questions that a policy requires answered; what is general is required of all."""

    general: frozenset[Capability] = frozenset()
    mature: frozenset[Capability] = frozenset()
    """What is required besides, of anything mature."""

    def at(self, rating: Rating) -> frozenset[Capability]:
        """Every question that is required at `rating`."""
        match rating:
            case Rating.GENERAL:
                return self.general
            case Rating.MATURE:
                return self.general | self.mature


def together(requirements: Iterable[Requirement]) -> Requirement:
    """Require what any of them requires."""
    given = tuple(requirements)
    return Requirement(
        frozenset(question for each in given for question in each.general),
        frozenset(question for each in given for question in each.mature),
    )


def lacking(
    required: frozenset[Capability], installed: frozenset[Capability]
) -> frozenset[Capability]:
    """Those of `required` that are not installed; what answers of any rendition answers of each."""
    return frozenset(
        question
        for question in required
        if question not in installed and Capability(question.name) not in installed
    )
