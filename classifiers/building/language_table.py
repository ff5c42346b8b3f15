"""Builds `languages/trigrams.npz` and `english.txt`: which letters each language has.

    python -m classifiers.building.language_table PROFILES PROMPTS

PROFILES holds the profiles of langdetect 1.0.9 (Apache-2.0): counts of letters in threes, made from
Wikipedia. PROMPTS holds `danbooru_tags.csv` (MIT) and `coco_captions.csv` (CC BY 4.0): English as
it is spoken to image models, and names of characters and artists, which are no language here.
"""

import argparse
import csv
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np

from classifiers.languages.states import load
from classifiers.languages.table import FLOOR, NAMES, STEPS, Table, trigrams

_WORD = re.compile(r"[^\W\d_]+")
_KEPT = 4e-5
"""The share of a language's trigrams from which one is kept."""
_OF_FOLDED = 0.25
"""What a trigram without its accents counts: many people type none."""
_WITHOUT_MARKS = str.maketrans("łıđøæß", "lidoas")
_NAMING = {"1", "3", "4"}
_GENERAL = {"0", "5"}
_CAPTIONS = 5_000
"""Captions used; the others are for measuring."""
_HELD_OUT = 10
"""Every so many names are left out, for measuring."""

Shares = Mapping[str, float]


def profile(path: Path) -> Shares:
    """Return the shares of a language's trigrams, with and without accents."""
    counts: Counter[str] = Counter()
    for gram, count in json.loads(path.read_text("utf-8"))["freq"].items():
        low = gram.lower()
        if len(low) != len("abc") or not all(map(_is_letter, low)):
            continue
        counts[low] += count
        bare = _bare(low)
        if bare != low and len(bare) == len(low):
            counts[bare] += int(count * _OF_FOLDED)
    return shares(counts)


def _is_letter(letter: str) -> bool:
    return letter == " " or letter.isalpha()


def _bare(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text)
    return "".join(each for each in spread if not unicodedata.combining(each)).translate(
        _WITHOUT_MARKS
    )


def shares(counts: Mapping[str, float]) -> Shares:
    """Return what part of the whole each is."""
    whole = sum(counts.values())
    return {gram: count / whole for gram, count in counts.items()}


def counted(texts: Iterable[tuple[str, float]]) -> Counter[str]:
    """Count the trigrams of texts, each with its weight."""
    counts: Counter[str] = Counter()
    for text, weight in texts:
        for gram in trigrams(_WORD.findall(text.lower())):
            counts[gram] += weight  # type: ignore[assignment]  # Counter is typed for whole numbers
    return counts


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profiles", type=Path)
    parser.add_argument("prompts", type=Path)
    options = parser.parse_args()
    with (options.prompts / "danbooru_tags.csv").open(encoding="utf-8") as file:
        tags = [(row[0].replace("_", " "), row[1], int(row[2])) for row in csv.reader(file)]
    with (options.prompts / "coco_captions.csv").open(encoding="utf-8") as file:
        captions = [row["prompt"] for row in csv.DictReader(file)][:_CAPTIONS]
    names = [
        (tag, 1 + math.log(max(1, count)))
        for at, (tag, kind, count) in enumerate(tags)
        if kind in _NAMING and at % _HELD_OUT
    ]
    spoken = [(tag, 3.0) for tag, kind, _ in tags if kind in _GENERAL][:6000]
    spoken += [(caption, 1.0) for caption in captions]
    folder = Path(str(files("classifiers") / "languages"))
    known = [one.id for one in load(files("classifiers") / "languages").languages.values()]
    found = {id_: profile(options.profiles / id_) for id_ in known if id_ not in {"ja", "zh", "ko"}}
    ours = shares(counted(spoken))
    wiki = found["en"]
    found["en"] = {
        gram: (wiki.get(gram, 0.0) + ours.get(gram, 0.0)) / 2 for gram in set(wiki) | set(ours)
    }
    found[NAMES] = shares(counted(names))
    write(found, folder / "trigrams.npz")
    words = Counter(word for text, _ in spoken for word in _WORD.findall(text.lower()))
    general = {w for tag, kind, _ in tags if kind in _GENERAL for w in _WORD.findall(tag.lower())}
    english = sorted(
        word for word in general | {w for w, n in words.items() if n > 1} if word.isascii()
    )
    (folder / "english.txt").write_text("\n".join(english) + "\n", "utf-8")


def write(found: Mapping[str, Shares], path: Path) -> None:
    """Write how much more likely than next to nothing each trigram is, in steps of a logarithm."""
    grams = sorted(
        {gram for own in found.values() for gram, share in own.items() if share >= _KEPT}
    )
    table = np.zeros((len(grams), len(found)), np.uint8)
    for column, own in enumerate(found.values()):
        for row, gram in enumerate(grams):
            gain = math.log((own.get(gram, 0.0) + FLOOR) / FLOOR)
            table[row, column] = min(255, round(gain * STEPS))
    np.savez_compressed(
        path, grams=np.asarray(grams), languages=np.asarray(list(found)), gain=table
    )
    Table.read(path.read_bytes())


if __name__ == "__main__":
    main()
