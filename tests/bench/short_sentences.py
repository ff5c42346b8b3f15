"""Tells how short sentences are taken: of each language, and of those that stand near it.

No word was chosen by these sentences: they are held out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from classifiers.content import Grammar, Prompt, Text
from classifiers.languages.reader import LanguageReader
from classifiers.normalise import read

_SENTENCES = Path(__file__).with_name("short_sentences.json")
_ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Taken:
    """For what the sentences of one language were taken."""

    language: str
    tried: int
    told: int
    """Taken for their language; of English, for no other."""
    unnoticed: int
    """Taken for English, though they are not."""


def taken() -> Iterator[Taken]:
    """Give the figures of each language, English among them."""
    reader = LanguageReader.embedded()
    sentences: dict[str, list[str]] = json.loads(_SENTENCES.read_text("utf-8"))
    for language, texts in sentences.items():
        answers = [_languages(reader, text) for text in texts]
        expected = set[str]() if language == _ENGLISH else {language}
        yield Taken(
            language,
            len(texts),
            sum(answer == expected for answer in answers),
            0 if language == _ENGLISH else sum(not answer for answer in answers),
        )


def of_sentences(rows: list[Taken]) -> Table:
    """Return the table of `rows`."""
    table = Table("language", "sentences of 3 to 8 words", "told", "taken for English")
    for row in rows:
        table.add_row(row.language, str(row.tried), str(row.told), str(row.unnoticed))
    return table


def _languages(reader: LanguageReader, text: str) -> set[str]:
    (field,) = read(Prompt((Text("sentence", text),), Grammar.V4)).fields
    return {name for names in reader.states(field).values() for name in names}
