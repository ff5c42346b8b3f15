"""The reviewed matrix: evidence of a minor by sexual level, an action and a code in each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classifiers.content import Rendition
from policies.answer import Answer
from policies.decision import Action, Verdict
from policies.evidence import Weight
from policies.facts import Surface
from policies.labels import HarmCode
from policies.levels import Minor, Sexual
from policies.rule import Judgement, Reaction
from policies.scene import Subject
from policies.truth import Truth

RULE = "matrix"
"""The name of the matrix in verdicts."""


@dataclass(frozen=True, slots=True)
class Depicted:
    """What sexual content involving a minor is called, by where it stands."""

    text: HarmCode
    """Asked for; nothing has been made."""
    drawing: HarmCode
    photograph: HarmCode
    """Also for what is not surely a drawing."""

    def code(self, subjects: Sequence[Subject]) -> HarmCode:
        """Name it: the milder names need every output to be surely a drawing, or none to exist."""
        outputs = [each.rendition for each in subjects if each.surface is Surface.OUTPUT]
        if not outputs:
            return self.text
        drawn = all(rendition is Rendition.DRAWING for rendition in outputs)
        return self.drawing if drawn else self.photograph


@dataclass(frozen=True, slots=True)
class Cell:
    """What follows from one pair of levels."""

    action: Action
    code: HarmCode | None
    """None: named by what is depicted."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Sixteen cells, none milder than one with less evidence or less sex in it."""

    cells: Mapping[tuple[Minor, Sexual], Cell]
    depicted: Depicted
    unknown: Reaction

    def judge(
        self, weight: Weight, subjects: Sequence[Subject], layer: str
    ) -> tuple[Judgement, ...]:
        """Judge by what is known; and say unknown where an axis may turn out higher.

        Also where that would land in a cell that allows: the cells are about what was made so far,
        and a request in which a minor cannot be excluded is not one to make a picture of.
        """
        cell = self.cells[weight.minor.known, weight.sexual.known]
        code = self.depicted.code(subjects) if cell.code is None else cell.code
        because = (*weight.minor.because, *weight.sexual.because)
        sure = Verdict(RULE, layer, cell.action, code, Truth.TRUE, evidence=because)
        judgement = Judgement(RULE, layer, "everything", Answer(Truth.TRUE, because), sure)
        if not weight.uncertain:
            return (judgement,)
        unanswered = (*weight.minor.unanswered, *weight.sexual.unanswered)
        unsure = Verdict(
            RULE,
            layer,
            self.unknown.action,
            self.unknown.code,
            Truth.UNKNOWN,
            evidence=unanswered,
        )
        answer = Answer(Truth.UNKNOWN, unanswered)
        return (judgement, Judgement(RULE, layer, "everything", answer, unsure))
