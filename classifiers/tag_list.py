"""Tells a list of tags from sentences: models that read prose are less sure of what tags mean."""

import re
from typing import Final

_MARK: Final = re.compile(r"[,.;:!?|\n]+")
_FEWEST: Final = 3
"""Phrases in a list."""
_LONGEST: Final = 4
"""Words of a phrase that is still a tag: `hand on another's neck`."""


def is_tag_list(text: str) -> bool:
    """Whether `text` is several short phrases with marks between them, and nothing else."""
    lengths = [length for phrase in _MARK.split(text) if (length := len(phrase.split()))]
    return len(lengths) >= _FEWEST and max(lengths) <= _LONGEST
