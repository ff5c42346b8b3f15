"""How long each part of a request took, as the log's entries tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from audit.entry import Kind
from pipeline.cli.demo.ledger import Step

_AFTERWARDS = frozenset({Kind.ACCESS})
"""What is no part of a request's way: its pictures fetched later."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the way, named for its stage, or for what was waited for."""

    name: str
    seconds: float

    @property
    def told(self) -> str:
        """How long it took, for people."""
        long = self.seconds >= 1
        return f"{self.seconds:.1f} s" if long else f"{round(self.seconds * 1000)} ms"


def spans(trail: Sequence[Step]) -> Sequence[Span]:
    """Return the parts of a request's way, in order; the same part twice in a row is one."""
    steps = [step for step in trail if step.kind not in _AFTERWARDS]
    if not steps:
        return []
    parts = [Span(_name(steps[0]), (steps[0].at - _begun(steps[0])).total_seconds())]
    for before, step in pairwise(steps):
        if before.kind is Kind.HELD and step.kind is Kind.EXAMINED:
            parts.append(Span("wait", (_begun(step) - before.at).total_seconds()))
            parts.append(Span("examine", (step.at - _begun(step)).total_seconds()))
        else:
            parts.append(Span(_name(step), (step.at - before.at).total_seconds()))
    return _joined(parts)


def _joined(parts: Sequence[Span]) -> Sequence[Span]:
    joined: list[Span] = []
    for part in parts:
        if joined and joined[-1].name == part.name:
            part = Span(part.name, joined.pop().seconds + part.seconds)  # noqa: PLW2901 - one span
        joined.append(part)
    return joined


def _name(step: Step) -> str:
    return "seal" if step.kind is Kind.MEDIA else step.stage


def _begun(step: Step) -> datetime:
    """Return when a step began, as it says itself."""
    received = step.public.get("received_at")
    if received is not None:
        return datetime.fromisoformat(received)
    return step.at - timedelta(microseconds=step.public.get("duration_us", 0))
