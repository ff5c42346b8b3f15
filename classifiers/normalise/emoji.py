"""Emoji that say a word: `emoji.csv` holds those whose meaning matters, reviewed one by one."""

import csv
import io
import re
from importlib.resources import files
from itertools import groupby

from classifiers.normalise.encoding import Encoding, is_foreign

_PICTURES = "\u2600-\u27bf\U0001f000-\U0001faff"
_BETWEEN = "\ufe0f\u200d"
"""What shows the form in colours, and what joins two emoji into one."""
_EMOJI = re.compile(f"[{_PICTURES}][{_PICTURES}{_BETWEEN}]*")


def _words() -> dict[str, str]:
    text = files("classifiers.normalise").joinpath("emoji.csv").read_text(encoding="utf-8")
    return {row["emoji"]: row["words"] for row in csv.DictReader(io.StringIO(text))}


_WORDS = _words()


def _from_emoji(token: str) -> str | None:
    """Say what emoji mean; a row of one and the same says no more than one of it."""
    meant = [_WORDS[emoji] for emoji in token if emoji in _WORDS]
    words = " ".join([word for word, _ in groupby(meant)])
    return f" {words} " if words else None


EMOJI = (Encoding("emoji", _EMOJI, _from_emoji, is_foreign, in_place=True),)
