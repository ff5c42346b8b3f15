"""How terms read in the views that undo a disguise: all terms of a list at once.

What a view does to a text is done to the terms by the same tables, so that both meet.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from classifiers.normalise.letters import ALNUM, NEWLINE, Codes, codes_of, text_of
from classifiers.normalise.lookalikes import latin_codes
from classifiers.normalise.spellings import leet_codes
from classifiers.normalise.variants import variant_codes


def in_one_script(texts: Sequence[str]) -> list[str]:
    """Return folded `texts` as they read in a view of variants."""
    return _texts(variant_codes(_lines(texts)), len(texts))


def altered(texts: Sequence[str]) -> Iterator[list[str]]:
    """Give folded `texts` with lookalikes replaced, in a deleeted view, and both derepeated."""
    latin = latin_codes(variant_codes(_lines(texts)))
    leet = leet_codes(latin)
    for codes in (latin, leet, _once(latin), _once(leet)):
        yield _texts(codes, len(texts))


def squeezed(texts: Sequence[str]) -> list[str]:
    """Return folded `texts` as they read in a squeezed view."""
    codes = _lines(texts)
    return _texts(codes[ALNUM.of(codes) | (codes == NEWLINE)], len(texts))


def _once(codes: Codes) -> Codes:
    """Leave of equal letters in a row the first. No line is empty, so none is lost."""
    differs = np.ones(len(codes), np.bool_)
    differs[1:] = codes[1:] != codes[:-1]
    return codes[differs]


def _lines(texts: Sequence[str]) -> Codes:
    return codes_of("\n".join(texts))


def _texts(codes: Codes, count: int) -> list[str]:
    return text_of(codes).split("\n") if count else []
