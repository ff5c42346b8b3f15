"""Words that a randomiser spells: `ch||i|o||ld` is child or chold."""

import re
from dataclasses import dataclass
from itertools import product

_WORD_BEFORE = re.compile(r"[\w{}\[\]]{1,32}$")
_WORD_AFTER = re.compile(r"[\w{}\[\]]{1,32}")
_MOST = 512
"""Words tried per field."""
_LONGEST = 16_000
"""Characters of words tried per field."""

Piece = tuple[str, int]
"""A text and where it stands."""


@dataclass(frozen=True, slots=True)
class Branches:
    """The words that randomisers spell, a line each, and whether all of them were tried."""

    text: str
    origin: list[int]
    complete: bool


def expand(text: str) -> Branches:
    """Spell out each word with a randomiser inside or beside it.

    Alternatives that stand alone need no spelling out: the plain view holds them all.
    """
    letters: list[str] = []
    origin: list[int] = []
    left = _MOST
    for cluster in _clusters(text):
        count, size = _extent(cluster)
        if count > left or size + len(letters) > _LONGEST:
            return Branches("".join(letters), origin, complete=False)
        left -= count
        for choice in product(*cluster):
            for piece, at in choice:
                letters += piece
                origin += range(at, at + len(piece))
            letters.append("\n")
            origin.append(choice[-1][1])
    return Branches("".join(letters), origin, complete=True)


def _extent(cluster: list[list[Piece]]) -> tuple[int, int]:
    """Return how many words a cluster spells, and at most how many characters they have."""
    count, longest = 1, 1
    for part in cluster:
        count = min(count * len(part), _MOST + 1)
        longest += max(len(piece) for piece, _ in part)
    return count, count * longest


def _clusters(text: str) -> list[list[list[Piece]]]:
    """Gather the randomisers that touch a word or each other, with the words they touch."""
    clusters: list[list[list[Piece]]] = []
    reach = -1
    for start, end in _groups(text):
        before = _WORD_BEFORE.search(text, max(0, start - 32), start)
        after = _WORD_AFTER.match(text, end)
        group = _alternatives(text[start + 2 : end - 2], start + 2)
        if start == reach:
            clusters[-1].append(group)
        elif before or after or text.startswith("||", end):
            word = [] if before is None else [[(before[0], before.start())]]
            clusters.append([*word, group])
        else:
            continue
        reach = end
        if after is not None:
            clusters[-1].append([(after[0], end)])
            reach = after.end()
    return clusters


def _groups(text: str) -> list[tuple[int, int]]:
    bars: list[int] = []
    at = text.find("||")
    while at >= 0:
        bars.append(at)
        at = text.find("||", at + 2)
    return [(start, end + 2) for start, end in zip(bars[::2], bars[1::2], strict=False)]


def _alternatives(inside: str, at: int) -> list[Piece]:
    found: list[Piece] = []
    for piece in inside.split("|"):
        found.append((piece, at))
        at += len(piece) + 1
    return found
