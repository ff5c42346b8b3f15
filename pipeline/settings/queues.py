"""Queues of the console that have a name: which cases, and what nobody does with them there."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from pipeline.settings.part import Part


class Hideable(StrEnum):
    """What a queue may take away. To reject a case, or to escalate it, is always possible."""

    APPROVE = "approve"
    APPROVE_TOGETHER = "approve together"
    REJECT_TOGETHER = "reject together"


class ReviewQueue(Part):
    """One queue."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    code: Annotated[str, Field(pattern=r"^[A-Z_]+\.[A-Z_]*$", max_length=32)]
    """A code, or a family with its dot."""
    hides: frozenset[Hideable] = frozenset()
    """What nobody may do with its cases, on top of what is never done with such codes."""

    def has_family(self, family: str) -> bool:
        """Whether it is of codes of this family."""
        return self.code.partition(".")[0] == family

    def has(self, code: str) -> bool:
        """Whether a case of this code is in the queue."""
        return code == self.code or (self.code.endswith(".") and code.startswith(self.code))
