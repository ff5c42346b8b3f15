"""What single letters become: compatibility forms, case, accents and what nobody sees go.

Kana keep their voicing marks, and so does the Spanish n its tilde: without them they are others.
"""

import re
from unicodedata import category, decomposition, normalize

import numpy as np

from classifiers.normalise.letters import END, SPACE, Codes, Kinds, Letters, codes_of

BRACES = frozenset("{}[]")
IS_BRACE = Kinds(BRACES.__contains__)
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\U00013430-\U0001345f"
    "\U000e0000-\U000e0fff\U0001d159\U0001d173-\U0001d17a\U0001bca0-\U0001bca3"
)
_AN_INVISIBLE = re.compile(f"[{_INVISIBLE}]")
_RANGES = re.compile("(.)-(.)|(.)", re.DOTALL)
_STYLED = re.compile(
    "[\u2460-\u24ff\u1d2c-\u1d6a\u1d00-\u1d2b\U0001d400-\U0001d7ff\U0001f100-\U0001f1ff]"
)
_BLANK = re.compile("[{}\\[\\]|_\\-\u2010-\u2015\u2212\\s\\x00-\\x1f\\x7f-\\x9f]")
"""What is a space in a plain view."""
_BLANKS_END = 0x3001
"""Where no more of those come that have no compatibility form."""
_APOSTROPHES = "\u2018\u2019"
"""As phones write them: one that is plain in a plain view."""
_CHANGING = frozenset({"Mn", "Me", "Cf", "Cc", "Zs", "Zl", "Zp"})
"""Categories of what may not be its own plain form."""
_KEEPS_MARKS = re.compile("[ñ\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7a3\uff65-\uff9f]")
TILDE = "\u0303"
_LONGEST = 4
"""Characters that one may become: a ligature of a whole sentence stays what it is."""


def _plain(letter: str) -> str:
    """Return what `letter`, which is neither invisible nor a plain space, becomes."""
    folded = normalize("NFKC", letter).casefold()
    if len(folded) > _LONGEST:
        return letter.casefold()
    if letter != TILDE and not _KEEPS_MARKS.match(folded):
        spread = normalize("NFKD", folded)
        bare = "".join(mark for mark in spread if category(mark) not in ("Mn", "Me"))
        folded = bare.casefold() if bare.strip() or not letter.isalpha() else letter
    return _BLANK.sub(" ", folded)


class PlainForms:
    """The plain form of each character met so far: itself, another, or a text."""

    NOTHING = END
    """What stands for no letter at all."""
    _UNKNOWN = 2 * END

    def __init__(self) -> None:
        self._texts = [""]
        self._forms = np.full(END, self._UNKNOWN, np.uint32)
        for first, last, alone in _RANGES.findall(_INVISIBLE):
            self._forms[ord(first or alone) : ord(last or alone) + 1] = self.NOTHING
        for code in range(_BLANKS_END):
            if _BLANK.match(chr(code)):
                self._forms[code] = SPACE
        self._forms[[ord(one) for one in _APOSTROPHES]] = ord("'")

    def of(self, codes: Codes) -> Codes:
        """Return each code point's form, or from `NOTHING` on the place of its text."""
        forms = self._forms[codes]
        if forms.max(initial=0) == self._UNKNOWN:
            for code in set(codes[forms == self._UNKNOWN].tolist()):
                self._forms[code] = self._find(chr(code))
            forms = self._forms[codes]
        return forms

    def spread(self, letters: Letters) -> Letters:
        """Write the texts out."""
        (places,) = np.nonzero(letters.codes >= END)
        if not len(places):
            return letters
        texts = [self._texts[at] for at in (letters.codes[places] - END).tolist()]
        sizes = np.ones(len(letters.codes), np.int64)
        sizes[places] = list(map(len, texts))
        codes = np.repeat(letters.codes, sizes)
        codes[np.repeat(letters.codes >= END, sizes)] = codes_of("".join(texts))
        return Letters(codes, np.repeat(letters.origin, sizes))

    def _find(self, letter: str) -> int:
        if (
            not decomposition(letter)
            and letter.casefold() == letter
            and category(letter) not in _CHANGING
        ):
            return ord(letter)
        form = _plain(letter)
        if len(form) == 1:
            return ord(form)
        if not form:
            return self.NOTHING
        self._texts.append(form)
        return END + self._texts.index(form)


FORMS = PlainForms()


def is_dressed_up(text: str) -> bool:
    """Whether `text` as received holds what a reader does not see, or letters in fancy dress."""
    if text.isascii():
        return False
    return _AN_INVISIBLE.search(text) is not None or _STYLED.search(text) is not None


def is_invisible(letter: str) -> bool:
    """Whether a character is dropped from every view."""
    return _AN_INVISIBLE.match(letter) is not None


def without_invisible(text: str) -> str:
    """Return `text` less what is dropped from every view."""
    return text if text.isascii() else _AN_INVISIBLE.sub("", text)
