"""Which questions must be answered before anything goes on, at each rating."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from classifiers.classifier import Capability
from classifiers.content import Rendition
from policies.facts import Rating


@dataclass(frozen=True, slots=True)
class Requirement:
    """The questions that a policy requires answered; what is general is required of all."""

    general: frozenset[Capability] = frozenset()
    mature: frozenset[Capability] = frozenset()
    """What is required besides, of anything mature."""

    def demands(self, rating: Rating) -> frozenset[Capability]:
        """What each subject must answer for; mature and not surely one rendition: for each.

        A general picture that is not surely one must answer only what is asked of any: at that
        rating nothing in it points anywhere, and an unsure one that points anywhere is mature.
        """
        return self.general if rating is Rating.GENERAL else _of_each(self.at(rating))

    def at(self, rating: Rating) -> frozenset[Capability]:
        """Every question that an installation must be able to answer at `rating`."""
        match rating:
            case Rating.GENERAL:
                return self.general
            case Rating.MATURE:
                return self.general | self.mature


@lru_cache(maxsize=256)
def _of_each(required: frozenset[Capability]) -> frozenset[Capability]:
    return required | {
        Capability(question.name, Rendition.UNSURE)
        for question in required
        if question.rendition is not None
    }


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
