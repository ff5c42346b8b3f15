"""Tiny models of a WD tagger's shape: real ONNX, real labels, weights of chance."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from classifiers.pins import parse_registry, shipped_registry
from classifiers.tag_map import digest_of, tag_map_bytes

NAME = "wd_vit_tagger_v3"
SIDE = 448
LABELS = (
    *((name, 9) for name in ("general", "sensitive", "questionable", "explicit")),
    *((name, 0) for name in ("1girl", "sky", "underwear", "nude", "nipples", "sex", "child")),
    *((name, 0) for name in ("rape", "bestiality", "guro")),
    *((name, 4) for name in ("kinomoto_sakura", "nobody_known")),
)
MEASURED = {
    "level_recall_at_least": 0.96,
    "youth_recall_at_least": 0.97,
    "harm_recall_at_least": 0.96,
}


def labels(rows: Sequence[tuple[str, int]] = LABELS) -> bytes:
    """A model's list of labels, as its maker writes it."""
    lines = [f"{number},{name},{kind},9" for number, (name, kind) in enumerate(rows)]
    return "\n".join(["tag_id,name,category,count", *lines, ""]).encode()


def network(says: Mapping[str, float] | None = None, *, closing: str = "Sigmoid") -> bytes:
    """A model that says these likelihoods, a little less of dark pictures; others are near 0.

    Its input is 448 x 448 BGR floats; what closes its graph is a Sigmoid, or another operation.
    """
    told = {"general": 0.9, **(says or {})}
    chances = np.asarray([told.get(name, 0.01) for name, _ in LABELS])
    logits = np.log(chances / (1 - chances)).astype(np.float32)
    weights = np.full((3, len(LABELS)), 1e-4, np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Gemm", ["mean", "weights", "bias"], ["logits"]),
    ]
    if closing == "Gemm":
        nodes[-1].output[0] = "output"
    else:
        nodes.append(helper.make_node(closing, ["logits"], ["output"]))
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(logits, "bias"),
    ]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", SIDE, SIDE, 3])
    answer = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["n", len(LABELS)])
    graph = helper.make_graph(nodes, "tagger", [given], [answer], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def write_tagger(
    folder: Path,
    model: bytes,
    *,
    rows: Sequence[tuple[str, int]] = LABELS,
    measured: Mapping[str, float] | None = None,
    **changes: Any,
) -> Path:
    """Write a tagger as pulling leaves it, with its card; return its folder."""
    place = folder / NAME
    place.mkdir(parents=True, exist_ok=True)
    files = {"model.onnx": model, "selected_tags.csv": labels(rows)}
    card = json.loads(parse_registry(shipped_registry())[NAME].write())
    card["revision"] = "5f" * 20
    card["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    card["tag_map_sha256"] = digest_of(tag_map_bytes("wd_v3.yaml"))
    if measured is not None:
        numbers = dict(measured)
        of = card["files"]["model.onnx"]
        card["calibration"] = {"of": of, "numbers": numbers, "found": "numbers of a test"}
    for name, data in files.items():
        (place / name).write_bytes(data)
    (place / "card.json").write_text(json.dumps(card | changes), "utf-8")
    return place
