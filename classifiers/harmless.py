"""Blanks phrases in which a word is not what it seems: the naked eye, pussy willow, baby blue.

The lists of terms know them, and terms inside them mean nothing. A model that goes by words does
not know them, so that it is shown the text without them; all else in the text it still sees.
"""

from classifiers.automaton import Automaton
from classifiers.vocabulary import Vocabulary, shipped


class HarmlessPhrases:
    """The harmless phrases of a vocabulary, ready to be found."""

    def __init__(self, listed: Vocabulary) -> None:
        self._phrases = Automaton(sorted({term.text for term in listed.terms if term.harmless}))

    @classmethod
    def embedded(cls) -> "HarmlessPhrases":
        """Open the lists that lie in the repository.

        Raises:
            TermsError: they are missing or do not parse.
        """
        return cls(shipped())

    def blanked(self, text: str) -> str:
        """Return a plain view's text with a space for each letter of a harmless phrase.

        No letter moves, so that places in the one are places in the other.
        """
        found = self._phrases.find(text)
        if not found:
            return text
        kept = list(text)
        for phrase, places in found.items():
            for start in places:
                end = start + len(phrase)
                if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
                    kept[start:end] = " " * len(phrase)
        return "".join(kept)
