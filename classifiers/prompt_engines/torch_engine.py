"""Answers through torch, for machines whose card only torch can use; the only file with torch.

It reads the 8-bit file: every layer that is in it, by the names of `training/prompts/graph.py`.
Matrices are multiplied as onnxruntime does it, integers with integers and a scale for each text.
Weights in floats would be simpler, but then 6 texts of 100 are further off than 0.02, and some on
the other side of a threshold: the model was calibrated with its rounding (ADR 15).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np

from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.prompt_engines import stored
from classifiers.prompt_engines.engine import Batch, Question, batch
from classifiers.runtime import Array

Tensor = Any  # torch is not installed where types are checked

_EPSILON: Final = 1e-12
_STEPS: Final = 255
_MIDDLE: Final = 128
_TINY: Final = 1e-30


@cache
def _torch() -> Any:  # noqa: ANN401  # see Tensor
    return import_module("torch")


def has_card() -> bool:
    """Whether torch is installed and can use a card."""
    try:
        return bool(_torch().cuda.is_available())
    except ImportError:
        return False


@dataclass(frozen=True, slots=True)
class _Spans:
    """Over what each row has its scale."""

    counted: Tensor
    """1 where a place counts: rows x pieces x 1."""
    same: Tensor
    """Which rows are of one question: rows x rows."""

    def over(self, values: Tensor) -> Tensor:
        """Return each row's value where another is of the same question, and 0 elsewhere."""
        return self.same * values


class TorchEngine:
    """The network as torch runs it, the whole batch at once."""

    def __init__(self, name: str, model: bytes, device: Device) -> None:
        """Load `model`, whose digest MUST have been checked before.

        Raises:
            ModelError: torch or onnx is missing, or the file is not what we write.
        """
        self._name, self._device = name, device.value
        try:
            arrays = _read(model)
            self._layers = _layers(arrays)
            self._heads = int(arrays["shape.split"][3])
            self._weights: Mapping[str, Tensor] | None = self._placed(arrays)
        except ImportError as error:
            message = f"{name}: expected torch, got none: install `.[models]`"
            raise ModelError(message) from error
        except (KeyError, ValueError, RuntimeError) as error:
            message = f"{name}: expected a model that torch can hold, got {type(error).__name__}"
            raise ModelError(message) from error

    def ask(self, questions: Sequence[Question], /) -> Array:
        """Return an answer for each question.

        Raises:
            ModelError: it is closed, or the card failed.
        """
        weights = self._weights
        if weights is None:
            message = f"{self._name}: expected an open model, got a closed one"
            raise ModelError(message)
        joined = batch(questions)
        try:
            with _torch().inference_mode():
                answers: Array = self._answer(weights, joined).cpu().numpy()
        except (RuntimeError, IndexError) as error:  # torch raises no others; IndexError on the CPU
            message = f"{self._name}: expected an answer, got {type(error).__name__}"
            raise ModelError(message) from error
        return joined.highest(answers)

    def close(self) -> None:
        """Free the weights; a batch in progress finishes."""
        self._weights = None

    def _placed(self, arrays: Mapping[str, Array]) -> Mapping[str, Tensor]:
        """Put the weights where they are used, with what can be known of them beforehand."""
        torch = _torch()
        placed = {name: torch.tensor(array).to(self._device) for name, array in arrays.items()}
        for name in [name for name in placed if name.endswith(".weight_quantized")]:
            matrix = placed[name]
            placed[name] = matrix.t().contiguous().t()  # as cards want the second factor to lie
            placed[f"{name}.sums"] = matrix.sum(0, dtype=torch.float32)
        return placed

    def _answer(self, w: Mapping[str, Tensor], joined: Batch) -> Any:  # noqa: ANN401  # see Tensor
        torch = _torch()
        rows = (joined.pieces, joined.buckets, joined.weights, joined.counted, joined.owners)
        pieces, buckets, by, counted, owners = (
            torch.from_numpy(part).to(self._device) for part in rows
        )
        there = (pieces > 0).unsqueeze(2).float()
        spans = _Spans(counted.unsqueeze(2), owners.unsqueeze(1) == owners)
        x = w["embeddings.word_quantized"][pieces].float() * w["embeddings.word_scale"][pieces]
        x = _norm(w, "embeddings.LayerNorm", x + w["places"][: pieces.shape[1]])
        for layer in range(self._layers):
            x = self._layer(w, f"encoder.layer.{layer}", x, there, spans)
        mean = (x * there).sum(1) / there.sum(1)
        tuned = mean @ w["heads.weight"].t() + w["heads.bias"]
        rows = w["letters.table_quantized"][buckets].float() * w["letters.table_scale"]
        spelled = (by.unsqueeze(1) @ rows).squeeze(1) + w["letters.bias"]
        odds = tuned * w["share.encoder"] + spelled * w["share.letters"] + w["share.bias"]
        return torch.sigmoid(odds)

    def _layer(
        self, w: Mapping[str, Tensor], name: str, x: Tensor, there: Tensor, spans: _Spans
    ) -> Tensor:
        functional = _torch().nn.functional
        count, length, width = x.shape
        mixed = _linear(w, f"{name}.attention.self.all", x, spans)
        query, key, value = mixed.view(count, length, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        mask = there.bool().view(count, 1, 1, length)
        told = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        told = told.transpose(1, 2).reshape(count, length, width)
        told = _linear(w, f"{name}.attention.output.dense", told, spans)
        x = _norm(w, f"{name}.attention.output.LayerNorm", x + told)
        wide = functional.gelu(_linear(w, f"{name}.intermediate.dense", x, spans))
        out = _linear(w, f"{name}.output.dense", wide, spans)
        return _norm(w, f"{name}.output.LayerNorm", x + out)


def _linear(w: Mapping[str, Tensor], name: str, x: Tensor, spans: _Spans) -> Tensor:
    """Multiply as ONNX's DynamicQuantizeLinear and MatMulInteger do, a scale for each question."""
    torch = _torch()
    x = x * w[f"{name}.evened"] * spans.counted  # what is not counted is zero, as in every scale
    low = spans.over(x.amin((1, 2))).amin(1).clamp(max=0).view(-1, 1, 1)
    high = spans.over(x.amax((1, 2))).amax(1).clamp(min=0).view(-1, 1, 1)
    scale = (high - low).clamp(min=_TINY) / _STEPS
    shift = _MIDDLE - (-low / scale).round()
    values = ((x / scale).round() - shift).clamp(-_MIDDLE, _MIDDLE - 1).to(torch.int8)
    matrix = w[f"{name}.weight_quantized"]
    whole = torch._int_mm(values.flatten(0, 1), matrix)  # noqa: SLF001  # the one exact 8-bit product; torch is pinned
    whole = whole.view(*x.shape[:2], -1).float() + shift * w[f"{name}.weight_quantized.sums"]
    return whole * (scale * w[f"{name}.weight_scale"]) + w[f"{name}.bias"]


def _norm(w: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    gain, offset = w[f"{name}.weight"], w[f"{name}.bias"]
    return _torch().nn.functional.layer_norm(x, x.shape[-1:], gain, offset, _EPSILON)


def _read(model: bytes) -> Mapping[str, Array]:
    """Return the stored arrays by name.

    Raises:
        ModelError: this is no model, or onnx is not installed.
    """
    to_array = stored.onnx().numpy_helper.to_array
    return {one.name: np.array(to_array(one)) for one in stored.load(model).graph.initializer}


def _layers(arrays: Mapping[str, Array]) -> int:
    """Return how many layers there are, if none is missing in between.

    Raises:
        ValueError: one is missing.
    """
    found = {int(name.split(".")[2]) for name in arrays if name.startswith("encoder.layer.")}
    if found != set(range(len(found))) or not found:
        raise ValueError("layers: expected all from 0 on, got gaps")
    return len(found)
