"""Tells a list of tags from sentences: models that read prose are less sure of what tags mean."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_MARK: Final = re.compile(r"[,.;:!?|\n]+")
_FEWEST: Final = 3
"""Phrases in a list."""
_LONGEST: Final = 4
"""Words of a phrase that is still a tag: `hand on another's neck`."""


class Phrases(NamedTuple):
    """How many phrases a text has, and how many words the longest of them."""

    number: int
    longest: int


def phrases(text: str) -> Phrases:
    """Measure the phrases of a text: what stands between its marks."""
    lengths = [length for phrase in _MARK.split(text) if (length := len(phrase.split()))]
    return Phrases(len(lengths), max(lengths, default=0))


def is_tag_list(texts: Iterable[Phrases]) -> bool:
    """Whether texts together are several short phrases between marks, and nothing else."""
    measured = list(texts)
    number = sum(each.number for each in measured)
    return number >= _FEWEST and max(each.longest for each in measured) <= _LONGEST
