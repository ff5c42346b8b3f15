"""Brings letters to their plain form, and remembers where each came from."""

import re
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import normalize

import numpy as np

from classifiers.normalise.forms import FORMS, IS_BRACE, TILDE
from classifiers.normalise.letters import SPACE, Letters, Mask, before, codes_of
from classifiers.normalise.reading import Span

_CLUSTER = re.compile(
    "[\u3040-\u30ff][\u3099\u309a]|n\u0303|\u0303"
    "|[\u1100-\u1112][\u1161-\u1175](?:[\u11a8-\u11c2]|[\u1100-\u1112](?![\u1161-\u1175]))?"
)
_ASCII_BLANKS = re.compile(r"[{}\[\]|_\-\s\x00-\x1f\x7f]+")
_BLANKS = {code: " " for code in range(0x80) if _ASCII_BLANKS.match(chr(code))}
_FIRST_CLUSTER = ord(TILDE)
_APART = "\uf8ff"
"""Stands between texts that are folded together: a letter of no script, its own plain form."""
_FINALS = dict(
    zip(
        "\u1100\u1101\u1102\u1103\u1105\u1106\u1107\u1109"
        "\u110a\u110b\u110c\u110e\u110f\u1110\u1111\u1112",
        "\u11a8\u11a9\u11ab\u11ae\u11af\u11b7\u11b8\u11ba"
        "\u11bb\u11bc\u11bd\u11be\u11bf\u11c0\u11c1\u11c2",
        strict=True,
    )
)
"""How Hangul writes a consonant at the end of a syllable that is typed like one at its start."""


def fold(letters: Letters, marks: Mask, *, joined: bool = False) -> Letters:
    """Return the plain form of `letters`.

    `marks`, braces and bars become a space, or nothing when `joined`; runs of spaces become one.
    """
    if not joined and letters.is_ascii and not marks.any():
        return _fold_ascii(letters)
    codes = FORMS.of(letters.codes)
    codes[marks] = FORMS.NOTHING if joined else SPACE
    if joined:
        codes[IS_BRACE.of(letters.codes)] = FORMS.NOTHING
    plain = letters.written(codes)
    if not plain.is_ascii:
        plain = _compose(FORMS.spread(plain.keep(codes != FORMS.NOTHING)))
    return _collapse(plain)


def _fold_ascii(letters: Letters) -> Letters:
    """Do the same of a text in ASCII that has no marks: most have not."""
    text = letters.text.lower().translate(_BLANKS)
    plain = Letters(codes_of(text), letters.origin, text)
    return _collapse(plain) if "  " in text else plain


def _compose(letters: Letters) -> Letters:
    """Put together what is written as letter and mark, or jamo by jamo."""
    if not (letters.codes >= _FIRST_CLUSTER).any():
        return letters
    texts: list[str] = []
    spans: list[Span] = []
    text, done = letters.text, 0
    for cluster in _CLUSTER.finditer(text):
        start, end = cluster.span()
        if done < start:
            texts.append(text[done:start])
            spans.append((done, start))
        whole = _whole(cluster[0])
        if whole:
            texts.append(whole)
            spans.append((start, end))
        done = end
    if not done:
        return letters
    return letters.replaced([*texts, text[done:]], [*spans, (done, len(text))])


@lru_cache(16_384)
def _whole(cluster: str) -> str:
    """Compose a cluster; nothing is left of a tilde that belongs to no n."""
    if cluster == TILDE:
        return ""
    last = _FINALS.get(cluster[2:], cluster[2:])
    return normalize("NFC", cluster[:2] + last)


def _collapse(letters: Letters) -> Letters:
    spaces = letters.codes == SPACE
    return letters.keep(~(spaces & before(spaces)))


def plain_form(text: str) -> str:
    """Return `text` as it reads in a plain view: the form that terms are matched in."""
    if text.isascii():
        return _ASCII_BLANKS.sub(" ", text.lower()).strip()
    return fold(Letters.of(text), np.zeros(len(text), np.bool_)).text.strip()


def plain_forms(texts: Sequence[str]) -> list[str]:
    """Return the plain form of each of `texts`: all at once, so that long lists cost little."""
    together = _APART.join(texts)
    if together.count(_APART) >= len(texts):
        return [plain_form(text) for text in texts]
    return [text.strip() for text in plain_form(together).split(_APART)] if texts else []
