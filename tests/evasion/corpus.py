"""The evasion corpus: every disguise on every word that it suits, and what of it is caught.

No harmful word is needed: the words are harmless ones, in a vocabulary made for this alone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from classifiers import vocabulary
from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import read
from classifiers.prompt_terms import PromptTerms
from classifiers.readability import Readability
from classifiers.signals import Signal, SignalName
from tests.evasion import encoded, grammar, hidden, letters, mixtures, scripts, spaced
from tests.evasion.disguise import Disguise
from tests.evasion.words import LISTED, Script, Word

DISGUISES: tuple[Disguise, ...] = (
    *grammar.DISGUISES,
    *hidden.DISGUISES,
    *letters.DISGUISES,
    *spaced.DISGUISES,
    *encoded.DISGUISES,
    *scripts.DISGUISES,
    *mixtures.DISGUISES,
)
EVIDENCE = 0.5
"""The score from which the shipped policies take a term as found."""
_LIST, _SIGNAL = "nudity", SignalName.TEXT_SEXUAL_NUDITY
"""Which list stands in for all: one whose terms count as disguised."""
_READABLE, _UNREAD = SignalName.TEXT_READABLE, SignalName.TEXT_LANGUAGE_UNREAD


@dataclass(frozen=True, slots=True)
class Tried:
    """One disguise on some words: the words that were found, and those at least refused."""

    disguise: str
    words: tuple[str, ...]
    caught: tuple[str, ...]
    refused: tuple[str, ...]
    """Missed, but refused all the same: called unreadable."""

    @property
    def missed(self) -> tuple[str, ...]:
        """The words that nobody saw."""
        return tuple(word for word in self.words if word not in self.caught)

    @property
    def share(self) -> float:
        """How many of them were caught, 0 to 1."""
        return len(self.caught) / len(self.words)


def placeholder_terms(folder: Path) -> PromptTerms:
    """Build the classifier on lists that hold nothing but `LISTED`, written to `folder`."""
    for shipped in (files("classifiers") / "terms").iterdir():
        if shipped.name.endswith(".yaml"):
            (folder / shipped.name).write_bytes(shipped.read_bytes())
        elif shipped.name.endswith(".csv"):
            head = shipped.read_text(encoding="utf-8").partition("\n")[0]
            (folder / shipped.name).write_text(head + "\n", encoding="utf-8")
    with (folder / f"{_LIST}.csv").open("a", encoding="utf-8") as file:
        for word in LISTED:
            file.write(f"{_id(word)},{word.mode},{word.text}\n")
    return PromptTerms(vocabulary.load(folder))


def attempts(disguise: Disguise, words: Sequence[Word]) -> Iterator[tuple[Word, Prompt]]:
    """Give each word that the disguise suits, in disguise."""
    for word in words:
        if word.script in disguise.scripts:
            prompt = disguise.write(word.text)
            if not _is_plain(prompt, word):
                yield word, prompt


def tried(terms: PromptTerms, words: Sequence[Word] = LISTED) -> Iterator[Tried]:
    """Try every disguise on `words`."""
    for disguise in DISGUISES:
        cases = list(attempts(disguise, words))
        caught = [word.text for word, prompt in cases if _is_caught(terms, word, prompt)]
        missed = [(word, prompt) for word, prompt in cases if word.text not in caught]
        yield Tried(
            disguise.name,
            tuple(word.text for word, _ in cases),
            tuple(caught),
            tuple(word.text for word, prompt in missed if _is_refused(prompt)),
        )


def found(terms: PromptTerms, prompt: Prompt) -> frozenset[str]:
    """Return the ids of the terms that are found in `prompt`, and evidence of anything else."""
    return frozenset(
        one.evidence
        for one in terms.classify(read(prompt))
        if isinstance(one, Signal) and one.score >= EVIDENCE
    )


def caught_of(rows: Iterable[Tried]) -> float:
    """Return the share of all that was tried that was caught."""
    listed = list(rows)
    return sum(len(row.caught) for row in listed) / sum(len(row.words) for row in listed)


def caught_by_script(rows: Iterable[Tried]) -> dict[str, float]:
    """Return the share that was caught of the words in each script."""
    scripts = {word.text: word.script for word in LISTED}
    asked: Counter[Script] = Counter()
    caught: Counter[Script] = Counter()
    for row in rows:
        asked.update(scripts[word] for word in row.words)
        caught.update(scripts[word] for word in row.caught)
    return {script.value: caught[script] / asked[script] for script in Script}


def _is_plain(prompt: Prompt, word: Word) -> bool:
    """Whether nothing was disguised: the word stands there among spaces, as it is listed."""
    return prompt == Prompt((Text("input", f"masterpiece, {word.text}, soft light"),), Grammar.V4)


def _is_caught(terms: PromptTerms, word: Word, prompt: Prompt) -> bool:
    return f"term:{_id(word)}" in found(terms, prompt)


def _is_refused(prompt: Prompt) -> bool:
    scores = {
        one.name: one.score
        for one in Readability().classify(read(prompt))
        if isinstance(one, Signal)
    }
    return scores.get(_READABLE, 1.0) < EVIDENCE or scores.get(_UNREAD, 0.0) >= EVIDENCE


def _id(word: Word) -> str:
    alike = [each for each in LISTED if each.language == word.language]
    return f"{_LIST}.{word.language}.{alike.index(word) + 1 if word in alike else 0}"
