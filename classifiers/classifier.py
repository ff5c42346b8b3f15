"""The contract of everything that looks at content.

A classifier is synchronous and may be called from any thread. Whoever calls it keeps it off the
event loop, gives it a deadline and turns whatever it raises into `Unavailable` (`pipeline.judge`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from typing_extensions import override

from classifiers.content import Rendition
from classifiers.signals import Finding, SignalName

Content_contra = TypeVar("Content_contra", contravariant=True)


@dataclass(frozen=True, slots=True, order=True)
class Capability:
    """A question that an installation can answer: a signal, on one rendition or (None) on any."""

    name: SignalName
    rendition: Rendition | None = None

    @override
    def __str__(self) -> str:
        return self.name if self.rendition is None else f"{self.name}@{self.rendition}"


class Classifier(Protocol[Content_contra]):
    """Looks at prepared content and reports what it was built to report, exactly."""

    @property
    def id(self) -> str:
        """Name, version and, for models and lists, the start of the digest: `name@1+3fa9c2d1`."""
        ...

    @property
    def emits(self) -> frozenset[SignalName]:
        """The names it reports: `classify` gives a finding or more for each, and no other."""
        ...

    @property
    def answers(self) -> frozenset[Capability]:
        """The questions it is qualified to answer: a name, perhaps of one rendition only."""
        ...

    def warm(self) -> None:
        """Look once at a known content.

        Raises:
            ClassifierError: it does not see what it must see; it is not fit to be used.
        """
        ...

    def classify(self, content: Content_contra, /) -> Sequence[Finding]:
        """Report on `content`.

        Raises:
            ClassifierError: it could not look. The caller makes that `Unavailable`.
        """
        ...
