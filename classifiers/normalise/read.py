"""Reads a prompt: never raises, in linear time, in bounded memory."""

import re
from collections.abc import Iterator, Sequence

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import grammar as nai
from classifiers.normalise.branches import expand
from classifiers.normalise.decode import decode
from classifiers.normalise.fold import fold
from classifiers.normalise.lookalikes import latin_lookalikes
from classifiers.normalise.reading import FieldReading, Obstacle, Reading, Span, Spelling, View
from classifiers.normalise.spellings import close_up, deleet, derepeat, rot13, squeeze

READ_AT_MOST = 32_000
"""Characters read of one field, and of all fields together; what lies beyond is `TOO_LONG`."""
_DEPTH = 2
"""How many times what was decoded is decoded again."""
_NEAR = re.compile(r"[^\W_]|[{}\[\]]")
_INSIDE_A_WORD = re.compile(r"[^\W_][{}\[\]]+[^\W_]")


def read(prompt: Prompt) -> Reading:
    """Read every text of `prompt`. Holds for any `str`, lone surrogates included.

    What is beyond the limits is not judged: `FieldReading.unread` says so, and whoever judges
    MUST NOT take it for clean.
    """
    paths: dict[tuple[str, Polarity], list[str]] = {}
    for text in prompt.texts:
        paths.setdefault((text.text, text.polarity), []).append(text.path)
    fields: list[FieldReading] = []
    left = READ_AT_MOST
    for (words, polarity), (path, *also) in paths.items():
        one = Text(path, words, polarity)
        fields.append(_read_field(one, tuple(also), prompt.grammar, left))
        left = max(0, left - len(words))
    return Reading(prompt, tuple(fields))


def _read_field(carrier: Text, also: tuple[str, ...], grammar: Grammar, left: int) -> FieldReading:
    text = carrier.text[:left]
    places = range(len(text))
    weights = nai.weights(text)
    views = list(_views("received", text, places, nai.spans(text, weights, grammar)))
    branches = expand(text)
    if branches.text:
        views += _inner_views("branches", branches.text, branches.origin, grammar)
    views += _decoded_views(text, places, grammar, _DEPTH)
    obstacles: list[Obstacle] = []
    if len(text) < len(carrier.text):
        obstacles.append(Obstacle.TOO_LONG)
    if not branches.complete:
        obstacles.append(Obstacle.TOO_MANY_BRANCHES)
    return FieldReading(
        carrier.path,
        also,
        carrier.polarity,
        carrier.text,
        tuple(views),
        nai.runs(text, weights, carrier.polarity, grammar),
        nai.drawn(text),
        tuple(obstacles),
    )


def _decoded_views(
    text: str, places: Sequence[int], grammar: Grammar, depth: int
) -> Iterator[View]:
    for inner in decode(text, places):
        yield from _inner_views(f"decoded:{inner.encoding}", inner.text, inner.origin, grammar)
        if depth > 1:
            yield from _decoded_views(inner.text, inner.origin, grammar, depth - 1)


def _inner_views(source: str, text: str, places: Sequence[int], grammar: Grammar) -> Iterator[View]:
    return _views(source, text, places, nai.spans(text, nai.weights(text), grammar))


def _views(source: str, text: str, places: Sequence[int], marks: list[Span]) -> Iterator[View]:
    """Give the plain view, then each view that differs from the one it is made from."""
    plain, origin = fold(text, places, marks)
    yield View(Spelling.PLAIN, source, plain, origin)
    chain, chain_origin = plain, origin
    if _splits_a_word(text, marks):
        chain, chain_origin = fold(text, places, marks, joined=True)
        yield View(Spelling.JOINED, source, chain, chain_origin)
    yield from _undone(source, chain, chain_origin)
    yield _squeezed(source, latin_lookalikes(plain), origin)
    yield View(Spelling.REVERSED, source, plain[::-1], origin[::-1])
    yield View(Spelling.ROT13, source, rot13(plain), origin)


def _undone(source: str, text: str, origin: Sequence[int]) -> Iterator[View]:
    """Undo one disguise after the other, so that they are undone together as well."""
    latin = latin_lookalikes(text)
    if latin != text:
        yield View(Spelling.LOOKALIKES, source, latin, origin)
    closed, closed_origin = close_up(latin, origin)
    if closed != latin:
        yield View(Spelling.CLOSED_UP, source, closed, closed_origin)
    letters = deleet(closed)
    if letters != closed:
        yield View(Spelling.DELEETED, source, letters, closed_origin)
    single, single_origin = derepeat(letters, closed_origin)
    if single != letters:
        yield View(Spelling.DEREPEATED, source, single, single_origin)
    if single != latin:
        yield _squeezed(source, single, single_origin)


def _squeezed(source: str, text: str, origin: Sequence[int]) -> View:
    squeezed, places, edges = squeeze(text, origin)
    return View(Spelling.SQUEEZED, source, squeezed, places, edges)


def _splits_a_word(text: str, marks: list[Span]) -> bool:
    if _INSIDE_A_WORD.search(text):
        return True
    return any(
        _NEAR.match(text[start - 1 : start]) and _NEAR.match(text, end) for start, end in marks
    )
