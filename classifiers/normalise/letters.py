"""Text as an array of code points, each with its place in the text as received.

Views are made by whole-array steps, so that a hostile text costs no more than an ordinary one.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Places = NDArray[np.int32]
Mask = NDArray[np.bool_]

END = 0x110000
"""One more than the last code point."""
SPACE = ord(" ")
NEWLINE = ord("\n")
_ASCII = 0x80
_UNASKED = 2


@dataclass(frozen=True, slots=True, eq=False)
class Letters:
    """Code points, and as many places in the text as received."""

    codes: Codes
    origin: Places
    _text: str | None = field(default=None, repr=False)
    """What they spell, where it is known."""

    @classmethod
    def of(cls, text: str) -> "Letters":
        """Take a text as received: each letter comes from where it stands."""
        return cls(codes_of(text), np.arange(len(text), dtype=np.int32), text)

    @property
    def text(self) -> str:
        """The code points as a `str`, lone surrogates included."""
        return text_of(self.codes) if self._text is None else self._text

    def sources(self) -> Sequence[int]:
        """Return the places as plain integers."""
        return array("i", self.origin.tobytes())

    def keep(self, mask: Mask) -> "Letters":
        """Leave out what `mask` does not hold."""
        return self if mask.all() else Letters(self.codes[mask], self.origin[mask])

    def written(self, codes: Codes) -> "Letters":
        """Put other code points in the same places."""
        return Letters(codes, self.origin)

    def translated(self, table: "Alphabet") -> "Letters":
        """Put what `table` makes of each in its place."""
        if self._text is None or not self.is_ascii:
            return self.written(table.of(self.codes))
        text = self._text.translate(table.ascii)
        return Letters(codes_of(text), self.origin, text)

    def turned(self) -> "Letters":
        """Write the last first."""
        text = None if self._text is None else self._text[::-1]
        return Letters(self.codes[::-1], self.origin[::-1], text)

    def replaced(self, texts: Sequence[str], spans: Sequence[tuple[int, int]]) -> "Letters":
        """Return `texts` one after the other, each spread evenly over its span of this text."""
        counts = np.fromiter(map(len, texts), np.int64, len(texts))
        starts, ends = np.fromiter(chain.from_iterable(spans), np.int64).reshape(-1, 2).T
        inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        each = np.repeat(ends - starts, counts) * inside // np.repeat(counts, counts)
        return Letters(codes_of("".join(texts)), self.origin[np.repeat(starts, counts) + each])

    def same_as(self, other: "Letters") -> bool:
        """Whether both read the same."""
        return len(self.codes) == len(other.codes) and not (self.codes != other.codes).any()

    @property
    def is_ascii(self) -> bool:
        """Whether nothing is beyond ASCII."""
        if self._text is not None:
            return self._text.isascii()
        return not len(self.codes) or bool(self.codes.max() < _ASCII)


def text_of(codes: Codes) -> str:
    """Return code points as a `str`."""
    if not len(codes) or codes.max() < _ASCII:
        return codes.astype(np.uint8).tobytes().decode("ascii")
    try:
        return codes.tobytes().decode("utf-32-le")
    except UnicodeDecodeError:  # a lone surrogate; the codec's own handler is slow
        return "".join(map(chr, codes.tolist()))


def codes_of(text: str) -> Codes:
    """Return the code points of `text`."""
    try:
        return np.frombuffer(text.encode("utf-32-le"), np.dtype("<u4"))
    except UnicodeEncodeError:  # a lone surrogate; the codec's own handler is slow
        return np.fromiter(map(ord, text), np.uint32, len(text))


def before(mask: Mask) -> Mask:
    """Say of each place what holds of the place before it; of the first, that it does not."""
    shifted = np.empty(len(mask), np.bool_)
    shifted[:1] = False
    shifted[1:] = mask[:-1]
    return shifted


def after(mask: Mask) -> Mask:
    """Say of each place what holds of the place after it; of the last, that it does not."""
    shifted = np.empty(len(mask), np.bool_)
    shifted[-1:] = False
    shifted[:-1] = mask[1:]
    return shifted


def groups(mask: Mask) -> NDArray[np.intp]:
    """Number the stretches where `mask` holds from 1 on; what stands before or between is less."""
    return np.cumsum(mask & ~before(mask), dtype=np.intp)


def covered(spans: Sequence[tuple[int, int]], size: int) -> Mask:
    """Say of each of `size` places whether one of `spans` covers it."""
    if not spans:
        return np.zeros(size, np.bool_)
    starts, ends = np.fromiter(chain.from_iterable(spans), np.int64).reshape(-1, 2).T
    change = np.bincount(starts, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    return np.cumsum(change)[:size] > 0


class Kinds:
    """What a method of `str` says of code points, asked once of each that is met."""

    def __init__(self, ask: Callable[[str], bool]) -> None:
        self._ask = ask
        self._kinds = np.full(END, _UNASKED, np.uint8)

    def of(self, codes: Codes) -> Mask:
        """Say of each code point whether it is of this kind."""
        kinds = self._kinds[codes]
        if kinds.max(initial=0) == _UNASKED:
            unasked = set(codes[kinds == _UNASKED].tolist())
            self._kinds[list(unasked)] = [self._ask(chr(code)) for code in unasked]
            kinds = self._kinds[codes]
        kind: Mask = kinds != 0
        return kind


ALNUM = Kinds(str.isalnum)
ALPHA = Kinds(str.isalpha)


class Alphabet:
    """What some code points become; the others stay."""

    def __init__(self, table: Mapping[int, int]) -> None:
        self._table = np.arange(max(table) + 1, dtype=np.uint32)
        self._table[list(table)] = list(table.values())
        self.ascii = {code: other for code, other in table.items() if code < _ASCII}
        """Of these, what becomes of ASCII."""

    def of(self, codes: Codes) -> Codes:
        """Return what each becomes."""
        last = np.uint32(len(self._table) - 1)
        if not len(codes) or codes.max() <= last:
            return self._table[codes]
        return np.where(codes <= last, self._table[np.minimum(codes, last)], codes)
