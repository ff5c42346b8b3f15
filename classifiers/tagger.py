"""Reads sexual levels, youth and other harm off the ratings and tags of a WD tagger (v3).

It was made from drawings. Whatever it sees may raise evidence, of any picture. It answers a
question, so that a low score means something, only of what is surely a drawing and only if its card
holds a measured recall: else it says beside every score that this was not assessed.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.canonical import Canonical
from classifiers.classifier import Capability
from classifiers.content import Rendition
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.heads import Heads
from classifiers.onnx_graph import closing_operation
from classifiers.pins import Kind, Pin
from classifiers.pulled import opened_files
from classifiers.registry import known_picture
from classifiers.remembered import Remembered
from classifiers.rendering import Pixels
from classifiers.runtime import Session
from classifiers.signals import Finding, Picture, Reason, Signal, Unavailable
from classifiers.tag_map import (
    HARMS,
    LEVELS,
    SPOKEN_OF,
    YOUTH,
    Labels,
    TagMap,
    digest_of,
    parse_tag_map,
    tag_map_bytes,
)

_LOGITS: Final = frozenset({"Add", "Gemm", "MatMul"})
_LIKELIHOODS: Final = "Sigmoid"
_REMEMBERED: Final = 64
_WHITE: Final = 255
_BLIND_BELOW: Final = 1e-6
_NEEDED_RECALL: Final = {
    **dict.fromkeys(LEVELS, "level_recall_at_least"),
    **dict.fromkeys(HARMS, "harm_recall_at_least"),
    YOUTH: "youth_recall_at_least",
}


class Tagger:
    """One tagger with its card. Of several at once one would answer for another: there is one."""

    def __init__(
        self,
        pin: Pin,
        model: bytes,
        labels: Labels,
        tag_map: TagMap,
        rendition: Callable[[Canonical], Rendition],
        *,
        heads: Heads | None = None,
        threads: int = 1,
        device: Device = Device.CPU,
    ) -> None:
        """Load `model`, whose digest MUST have been checked before.

        Raises:
            ModelError: it cannot be loaded, or makes its scores in a way that nobody knows.
        """
        closing = closing_operation(model)
        if closing != _LIKELIHOODS and closing not in _LOGITS:
            message = f"{pin.id}: expected scores of a Sigmoid, or logits, got those of {closing!r}"
            raise ModelError(message)
        self.id = pin.id if heads is None else f"{pin.id}/{heads.id}"
        self._heads = heads
        self.emits = SPOKEN_OF
        self.answers = frozenset(
            Capability(name, Rendition.DRAWING)
            for name in SPOKEN_OF
            if _measured(pin, _NEEDED_RECALL[name]) >= tag_map.qualified[_NEEDED_RECALL[name]]
        )
        self._logits = closing in _LOGITS
        self._labels = labels
        self._rendition = rendition
        self._side = pin.pixels.width
        self._session = Session(pin.id, model, threads=threads, device=device)
        self._seen = Remembered[NDArray[np.float32]](_REMEMBERED)

    @classmethod
    def opened(
        cls,
        folder: Path,
        rendition: Callable[[Canonical], Rendition],
        *,
        heads: Heads | None = None,
        threads: int = 1,
        device: Device = Device.CPU,
    ) -> Self:
        """Open the tagger in `folder`, as `imprimatur models pull` left it, every byte checked.

        `rendition` says how a picture was made, `heads` whose youth is to be looked at alone.

        Raises:
            ModelError: a file is missing, altered, or not what such a model has.
        """
        pin, contents = opened_files(folder, Kind.WD_TAGGER)
        text = tag_map_bytes(pin.tag_map or "")
        if pin.calibration is not None and pin.tag_map_sha256 != digest_of(text):
            message = f"{pin.id}: expected a calibration with this tag map, got one with another"
            raise ModelError(message)
        tag_map = parse_tag_map(text)
        labels = Labels(contents[pin.labels], tag_map)
        model = contents[pin.model]
        return cls(
            pin, model, labels, tag_map, rendition, heads=heads, threads=threads, device=device
        )

    def warm(self) -> None:
        """Look once at a known picture and once at nothing.

        Raises:
            ModelError: it has no answer, or sees no difference; or who finds heads does not.
        """
        if self._heads is not None:
            self._heads.warm()
        known = known_picture(self._side, self._side)
        seen = [self._scores(view) for view in (known, np.full_like(known, _WHITE))]
        for scores in seen:
            self._labels.read(scores)
        if np.abs(seen[0] - seen[1]).max() < _BLIND_BELOW:
            message = f"{self.id}: expected to see a picture, got the answer about nothing"
            raise ModelError(message)

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report the three levels, youth and other harm, and what of it was not assessed.

        Raises:
            ModelError: it has no answer, or an impossible one.
        """
        views = [_squared(view, self._side) for view in content.views]
        likelihoods = np.concatenate([self._remembered(content.tenant, view) for view in views])
        seen, where = self._labels.read(likelihoods), Picture(content.carrier, content.index)
        rendition = self._rendition(content)
        found: list[Finding] = []
        for name in sorted(SPOKEN_OF):
            score, label = seen[name]
            evidence = f"tag:{self._labels.names[label]}" if score > 0 else ""
            found.append(Signal(name, score, where, self.id, evidence))
            if Capability(name, rendition) not in self.answers:
                found.append(Unavailable(name, where, self.id, Reason.NOT_ASSESSED))
        if self._heads is not None and rendition is not Rendition.PHOTOGRAPH:
            found += self._alone(content, self._heads)
        return found

    def _alone(self, content: Canonical, heads: Heads) -> list[Finding]:
        """Report the youth that is seen in each head by itself; it can only add to the whole's."""
        found: list[Finding] = []
        for head in heads.find(content):
            crop = _squared(head.cut_out(content), self._side)
            score, label = self._labels.read(self._remembered(content.tenant, crop))[YOUTH]
            where = Picture(content.carrier, content.index, head.box)
            evidence = f"tag:{self._labels.names[label]}" if score > 0 else ""
            found.append(Signal(YOUTH, score, where, self.id, evidence))
        return found

    def _remembered(self, tenant: str, view: Pixels) -> NDArray[np.float32]:
        question = f"{tenant}\0".encode() + view.tobytes()
        return self._seen.answer(question, lambda: self._scores(view))

    def _scores(self, view: Pixels) -> NDArray[np.float32]:
        """Return the likelihoods of one square view, 1 x labels."""
        (answer, *more) = self._session.run(view[np.newaxis, :, :, ::-1].astype(np.float32))
        if more:
            message = f"{self.id}: expected one answer, got {len(more) + 1}"
            raise ModelError(message)
        scores = answer.astype(np.float32)
        if not self._logits:
            return scores
        likelihoods: NDArray[np.float32] = np.reciprocal(1 + np.exp(-np.clip(scores, -80, 80)))
        return likelihoods


def _measured(pin: Pin, number: str) -> float:
    return -1.0 if pin.calibration is None else pin.calibration.numbers.get(number, -1.0)


def _squared(view: Pixels, side: int) -> Pixels:
    """Put a picture in the middle of a white square, and shrink that: as the model was trained."""
    height, width = view.shape[:2]
    longer = max(height, width)
    square = np.full((longer, longer, 3), _WHITE, np.uint8)
    down, right = (longer - height) // 2, (longer - width) // 2
    square[down : down + height, right : right + width] = view
    return np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BICUBIC))
