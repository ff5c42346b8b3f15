"""Asks somebody else's list of known pictures, and hands over nothing but hashes.

What is sent are the PDQ hashes of a picture as it stands, turned and mirrored: nobody can make the
picture of them, and nobody is named. Only what a request carries is asked about; no list can know a
picture that was just made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

import numpy as np

from classifiers.canonical import Canonical
from classifiers.classifier import Capability
from classifiers.content import Purpose
from classifiers.errors import ModelError
from classifiers.hash_match import RADIUS, near_score
from classifiers.perceptual import VARIANTS, Hashed, hashes_of
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable

_EMITS: Final = frozenset({SignalName.HASH_CSAM_NEAR, SignalName.HASH_BLOCKED_NEAR})


class Known(StrEnum):
    """What a list says of a hash."""

    NO = "no-known-match"
    CSAM = "csam"
    HARMFUL = "harmful-abusive-material"
    TEST = "test"
    """Entries with which its maker lets others try that they are heard."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a list says of one hash, and whether of exactly that one."""

    known: Known
    exactly: bool = False


_OF_NOTHING: Final = sha256(b"imprimatur").digest()
Ask = Callable[[Sequence[bytes]], Mapping[bytes, Said]]
"""Asks about hashes of 32 bytes. MUST raise `ClassifierError` where it gets no answer."""
_NAMES: Final = {
    Known.CSAM: SignalName.HASH_CSAM_NEAR,
    Known.HARMFUL: SignalName.HASH_BLOCKED_NEAR,
    Known.TEST: SignalName.HASH_BLOCKED_NEAR,
}


class RemoteList:
    """One such list: what it matches is a suspicion, and while it is silent nobody knows."""

    emits = _EMITS
    answers: frozenset[Capability] = frozenset()

    def __init__(self, name: str, address: str, ask: Ask) -> None:
        """Name the list, which is at `address`, and how it is asked."""
        self.id = f"remote_{name}@1+{sha256(address.encode()).hexdigest()[:8]}"
        self._name = name
        self._ask = ask

    def warm(self) -> None:
        """Ask about a hash that is of nothing.

        Raises:
            ClassifierError: there is no answer, or it says that this one is known.
        """
        if self._ask([_OF_NOTHING])[_OF_NOTHING].known is not Known.NO:
            message = f"{self.id}: expected not to know a hash of nothing, got another answer"
            raise ModelError(message)

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report what the list says of a picture that a request carries.

        Raises:
            ClassifierError: there is no answer.
        """
        where = Picture(content.carrier, content.index)
        if content.purpose in {Purpose.OUTPUT, Purpose.MASK}:
            return self._nothing(where, _EMITS, Reason.NOT_ASSESSED)
        views = hashes_of(content)
        hashed = [view for view in views if isinstance(view, Hashed)]
        said = self._said(hashed) if hashed else {}
        found: list[Finding] = [
            Signal(
                _NAMES[each.known], _score(each), where, self.id, f"remote:{self._name} v={name}"
            )
            for name, each in said.items()
            if each.known is not Known.NO
        ]
        left = _EMITS - {each.name for each in found}
        if len(hashed) < len(views):
            return [*found, *self._nothing(where, left, Reason.TOO_FLAT)]
        return [*found, *(Signal(name, 0.0, where, self.id) for name in sorted(left))]

    def _said(self, hashed: Sequence[Hashed]) -> dict[str, Said]:
        """Return the gravest that is said of each variant, in all views.

        Raises:
            ClassifierError: there is no answer, or none for one of the hashes.
        """
        rows = [np.ascontiguousarray(each.pdq).tobytes() for each in hashed]
        size = len(rows[0]) // len(VARIANTS)
        asked = [row[at : at + size] for row in rows for at in range(0, len(row), size)]
        answers = self._ask(list(dict.fromkeys(asked)))
        gravest: dict[str, Said] = {}
        for number, digest in enumerate(asked):
            if digest not in answers:
                message = f"{self.id}: expected an answer for each hash, got fewer"
                raise ModelError(message)
            name, said = VARIANTS[number % len(VARIANTS)], answers[digest]
            if _weight(said) >= _weight(gravest.get(name, said)):
                gravest[name] = said
        return gravest

    def _nothing(
        self, where: Picture, names: frozenset[SignalName], why: Reason
    ) -> list[Unavailable]:
        return [Unavailable(name, where, self.id, why) for name in sorted(names)]


def _score(said: Said) -> float:
    return 1.0 if said.exactly else near_score(RADIUS)


def _weight(said: Said) -> tuple[bool, bool, bool]:
    return (said.known is Known.CSAM, said.known is not Known.NO, said.exactly)
