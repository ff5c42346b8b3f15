"""Golden items: words on which people agreed beforehand, mixed into what is checked.

They are the operator's own words in a file of their own, `golden.yaml` in the data directory. No
picture is golden, and nothing that a user wrote: it would have to be kept for ever. What is said to
be of `CSE.*` is refused: nobody writes such words down to test others with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.duties.quality.errors import GoldenError
from pipeline.items import NEVER_RELEASED
from policies.labels import HarmCode

FILE: Final = "golden.yaml"
_SPACE: Final = UUID("7c1f8e0a-8f0e-5d38-9c63-0b6a2a1d9e11")


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    words: str = Field(min_length=1, max_length=2_000)
    says: HarmCode


@dataclass(frozen=True, slots=True)
class Golden:
    """One item, and what was agreed on."""

    id: UUID
    words: str = field(repr=False)
    says: HarmCode


def read(path: Path) -> Sequence[Golden]:
    """Read the file; without one there are none.

    Raises:
        GoldenError: it is no list of words with what they are, or says `CSE.*` of any.
    """
    if not path.is_file():
        return ()
    try:
        listed = yaml.safe_load(path.read_bytes())
        items = [_Item.model_validate(each) for each in listed if _is_mapping(each)]
        if len(items) != len(listed):
            raise GoldenError(path.name, "items with `words` and `says`", "something else")
    except (yaml.YAMLError, ValidationError, TypeError) as fault:
        raise GoldenError(path.name, "a list of words and codes", type(fault).__name__) from None
    if any(each.says.family == NEVER_RELEASED for each in items):
        raise GoldenError(path.name, "no item of CSE.*", "one")
    return [Golden(uuid5(_SPACE, each.words), each.words, each.says) for each in items]


def answers(items: Sequence[Golden]) -> Mapping[UUID, str]:
    """Return what was agreed on, by item."""
    return {each.id: each.says.value for each in items}


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)
