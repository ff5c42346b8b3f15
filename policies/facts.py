"""What a policy is told besides the findings, and the words in which a rule says where it looks."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from classifiers.signals import Picture, Where

OUTPUT_CARRIER = "output"
"""The carrier of a generated picture; at the moment of a request every picture is an upload."""


class Moment(StrEnum):
    """When a decision is asked for: before anything is paid, or of a picture that came back."""

    REQUEST = "request"
    OUTPUT = "output"


class Surface(StrEnum):
    """What a rule looks at: all texts as one, each picture by itself, or everything at once."""

    TEXT = "text"
    UPLOAD = "upload"
    MASK = "mask"
    """A picture in a mask's place that is one. One that is not is judged as an upload."""
    OUTPUT = "output"
    WHOLE = "whole"


class Rating(StrEnum):
    """How much has to be known. Anything that points to a minor or to sex makes it mature."""

    GENERAL = "general"
    MATURE = "mature"


class Fact(StrEnum):
    """The facts that a rule may ask for."""

    TIER_ADULT = "tier_adult"
    AGE_CLAIM = "age_claim"


@dataclass(frozen=True, slots=True)
class Facts:
    """Who asks, and what was put before the classifiers."""

    tier_adult: bool
    """Whether the tenant serves this request to its adult audience."""
    age_claim: bool
    """Whether an age claim stands for the subject, or the tenant has assured all its users' age."""
    places: frozenset[Where] = frozenset()
    """Every text field and every picture that the classifiers were to look at.

    A question that nobody answered about one of them is unknown. MUST be complete: of a place that
    is named neither here nor by a finding, nobody can know that it was forgotten.
    """
    masks: frozenset[Picture] = frozenset()
    """Those of the pictures that stand in the place of a mask; any other is judged as a picture."""

    today: date | None = None
    """The day, for exemptions; where nobody says it, there are none."""

    def states(self, fact: Fact) -> bool:
        """Whether `fact` is so."""
        match fact:
            case Fact.TIER_ADULT:
                return self.tier_adult
            case Fact.AGE_CLAIM:
                return self.age_claim
