"""Detectors that an operator installed: Python packages, pinned, held to the contract.

One may raise evidence and never lower it: it answers no question, so beside every score it says
that this was not assessed. It runs in this process, with all of its rights: its version is pinned.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution
from typing import Final, cast

from PIL import Image

from classifiers import canonical
from classifiers.canonical import Canonical
from classifiers.classifier import Capability, Classifier
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.errors import ModelError
from classifiers.registry import known_picture
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable

GROUP: Final = "imprimatur.detectors"
"""The entry point group that names what makes a detector, called without arguments."""
RAISING: Final = frozenset(
    {
        SignalName.IMAGE_SEXUAL_SUGGESTIVE,
        SignalName.IMAGE_SEXUAL_NUDITY,
        SignalName.IMAGE_SEXUAL_ACT,
        SignalName.IMAGE_NONCONSENT,
        SignalName.IMAGE_ANIMAL,
        SignalName.IMAGE_GORE,
        SignalName.IMAGE_PERSON,
        SignalName.IMAGE_MINOR_FACE,
        SignalName.IMAGE_MINOR_DRAWN,
    }
)
"""What one may report: names of which a greater score is never milder."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """Which detector: the name of its entry point, of which distribution, in which version."""

    name: str
    distribution: str
    version: str


class Plugin:
    """One such detector, of whose findings only names, scores and reasons are taken over."""

    def __init__(self, pinned: Pinned, detector: Classifier[Canonical]) -> None:
        """Wrap `detector`.

        Raises:
            ModelError: it would report nothing, or what is not for it to say.
        """
        emits = frozenset(detector.emits)
        if not emits or not emits <= RAISING:
            raise _refused(pinned, f"a detector of some of {sorted(RAISING)}", sorted(emits))
        digest = sha256(f"{pinned.distribution}=={pinned.version}".encode()).hexdigest()
        self.id = f"plugin_{pinned.name}@1+{digest[:8]}"
        self.emits = emits
        self.answers: frozenset[Capability] = frozenset()
        self._detector = detector

    @classmethod
    def opened(cls, pinned: Pinned) -> "Plugin":
        """Load what was pinned.

        Raises:
            ModelError: it is not installed, in another version, or is no detector.
        """
        try:
            make = cast("Callable[[], Classifier[Canonical]]", _entry_point(pinned).load())
            return cls(pinned, make())
        except (ImportError, AttributeError, TypeError) as error:
            raise _refused(pinned, "a detector that can be made", type(error).__name__) from error

    def warm(self) -> None:
        """Have it warm itself, and look once at a drawn picture.

        Raises:
            ModelError: what it says is not what a detector says.
        """
        self._detector.warm()
        self.classify(_drawn())

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report what it sees, and that none of it was assessed.

        Raises:
            ModelError: it said something else than one finding or more for each of its names.
        """
        where = Picture(content.carrier, content.index)
        found: list[Finding] = []
        for said in cast("Sequence[object]", self._detector.classify(content)):
            if isinstance(said, Signal):
                found.append(Signal(said.name, float(said.score), where, self.id))
                found.append(Unavailable(said.name, where, self.id, Reason.NOT_ASSESSED))
            elif isinstance(said, Unavailable):
                found.append(Unavailable(said.name, where, self.id, said.reason))
            else:
                message = f"{self.id}: expected findings, got {type(said).__name__}"
                raise ModelError(message)
        if frozenset(each.name for each in found) != self.emits:
            message = f"{self.id}: expected a finding for each name it declares, got others"
            raise ModelError(message)
        return found


def _entry_point(pinned: Pinned) -> EntryPoint:
    try:
        installed = distribution(pinned.distribution)
    except PackageNotFoundError as error:
        raise _refused(pinned, f"{pinned.distribution} to be installed", "none") from error
    if installed.version != pinned.version:
        raise _refused(pinned, f"version {pinned.version}", installed.version)
    named = list(installed.entry_points.select(group=GROUP, name=pinned.name))
    if len(named) != 1:
        raise _refused(pinned, f"one entry point of {GROUP}", len(named))
    return named[0]


def _refused(pinned: Pinned, expected: str, got: object) -> ModelError:
    return ModelError(f"detector {pinned.name!r}: expected {expected}, got {got!r}")


def _drawn() -> Canonical:
    out = io.BytesIO()
    Image.fromarray(known_picture(96, 64)).save(out, "PNG")
    return canonical.read(Received("known", 0, Purpose.OUTPUT, out.getvalue()))
