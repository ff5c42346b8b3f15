"""Has the classifiers remember too little for what is asked to come round again.

The bench asks for a hundred and twenty-eight pictures in turn, and classifiers remember thousands
of texts: without this nearly every request would be one that had been judged before.
"""

from classifiers import (
    characters,
    content_network,
    prompt_model,
    prompt_terms,
    readability,
    tagger,
)
from classifiers.languages import reader

TEXTS = 160
"""More than what is under way at once, two for each of its 32 requests: the words of a request come
back with its pictures. Less than the two for each of 128 requests that come in turn."""
PICTURES = 64
_TEXTS = (characters, prompt_model, prompt_terms, readability, reader)
_PICTURES = (content_network, tagger)


def forget() -> None:
    """Call it before the house is opened: who is made after it remembers no more than that."""
    for most, whose in ((TEXTS, _TEXTS), (PICTURES, _PICTURES)):
        for who in whose:
            if not hasattr(who, "_REMEMBERED"):
                message = f"{who.__name__} has no _REMEMBERED any more: the bench would flatter it"
                raise AttributeError(message)
            setattr(who, "_REMEMBERED", most)  # noqa: B010 - constants of several modules
