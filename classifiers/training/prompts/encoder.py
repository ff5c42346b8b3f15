"""MiniLM (BERT) in torch, as functions over its named weights; a training-time part.

The weights keep the names under which they were published, so that what is exported can be compared
with what was taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifiers.prompt_heads import HEADS
from classifiers.training.prompts.libraries import Tensor, functional, safetensors, torch

WIDTH: Final = 384
ATTENTION_HEADS: Final = 12
_EPSILON: Final = 1e-12
_FAR: Final = -1e4

Weights = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Depth:
    """How many layers a network has, and how many of them stay as they were published."""

    kept: int
    layers: int
    name: str
    """As its figures cite it."""
    place: str
    """Where its parts lie, under the folder of all."""

    @property
    def fitted(self) -> range:
        """The layers that learn from prompts."""
        return range(self.kept, self.layers)

    def folder(self, out: Path, name: str) -> Path:
        """Return where its parts of one kind lie under `out`."""
        return out / self.place / name


WHOLE: Final = Depth(kept=3, layers=6, name="tuned", place="")
STUDENT: Final = Depth(kept=1, layers=3, name="student", place="student")
"""What is served: it learns from the whole encoder, once that is fitted."""


def pretrained(path: Path) -> Weights:
    """Read the published weights, without the parts that are not used, and add heads at zero."""
    known = safetensors.load_file(path)
    used = {name: value for name, value in known.items() if not name.startswith("pooler")}
    used.pop("embeddings.position_ids", None)
    used["heads.weight"] = torch.zeros(len(HEADS), WIDTH)
    used["heads.bias"] = torch.full((len(HEADS),), -2.0)
    return used


def shortened(weights: Mapping[str, Tensor], depth: Depth) -> Weights:
    """Return the weights without the layers above."""
    above = tuple(f"encoder.layer.{layer}." for layer in range(depth.layers, WHOLE.layers))
    return {name: value for name, value in weights.items() if not name.startswith(above)}


def embed(weights: Mapping[str, Tensor], ids: Tensor) -> Tensor:
    """Return what goes into the first layer: N x pieces x 384."""
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    x = x + weights["embeddings.token_type_embeddings.weight"][0]
    return _norm(weights, "embeddings.LayerNorm", x)


def layers(
    weights: Mapping[str, Tensor], x: Tensor, mask: Tensor, which: range, dropout: float = 0.0
) -> Tensor:
    """Run some of the layers."""
    for layer in which:
        x = _layer(weights, f"encoder.layer.{layer}", x, mask, dropout)
    return x


def mean(x: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over the pieces that are there: N x 384."""
    there = mask[:, :, None]
    return (x * there).sum(1) / there.sum(1)


def encode(weights: Mapping[str, Tensor], ids: Tensor, mask: Tensor, depth: Depth) -> Tensor:
    """Return the mean of the last layer: N x 384."""
    return mean(layers(weights, embed(weights, ids), mask, range(depth.layers)), mask)


def answer(weights: Mapping[str, Tensor], pooled: Tensor) -> Tensor:
    """Return a logit for each head: N x heads."""
    return functional.linear(pooled, weights["heads.weight"], weights["heads.bias"])


def _layer(w: Mapping[str, Tensor], name: str, x: Tensor, mask: Tensor, dropout: float) -> Tensor:
    x = attended(w, name, x, mask, dropout)
    wide = functional.gelu(linear(w, f"{name}.intermediate.dense", x))
    told = _drop(linear(w, f"{name}.output.dense", wide), dropout)
    return _norm(w, f"{name}.output.LayerNorm", x + told)


def attended(
    w: Mapping[str, Tensor], name: str, x: Tensor, mask: Tensor, dropout: float = 0.0
) -> Tensor:
    """Run the first half of a layer: what its wide units are asked."""
    far = (1.0 - mask[:, None, None, :]) * _FAR
    count, length, _ = x.shape
    parts = [
        linear(w, f"{name}.attention.self.{part}", x)
        .view(count, length, ATTENTION_HEADS, -1)
        .transpose(1, 2)
        for part in ("query", "key", "value")
    ]
    mixed = functional.scaled_dot_product_attention(*parts, attn_mask=far)
    mixed = mixed.transpose(1, 2).reshape(count, length, WIDTH)
    mixed = _drop(linear(w, f"{name}.attention.output.dense", mixed), dropout)
    return _norm(w, f"{name}.attention.output.LayerNorm", x + mixed)


def with_peaks(
    weights: Mapping[str, Tensor], ids: Sequence[Sequence[int]], depth: Depth
) -> Weights:
    """Return the weights with `NAME.peak` of each matrix: how large each input gets to be."""
    matrices = [name for name in weights if name.startswith("encoder") and weights[name].dim() > 1]
    peaks = {
        f"{name.removesuffix('.weight')}.peak": torch.zeros(weights[name].shape[1])
        for name in matrices
    }
    watched = {**weights, **peaks}
    with torch.inference_mode():
        for one in ids:
            encode(watched, *batch([one]), depth)
    return watched


def linear(weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    """Multiply by a matrix and add its bias; with a peak beside it, watch the input."""
    peak = weights.get(f"{name}.peak")
    if peak is not None:
        torch.maximum(peak, x.abs().flatten(0, -2).amax(0), out=peak)
    return functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _norm(weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    gain, offset = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return functional.layer_norm(x, (WIDTH,), gain, offset, _EPSILON)


def _drop(x: Tensor, dropout: float) -> Tensor:
    return functional.dropout(x, dropout) if dropout else x


def batch(ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return texts padded to the longest, and where there are pieces."""
    longest = max(map(len, ids))
    padded = torch.zeros(len(ids), longest, dtype=torch.long)
    mask = torch.zeros(len(ids), longest)
    for row, one in enumerate(ids):
        padded[row, : len(one)] = torch.tensor(one)
        mask[row, : len(one)] = 1.0
    return padded, mask
