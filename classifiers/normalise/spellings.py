"""Undoes spellings: figures for letters, letters drawn out, words taken apart or turned round.

Each takes folded text and its origins; each is linear.
"""

import re
from collections.abc import Sequence

_LEET_TOKEN = re.compile(r"[a-z0-9@$!€£+]{3,}")
_LETTER = re.compile(r"[a-z]")
_FIGURE = re.compile(r"[0134578@$!€£]")
_LEET = str.maketrans("0134578@$!€£l", "oieastbasieii")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_REPEAT = re.compile(r"([^\W\d_])\1+")
_APART = re.compile(r"(?<![^\W_])(?:[^\W_][\W_]{1,3}){3,}[^\W_](?![^\W_])")
_ROT13 = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_WORDS = re.compile(r"[^\W_]+")


def deleet(text: str) -> str:
    """Read figures and signs in words as letters, and `l` in such words as `i`; length stays."""
    return _LEET_TOKEN.sub(_deleet_token, text)


def _deleet_token(match: re.Match[str]) -> str:
    token = match[0]
    return leet_form(token) if _LETTER.search(token) and _FIGURE.search(token) else token


def leet_form(word: str) -> str:
    """Return a term as it reads in a deleeted view."""
    return word.translate(_LEET)


def derepeat(text: str, origin: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Write repeated letters once, in words with a threefold letter or two double ones."""
    kept: list[int] = []
    done = 0
    for match in _LETTERS.finditer(text) if _REPEAT.search(text) else ():
        if not _is_drawn_out(match[0]):
            continue
        start, end = match.span()
        kept += range(done, start)
        kept += [at for at in range(start, end) if at == start or text[at] != text[at - 1]]
        done = end
    if not done:
        return text, origin
    kept += range(done, len(text))
    return "".join([text[at] for at in kept]), [origin[at] for at in kept]


def close_up(text: str, origin: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Put four or more single letters or figures in a row together."""
    kept: list[int] = []
    done = 0
    for match in _APART.finditer(text):
        start, end = match.span()
        kept += range(done, start)
        kept += [at for at in range(start, end) if text[at].isalnum()]
        done = end
    if not done:
        return text, origin
    kept += range(done, len(text))
    return "".join([text[at] for at in kept]), [origin[at] for at in kept]


def _is_drawn_out(word: str) -> bool:
    repeats = [match.end() - match.start() for match in _REPEAT.finditer(word)]
    return len(repeats) > 1 or max(repeats, default=0) > 2  # noqa: PLR2004 (a double letter)


def derepeated_form(word: str) -> str:
    """Return a term as it reads in a derepeated view."""
    return "".join(
        letter for letter, before in zip(word, " " + word, strict=False) if letter != before
    )


def squeeze(text: str, origin: Sequence[int]) -> tuple[str, list[int], frozenset[int]]:
    """Leave letters and digits only; also return where words began and ended."""
    words: list[str] = []
    places: list[int] = []
    edges = {0}
    for match in _WORDS.finditer(text):
        words.append(match[0])
        places += origin[match.start() : match.end()]
        edges.add(len(places))
    return "".join(words), places, frozenset(edges)


def squeezed_form(words: str) -> str:
    """Return a term as it reads in a squeezed view."""
    return "".join(_WORDS.findall(words))


def rot13(text: str) -> str:
    """Turn the Latin alphabet by half; the length stays."""
    return text.translate(_ROT13)
