"""Says whether a picture is a photograph, and what sexual content the embedded network sees in it.

Levels are cumulative: an explicit picture is suggestive too. Of drawings the network knows no level
below explicit, so there nudity and suggestion are not assessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from classifiers.canonical import Canonical
from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.content_network import ContentNetwork
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable

_PHOTOGRAPHS_ONLY: Final = frozenset(
    {SignalName.IMAGE_SEXUAL_NUDITY, SignalName.IMAGE_SEXUAL_SUGGESTIVE}
)
_ANY: Final = frozenset({SignalName.IMAGE_PHOTOGRAPH, SignalName.IMAGE_SEXUAL_ACT})


@dataclass(frozen=True, slots=True)
class ImageContent:
    """Reports how a picture was made and, as far as it can tell, its sexual level."""

    network: ContentNetwork
    emits: frozenset[SignalName] = _ANY | _PHOTOGRAPHS_ONLY
    answers: frozenset[Capability] = frozenset(
        {Capability(name) for name in _ANY}
        | {Capability(name, Rendition.PHOTOGRAPH) for name in _PHOTOGRAPHS_ONLY}
    )

    @property
    def id(self) -> str:
        """The network's id."""
        return self.network.id

    def warm(self) -> None:
        """Look once at a known picture.

        Raises:
            ModelError: the network does not see what it must see.
        """
        self.network.warm()

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report `image.rendition.photograph` and the three sexual levels.

        Raises:
            ModelError: the network has no answer.
        """
        seen = self.network.look(content)
        where = Picture(content.carrier, content.index)
        photograph = SignalName.IMAGE_PHOTOGRAPH
        act = SignalName.IMAGE_SEXUAL_ACT
        levels: Sequence[Finding] = [
            Unavailable(name, where, self.id, Reason.NOT_ASSESSED)
            for name in sorted(_PHOTOGRAPHS_ONLY)
        ]
        if self.network.rendition(content) is Rendition.PHOTOGRAPH:
            nudity, suggestive = SignalName.IMAGE_SEXUAL_NUDITY, SignalName.IMAGE_SEXUAL_SUGGESTIVE
            levels = [
                Signal(nudity, seen.explicit, where, self.id),
                Signal(suggestive, seen.suggestive, where, self.id),
            ]
        return [
            Signal(photograph, 1.0 - seen.drawn_at_least, where, self.id),
            Signal(act, seen.explicit, where, self.id),
            *levels,
        ]
