"""Writes `normalise/variants.txt`: which Chinese characters are one, and differ by country.

    python -m classifiers.building.variants DICTIONARY

DICTIONARY is `opencc/dictionary` of opencc-python-reimplemented 0.1.7 (PyPI); its tables are those
of OpenCC (Apache-2.0). A line holds a simplified character, then the traditional and the Japanese
ones that stand for it; rare characters beyond those of every font are left out.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

_LAST = "\u9fff"


def lines(traditional: Mapping[str, str], japanese: Mapping[str, str]) -> Iterator[str]:
    """Give the lines, from tables of traditional characters and those that stand for them."""
    simple = dict(traditional)
    for old, new in japanese.items():
        if new not in traditional and simple.get(old, old) != new:
            simple[new] = simple.get(old, old)
    groups: dict[str, list[str]] = defaultdict(list)
    for variant, one in sorted(simple.items()):
        if max(variant, one) <= _LAST and one not in simple:
            groups[one].append(variant)
    return (f"{one}{''.join(variants)}" for one, variants in sorted(groups.items()))


def read(path: Path) -> dict[str, str]:
    """Read a table: each character with the first of those that stand for it."""
    rows = (line.split() for line in path.read_text("utf-8").splitlines())
    pairs = ((row[0], row[1]) for row in rows if len(row) > 1)
    return {old: new for old, new in pairs if len(old) == len(new) == 1 and old != new}


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dictionary", type=Path)
    folder = parser.parse_args().dictionary
    tables = read(folder / "TSCharacters.txt"), read(folder / "JPVariants.txt")
    out = Path(str(files("classifiers.normalise"))) / "variants.txt"
    out.write_text("".join(f"{line}\n" for line in lines(*tables)), "utf-8")


if __name__ == "__main__":
    main()
