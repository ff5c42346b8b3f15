"""Words that a randomiser spells: `ch||i|o||ld` is child or chold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from classifiers.normalise.letters import Letters

_WORD = re.compile(r"[\w{}\[\]]{1,32}")
_BARS = re.compile(r"\|\|")
_MOST = 512
"""Words tried per field."""
_LONGEST = 16_000
"""Characters of words tried per field."""

Piece = tuple[str, int]
"""A text and where it stands."""


@dataclass(frozen=True, slots=True)
class Branches:
    """The words that randomisers spell, a line each, and whether all of them were tried."""

    words: Letters | None
    complete: bool


def expand(letters: Letters, text: str) -> Branches:
    """Spell out each word of `letters`, whose text is `text`, with a randomiser in or beside it.

    Alternatives that stand alone need no spelling out: the plain view holds them all.
    """
    if "||" not in text:
        return Branches(None, complete=True)
    pieces: list[Piece] = []
    words, size, complete = 0, 0, True
    for cluster in _clusters(text):
        if words == _MOST:
            complete = False
            break
        count, longest = _extent(cluster)
        if words + count > _MOST or size + longest > _LONGEST:
            complete = False
            continue
        words += count
        size += longest
        for choice in product(*cluster):
            pieces += choice
            pieces.append(("\n", choice[-1][1]))
    if not pieces:
        return Branches(None, complete)
    spans = [(at, at + len(piece)) for piece, at in pieces]
    return Branches(letters.replaced([piece for piece, _ in pieces], spans), complete)


def _extent(cluster: list[list[Piece]]) -> tuple[int, int]:
    """Return how many words a cluster spells, and at most how many characters they have.

    Of more words than are tried, it is enough to know that they are more.
    """
    count, longest = 1, 1
    for part in cluster:
        count *= len(part)
        if count > _MOST:
            break
        longest += max(len(piece) for piece, _ in part)
    return count, count * longest


def _clusters(text: str) -> Iterator[list[list[Piece]]]:
    """Gather the randomisers that touch a word or each other, with the words they touch."""
    cluster: list[list[Piece]] = []
    reach = -1
    backwards = text[::-1]
    for start, end in _groups(text):
        touches = start == reach
        if touches and end == start + 4:  # no alternative at all
            reach = end
            continue
        after = _WORD.match(text, end)
        if not touches:
            before = _WORD.match(backwards, len(text) - start)
            if not (before or after or text.startswith("||", end)):
                continue
            if cluster:
                yield cluster
            word = [] if before is None else [[(before[0][::-1], start - len(before[0]))]]
            cluster = word
        cluster.append(_alternatives(text[start + 2 : end - 2], start + 2))
        reach = end
        if after is not None:
            cluster.append([(after[0], end)])
            reach = after.end()
    if cluster:
        yield cluster


def _groups(text: str) -> Iterator[tuple[int, int]]:
    bars = [match.start() for match in _BARS.finditer(text)]
    return ((start, end + 2) for start, end in zip(bars[::2], bars[1::2], strict=False))


def _alternatives(inside: str, at: int) -> list[Piece]:
    found: list[Piece] = []
    for piece in inside.split("|"):
        found.append((piece, at))
        at += len(piece) + 1
    return found
