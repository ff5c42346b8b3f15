"""Words that a randomiser or a schedule spells: `ch||i|o||ld` is child or chold."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from classifiers.content import Grammar
from classifiers.normalise import attention
from classifiers.normalise.attention import Piece
from classifiers.normalise.letters import Letters, covered

_WORD = re.compile(r"[\w{}\[\]]{1,32}")
_BARS = re.compile(r"\|\|")
_MOST = 512
"""Words tried per field."""
_LONGEST = 16_000
"""Characters of words tried per field."""

Group = tuple[int, int, list[Piece]]
"""Where a randomiser begins and ends, and its alternatives."""


@dataclass(frozen=True, slots=True)
class Branches:
    """The words that randomisers spell, a line each, and whether all of them were tried."""

    words: Letters | None
    complete: bool


def expand(letters: Letters, text: str, grammar: Grammar) -> Branches:
    """Spell out each word of `letters`, whose text is `text`, with a randomiser in or beside it.

    Alternatives that stand alone need no spelling out: the plain view holds them all.
    """
    if grammar is Grammar.WEBUI:
        nested = attention.is_nested(text)
        letters = letters.keep(~covered(attention.weights(text), len(text)))
        text = letters.text
        clusters = _clusters(text, [*attention.groups(text)], attention.WORD)
        return _spelt(letters, clusters, cut=nested)
    if "||" not in text:
        return Branches(None, complete=True)
    return _spelt(letters, _clusters(text, [*_groups(text)], _WORD), cut=False)


def _spelt(letters: Letters, clusters: Iterable[list[list[Piece]]], *, cut: bool) -> Branches:
    """Spell out every cluster; `cut` says that there was more."""
    pieces: list[Piece] = []
    words, size, complete = 0, 0, not cut
    for cluster in clusters:
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


def _clusters(
    text: str, groups: Sequence[Group], words: re.Pattern[str]
) -> Iterator[list[list[Piece]]]:
    """Gather the randomisers that touch a word or each other, with the words they touch."""
    cluster: list[list[Piece]] = []
    reach = -1
    backwards = text[::-1]
    starts = {start for start, _, _ in groups}
    for start, end, alternatives in groups:
        touches = start == reach
        if touches and not any(piece for piece, _ in alternatives):
            reach = end
            continue
        after = words.match(text, end)
        if not touches:
            before = words.match(backwards, len(text) - start)
            if not (before or after or end in starts):
                continue
            if cluster:
                yield cluster
            word = [] if before is None else [[(before[0][::-1], start - len(before[0]))]]
            cluster = word
        cluster.append(alternatives)
        reach = end
        if after is not None:
            cluster.append([(after[0], end)])
            reach = after.end()
    if cluster:
        yield cluster


def _groups(text: str) -> Iterator[Group]:
    bars = [match.start() for match in _BARS.finditer(text)]
    for start, end in zip(bars[::2], bars[1::2], strict=False):
        yield start, end + 2, _alternatives(text[start + 2 : end], start + 2)


def _alternatives(inside: str, at: int) -> list[Piece]:
    found: list[Piece] = []
    for piece in inside.split("|"):
        found.append((piece, at))
        at += len(piece) + 1
    return found
