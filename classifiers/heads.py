"""Finds the heads of drawn people with a detector of YOLO's shape, so that each is looked at alone.

In a picture of several people a head is a few of the pixels that a tagger sees. What is cut out is
more than the head: a neck and shoulders tell age too. No head found says nothing about anybody.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.canonical import Canonical
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.faces import Box, apart, clipped
from classifiers.pins import Kind, Pin
from classifiers.pulled import opened_files
from classifiers.registry import known_picture
from classifiers.rendering import Pixels
from classifiers.runtime import Session

MOST: Final = 6
"""Heads of one picture that are looked at, the likeliest first."""
_AT_LEAST: Final = 0.25
_OVERLAP: Final = 0.5
_WIDER: Final = 1.6
"""How much of the picture round a head is cut out with it."""
_GREY: Final = 114
"""What such models are trained to see beside a picture that is no square."""
_LABELS: Final = ["head"]
_BLIND_BELOW: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Head:
    """Where a head is: the view it was found in, and x, y, w, h in the picture's pixels."""

    view: int
    box: Box
    score: float

    def cut_out(self, picture: Canonical) -> Pixels:
        """Return the head with what is round it, as far as the picture goes."""
        left, top, width, height = self.box
        across, down = width * (_WIDER - 1) / 2, height * (_WIDER - 1) / 2
        corners = np.asarray(
            (left - across, top - down, left + width + across, top + height + down)
        )
        x, y, w, h = clipped(corners, picture)
        return picture.views[self.view][y : y + h, x : x + w]


class Heads:
    """One detector of heads, with its card."""

    def __init__(
        self, pin: Pin, model: bytes, *, threads: int = 1, device: Device = Device.CPU
    ) -> None:
        """Load `model`, whose digest MUST have been checked before.

        Raises:
            ModelError: it cannot be loaded.
        """
        self.id = pin.id
        self._side = pin.pixels.width
        self._session = Session(pin.id, model, threads=threads, device=device)

    @classmethod
    def opened(cls, folder: Path, *, threads: int = 1, device: Device = Device.CPU) -> Self:
        """Open the detector in `folder`, as `imprimatur models pull` left it, every byte checked.

        Raises:
            ModelError: a file is missing, altered, or not what such a detector has.
        """
        pin, contents = opened_files(folder, Kind.HEAD_DETECTOR)
        if _labels(contents[pin.labels]) != _LABELS:
            message = f"{pin.id}: expected the labels {_LABELS!r}, got others"
            raise ModelError(message)
        return cls(pin, contents[pin.model], threads=threads, device=device)

    def warm(self) -> None:
        """Look once at a known picture and once at nothing.

        Raises:
            ModelError: it has no answer, or sees no difference.
        """
        known = known_picture(self._side, self._side)
        seen, nothing = (self._answer(each) for each in (known, np.full_like(known, _GREY)))
        if np.abs(seen - nothing).max() < _BLIND_BELOW:
            message = f"{self.id}: expected to see a picture, got the answer about nothing"
            raise ModelError(message)

    def find(self, picture: Canonical) -> tuple[Head, ...]:
        """Give the heads found, the likeliest first, and no more than `MOST`.

        Raises:
            ModelError: it has no answer, or an impossible one.
        """
        found = [head for view in range(len(picture.views)) for head in self._find(picture, view)]
        corners = np.asarray([_corners(head.box) for head in found], np.float64).reshape(-1, 4)
        scores = np.asarray([head.score for head in found])
        return tuple(found[i] for i in apart(corners, scores, overlap=_OVERLAP, most=MOST))

    def _find(self, picture: Canonical, view: int) -> list[Head]:
        scale = self._side / max(picture.width, picture.height)
        width, height = (max(1, round(each * scale)) for each in (picture.width, picture.height))
        square = np.full((self._side, self._side, 3), _GREY, np.uint8)
        square[:height, :width] = picture.shrunk(width, height, view)
        x, y, w, h, scores = self._answer(square)
        likely = scores >= _AT_LEAST
        boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=-1)[likely]
        boxes *= np.asarray((picture.width / width, picture.height / height) * 2)
        heads = [
            Head(view, clipped(box, picture), float(score))
            for box, score in zip(boxes, scores[likely], strict=True)
        ]
        return [head for head in heads if head.box[2] > 0 and head.box[3] > 0]

    def _answer(self, square: Pixels) -> NDArray[np.float64]:
        """Return centre, size (in pixels of the square) and score of each box, 5 x boxes."""
        planes = np.ascontiguousarray(square.transpose(2, 0, 1)[np.newaxis], np.float32) / 255
        (answer, *more) = self._session.run(planes)
        if more or answer.ndim != 3 or answer.shape[:2] != (1, 5):  # noqa: PLR2004 - 1 x 5 x boxes
            message = f"{self.id}: expected one answer of 1 x 5 x boxes, got {answer.shape!r}"
            raise ModelError(message)
        boxes: NDArray[np.float64] = answer[0].astype(np.float64)
        if boxes.size and not (boxes[4].min() >= 0 and boxes[4].max() <= 1):
            message = f"{self.id}: expected likelihoods, got others"
            raise ModelError(message)
        return boxes


def _corners(box: Box) -> tuple[int, int, int, int]:
    left, top, width, height = box
    return (left, top, left + width, top + height)


def _labels(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
