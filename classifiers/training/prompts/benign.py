"""Reads and composes harmless texts: captions, benchmark prompts, wildcards, names, stated ages."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final

from classifiers.prompt_heads import Head
from classifiers.training.prompts.lexicons import is_suggestive, is_youthful
from classifiers.training.prompts.rows import Kind, Row, safe
from classifiers.training.prompts.sources import harmless


def coco(folder: Path) -> Iterator[Row]:
    """Read captions of photographs."""
    with (folder / "coco_captions.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            text = row["prompt"]
            labels = harmless(text) | {Head.REAL_PERSON: 0}
            yield Row("coco", f"coco/{row['image_id']}", text, labels)


def benchmarks(folder: Path) -> Iterator[Row]:
    """Read the prompts of T2I-CompBench and GenEval."""
    for path in sorted((folder / "t2i_compbench").glob("*.txt")):
        yield from _listed(path, f"t2i_{path.stem.removesuffix('_train')}")
    yield from _listed(folder / "geneval.txt", "geneval")


def _listed(path: Path, source: str) -> Iterator[Row]:
    for text in _lines(path):
        labels = harmless(text) | {Head.REAL_PERSON: 0}
        words = " ".join(sorted(set(re.findall(r"[a-z]+", text.casefold()))))
        yield Row(source, f"{source}/{words}", text, labels)


_SKETCHES: Final = (
    "{style} of {subject}, {location}, {time}, {lighting}",
    "{adj} {noun}, {style}, {landscape}, {lighting}",
    "{subject} in a {biome}, {time}, by {technique}",
    "a {adj} {animal} beside a {furniture}, {color}",
    "{food} and {fruit} on a table, {style}",
    "{ship} near {location}, {lighting}, {technique}",
    "{occupation} in a {interior}, {clothing}, {color}",
    "{fantasy}, {noun}, {gem}, {style}",
)
_FILES: Final = {
    "style": "style",
    "subject": "subject",
    "location": "location",
    "time": "time",
    "lighting": "lighting",
    "adj": "adj-architecture",
    "noun": "noun-landscape",
    "landscape": "landscape",
    "biome": "biome",
    "technique": "technique",
    "animal": "animal",
    "furniture": "furniture",
    "color": "color",
    "food": "food",
    "fruit": "fruit",
    "ship": "ship",
    "occupation": "occupation",
    "interior": "interior",
    "clothing": "clothing",
    "fantasy": "fantasy-setting",
    "gem": "gem",
}


def wildcards(folder: Path, random: Random, count: int) -> Iterator[Row]:
    """Compose prompts out of lists of harmless words, as their users do."""
    words = {
        key: [word for word in _lines(folder / "wildcards" / f"{name}.txt") if _is_plain(word)]
        for key, name in _FILES.items()
    }
    for number in range(count):
        chosen = {key: random.choice(listed) for key, listed in words.items()}
        text = random.choice(_SKETCHES).format_map(chosen)
        labels = harmless(text) | {Head.REAL_PERSON: 0}
        yield Row("wildcards", f"wildcards/{number}", text, labels, Kind.COMPOSED)


_PORTRAITS: Final = (
    "portrait of {name}",
    "{name}, {style}, {lighting}",
    "a photo of {name} in {location}",
    "{name} as a {occupation}, {style}",
    "{name}, solo, looking at viewer, {color} background",
    "{style} of {name}, {time}",
    "{name}",
)
_REAL: Final = ("celeb", "actress", "actor", "supermodel")


def people(folder: Path, random: Random, count: int) -> Iterator[Row]:
    """Compose harmless portraits: half of real people, half of names that were put together.

    One name is one group, so that names to be tested on are names never seen.
    """
    real = sorted({name for part in _REAL for name in _people(folder, part)})
    first = _people(folder, "name-female") + _people(folder, "name-male")
    last = sorted({name.split()[-1] for name in real if " " in name})
    words = {
        key: [
            word for word in _lines(folder / "wildcards" / f"{_FILES[key]}.txt") if _is_plain(word)
        ]
        for key in ("style", "lighting", "location", "occupation", "color", "time")
    }
    known = {name.casefold() for name in real}
    for number in range(count):
        chosen = {key: random.choice(listed) for key, listed in words.items()}
        name, says = random.choice(real), 1
        if number % 2:
            name, says = f"{random.choice(first)} {random.choice(last)}", 0
            if name.casefold() in known:
                continue
        text = random.choice(_PORTRAITS).format_map(chosen | {"name": name})
        labels = {**harmless(text), Head.REAL_PERSON: says}
        yield Row("people", f"people/{name.casefold()}", text, labels, Kind.COMPOSED)


def _people(folder: Path, part: str) -> list[str]:
    return [
        name for name in _lines(folder / "wildcards" / f"{part}.txt") if not is_suggestive(name)
    ]


_SOMEBODY: Final = re.compile(r"\b[Aa] (?:man|woman|person|guy|lady)\b")
_PASTIME: Final = re.compile(
    r"\b(?:kite|skate\w*|baseball|tennis|bike|bicycle|ski\w*|snow\w*|frisbee|cake|pizza|bus|train|horse|"
    r"elephant|giraffe|kitchen|umbrella|dog|cat|game|video|soccer|book|laptop|phone|banana|boat)\b"
)
_CHILD: Final = ("boy", "girl", "child", "kid")
_NUMBERS: Final = (
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "sixteen",
)
_OF_AGE: Final = 18


def ages(captions: Sequence[Row], random: Random, count: int) -> Iterator[Row]:
    """Put a stated age, a child or an adult into harmless captions of a pastime.

    Nothing that might be sexual in other company is touched, so that no child ever gets there.
    """
    found = [row for row in captions if _is_pastime(row.text)]
    for number in range(count):
        row = found[number % len(found)]
        who, minor = _somebody(random)
        text = _SOMEBODY.sub(who, row.text, count=1)
        labels = safe(minor_present=minor, real_person=0)
        kept = Row("ages", row.group, text, labels, Kind.COMPOSED)
        yield kept.but(Head.SEXUAL, Head.NONCONSENT) if minor else kept


def _is_pastime(text: str) -> bool:
    plain = _SOMEBODY.search(text) is not None and _PASTIME.search(text) is not None
    return plain and not is_suggestive(text) and not is_youthful(text)


def _somebody(random: Random) -> tuple[str, int]:
    """Return somebody of any age, and whether they are a minor."""
    kind = random.random()
    if kind < 0.25:  # noqa: PLR2004  # a quarter each
        age = random.randint(4, _OF_AGE - 1)
        shape = random.choice(("a {} year old {}", "a {}-year-old {}", "a {}yo {}", "{} aged {}"))
        child = random.choice(_CHILD)
        return shape.format(child, age) if shape.startswith("{}") else shape.format(age, child), 1
    if kind < 0.4:  # noqa: PLR2004
        return f"a {random.choice(_NUMBERS)} year old {random.choice(_CHILD)}", 1
    if kind < 0.6:  # noqa: PLR2004
        young = (
            "a little girl",
            "a little boy",
            "a toddler",
            "a small child",
            "a schoolboy",
            "a teen",
        )
        return random.choice(young), 1
    age = random.randint(_OF_AGE + 1, 80)
    adult = random.choice(("man", "woman", "person", "lady"))
    shape = random.choice(("a {} year old {}", "a {}-year-old {}", "a {}yo {}", "an adult {1}"))
    return shape.format(age, adult), 0


def _is_plain(word: str) -> bool:
    return not is_suggestive(word) and not is_youthful(word)


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
