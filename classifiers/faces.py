"""Finds faces in photographs with the embedded tiny face detector.

The detector divides a black square, with the picture in its upper left corner, into 13 x 13 cells.
Each cell answers for five anchors: where in the cell a face's centre is, how much wider and higher
than the anchor it is, and how likely it is one. A face is found once: of boxes that overlap, the
likeliest stays.

It is sure of upright faces only. Unless it is sure of one it looks again at the picture turned by a
quarter, a half and three quarters: else turning a photograph would hide whom it shows. It overlooks
what is smaller than an eleventh of the longer side; who must know looks closely, at nine
overlapping parts as well, and finds faces of half that size.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.canonical import Canonical
from classifiers.errors import ModelError
from classifiers.registry import Model, open_model
from classifiers.rendering import Pixels

NAME: Final = "tiny_face_detector"
_ANCHORS: Final = np.asarray(
    [
        (1.603231, 2.094468),
        (6.041143, 7.080126),
        (2.882459, 3.518061),
        (4.266906, 5.178857),
        (9.041765, 10.66308),
    ]
)
"""Width and height, in cells."""
_GROWTH: Final = (-6.0, 6.0)
"""The exponent of a box is cut here, at 1/400 and 400 times its anchor: every box has an area."""

_PART: Final = 0.45
"""How much of each side a part has; three on each, that overlap."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Face:
    """One face: the view it was found in, its box x, y, w, h in the picture's pixels, its score."""

    view: int
    box: Box
    score: float
    turn: int = 0
    """How many quarters, as `numpy.rot90` turns, bring it upright."""


class Faces:
    """The detector: finds the likeliest faces of a picture, in all its views."""

    def __init__(self, model: Model) -> None:
        self.id = model.id
        self._model = model
        self._at_least = model.card.number("face_at_least")
        self._overlap = model.card.number("overlap_at_most")
        self._sure = model.card.number("upright_sure_at_least")
        self.most = int(model.card.number("faces_at_most"))

    @classmethod
    def embedded(cls) -> Self:
        """Open the detector that lies in the repository.

        Raises:
            ModelError: it is missing or altered.
        """
        return cls(open_model(NAME))

    def find(self, picture: Canonical, *, closely: bool = False) -> tuple[Face, ...]:
        """Give the faces found, the likeliest first, and no more than the card's `faces_at_most`.

        Raises:
            ModelError: the detector has no answer.
        """
        views = range(len(picture.views))
        found = [face for view in views for face in self._find(picture, view, 0)]
        if all(face.score < self._sure for face in found):
            for turn in (1, 2, 3):
                found += [face for view in views for face in self._find(picture, view, turn)]
        if closely:
            parts = [(view, part) for view in views for part in _parts(picture)]
            found += [face for part in parts for face in self._within(picture, *part)]
        corners = np.asarray([(f.box[0], f.box[1], *_end(f.box)) for f in found], np.float64)
        scores = np.asarray([face.score for face in found])
        kept = apart(corners.reshape(-1, 4), scores, overlap=self._overlap, most=self.most)
        return tuple(found[i] for i in kept)

    def warm(self) -> None:
        """Look once at a known picture.

        Raises:
            ModelError: it does not see what it must see.
        """
        self._model.warm()

    def _find(self, picture: Canonical, view: int, turn: int) -> list[Face]:
        width, height = self._fitted(picture.width, picture.height)
        small = picture.shrunk(width, height, view)
        boxes, scores = self._look(np.rot90(small, turn))
        places = turned_back(boxes, turn, width, height)
        places *= np.asarray((picture.width / width, picture.height / height) * 2)
        return _faces(picture, view, turn, places, scores)

    def _within(self, picture: Canonical, view: int, part: Box) -> list[Face]:
        """Look at a part of the picture, as it stands."""
        left, top, wide, high = part
        width, height = self._fitted(wide, high)
        cut = Image.fromarray(picture.views[view][top : top + high, left : left + wide])
        small = np.asarray(cut.resize((width, height), Image.Resampling.BILINEAR))
        boxes, scores = self._look(small)
        places = boxes * np.asarray((wide / width, high / height) * 2)
        return _faces(picture, view, 0, places + np.asarray((left, top) * 2), scores)

    def _fitted(self, width: int, height: int) -> tuple[int, int]:
        side, longer = self._model.card.pixels.width, max(width, height)
        return max(1, round(width * side / longer)), max(1, round(height * side / longer))

    def _look(self, small: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the likely boxes in pixels that fit the detector's square, and their scores."""
        side = self._model.card.pixels.width
        square = np.zeros((1, side, side, 3), np.uint8)
        square[0, : small.shape[0], : small.shape[1]] = small
        boxes, scores = decode(self._model.answer(square)[0])
        likely = scores >= self._at_least
        boxes, scores = boxes[likely], scores[likely]
        kept = apart(boxes, scores, overlap=self._overlap, most=self.most)
        return boxes[kept] * side, scores[kept]


def _parts(picture: Canonical) -> tuple[Box, ...]:
    """Return the parts that are looked at closely; together they are the whole picture."""
    wide, high = (max(1, round(side * _PART)) for side in (picture.width, picture.height))
    lefts, tops = (
        (0, (side - part) // 2, side - part)
        for side, part in ((picture.width, wide), (picture.height, high))
    )
    return tuple((left, top, wide, high) for top in tops for left in lefts)


def _faces(
    picture: Canonical,
    view: int,
    turn: int,
    places: NDArray[np.float64],
    scores: NDArray[np.float64],
) -> list[Face]:
    faces = [
        Face(view, clipped(place, picture), float(score), turn)
        for place, score in zip(places, scores, strict=True)
    ]
    return [face for face in faces if face.box[2] > 0 and face.box[3] > 0]


def decode(cells: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn an answer of n x n x 25 into boxes left, top, right, bottom (1 = the square) and scores.

    Raises:
        ModelError: the answer has another shape.
    """
    count = cells.shape[0]
    if cells.shape != (count, count, 25):
        message = f"face detector: expected n x n x 25, got {cells.shape!r}"
        raise ModelError(message)
    anchors = cells.reshape(count, count, 5, 5).astype(np.float64)
    corner = np.stack(np.meshgrid(np.arange(count), np.arange(count)), axis=-1)[:, :, np.newaxis]
    centre = (corner + _sigmoid(anchors[..., 0:2])) / count
    half = np.exp(np.clip(anchors[..., 2:4], *_GROWTH)) * _ANCHORS / count / 2
    boxes = np.concatenate([centre - half, centre + half], axis=-1)
    return boxes.reshape(-1, 4), _sigmoid(anchors[..., 4]).reshape(-1)


def apart(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], *, overlap: float, most: int
) -> list[int]:
    """Choose the likeliest boxes, `most` at most, none of which lies over another by `overlap`."""
    kept: list[int] = []
    left = np.argsort(-scores, kind="stable")
    while len(left) > 0 and len(kept) < most:
        first = int(left[0])
        kept.append(first)
        left = left[1:]
        left = left[_shared(boxes[first], boxes[left]) <= overlap]
    return kept


def turned_back(
    boxes: NDArray[np.float64], turn: int, width: int, height: int
) -> NDArray[np.float64]:
    """Find boxes of a picture turned by `turn` quarters in the picture of width x height itself."""
    for step in range(turn, 0, -1):
        across = width if step % 2 else height  # of the picture before this quarter
        left, top, right, bottom = boxes.T
        boxes = np.stack([across - bottom, left, across - top, right], axis=-1)
    return boxes


def clipped(box: NDArray[np.float64], picture: Canonical) -> Box:
    """Cut a box left, top, right, bottom off at the picture's edges: x, y, w, h in whole pixels."""
    edges = (picture.width, picture.height) * 2
    left, top, right, bottom = (int(min(max(b, 0), e)) for b, e in zip(box, edges, strict=True))
    return (left, top, right - left, bottom - top)


def _end(box: Box) -> tuple[int, int]:
    return (box[0] + box[2], box[1] + box[3])


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))


def _shared(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give what a box shares with each of N others, of the area that the two cover together."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    both = np.maximum(sides, 0.0).prod(axis=1)
    areas = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1)
    shared: NDArray[np.float64] = both / (areas - both)
    return shared
