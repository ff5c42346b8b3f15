"""Findings for tests, as the embedded classifiers would report them: of nothing but scores."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.signals import (
    Field,
    Finding,
    Picture,
    Reason,
    Signal,
    SignalName,
    Unavailable,
    Where,
)
from policies.facts import Facts

TEXTS = Field("*")
UPLOAD = Picture("parameters.image", 0)
OUTPUT = Picture("output", 0)

ANYBODY = Facts(tier_adult=False, age_claim=False)
ADULT = Facts(tier_adult=True, age_claim=True)

_OF_PHOTOGRAPHS = frozenset(
    {
        SignalName.IMAGE_SEXUAL_NUDITY,
        SignalName.IMAGE_SEXUAL_SUGGESTIVE,
        SignalName.IMAGE_PERSON,
        SignalName.IMAGE_MINOR_FACE,
    }
)
_OF_ANY = frozenset(
    {SignalName.IMAGE_PHOTOGRAPH, SignalName.IMAGE_MASK, SignalName.IMAGE_SEXUAL_ACT}
)
_OF_TEXTS = frozenset(name for name in SignalName if name.startswith("text."))
_HASHES = frozenset(name for name in SignalName if name.startswith("hash."))

EMBEDDED = frozenset(Capability(name) for name in _OF_TEXTS | _HASHES | _OF_ANY) | frozenset(
    Capability(name, Rendition.PHOTOGRAPH) for name in _OF_PHOTOGRAPHS
)
"""What an installation can answer with the models in the repository."""

QUALIFIED = EMBEDDED | frozenset(
    Capability(name, Rendition.DRAWING)
    for name in (
        SignalName.IMAGE_SEXUAL_NUDITY,
        SignalName.IMAGE_SEXUAL_SUGGESTIVE,
        SignalName.IMAGE_MINOR_DRAWN,
    )
)
"""The same, with a rating model that is qualified for drawings."""


def harmless(place: Where, rendition: Rendition = Rendition.DRAWING) -> tuple[Finding, ...]:
    """What the embedded classifiers report of a harmless text, or a picture made so."""
    if isinstance(place, Field):
        scores = dict.fromkeys(_OF_TEXTS, 0.0) | {SignalName.TEXT_READABLE: 1.0}
        return tuple(_signal(name, scores[name], place) for name in sorted(scores))
    photograph = {Rendition.PHOTOGRAPH: 0.99, Rendition.DRAWING: 0.01, Rendition.UNSURE: 0.6}
    scores = dict.fromkeys(_HASHES | _OF_ANY, 0.0) | {
        SignalName.IMAGE_PHOTOGRAPH: photograph[rendition]
    }
    if rendition is Rendition.PHOTOGRAPH:
        scores |= dict.fromkeys(_OF_PHOTOGRAPHS, 0.0)
    blind = _OF_PHOTOGRAPHS - scores.keys()
    return (
        *(_signal(name, scores[name], place) for name in sorted(scores)),
        *(Unavailable(name, place, "test", Reason.NOT_ASSESSED) for name in sorted(blind)),
    )


def saying(
    findings: Sequence[Finding], place: Where, scores: Mapping[SignalName, float]
) -> tuple[Finding, ...]:
    """The same findings, but these scores instead of what was said of them at `place`."""
    kept = (each for each in findings if each.name not in scores or each.where != place)
    return (*kept, *(_signal(name, scores[name], place) for name in sorted(scores)))


def failing(
    findings: Sequence[Finding], name: SignalName, reason: Reason = Reason.FAILED
) -> tuple[Finding, ...]:
    """The same findings, but nobody could say `name`."""
    return tuple(
        each if each.name is not name else Unavailable(name, each.where, each.source, reason)
        for each in findings
    )


def silent(findings: Sequence[Finding], name: SignalName) -> tuple[Finding, ...]:
    """The same findings, but nobody spoke of `name`."""
    return tuple(each for each in findings if each.name is not name)


def looked_at(facts: Facts, *places: Where) -> Facts:
    """The same facts, about these places."""
    return replace(facts, places=frozenset(places))


def _signal(name: SignalName, score: float, place: Where) -> Signal:
    return Signal(name, score, place, "test")
