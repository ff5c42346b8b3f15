"""Reads a prompt: never raises, in linear time, in bounded memory."""

import os
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import grammar as nai
from classifiers.normalise.boilerplate import boilerplate
from classifiers.normalise.branches import expand
from classifiers.normalise.decode import GUESSES, decode
from classifiers.normalise.lettering import drawn
from classifiers.normalise.letters import Letters
from classifiers.normalise.reading import (
    FieldReading,
    Later,
    Obstacle,
    Reading,
    Spellings,
    View,
)
from classifiers.normalise.tags import tags
from classifiers.normalise.views import Folded, folded, views

READ_AT_MOST = 32_000
"""Characters read of one field, and of all fields together; what lies beyond is `TOO_LONG`."""
_SECRET = os.urandom(32)
"""Of this process: its digests say nothing to anybody else who guesses at a text."""


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
        fields.append(_read_field(one, tuple(also), prompt, left))
        left = max(0, left - len(words))
    return Reading(prompt, tuple(fields))


def _read_field(carrier: Text, also: tuple[str, ...], prompt: Prompt, left: int) -> FieldReading:
    text, grammar = carrier.text[:left], prompt.grammar
    is_cut = len(text) < len(carrier.text)
    letters = Letters.of(text)
    weights = nai.weights(text)
    first = folded("received", letters, nai.spans(text, weights, grammar))
    lettering = drawn(text)
    parts = nai.runs(text, weights, carrier.polarity, grammar)
    return FieldReading(
        carrier.path,
        also,
        carrier.polarity,
        carrier.text,
        first.view,
        Later(lambda: _spellings(first, grammar, is_cut=is_cut)),
        parts,
        lettering,
        is_cut,
        boilerplate(Text(carrier.path, text, carrier.polarity), parts, lettering, grammar),
        tags(text),
        b"" if is_cut else _identity(carrier, prompt),
    )


def _spellings(first: Folded, grammar: Grammar, *, is_cut: bool) -> Spellings:
    """Make the views of a text as received, and those of what is spelt and hidden in it."""
    letters = first.letters
    found = list(views(first))
    obstacles = [Obstacle.TOO_LONG] if is_cut else []
    branches = expand(letters, letters.text, grammar)
    if branches.words is not None:
        found += _inner_views("branches", branches.words, grammar)
    inside = decode(letters)
    for encoding, inner in inside.texts:
        views_inside = _inner_views(f"decoded:{encoding}", inner, grammar)
        found += islice(views_inside, 1) if encoding in GUESSES else views_inside
    if not branches.complete:
        obstacles.append(Obstacle.TOO_MANY_BRANCHES)
    if not inside.complete:
        obstacles.append(Obstacle.TOO_DEEP)
    return Spellings(tuple(found), tuple(obstacles))


def _identity(carrier: Text, prompt: Prompt) -> bytes:
    known = f"{prompt.tenant}\0{prompt.grammar}\0{carrier.polarity}\0{carrier.text}"
    return blake2b(known.encode("utf-8", "surrogatepass"), digest_size=32, key=_SECRET).digest()


def _inner_views(source: str, letters: Letters, grammar: Grammar) -> Iterator[View]:
    text = letters.text
    return views(folded(source, letters, nai.spans(text, nai.weights(text), grammar)))
