"""Takes out the wide units of a layer that matter least, and lets the others make up for them.

What is left is fitted by least squares to what the layer gave before, over texts to train on. That
is a start to be fitted further: names and rare words suffer in a layer that is cut and left so.
"""

from collections.abc import Sequence
from typing import Final

from classifiers.training.prompts import encoder
from classifiers.training.prompts.libraries import Tensor, functional, torch

_RIDGE: Final = 1e-3
_BATCH: Final = 32
WIDTHS: Final = {1: 512, 2: 768}
"""Units that the student keeps in the layers that it goes on to fit, of 1536."""


def narrowed(weights: encoder.Weights, layer: int, ids: Sequence[Sequence[int]]) -> encoder.Weights:
    """Return the weights with fewer units in one layer; `ids` are texts to measure it on."""
    into, out = (f"encoder.layer.{layer}.{part}.dense" for part in ("intermediate", "output"))
    units = _units(weights, layer, ids)
    matrix = weights[f"{out}.weight"].T
    matters = units.std(0) * matrix.norm(dim=1)
    kept = matters.argsort(descending=True)[: WIDTHS[layer]].sort().values
    some, whole = _with_one(units[:, kept]), units @ matrix
    moments = some.T @ some
    ridge = _RIDGE * moments.diag().mean() * torch.eye(len(moments))
    found = torch.linalg.solve(moments + ridge, some.T @ whole)
    return weights | {
        f"{into}.weight": weights[f"{into}.weight"][kept].clone(),
        f"{into}.bias": weights[f"{into}.bias"][kept].clone(),
        f"{out}.weight": found[:-1].T.contiguous(),
        f"{out}.bias": weights[f"{out}.bias"] + found[-1],
    }


def _units(weights: encoder.Weights, layer: int, ids: Sequence[Sequence[int]]) -> Tensor:
    """Return what the units say of every piece: pieces x units."""
    found, order = [], sorted(ids, key=len)
    name = f"encoder.layer.{layer}"
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            padded, mask = encoder.batch(order[start : start + _BATCH])
            x = encoder.layers(weights, encoder.embed(weights, padded), mask, range(layer))
            x = encoder.attended(weights, name, x, mask)[mask > 0]
            found.append(functional.gelu(encoder.linear(weights, f"{name}.intermediate.dense", x)))
    return torch.cat(found).clone()


def _with_one(units: Tensor) -> Tensor:
    return torch.cat([units, torch.ones(len(units), 1)], dim=1)
