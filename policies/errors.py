"""What goes wrong with policies.

* PolicyError    a policy set is not one, or sets do not fit together; says all that is wrong
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a policy set, and where."""

    name: str
    """What the set was loaded under: its file."""
    line: int
    """Counted from 1; 0 where it is nowhere in particular."""
    column: int
    """Counted from 1."""
    message: str
    source: str = ""
    """The line itself."""
    hint: str = ""

    def render(self) -> str:
        """Point at it: file, line and column, the line, a caret, a hint."""
        hint = [f"  hint: {self.hint}"] if self.hint else []
        if self.line == 0:
            return "\n".join([f"{self.name}: {self.message}", *hint])
        head = f"{self.name}:{self.line}:{self.column}: {self.message}"
        source = "".join(sign if sign.isprintable() else " " for sign in self.source)
        caret = " " * (self.column - 1) + "^"
        pointed = [f"    {source}", f"    {caret}"] if source.strip() else []
        return "\n".join([head, *pointed, *hint])


class PolicyError(Exception):
    """A policy set is not one, or sets do not fit together; says all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n\n".join(problem.render() for problem in problems))
        self.problems = tuple(problems)
