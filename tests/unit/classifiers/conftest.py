import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from classifiers.canonical import Canonical, read
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.registry import WEIGHTS, Model, open_model

Answering = Callable[[str, NDArray[np.float32]], Model]
"""Opens a model with the card of a given one that gives one answer about every picture."""


def constant_model(answer: NDArray[np.float32]) -> bytes:
    """A real ONNX model: each picture's mean, times nothing, plus `answer`."""
    rank = [1] * answer.ndim
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Reshape", ["zero", "shape"], ["each"]),
        helper.make_node("Add", ["each", "answer"], ["out"]),
    ]
    constants = [
        numpy_helper.from_array(np.zeros(1, np.float32), "nothing"),
        numpy_helper.from_array(np.asarray([-1, *rank], np.int64), "shape"),
        numpy_helper.from_array(answer[np.newaxis].astype(np.float32), "answer"),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", "h", "w", 3])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", *answer.shape])
    graph = helper.make_graph(nodes, "constant", [pixels], [out], constants)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


@pytest.fixture
def answering(tmp_path: Path) -> Answering:
    def open_one(name: str, answer: NDArray[np.float32]) -> Model:
        model = constant_model(answer)
        digest = hashlib.sha256(model).hexdigest()
        card = json.loads((WEIGHTS / f"{name}.card.json").read_bytes())
        card["sha256"] = card["calibration"]["of"] = digest
        (tmp_path / f"{name}.card.json").write_text(json.dumps(card), "utf-8")
        (tmp_path / f"{name}.onnx").write_bytes(model)
        return open_model(name, tmp_path)

    return open_one


@pytest.fixture
def looked_at() -> Callable[[NDArray[np.uint8]], Canonical]:
    """Decodes a picture of height x width x 3 (or 4, with transparency) as a request would."""

    def look(pixels: NDArray[np.uint8]) -> Canonical:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        return read(Received("parameters.image", 3, Purpose.SOURCE, out.getvalue()))

    return look
