"""The words of English prompts and tags: what is one of them is no disguise of another."""

from functools import cache
from importlib.resources import files

from classifiers.errors import TermsError

_SHORTEST = 3
"""Letters of a word; shorter ones are in everything."""
_SHORT = frozenset(["a", "an", "at", "by", "in", "is", "of", "on", "to"])


@cache
def english() -> frozenset[str]:
    """Return them, in small letters.

    Raises:
        TermsError: the file that holds them is missing.
    """
    try:
        text = (files("classifiers") / "languages" / "english.txt").read_text("utf-8")
    except OSError as error:
        message = f"languages: expected english.txt, got {type(error).__name__}"
        raise TermsError(message) from error
    return frozenset(word for word in text.split() if len(word) >= _SHORTEST or word in _SHORT)
