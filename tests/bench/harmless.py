"""Harmless texts by source, of the kinds that users write: captions, benchmark prompts, tags."""

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_CAPTIONS, _TAGS = 0.005, 0.02
"""Of captions, and of tag prompts, how many may be stopped."""
_GENERAL = "0"
_COMMON = 420
"""General tags, by use, that were looked through one by one."""
_COMPOSED = 4000
_MOST_TAGS = 22
_NOT_FOR_ALL = """breasts large_breasts medium_breasts small_breasts huge_breasts cleavage nipples
    underwear panties white_panties black_panties ass bikini black_bikini nude completely_nude
    open_clothes open_shirt thighs thick_thighs censored uncensored mosaic_censoring bar_censor
    penis pussy pussy_juice sex cum cum_in_pussy hetero spread_legs clothes_lift bra no_bra vaginal
    flat_chest covered_nipples clothing_cutout see-through_clothes groin loli torn_clothes
    pubic_hair sideboob underboob anus highleg playboy_bunny solo_focus zettai_ryouiki swimsuit
    one-piece_swimsuit leotard skindentation saliva"""
"""Common tags that are no part of a prompt for everybody."""
_FOR_ADULTS = frozenset({"sex shop"})
_NO_PICTURE = ("signature", "username", "watermark", "text", "dated", "name", "translat")
_SKETCHES = (
    ("style", "subject", "location", "lighting"),
    ("adj-architecture", "noun-landscape", "style", "time"),
    ("animal", "biome", "time", "technique"),
    ("food", "fruit", "still-life", "lighting"),
    ("occupation", "interior", "hair-color", "color"),
    ("flower", "landscape", "water", "watercolor"),
)
"""Lists of words from which a prompt takes one each."""


class Absent(Exception):  # noqa: N818 - it is no fault
    """The files of a source are not there."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where harmless texts come from, and the share of them that may be stopped."""

    name: str
    budget: float
    of: Callable[[Path], Sequence[str]]

    def read(self, folder: Path) -> Sequence[str]:
        """Read its texts from `folder`, where they lie as in ../shared/data/prompts.

        Raises:
            Absent: they are not there.
        """
        try:
            return self.of(folder)
        except FileNotFoundError as fault:
            message = f"{Path(fault.filename).name} is absent"
            raise Absent(message) from None


def _coco(folder: Path) -> Sequence[str]:
    with (folder / "coco_captions.csv").open(encoding="utf-8", newline="") as file:
        return [row["prompt"] for row in csv.DictReader(file)]


def _lines(*path: str) -> Callable[[Path], Sequence[str]]:
    def read(folder: Path) -> Sequence[str]:
        text = folder.joinpath(*path).read_text(encoding="utf-8")
        return [line.strip() for line in text.splitlines() if line.strip()]

    return read


def _compbench(folder: Path) -> Sequence[str]:
    parts = ("color", "complex", "non_spatial", "shape", "spatial", "texture")
    return [line for part in parts for line in _lines("t2i_compbench", f"{part}_train.txt")(folder)]


def _wildcards(folder: Path) -> Sequence[str]:
    """Compose prompts of one word of each of a few lists."""
    chance = random.Random(11)  # noqa: S311 - a sample, no secret
    names = sorted({name for sketch in _SKETCHES for name in sketch})
    lists = {
        name: [
            word for word in _lines("wildcards", f"{name}.txt")(folder) if word not in _FOR_ADULTS
        ]
        for name in names
    }
    return [
        ", ".join(chance.choice(lists[name]) for name in chance.choice(_SKETCHES))
        for _ in range(_COMPOSED)
    ]


def _tag_prompts(folder: Path) -> Sequence[str]:
    """Compose prompts of the tags that are used most, the common ones more often."""
    with (folder / "danbooru_tags.csv").open(encoding="utf-8", newline="") as file:
        general = [row for row in csv.reader(file) if row[1] == _GENERAL][:_COMMON]
    uses = {
        row[0].replace("_", " "): float(row[2]) ** 0.5
        for row in general
        if row[0] not in _NOT_FOR_ALL.split() and not any(part in row[0] for part in _NO_PICTURE)
    }
    chance = random.Random(12)  # noqa: S311 - a sample, no secret
    return [
        ", ".join(
            dict.fromkeys(
                chance.choices(list(uses), list(uses.values()), k=chance.randint(4, _MOST_TAGS))
            )
        )
        for _ in range(_COMPOSED)
    ]


SOURCES = (
    Source("captions of photographs (COCO)", _CAPTIONS, _coco),
    Source("prompts of GenEval", _CAPTIONS, _lines("geneval.txt")),
    Source("prompts of T2I-CompBench", _CAPTIONS, _compbench),
    Source("prompts of word lists", _CAPTIONS, _wildcards),
    Source("prompts of common tags", _TAGS, _tag_prompts),
)
