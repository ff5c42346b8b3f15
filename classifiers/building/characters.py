"""Builds `terms/characters/aliases.csv`: every way to write the names that were judged.

    python -m classifiers.building.characters PROMPTS

PROMPTS holds `danbooru_tags.csv` (MIT), whose tags and aliases are the names, and the captions and
word lists that tell which names are also words. What people wrote (`judged.csv`, `names.csv`) is
read and never changed; docs/characters.md tells how to correct it.
"""

import argparse
import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from classifiers.building.character_tags import Tags, bare, read_tags, words_of
from classifiers.character_list import Judged, Kind, load_judged, not_alone, qualified
from classifiers.normalise import plain_form

FOLDER = Path(str(files("classifiers"))) / "terms" / "characters"
_LONG_VOWEL = re.compile(r"ou|oo|uu")
_NO_BRACKETS = re.compile(r"[()]")
_KANA = re.compile(r"[\u3040-\u30ff]+")
_SHORTEST_ALONE = 5
"""Letters of a single word that names somebody with nothing beside it."""
_SHORTEST = 2
"""Characters of any name in a script of the East; of one in Latin letters there are more."""
_SHORTEST_PART = 3
_SHORTEST_LATER = 3
"""Characters of a name with Chinese letters or Hangul that needs nothing beside it."""
_SHORTEST_KANA = 5
"""The same of one in kana only, which may be anybody's given name."""
_STRAY = 0.05
"""The share that others may have of all uses of a name, and yet it is its bearer's."""

Texts = dict[tuple[int, str], Kind]
"""What names a character, by its id, and when."""


class Naming:
    """Says of each text when it names a character."""

    def __init__(self, judged: Sequence[Judged], tags: Tags, ambiguous: frozenset[str]) -> None:
        self._tags = tags
        self._ambiguous = ambiguous
        self._telling = {row.tag for row in judged if row.tells is not None}
        self._silent: dict[str, set[str]] = defaultdict(set)
        self._first: dict[tuple[str, str], str] = {}
        for row in sorted(judged, key=lambda row: row.rank):
            self._first.setdefault((row.series, bare(row.tag)), row.tag)
            if row.tells is None:
                self._silent[row.series].update(words_of(bare(row.tag)))

    def texts(self, row: Judged) -> Iterator[tuple[str, Kind]]:
        """Give every text that may name `row`, with its kind."""
        for name in (row.tag, *self._tags.characters.get(row.tag, ())):
            if "(" in name:
                yield name, Kind.ALONE
            if self._first.get((row.series, bare(name)), row.tag) != row.tag:
                continue  # what it is called without the brackets, its original is called
            words = tuple(words_of(bare(name)))
            yield from self._written(words, row)
            if len(words) == len(("family", "given")):
                yield from self._written(words[::-1], row)
            if len(words) > 1:
                for word in words:
                    yield from self._part(word, row)

    def _written(self, words: tuple[str, ...], row: Judged) -> Iterator[tuple[str, Kind]]:
        kind = self._kind(words, row)
        for text in _spellings(" ".join(words)):
            yield text, kind

    def _part(self, word: str, row: Judged) -> Iterator[tuple[str, Kind]]:
        another = word in self._tags.plain or word in self._silent[row.series]
        if len(word) >= _SHORTEST_PART and not another:
            for written in _spellings(word):
                yield written, Kind.BESIDE

    def _kind(self, words: tuple[str, ...], row: Judged) -> Kind:
        """Return ALONE if nobody and nothing else is called so."""
        whole = len(words) > 1 and list(words) == words_of(row.tag)
        common = self._tags.words.issuperset(words) and not whole
        if common or " ".join(words) in self._ambiguous:
            return Kind.BESIDE
        bearers = frozenset.intersection(
            *(self._tags.bearers.get(word, frozenset()) for word in words)
        )
        if len(words) == 1:
            return self._kind_of_word(words[0], row, bearers)
        namesakes = frozenset(tag for tag in bearers if len(words_of(bare(tag))) == len(words))
        return self._kind_of(row, namesakes, 0)

    def _kind_of_word(self, word: str, row: Judged, bearers: frozenset[str]) -> Kind:
        if len(word) < _SHORTEST_ALONE:
            return Kind.BESIDE
        artists = 0 if word == row.tag else self._tags.artists.get(word, 0)
        return self._kind_of(row, bearers, artists)

    def _kind_of(self, row: Judged, bearers: Iterable[str], others: int) -> Kind:
        theirs = 0
        for tag in {*bearers, row.tag}:
            if tag in self._telling or bare(tag) == bare(row.tag):
                theirs += self._tags.uses.get(tag, 0)
            else:
                others += self._tags.uses[tag]
        return Kind.ALONE if others <= _STRAY * theirs else Kind.BESIDE


def _spellings(name: str) -> tuple[str, str]:
    """Return a name as it is, and with its long vowels short: `tanjirou`, `tanjiro`."""
    return name, _LONG_VOWEL.sub(lambda vowel: vowel[0][0], name)


def kind_of_name(text: str) -> Kind:
    """Return when a further name, in any script, names somebody."""
    if text.isascii():
        return Kind.ALONE if len(text) >= _SHORTEST_ALONE else Kind.BESIDE
    shortest = _SHORTEST_KANA if _KANA.fullmatch(text) else _SHORTEST_LATER
    return Kind.ALONE if len(text) >= shortest else Kind.BESIDE


def build(
    judged: Sequence[Judged],
    names: Mapping[str, Sequence[str]],
    tags: Tags,
    ambiguous: frozenset[str] = frozenset(),
    words: frozenset[str] = frozenset(),
) -> list[tuple[int, Kind, str]]:
    """Return all aliases, and the longer names of others that shelter them.

    `ambiguous` names name nobody alone; `words` do not even beside their series.
    """
    naming = Naming(judged, tags, ambiguous)
    texts: Texts = {}
    for row in judged:
        if row.tells is None:
            continue
        for text in names.get(row.tag, ()):
            name, bracket, _ = text.partition(" (")
            _add(texts, row.id, text, kind_of_name(text))
            if bracket:
                _add(texts, row.id, name, Kind.BESIDE)
        for text, kind in naming.texts(row):
            _add(texts, row.id, text, kind)
    texts = {key: kind for key, kind in texts.items() if kind is Kind.ALONE or key[1] not in words}
    sheltered = {text for _, text in texts}
    shelters: Texts = {}
    for row in judged:
        if row.tells is None:
            for text in (row.tag, bare(row.tag), " ".join(words_of(bare(row.tag))[::-1])):
                if plain_form(text) not in sheltered and _holds(plain_form(text), sheltered):
                    shelters[row.id, plain_form(text)] = Kind.SHELTER
    return sorted((id_, kind, text) for (id_, text), kind in (texts | shelters).items())


def _add(texts: Texts, id_: int, text: str, kind: Kind) -> None:
    plain = plain_form(text)
    shortest = _SHORTEST_PART if plain.isascii() else _SHORTEST
    if len(plain) >= shortest and texts.get((id_, plain)) is not Kind.ALONE:
        texts[id_, plain] = kind


def _holds(text: str, names: set[str]) -> bool:
    """Whether `text` is longer than, and has in it, one of `names`."""
    words = _NO_BRACKETS.sub(" ", text).split()
    runs = (
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, len(words) + 1)
    )
    return any(run in names and run != text for run in runs)


def read_names(path: Path) -> dict[str, list[str]]:
    """Read further names: each tag with its own."""
    names: dict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names[row["tag"]].append(row["text"])
    return names


def main() -> None:
    """Build the file, and print how much is covered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompts", type=Path, help="the folder that holds danbooru_tags.csv")
    judged = load_judged(FOLDER)
    names = read_names(FOLDER / "names.csv")
    tags = read_tags(parser.parse_args().prompts)
    aliases = build(judged, names, tags, not_alone(FOLDER), qualified(FOLDER))
    with (FOLDER / "aliases.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "kind", "text"])
        writer.writerows(aliases)


if __name__ == "__main__":
    main()
