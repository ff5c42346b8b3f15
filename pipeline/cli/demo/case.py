"""A case: what is sent, and everything that has to be so afterwards."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from audit.entry import Kind
from pipeline.cli.demo.answers import Answer
from pipeline.cli.demo.ledger import Step, deciding
from pipeline.cli.demo.world import World
from pipeline.projection import UNKNOWN_OUTCOME


@dataclass(frozen=True, slots=True)
class Check:
    """Something that has to be so, and whether it is."""

    what: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a case: the answer, and what only this case can check."""

    answer: Answer
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Right:
    """The right outcome."""

    code: str
    """What the caller is told: "released" or a public code."""
    stage: str
    """Where it was decided."""
    paid: int
    """How many calls NovelAI was paid for."""
    reason: str = ""
    """What the log says of it: its `code` or its `reason`."""
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the demonstration. `name` is for machines, the other texts are for people."""

    name: str
    request: str
    point: str
    right: Right
    play: Callable[[World], Awaitable[Played]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case."""

    case: Case
    answer: Answer | None
    trail: tuple[Step, ...]
    checks: tuple[Check, ...]
    paid: int
    milliseconds: int
    """From its first request to its last answer."""

    @property
    def ok(self) -> bool:
        """Whether everything is as it has to be."""
        return bool(self.checks) and all(check.holds for check in self.checks)

    @property
    def decided(self) -> Step | None:
        """The entry that decided."""
        return deciding(self.trail)

    @property
    def decision(self) -> str:
        """What was decided, in one word for people."""
        if self.decided is None:
            return "nothing"
        if self.decided.public.get("reason") in UNKNOWN_OUTCOME:
            return "closed"
        words = {Kind.RELEASE: "released", Kind.HELD: "held"}
        return words.get(self.decided.kind, "refused")

    @property
    def stage(self) -> str:
        """The stage that it reached."""
        return "" if self.decided is None else self.decided.stage

    @property
    def code(self) -> str:
        """What the caller was told."""
        return "" if self.answer is None else self.answer.code

    @property
    def reason(self) -> str:
        """What the log says of the decision, in one coarse word."""
        return "" if self.decided is None else _reason(self.trail, self.decided)


def judged(
    case: Case, played: Played, trail: Sequence[Step], paid: int, milliseconds: int
) -> Outcome:
    """Hold what came of a case against what is right."""
    right, answer, decided = case.right, played.answer, deciding(trail)
    stage = "none" if decided is None else decided.stage
    told = {str(step.entry_id) for step in trail}
    reason = "none" if decided is None else _reason(trail, decided)
    checks = [
        _same("the caller is told", right.code, answer.code),
        _same("decided at", right.stage, stage),
        _same("calls that NovelAI was paid for", right.paid, paid),
        _same("pictures received", right.pictures, len(answer.pictures)),
        *played.checks,
    ]
    if right.reason:
        checks.append(_same("the log says", right.reason, reason))
    if answer.audit_id:
        checks.append(Check("the receipt names an entry of this request", answer.audit_id in told))
    return Outcome(case, answer, tuple(trail), tuple(checks), paid, milliseconds)


def failed(case: Case, fault: Exception) -> Outcome:
    """Return the outcome of a case that could not be played to its end."""
    check = Check(f"it can be played: {type(fault).__name__}", holds=False)
    return Outcome(case, None, (), (check,), 0, 0)


def _same(what: str, expected: object, got: object) -> Check:
    wrong = "" if expected == got else f", not {got}"
    return Check(f"{what}: {expected}{wrong}", expected == got)


def _reason(trail: Sequence[Step], decided: Step) -> str:
    """Return the reason of a step; where it only says "refused", the code of the judgement.

    A release has none of its own: it follows from the examination before it.
    """
    said = decided.public
    if said.get("code") and said.get("reason", "refused") == "refused":
        return str(said["code"])
    if said.get("reason"):
        return str(said["reason"])
    codes = [step.public["code"] for step in trail if "code" in step.public]
    return str(codes[-1]) if codes else ""
