"""Prints what could be added to the reviewed lists: other names of tags, and names of real people.

    python -m classifiers.building.candidates PROMPTS

PROMPTS holds `danbooru_tags.csv` (MIT) and `wildcards/` (CC0). A name of a tag is a candidate where
a list catches the tag and not that name for it. A name of a person is dropped where it is made of
common words, or is a character's too: it would be found where nobody is meant. What is printed goes
into `lists/tags.csv` and `lists/people.csv`, after somebody has decided on each row.
"""

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import plain_form, read
from classifiers.term_search import TermSearch
from classifiers.vocabulary import TermList, load

PEOPLE = ("celeb.txt", "actress.txt", "actor.txt", "supermodel.txt")
_WORD = re.compile(r"[^\W\d_]+")
_GENERAL = {"0", "5"}
_CHARACTER = "4"
_USED = 20
"""Pictures that a tag must have."""

Row = tuple[str, ...]


def tags(path: Path) -> Iterator[Row]:
    """Give each other name of a tag that a list catches, where it does not catch that name."""
    search = TermSearch(load(files("classifiers") / "terms"))
    for tag, kind, count, names in _rows(path):
        if kind not in _GENERAL or int(count) < _USED:
            continue
        caught = _lists(search, tag)
        for name in names.split(","):
            missed = caught - _lists(search, name)
            if name and not name.startswith("/"):
                yield from ((name, tag, count, one, "?") for one in sorted(missed))


def _lists(search: TermSearch, tag: str) -> set[TermList]:
    (field,) = read(Prompt((Text("tag", tag.replace("_", " ")),), Grammar.V4)).fields
    return {one for hit in search.find(field) for one in hit.term.lists if hit.view.is_plain}


def people(folder: Path, english: frozenset[str]) -> Iterator[Row]:
    """Give each name of a person, and whether it can be told from other words."""
    characters = {
        plain_form(name.partition("(")[0].replace("_", " "))
        for tag, kind, _, names in _rows(folder / "danbooru_tags.csv")
        if kind == _CHARACTER
        for name in (tag, *names.split(","))
    }
    seen: set[str] = set()
    for file in PEOPLE:
        for line in (folder / "wildcards" / file).read_text("utf-8").splitlines():
            name = plain_form(line)
            words = _WORD.findall(name)
            if not words or name in seen:
                continue
            seen.add(name)
            clear = len(words) > 1 and not english.issuperset(words) and name not in characters
            yield name, "real_person", "en", "yes" if clear else "no"


def _rows(path: Path) -> Iterable[list[str]]:
    with path.open(encoding="utf-8") as file:
        yield from csv.reader(file)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompts", type=Path)
    options = parser.parse_args()
    english = frozenset(
        (files("classifiers") / "languages" / "english.txt").read_text("utf-8").split()
    )
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerows(tags(options.prompts / "danbooru_tags.csv"))
    out.writerows(people(options.prompts, english))


if __name__ == "__main__":
    main()
