"""Reads the tag vocabulary: the names of characters, and what else their words are."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_BRACKETS = re.compile(r"_\(([^()]*(?:\([^()]*\))?[^()]*)\)")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_ARTIST, _CHARACTER, _GENERAL = "1", "4", ("0", "5")
_CAPTIONS = ("coco_captions.csv", "geneval.txt", "t2i_compbench/*.txt")
_LISTS = ("wildcards/*.txt",)
_OTHER_TEXTS = ("coprov2_train.csv", "nibbler/*.csv", "davidson.csv", "surge_toxicity_en.csv")
_COMMON = 1000
"""Uses of a general tag whose words are common: rare ones hold characters' names."""
_OFTEN = 2
"""Uses in other texts that make a word one: some of those texts name characters, too."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The tag vocabulary, and what else its words are."""

    characters: Mapping[str, Sequence[str]]
    """Each with its aliases."""
    uses: Mapping[str, int]
    """Of each character."""
    bearers: Mapping[str, frozenset[str]]
    """For each word, the characters whose names have it."""
    artists: Mapping[str, int]
    """The uses of all artists whose names have a word."""
    plain: frozenset[str]
    """Words of captions."""
    words: frozenset[str]
    """Words of captions, word lists, general tags and other texts."""


def read_tags(folder: Path) -> Tags:
    """Read the vocabulary and the words around it."""
    with (folder / "danbooru_tags.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    named = [row for row in rows if row[1] == _CHARACTER]
    bearers: dict[str, set[str]] = defaultdict(set)
    for row in named:
        for word in words_of(bare(row[0])):
            bearers[word].add(row[0])
    artists = Counter[str]()
    for row in rows:
        if row[1] == _ARTIST:
            artists.update(dict.fromkeys(words_of(row[0]), int(row[2])))
    return Tags(
        {row[0]: _aliases(row[3]) for row in named},
        {row[0]: int(row[2]) for row in named},
        {word: frozenset(tags) for word, tags in bearers.items()},
        artists,
        frozenset(_counted(folder, _CAPTIONS)),
        _common([r[0] for r in rows if r[1] in _GENERAL and int(r[2]) >= _COMMON], folder),
    )


def _aliases(cell: str) -> list[str]:
    """Return aliases, without the shortcuts that editors of tags type."""
    return [one for one in cell.split(",") if one and not one.startswith("/")]


def _common(general: Iterable[str], folder: Path) -> frozenset[str]:
    """Return the words of general tags, captions and word lists, and the usual ones of others."""
    words = {word for tag in general for word in words_of(tag)}
    words.update(_counted(folder, (*_CAPTIONS, *_LISTS)))
    others = _counted(folder, _OTHER_TEXTS)
    return frozenset(words | {word for word, count in others.items() if count >= _OFTEN})


def _counted(folder: Path, patterns: Iterable[str]) -> Counter[str]:
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    return Counter(word for path in paths for word in words_of(path.read_text("utf-8", "replace")))


def words_of(text: str) -> list[str]:
    """Return the words of a tag or a text."""
    return _WORD.findall(text.lower().replace("_", " "))


def bare(tag: str) -> str:
    """Return a tag without what stands in brackets."""
    return _BRACKETS.sub("", tag)
