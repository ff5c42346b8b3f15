"""A rule: where it looks, what it asks, and what follows if that is so, or unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from classifiers.signals import Field, Where
from policies.answer import Answer
from policies.condition import Condition, View
from policies.decision import Action, Verdict
from policies.facts import Moment, Surface
from policies.labels import HarmCode
from policies.truth import Truth


@dataclass(frozen=True, slots=True)
class Reaction:
    """What is done, and by what name it is known."""

    action: Action
    code: HarmCode


HOLD_UNKNOWN = Reaction(Action.HOLD, HarmCode.UNKNOWN)
"""What unknown means where a rule does not say."""


class Judgement(NamedTuple):
    """What one rule made of one subject, also when nothing follows: for those who ask why."""

    rule: str
    layer: str
    about: str
    """The subject in words: `texts`, `parameters.image[0]`, `everything`."""
    answer: Answer
    verdict: Verdict | None
    """None when it is not so."""


class Look(NamedTuple):
    """What a rule on one surface looks at: one subject, or everything at once."""

    about: str
    surface: Surface
    view: View


def looks_at(view: View) -> tuple[Look, ...]:
    """Look at each subject by itself, and at the whole."""
    return (
        *(
            Look(
                name_of(subject.place),
                subject.surface,
                View((subject,), view.facts, view.weight, view.required),
            )
            for subject in view.subjects
        ),
        Look("everything", Surface.WHOLE, view),
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy set. It can add a verdict, never take one away."""

    name: str
    surfaces: frozenset[Surface]
    moments: frozenset[Moment]
    when: Condition
    reaction: Reaction
    unknown: Reaction = HOLD_UNKNOWN
    shadow: bool = False

    def judge(self, moment: Moment, looks: Sequence[Look], layer: str) -> tuple[Judgement, ...]:
        """Judge everything on its surfaces, each by itself."""
        if moment not in self.moments:
            return ()
        judged = [
            self._judgement(look.about, look.view, layer)
            for look in looks
            if look.surface in self.surfaces
        ]
        return tuple(judged)

    def _judgement(self, about: str, view: View, layer: str) -> Judgement:
        answer = self.when.ask(view)
        return Judgement(self.name, layer, about, answer, self._verdict(answer, layer))

    def _verdict(self, answer: Answer, layer: str) -> Verdict | None:
        if answer.truth is Truth.FALSE:
            return None
        reaction = self.reaction if answer.truth is Truth.TRUE else self.unknown
        return Verdict(
            self.name,
            layer,
            reaction.action,
            reaction.code,
            answer.truth,
            self.shadow,
            answer.because,
        )


def name_of(place: Where) -> str:
    """Say a place in words, without content."""
    if isinstance(place, Field):
        return "texts" if place.path == "*" else place.path
    return f"{place.carrier}[{place.index}]"


def verdicts_of(judgements: Sequence[Judgement]) -> tuple[Verdict, ...]:
    """The verdicts that follow, in order."""
    return tuple(each.verdict for each in judgements if each.verdict is not None)
