"""Prints the tables of docs/characters.md: how much of what is asked for has been judged.

python -m classifiers.building.character_coverage
"""

import sys
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files

from classifiers.character_list import CharacterList, load

_DEPTHS = (500, 1000, 1500, 2000, 3000, 5000)


def tables(known: CharacterList) -> Iterator[str]:
    """Give the lines of both tables; a share is of all uses of character tags."""
    rows = sorted(known.judged.values(), key=lambda row: row.rank)
    count = Counter(row.status for row in rows)
    used = Counter[str]()
    for row in rows:
        used[row.status] += row.count
    yield "| status | characters | share of all uses |"
    yield "|---|--:|--:|"
    for status in sorted(count):
        yield f"| {status} | {count[status]:,} | {used[status] / known.uses:.1%} |"
    yield f"| all | {len(rows):,} | {sum(used.values()) / known.uses:.1%} |"
    yield ""
    yield "| the most used | judged | their share of all uses |"
    yield "|--:|--:|--:|"
    for depth in _DEPTHS:
        top = [row for row in rows if row.rank <= depth]
        yield f"| {depth:,} | {len(top):,} | {sum(row.count for row in top) / known.uses:.1%} |"


def main() -> None:
    """Print the tables."""
    known = load(files("classifiers") / "terms" / "characters")
    sys.stdout.writelines(f"{line}\n" for line in tables(known))


if __name__ == "__main__":
    main()
