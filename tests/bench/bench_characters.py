"""Prints how often names of characters are found in harmless texts that name none.

python tests/bench/bench_characters.py PATH_TO_PROMPTS [--show]
"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from classifiers.characters import Characters
from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import read
from classifiers.signals import SignalName

CAPTIONS = 20_000
TAGS = 3_000
GENERAL = "0"
SEEN = (SignalName.TEXT_MINOR_CHARACTER, SignalName.TEXT_MINOR_CONTEXT)


def captions(folder: Path) -> Iterator[str]:
    """Give captions of photographs that somebody described."""
    with (folder / "coco_captions.csv").open(encoding="utf-8") as file:
        yield from islice((row["prompt"] for row in csv.DictReader(file)), CAPTIONS)


def lines(folder: Path, pattern: str) -> Iterator[str]:
    """Give the lines of text files."""
    for path in sorted(folder.glob(pattern)):
        yield from path.read_text("utf-8", errors="replace").splitlines()


def tags(folder: Path) -> Iterator[str]:
    """Give the most used general tags, each alone."""
    with (folder / "danbooru_tags.csv").open(encoding="utf-8", newline="") as file:
        yield from islice((row[0] for row in csv.reader(file) if row[1] == GENERAL), TAGS)


def seen(text: str) -> Counter[SignalName]:
    """Return which signals a text raises."""
    prompt = Prompt((Text("prompt", text),), Grammar.V4)
    found = Characters.embedded().classify(read(prompt))
    return Counter({one.name for one in found if getattr(one, "score", 0) > 0})


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--show", action="store_true", help="also print the texts")
    given = parser.parse_args()
    sources: Mapping[str, Iterator[str]] = {
        "COCO captions": captions(given.prompts),
        "GenEval": lines(given.prompts, "geneval.txt"),
        "T2I-CompBench": lines(given.prompts, "t2i_compbench/*.txt"),
        "sd-wildcards": lines(given.prompts, "wildcards/*.txt"),
        "general tags": tags(given.prompts),
    }
    print("| source | texts | strong | weak |\n|---|--:|--:|--:|")
    for name, texts in sources.items():
        count, total = Counter[SignalName](), 0
        for text in filter(None, map(str.strip, texts)):
            total += 1
            found = seen(text)
            count += found
            if found and given.show:
                print(f"  {text!r}")
        print(f"| {name} | {total:,} | " + " | ".join(str(count[each]) for each in SEEN) + " |")


if __name__ == "__main__":
    main()
