"""Says whether a photograph shows a face, and whether a face may be under age.

It may raise minor evidence, never establish adulthood: a score near 0 means no more than that
nothing was seen. Nor does a picture without a face show an adult; it scores 0 because nothing in it
raises the evidence. But where a body may be shown, somebody is there: without a face that can be
judged nobody knows how old, and that is said. Of anything not surely a photograph the network must
not speak.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.canonical import Canonical
from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.errors import ModelError
from classifiers.faces import Face, Faces
from classifiers.registry import Model, open_model
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable

NAME: Final = "face_age"
_EMITS: Final = frozenset({SignalName.IMAGE_PERSON, SignalName.IMAGE_MINOR_FACE})
_MEAN_TO_DEVIATION: Final = math.sqrt(math.pi / 2)
"""A normal error's standard deviation, over its mean absolute value."""
_NINE_OF_TEN: Final = 1.645
"""How many deviations either way nine of ten normal errors are within."""
_BODY_AT_LEAST: Final = 0.2
"""The likelihood of suggestion from which on a body may be shown: the floor begins to ask there."""
_LEAST_SIDE: Final = 24
"""Pixels; a smaller face is mostly made up when it is enlarged."""
_POSSIBLE_YEARS: Final = (-30.0, 150.0)


class FaceAge:
    """The age network: how old a face looks, and how likely that is under age."""

    def __init__(self, model: Model) -> None:
        self.id = model.id
        self._model = model
        self._adult_years = model.card.number("adult_years")
        self._deviation = model.card.number("mean_error_years") * _MEAN_TO_DEVIATION

    @classmethod
    def embedded(cls) -> Self:
        """Open the network that lies in the repository.

        Raises:
            ModelError: it is missing or altered.
        """
        return cls(open_model(NAME))

    def years(self, picture: Canonical, faces: Sequence[Face]) -> tuple[float, ...]:
        """Guess the age of each face.

        Raises:
            ModelError: the network has no answer, or an impossible one.
        """
        if not faces:
            return ()
        side = self._model.card.pixels.width
        crops = np.stack([_crop(picture, face, side) for face in faces])
        years = tuple(float(guess) for guess in self._model.answer(crops).reshape(-1))
        low, high = _POSSIBLE_YEARS
        if len(years) != len(faces) or not all(low <= guess <= high for guess in years):
            message = f"{self.id}: expected a possible age for each face, got something else"
            raise ModelError(message)
        return years

    def minor(self, years: float) -> float:
        """Give the likelihood that a face guessed at `years` is under age; it falls with `years`.

        Errors are taken to be normal, with the published mean: 0.5 at 18, 0.13 at 25, 0.03 at 30.
        """
        return 0.5 * math.erfc((years - self._adult_years) / (self._deviation * math.sqrt(2)))

    def interval(self, years: float) -> tuple[float, float]:
        """Give between what ages nine faces of ten are that are guessed at `years`.

        By the same errors: published, not measured by us, so that it tells people and decides
        nothing.
        """
        reach = _NINE_OF_TEN * self._deviation
        return max(0.0, years - reach), max(0.0, years + reach)

    def warm(self) -> None:
        """Look once at a known picture.

        Raises:
            ModelError: it does not see what it must see.
        """
        self._model.warm()


@dataclass(frozen=True, slots=True)
class ApparentAge:
    """Reports `image.person` once and `image.minor.face` for each face, of photographs only."""

    rendition: Callable[[Canonical], Rendition]
    suggestive: Callable[[Canonical], float]
    """How likely a picture is suggestive, or more."""
    faces: Faces
    age: FaceAge
    emits: frozenset[SignalName] = _EMITS
    answers: frozenset[Capability] = frozenset(
        Capability(name, Rendition.PHOTOGRAPH) for name in _EMITS
    )

    @property
    def id(self) -> str:
        """The ids of both networks."""
        return f"{self.faces.id}/{self.age.id}"

    def warm(self) -> None:
        """Look once at a known picture, with both networks.

        Raises:
            ModelError: one does not see what it must see.
        """
        self.faces.warm()
        self.age.warm()

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report on the faces of a photograph.

        Raises:
            ModelError: a network has no answer.
        """
        whole = Picture(content.carrier, content.index)
        if self.rendition(content) is not Rendition.PHOTOGRAPH:
            reason = Reason.NOT_ASSESSED
            return [Unavailable(name, whole, self.id, reason) for name in sorted(_EMITS)]
        body = self.suggestive(content) >= _BODY_AT_LEAST
        found = self.faces.find(content, closely=body)
        unknown = self._unknown(found) if body else frozenset()
        silent = [
            Unavailable(name, whole, self.id, Reason.NOT_ASSESSED) for name in sorted(unknown)
        ]
        if not found:
            zeros = (Signal(name, 0.0, whole, self.id) for name in sorted(_EMITS - unknown))
            return [*silent, *zeros]
        return [
            *silent,
            Signal(SignalName.IMAGE_PERSON, found[0].score, whole, self.id),
            *(
                Signal(
                    SignalName.IMAGE_MINOR_FACE,
                    self.age.minor(years),
                    Picture(content.carrier, content.index, face.box),
                    self.id,
                    "years:{:.0f}-{:.0f}".format(*self.age.interval(years)),
                )
                for face, years in zip(found, self.age.years(content, found), strict=True)
            ),
        ]

    def _unknown(self, found: Sequence[Face]) -> frozenset[SignalName]:
        """Tell what nobody can know: of no face, of a small one, of more than are looked for."""
        if not found:
            return _EMITS
        small = any(min(face.box[2:]) < _LEAST_SIDE for face in found)
        if small or len(found) >= self.faces.most:
            return frozenset({SignalName.IMAGE_MINOR_FACE})
        return frozenset()


def _crop(picture: Canonical, face: Face, side: int) -> NDArray[np.uint8]:
    """Cut out a face, in the middle of a black square, upright, as the network was trained."""
    left, top, width, height = face.box
    view = picture.views[face.view][top : top + height, left : left + width]
    view = np.rot90(view, face.turn)
    height, width = view.shape[:2]
    longer = max(width, height)
    square = np.zeros((longer, longer, 3), np.uint8)
    down, right = (longer - height) // 2, (longer - width) // 2
    square[down : down + height, right : right + width] = view
    resized = Image.fromarray(square).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized)
