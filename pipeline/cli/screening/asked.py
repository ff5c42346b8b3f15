"""How a text is taken: by which model's grammar it is read, and whether it is asked for."""

from dataclasses import dataclass

from classifiers.content import Grammar, Polarity, Prompt, Text
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits

_PATHS = {Polarity.POSITIVE: "input", Polarity.NEGATIVE: "parameters.negative_prompt"}


@dataclass(frozen=True, slots=True)
class Manner:
    """What is the same for all texts of a run."""

    polarity: Polarity
    grammar: Grammar

    def prompt(self, text: str) -> Prompt:
        """Return a prompt that holds nothing but `text`.

        Raises:
            RequestRefusedError: it is longer than a request may be, or not whole characters.
        """
        most = Limits().text_characters
        if len(text) > most:
            raise RequestRefusedError(413, f"text: expected at most {most} characters")
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise RequestRefusedError(400, "text: expected whole characters in UTF-8")
        return Prompt((Text(_PATHS[self.polarity], text, self.polarity),), self.grammar)
