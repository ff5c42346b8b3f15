"""Makes the views of one text: plain, and with one disguise after the other undone."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from classifiers.normalise.fold import fold
from classifiers.normalise.forms import IS_BRACE
from classifiers.normalise.letters import ALNUM, Letters, Mask, covered
from classifiers.normalise.lookalikes import undress
from classifiers.normalise.reading import Span, Spelling, View
from classifiers.normalise.spellings import close_up, deleet, derepeat, rot13, squeeze
from classifiers.normalise.variants import one_script

_BRACE = re.compile(r"[{}\[\]]")
_APART = re.compile(r"(?<![a-z0-9])[a-z0-9](?:[^a-z0-9]{1,3}[a-z0-9]){3}(?![a-z0-9])")
_FIGURES = re.compile(r"[a-z][0-9@$!+]|[0-9@$!+][a-z]")
_DRAWN_OUT = re.compile(r"([a-z])\1(?:\1|[a-z]*([a-z])\2)")
"""What a folded text in ASCII has in it of which some spelling but the plain can be made."""


def views(source: str, letters: Letters, marks: Sequence[Span]) -> Iterator[View]:
    """Give the plain view, then each view that differs from the one it is made from.

    `marks` are the weights: they are no words.
    """
    taken = covered(marks, len(letters.codes))
    plain = fold(letters, taken)
    first = _view(Spelling.PLAIN, source, plain)
    yield first
    if not first.text:
        return
    if not marks and not _BRACE.search(letters.text) and _is_ordinary(first.text):
        yield _squeezed(source, plain)
        yield _view(Spelling.REVERSED, source, plain.turned())
        turned = rot13(plain)
        if not turned.same_as(plain):
            yield _view(Spelling.ROT13, source, turned)
        return
    shown = one = one_script(plain)
    if one is not plain and not one.same_as(plain):
        yield _view(Spelling.VARIANTS, source, one)
    whole = one
    if _splits_a_word(letters, taken):
        shown = fold(letters, taken, joined=True)
        yield _view(Spelling.JOINED, source, shown)
        whole = one_script(shown)
    latin = undress(whole)
    if latin is not shown and not latin.same_as(shown):
        yield _view(Spelling.LOOKALIKES, source, latin)
    other = undress(whole, second=True)
    if other is not latin and not other.same_as(latin):
        yield _view(Spelling.LOOKALIKES, source, other)
    closed = close_up(latin)
    if closed is not latin:
        yield _view(Spelling.CLOSED_UP, source, closed)
    yield from _misspelt(source, closed, latin)
    yield _squeezed(source, undress(one))
    yield _view(Spelling.REVERSED, source, closed.turned())
    turned = rot13(closed)
    if not turned.same_as(closed):
        yield _view(Spelling.ROT13, source, turned)


def _is_ordinary(text: str) -> bool:
    """Whether folded `text` is spelt as it is meant, for all that can be seen at once."""
    return text.isascii() and not (
        _FIGURES.search(text) or _DRAWN_OUT.search(text) or _APART.search(text)
    )


def _misspelt(source: str, closed: Letters, latin: Letters) -> Iterator[View]:
    """Undo figures for letters, then letters drawn out, so that both are undone together."""
    letters = deleet(closed)
    if letters is not closed and not letters.same_as(closed):
        yield _view(Spelling.DELEETED, source, letters)
        yield _view(Spelling.REVERSED, source, letters.turned())
    single = derepeat(letters)
    if single is not letters:
        yield _view(Spelling.DEREPEATED, source, single)
    if single is not latin and not single.same_as(latin):
        yield _squeezed(source, single)


def _view(spelling: Spelling, source: str, letters: Letters) -> View:
    return View(spelling, source, letters.text, letters.sources())


def _squeezed(source: str, letters: Letters) -> View:
    squeezed, edges = squeeze(letters)
    return View(Spelling.SQUEEZED, source, squeezed.text, squeezed.sources(), edges)


def _splits_a_word(letters: Letters, taken: Mask) -> bool:
    """Whether marks or braces stand between two letters with nothing else between."""
    removed = taken | IS_BRACE.of(letters.codes)
    if not removed.any():
        return False
    word = ALNUM.of(letters.codes[~removed])
    touching = np.diff(np.flatnonzero(~removed)) > 1
    return bool((word[1:] & word[:-1] & touching).any())
