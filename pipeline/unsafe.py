"""Unsafe things, for development and demonstrations only: they are never part of a real gate."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

from classifiers.classifier import Capability, Classifier
from classifiers.errors import ModelError
from classifiers.signals import Finding, SignalName

C = TypeVar("C")


class UnsafeSwitch(Generic[C]):
    """A classifier that fails for as long as a file named like it lies in a folder.

    It can only make a gate stricter, since what fails is `Unavailable`; but whoever can write to
    the folder can stop the service, so settings refuse it outside development.
    """

    def __init__(self, classifier: Classifier[C], folder: Path) -> None:
        warnings.warn("classifiers can be switched off by files", UserWarning, stacklevel=2)
        self._classifier = classifier
        self._switch = folder / classifier.id.partition("@")[0]

    @property
    def id(self) -> str:
        """The id of the classifier itself."""
        return self._classifier.id

    @property
    def emits(self) -> frozenset[SignalName]:
        """What the classifier itself emits."""
        return self._classifier.emits

    @property
    def answers(self) -> frozenset[Capability]:
        """What the classifier itself answers."""
        return self._classifier.answers

    def warm(self) -> None:
        """Fail if it is switched off."""
        self._check()
        self._classifier.warm()

    def classify(self, content: C, /) -> Sequence[Finding]:
        """Fail if it is switched off, else look."""
        self._check()
        return self._classifier.classify(content)

    def _check(self) -> None:
        if self._switch.exists():
            message = f"{self.id}: switched off by a file"
            raise ModelError(message)
