"""Tiny models of a transformers classifier's form: real ONNX, two labels or three."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

NAME = "acme_nsfw"
SIDE = 32
LABELS = ("sfw", "suggestive", "nsfw")
SIGNALS = {
    "image.sexual.suggestive": {"suggestive": 1.0, "nsfw": 1.0},
    "image.sexual.nudity": {"nsfw": 0.9},
}
PREPARING: Mapping[str, Any] = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": SIDE, "width": SIDE},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 0.00392156862745098,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}


def classifier(
    logits: Sequence[float], *, closing: str = "Gemm", blind: bool = False, bright: float = 1e-3
) -> bytes:
    """A model that says so of everything, `bright` more of its last label in bright pictures."""
    weights = np.zeros((3, len(logits)), np.float32)
    if not blind:
        weights[:, -1] = bright
    nodes = [
        helper.make_node("ReduceMean", ["pixel_values"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["mean", "weights", "bias"], ["rows"]),
        helper.make_node("Identity" if closing == "Gemm" else closing, ["rows"], ["logits"]),
    ]
    if closing == "Gemm":
        nodes.pop()
        nodes[-1].output[0] = "logits"
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.asarray(logits, np.float32), "bias"),
    ]
    shape: list[str | int | None] = ["n", 3, SIDE, SIDE]
    given = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, shape)
    answer = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(logits)])
    graph = helper.make_graph(nodes, "classifier", [given], [answer], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def card_of(digests: Mapping[str, str]) -> dict[str, Any]:
    """A card of a classifier with these files that nobody measured."""
    return {
        "name": NAME,
        "version": "1",
        "kind": "image_classifier",
        "repository": "acme/nsfw",
        "revision": "5f" * 20,
        "files": digests,
        "licence": {"spdx": "MIT", "holders": ["Acme"]},
        "pixels": {"height": SIDE, "width": SIDE, "prepared": "as its own file says"},
        "labels": "config.json",
        "tag_map": None,
        "tag_map_sha256": None,
        "signals": SIGNALS,
        "calibration": None,
        "published": "nothing",
        "blind_to": ["nearly all"],
    }


def write_rater(
    folder: Path,
    model: bytes,
    *,
    config: Mapping[str, Any] | None = None,
    preparing: Mapping[str, Any] | None = None,
    numbers: Mapping[str, float] | None = None,
    weights: bytes | None = None,
    **changes: Any,
) -> Path:
    """Write a classifier as pulling leaves it, with its card; return its folder.

    With `weights` these were pinned, and the model is what was made of them.
    """
    place = folder / NAME
    place.mkdir(parents=True, exist_ok=True)
    labelled = {"id2label": {str(at): name for at, name in enumerate(LABELS)}}
    pinned = {"model.onnx": model} if weights is None else {"model.safetensors": weights}
    files = {
        **pinned,
        "config.json": json.dumps({"model_type": "vit", **labelled, **(config or {})}).encode(),
        "preprocessor_config.json": json.dumps({**PREPARING, **(preparing or {})}).encode(),
    }
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    found = {"of": next(iter(digests.values())), "numbers": numbers, "found": "numbers of a test"}
    card = card_of(digests)
    card["calibration"] = None if numbers is None else found
    if weights is not None:
        made = hashlib.sha256(model).hexdigest()
        card["exported"] = {"sha256": made, "by": "torch", "pictures": 8, "furthest": 1e-6}
        files["exported.onnx"] = model
    for name, data in files.items():
        (place / name).write_bytes(data)
    (place / "card.json").write_text(json.dumps(card | changes), "utf-8")
    return place
