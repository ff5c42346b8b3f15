"""Says whether this installation can judge what a prompt says."""

import re
from collections.abc import Sequence

from classifiers.classifier import Capability
from classifiers.content import Grammar, Prompt, Text
from classifiers.errors import ClassifierError
from classifiers.normalise import FieldReading, Reading, read
from classifiers.signals import Field, Finding, Signal, SignalName

_UNREAD = (
    "\u0370-\u03ff\u0530-\u109f\u10a0-\u10ff\u1200-\u1cff\u1d26-\u1d2a\u1f00-\u1fff"
    "\u2800-\u28ff\u2c00-\u2c5f\u2c80-\u2ddf\ua000-\ua63f\ua6a0-\ua6ff\ua800-\ua95f\ua980-\uaaff"
    "\uab70-\uabff\ud800-\udfff\ue000-\uf8ff\ufb13-\ufdff\ufe70-\ufefc"
    "\U00010000-\U0001cfff\U0001d000-\U0001d0ff\U0001da00-\U0001daff\U0001e000-\U0001efff"
    "\U000f0000-\U0010ffff"
)
"""Where no list of terms covers the script: all but Latin, Cyrillic, Han, Kana, Hangul, symbols."""
_UNREAD_WORD = re.compile(f"[{_UNREAD}]{{3,}}")
_UNREAD_LETTER = re.compile(f"[{_UNREAD}]")
_A_FEW = 6
"""Letters of unread scripts that a text of ornaments and faces may hold."""
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-z]+")
_VOWELS = re.compile(r"[aeiouy]")
_NO_VOWEL = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}")
_REPEATED = re.compile(r"(.)\1+")
_BLOB = re.compile(r"[a-z0-9+/=]{40,}")
_LONG_WORD = 5
"""Letters from which a word without vowels is taken for noise."""
_NOISE_LETTERS = 24
_NOISE_SHARE = 0.4
_SCRIPTS = ("latin", "cyrillic", "han", "kana", "hangul")


class Readability:
    """Looks at the scripts of each field, and for noise that no view could make out.

    It is slow to call anything noise: names are strange words too.
    """

    @property
    def id(self) -> str:
        """Name and version."""
        return "readability@1"

    @property
    def emits(self) -> frozenset[SignalName]:
        """The name it reports."""
        return frozenset({SignalName.TEXT_READABLE})

    @property
    def answers(self) -> frozenset[Capability]:
        """It answers of any rendition."""
        return frozenset({Capability(SignalName.TEXT_READABLE)})

    def warm(self) -> None:
        """Look once at a text that can be read and at one that cannot.

        Raises:
            ClassifierError: it takes one for the other.
        """
        for text, expected in (("a lighthouse at dawn", True), ("\u0e1b\u0e23\u0e30\u0e20", False)):
            (field,) = read(Prompt((Text("warm", text),), Grammar.V4)).fields
            if is_readable(field) is not expected:
                message = f"{self.id}: expected readable {expected!r} of a known text"
                raise ClassifierError(message)

    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Report 0.0 for each field that cannot be judged, else one 1.0 of all fields together."""
        name = SignalName.TEXT_READABLE
        unread = [field for field in content.fields if not is_readable(field)]
        found = [Signal(name, 0.0, Field(field.path), self.id) for field in unread]
        return found or [Signal(name, 1.0, Field("*"), self.id)]


def is_readable(field: FieldReading) -> bool:
    """Whether all of `field` was read, and in scripts and words that can be judged."""
    if field.unread:
        return False
    text = field.plain.text
    if _UNREAD_WORD.search(text) or len(_UNREAD_LETTER.findall(text)) >= _A_FEW:
        return False
    return not _is_noise(text) or any(
        view.source.startswith("decoded:") and not _is_noise(view.text) for view in field.views
    )


def _is_noise(text: str) -> bool:
    """Whether much of `text` is letters that no language puts together."""
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    noise = sum(len(word) for word in words if _is_gibberish(word))
    blobs = sum(len(blob) for blob in _BLOB.findall(text) if _is_blob(blob))
    return noise >= max(_NOISE_LETTERS, _NOISE_SHARE * letters) or blobs >= _NOISE_LETTERS


def _is_gibberish(word: str) -> bool:
    if len(word) < _LONG_WORD or not _LATIN.fullmatch(word):
        return False
    return not _VOWELS.search(word) or _NO_VOWEL.search(word) is not None


def _is_blob(run: str) -> bool:
    """Whether an endless run is data; a letter held long is only a scream."""
    return len(_REPEATED.sub(r"\1", run)) >= _NOISE_LETTERS
