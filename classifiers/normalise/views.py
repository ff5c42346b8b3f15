"""Makes the views of one text: plain, and with one disguise after the other undone."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

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


class Folded(NamedTuple):
    """A text, its plain view, and what the other views of it are made from."""

    source: str
    letters: Letters
    taken: Mask
    """Where weights stand: they are no words."""
    plain: Letters
    view: View


def folded(source: str, letters: Letters, marks: Sequence[Span]) -> Folded:
    """Fold a text in which `marks` are the weights."""
    taken = covered(marks, len(letters.codes))
    plain = fold(letters, taken)
    return Folded(source, letters, taken, plain, _view(Spelling.PLAIN, source, plain))


def views(first: Folded) -> Iterator[View]:
    """Give the plain view, then each view that differs from the one it is made from."""
    source, letters, taken, plain, view = first
    yield view
    if not view.text:
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
    known = view.text if latin is plain and view.text.isascii() else None
    closed = latin if known is not None and not _APART.search(known) else close_up(latin)
    if closed is not latin:
        yield _view(Spelling.CLOSED_UP, source, closed)
        known = None
    yield from _misspelt(source, closed, latin, known)
    yield _squeezed(source, undress(one))
    yield _view(Spelling.REVERSED, source, closed.turned())
    turned = rot13(closed)
    if not turned.same_as(closed):
        yield _view(Spelling.ROT13, source, turned)


def _misspelt(source: str, closed: Letters, latin: Letters, known: str | None) -> Iterator[View]:
    """Undo figures for letters, then letters drawn out, so that both are undone together.

    `known` is the text of `closed`, if that is in ASCII and at hand.
    """
    letters = closed if known is not None and not _FIGURES.search(known) else deleet(closed)
    if letters is not closed and not letters.same_as(closed):
        yield _view(Spelling.DELEETED, source, letters)
        yield _view(Spelling.REVERSED, source, letters.turned())
    is_plain = letters is closed and known is not None and not _DRAWN_OUT.search(known)
    single = letters if is_plain else derepeat(letters)
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
    if not (taken.any() or _BRACE.search(letters.text)):
        return False
    removed = taken | IS_BRACE.of(letters.codes)
    word = ALNUM.of(letters.codes[~removed])
    touching = np.diff(np.flatnonzero(~removed)) > 1
    return bool((word[1:] & word[:-1] & touching).any())
