"""What is told of one picture: what was seen, what follows, or why nobody could look."""

from collections.abc import Sequence
from typing import Any

from classifiers.errors import UnreadableError
from pipeline.cli.examining.examiner import Examined, Examiner, Terms, examiner
from pipeline.cli.examining.pictures import Named
from policies.decision import Action

Answer = dict[str, Any]

_NOTHING: Answer = {
    "action": Action.BLOCK,
    "codes": [],
    "signals": {},
    "unavailable": {},
    "width": None,
    "height": None,
    "ms": 0.0,
}


def answer(examining: Examiner, named: Named) -> Answer:
    """Judge one picture. One that cannot be read is a block, and says why."""
    said: Answer = {"id": named.name}
    if named.problem:
        return {**said, **_NOTHING, "error": named.problem}
    try:
        return said | answered(examining.examine(named.read()))
    except UnreadableError as fault:
        return {**said, **_NOTHING, "error": str(fault)}
    except OSError as fault:
        return {**said, **_NOTHING, "error": fault.strerror or type(fault).__name__}


def answers(terms: Terms, some: Sequence[Named]) -> list[Answer]:
    """Judge some pictures, in order, in whatever process this is."""
    return [answer(examiner(terms), named) for named in some]


def answered(examined: Examined) -> Answer:
    """Return what was seen and decided, as JSON has it: nothing of the picture, and no hash."""
    decision = examined.judged.decision
    return {
        "action": decision.action,
        "codes": list(decision.worst_first),
        "signals": dict(examined.signals),
        "unavailable": dict(examined.unavailable),
        "width": examined.width,
        "height": examined.height,
        "ms": examined.milliseconds,
    }
