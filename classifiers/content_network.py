"""Asks the 5-class content network about a picture, once, and says how the picture was made.

The network knows Drawing, Hentai, Neutral, Porn and Sexy. It was trained on pictures shrunk by
taking single pixels, and is markedly worse on smoothly shrunk ones; but taking single pixels of a
large picture would let a sender hide another picture in just those pixels. So it sees single pixels
of the smooth 512 x 512 that is hashed too: sharp enough for it, and a fifth of the area to falsify.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.canonical import Canonical
from classifiers.content import Rendition
from classifiers.errors import ModelError
from classifiers.registry import Model, open_model
from classifiers.remembered import Remembered

NAME: Final = "nsfw_mobilenet_v2"
_DRAWING, _HENTAI, _, _PORN, _SEXY = range(5)
_REMEMBERED: Final = 64
_SMOOTH: Final = 512
_SUM_TOLERANCE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """What the network sees in a picture: of all its views, the one that counts most."""

    drawn_at_least: float
    drawn_at_most: float
    explicit: float
    """Hentai or Porn; the network does not tell nudity from acts."""
    suggestive: float
    """Sexy, or explicit."""

    @classmethod
    def of(cls, answer: NDArray[np.float32]) -> Self:
        """Sum up an answer of views x 5.

        Raises:
            ModelError: it is not a likelihood over five classes for each view.
        """
        sums = answer.sum(axis=1)
        if answer.shape[1:] != (5,) or answer.min() < 0 or np.abs(sums - 1).max() > _SUM_TOLERANCE:
            raise ModelError("content network: expected likelihoods of five classes, got others")
        drawn = answer[:, _DRAWING] + answer[:, _HENTAI]
        explicit = answer[:, _HENTAI] + answer[:, _PORN]
        suggestive = explicit + answer[:, _SEXY]
        return cls(
            drawn_at_least=min(1.0, float(drawn.min())),
            drawn_at_most=min(1.0, float(drawn.max())),
            explicit=min(1.0, float(explicit.max())),
            suggestive=min(1.0, float(suggestive.max())),
        )


class ContentNetwork:
    """The network and its last answers, shared by all who ask about a tenant's same picture."""

    def __init__(self, model: Model) -> None:
        self.id = model.id
        self._model = model
        self._photograph_at_most = model.card.number("photograph_drawn_at_most")
        self._drawing_at_least = model.card.number("drawing_drawn_at_least")
        self._seen = Remembered[Likelihoods](_REMEMBERED)

    @classmethod
    def embedded(cls) -> Self:
        """Open the network that lies in the repository.

        Raises:
            ModelError: it is missing or altered.
        """
        return cls(open_model(NAME))

    def look(self, picture: Canonical) -> Likelihoods:
        """Tell what is seen; whoever asks the same of the same tenant meanwhile waits for it.

        Raises:
            ModelError: the network has no answer. It is asked anew next time.
        """
        views = self._views(picture)
        question = f"{picture.tenant}\0".encode() + views.tobytes()
        return self._seen.answer(question, lambda: Likelihoods.of(self._model.answer(views)))

    def suggestive(self, picture: Canonical) -> float:
        """Tell how likely the picture is suggestive or more, in the view that counts most.

        Raises:
            ModelError: as `look`.
        """
        return self.look(picture).suggestive

    def rendition(self, picture: Canonical) -> Rendition:
        """Tell how the picture was made, if that is sure for every view of it.

        Raises:
            ModelError: as `look`.
        """
        seen = self.look(picture)
        if seen.drawn_at_most <= self._photograph_at_most:
            return Rendition.PHOTOGRAPH
        if seen.drawn_at_least >= self._drawing_at_least:
            return Rendition.DRAWING
        return Rendition.UNSURE

    def warm(self) -> None:
        """Look once at a known picture.

        Raises:
            ModelError: it does not see what it must see.
        """
        self._model.warm()

    def _views(self, picture: Canonical) -> NDArray[np.uint8]:
        size = self._model.card.pixels.width
        taken = np.arange(size) * _SMOOTH // size
        views = [picture.shrunk(_SMOOTH, _SMOOTH, view) for view in range(len(picture.views))]
        return np.stack([view.take(taken, axis=0).take(taken, axis=1) for view in views])
