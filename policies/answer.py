"""The answer to a question about content: true, false or unknown, and the findings that made it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from classifiers.signals import Finding
from policies.truth import Truth, conjunction, disjunction


class Answer(NamedTuple):
    """Whether something is so, and because of what. A tuple: each rule makes one."""

    truth: Truth
    because: tuple[Finding, ...] = ()

    def negated(self) -> "Answer":
        """Return the opposite, because of the same findings."""
        return Answer(self.truth.negated(), self.because)


def known(fact: bool) -> Answer:
    """Answer from something that is always known."""
    return Answer(Truth.TRUE if fact else Truth.FALSE)


def all_of(answers: Sequence[Answer]) -> Answer:
    """Answer whether all are so; of none at all, unknown."""
    if len(answers) == 1:
        return answers[0]
    return _because(conjunction([answer.truth for answer in answers]), answers)


def any_of(answers: Sequence[Answer]) -> Answer:
    """Answer whether any is so; of none at all, unknown."""
    if len(answers) == 1:
        return answers[0]
    return _because(disjunction([answer.truth for answer in answers]), answers)


def _because(truth: Truth, answers: Iterable[Answer]) -> Answer:
    """Keep the findings of those answers that decided: the ones that say what the whole says."""
    deciding = [answer.because for answer in answers if answer.truth is truth and answer.because]
    return Answer(truth, once(deciding))


def once(parts: Sequence[tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """Return each finding of all `parts` once, in order."""
    if len(parts) == 1 and len(parts[0]) == 1:  # most are: hashing a finding costs more than asking
        return parts[0]
    return tuple(dict.fromkeys([finding for part in parts for finding in part]))
