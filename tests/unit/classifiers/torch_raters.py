"""Tiny classifiers of transformers' own making, with weights by chance (they need torch)."""

import hashlib
import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.unit.classifiers.raters import LABELS, PREPARING, SIDE, card_of

KINDS: Mapping[str, Mapping[str, Any]] = {
    "ViT": {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "image_size": SIDE,
        "patch_size": 8,
    },
    "Swin": {
        "image_size": SIDE,
        "patch_size": 2,
        "embed_dim": 16,
        "depths": [1, 1],
        "num_heads": [2, 2],
        "window_size": 4,
    },
    "ConvNext": {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "image_size": SIDE},
    "ResNet": {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]},
}
"""Which architectures are tried, and what makes each of them tiny."""


def write_weights(
    folder: Path,
    kind: str = "ViT",
    *,
    preparing: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    sizes: Mapping[str, Any] | None = None,
) -> Path:
    """Write a classifier as its makers would, by `save_pretrained`; return its folder.

    `sizes` take the place of those that make it tiny.
    """
    torch: Any = import_module("torch")
    transformers: Any = import_module("transformers")
    torch.manual_seed(7)
    of = getattr(transformers, f"{kind}Config")(
        **(sizes or KINDS[kind]), id2label=dict(enumerate(LABELS))
    )
    getattr(transformers, f"{kind}ForImageClassification")(of).save_pretrained(folder)
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**said, **(config or {})}))
    prepared = json.dumps({**PREPARING, **(preparing or {})})
    (folder / "preprocessor_config.json").write_text(prepared)
    return folder


def registry_of(folder: Path, side: int = SIDE) -> bytes:
    """Return a registry in which the files of `folder` are pinned."""
    names = ("model.safetensors", "config.json", "preprocessor_config.json")
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    pixels = {"height": side, "width": side, "prepared": "as its own file says"}
    return json.dumps({"models": [card_of(digests) | {"pixels": pixels}]}).encode()
