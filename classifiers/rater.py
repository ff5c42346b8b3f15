"""Reads signals off a picture classifier of transformers' form (ViT and its like), as ONNX.

It may raise evidence and never lower it: beside every score it says that this was not assessed.
What its labels mean stands on its card; how it wants its pixels, and whether its answers exclude
each other, in its maker's own files. Whatever these say that is not known here is refused.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifiers.canonical import Canonical
from classifiers.classifier import Capability
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.onnx_graph import closing_operation
from classifiers.picture_engines import Planes, open_engine
from classifiers.pins import PREPARING, Kind, Pin
from classifiers.plugins import RAISING
from classifiers.pulled import opened_files
from classifiers.registry import known_picture
from classifiers.rendering import Pixels
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable

_LOGITS: Final = frozenset({"Add", "Gemm", "MatMul"})
_LIKELIHOODS: Final = {"Softmax": False, "Sigmoid": True}
"""By what a graph may end, and whether several of its answers may hold at once."""
_BLIND_BELOW: Final = 1e-6
_SUM_TOLERANCE: Final = 0.01
_EDGE: Final = 1e-6
M = TypeVar("M", bound=BaseModel)
_Positive = Annotated[float, Field(gt=0)]
_Colours = tuple[float, float, float]


class _Labels(BaseModel):
    """What is read of `config.json`."""

    model_config = ConfigDict(frozen=True)

    id2label: Annotated[Mapping[int, str], Field(min_length=2)]
    problem_type: Literal["single_label_classification", "multi_label_classification"] | None = None


class _Size(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    height: Annotated[int, Field(gt=0)]
    width: Annotated[int, Field(gt=0)]


class _Preparing(BaseModel):
    """What is read of `preprocessor_config.json`: the picture is squeezed, scaled and centred."""

    model_config = ConfigDict(frozen=True)

    do_resize: Literal[True]
    size: _Size
    resample: Literal[2, 3]
    do_rescale: Literal[True] = True
    rescale_factor: Annotated[float, Field(ge=0.0039, le=0.00393)] = 1 / 255
    do_normalize: Literal[True]
    do_center_crop: Literal[False] | None = None
    image_mean: _Colours
    image_std: tuple[_Positive, _Positive, _Positive]


class Rater:
    """One such classifier, with its card."""

    answers: frozenset[Capability] = frozenset()

    def __init__(
        self,
        pin: Pin,
        files: Mapping[str, bytes],
        *,
        threads: int = 1,
        device: Device = Device.CPU,
    ) -> None:
        """Load what is in `files`, whose digests MUST have been checked before.

        Raises:
            ModelError: it cannot be loaded, or says something that is not known here.
        """
        self.id = pin.id
        self._pin = pin
        labels = _parsed(_Labels, pin, files[pin.labels])
        self._preparing = _parsed(_Preparing, pin, files.get(PREPARING, b""))
        size = self._preparing.size
        if (size.height, size.width) != (pin.pixels.height, pin.pixels.width):
            message = f"{pin.id}: expected the size of its card, got {size!r}"
            raise ModelError(message)
        self._names = [labels.id2label.get(at, "") for at in range(len(labels.id2label))]
        self._says = _says(pin, self._names)
        self.emits = frozenset(self._says)
        closing = closing_operation(files[pin.graph])
        if closing not in _LOGITS and closing not in _LIKELIHOODS:
            message = f"{pin.id}: expected likelihoods or logits, got those of {closing!r}"
            raise ModelError(message)
        several = labels.problem_type == "multi_label_classification"
        self._several = _LIKELIHOODS.get(closing, several)
        self._logits = closing in _LOGITS
        self._engine = open_engine(pin, files, threads=threads, device=device)

    @classmethod
    def opened(cls, folder: Path, *, threads: int = 1, device: Device = Device.CPU) -> Self:
        """Open the classifier in `folder`, as `imprimatur models pull` left it, every byte checked.

        Raises:
            ModelError: a file is missing, altered, or not what such a classifier has.
        """
        pin, contents = opened_files(folder, Kind.IMAGE_CLASSIFIER)
        return cls(pin, contents, threads=threads, device=device)

    def warm(self) -> None:
        """Look once at a known picture and once at nothing.

        Raises:
            ModelError: it has no answer, or sees no difference.
        """
        size = self._preparing.size
        known = known_picture(size.height, size.width)
        seen, nothing = (self._likelihoods(each) for each in (known, np.full_like(known, 255)))
        if np.abs(seen - nothing).max() < _BLIND_BELOW:
            message = f"{self.id}: expected to see a picture, got the answer about nothing"
            raise ModelError(message)

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report each signal of its card, and that it was not assessed.

        Raises:
            ModelError: it has no answer, or an impossible one.
        """
        where = Picture(content.carrier, content.index)
        seen = np.stack([self._likelihoods(view) for view in content.views])
        found: list[Finding] = []
        for name in sorted(self.emits):
            score, label = self._score(name, seen)
            evidence = f"label:{self._names[label]}" if score > 0 else ""
            found.append(Signal(name, score, where, self.id, evidence))
            found.append(Unavailable(name, where, self.id, Reason.NOT_ASSESSED))
        return found

    def _score(self, name: SignalName, seen: NDArray[np.float64]) -> tuple[float, int]:
        """Return what the views come to, at most, and the label that says most of it."""
        weighted = seen * self._says[name]
        views = weighted.max(axis=1) if self._several else weighted.sum(axis=1)
        label = int(weighted.max(axis=0).argmax())
        return _calibrated(self._pin, name, min(1.0, float(views.max()))), label

    def answer(self, view: Pixels) -> NDArray[np.float64]:
        """Give what the model itself says of a picture, one number for each label.

        Raises:
            ModelError: it has no answer, or one of another shape.
        """
        answers = self._engine.ask([_prepared(view, self._preparing)])
        if answers.shape != (1, len(self._names)):
            message = f"{self.id}: expected one answer for each label, got {answers.shape!r}"
            raise ModelError(message)
        row: NDArray[np.float64] = answers[0].astype(np.float64)
        return row

    def _likelihoods(self, view: Pixels) -> NDArray[np.float64]:
        row = self.answer(view)
        if self._logits:
            row = _sigmoid(row) if self._several else _softmax(row)
        fits = self._several or abs(float(row.sum()) - 1) <= _SUM_TOLERANCE
        if not (row.min() >= 0 and row.max() <= 1 + _EDGE and fits):
            message = f"{self.id}: expected likelihoods, got others"
            raise ModelError(message)
        return np.minimum(row, 1.0)


def _prepared(view: Pixels, preparing: _Preparing) -> Planes:
    size = (preparing.size.width, preparing.size.height)
    small = Image.fromarray(view).resize(size, Image.Resampling(preparing.resample))
    scaled = np.asarray(small, np.float32) * preparing.rescale_factor
    mean, deviation = (
        np.asarray(n, np.float32) for n in (preparing.image_mean, preparing.image_std)
    )
    planes = ((scaled - mean) / deviation).transpose(2, 0, 1)
    return np.ascontiguousarray(planes, np.float32)


def _says(pin: Pin, names: Sequence[str]) -> dict[SignalName, NDArray[np.float64]]:
    """Return for each signal what weight each label has, in the model's order."""
    told = pin.signals or {}
    strange = {label for weights in told.values() for label in weights} - set(names)
    if not told or strange or "" in names or not RAISING.issuperset(told):
        message = f"{pin.id}: expected signals of its own labels, got {sorted(strange)!r}"
        raise ModelError(message)
    return {
        name: np.asarray([weights.get(label, 0.0) for label in names])
        for name, weights in told.items()
    }


def _calibrated(pin: Pin, name: SignalName, score: float) -> float:
    """Put a score on the scale that was measured, if one was: `NAME.slope` and `NAME.offset`."""
    numbers = {} if pin.calibration is None else pin.calibration.numbers
    slope, offset = numbers.get(f"{name}.slope"), numbers.get(f"{name}.offset")
    if slope is None or offset is None:
        return score
    inside = min(max(score, _EDGE), 1 - _EDGE)
    return float(_sigmoid(np.asarray(slope * np.log(inside / (1 - inside)) + offset)))


def _parsed(form: type[M], pin: Pin, text: bytes) -> M:
    try:
        return form.model_validate(json.loads(text))
    except (ValidationError, ValueError, RecursionError) as error:
        message = f"{pin.id}: expected what is known of {form.__name__}, got {type(error).__name__}"
        raise ModelError(message) from error


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -80.0, 80.0)))


def _softmax(x: NDArray[np.float64]) -> NDArray[np.float64]:
    grown = np.exp(x - x.max())
    shares: NDArray[np.float64] = grown / grown.sum()
    return shares
