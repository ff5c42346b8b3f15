"""Converts the tiny face detector and the age network of face-api from its npm package to ONNX.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
    python -m classifiers.training.convert_face_api package classifiers/weights

The package publishes weights but no topology: the two below follow its `src/tinyYolov2`,
`src/tinyFaceDetector`, `src/xception` and `src/ageGenderNet`. The age network's other head guesses
a gender; it is dropped, because nothing here may depend on one. Running it twice gives the same
bytes.

`tiny_face_detector.onnx` takes `pixels`, uint8 RGB of N x 416 x 416 x 3, and gives `cells`,
N x 13 x 13 x 25: five anchors of x, y, width, height and score, as `faces` decodes them.
`face_age.onnx` takes `pixels`, uint8 RGB of N x 112 x 112 x 3, and gives `years`, N x 1.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from classifiers.training.graph import Floats, Graph, Pads
from classifiers.training.tfjs import Weight, read_weights

Weights = Mapping[str, Weight]

DETECTOR_SIZE: Final = 416
DETECTOR_CELLS: Final = 13
DETECTOR_ANSWERS: Final = 25
DETECTOR_MEAN: Final = (117.001, 114.697, 97.404)
LEAK: Final = 0.10000000149011612
AGE_SIZE: Final = 112
AGE_MEAN: Final = (122.782, 117.001, 104.298)
AROUND: Final[Pads] = (1, 1, 1, 1)
END: Final[Pads] = (0, 0, 1, 1)
"""What `same` pads where a stride of 2 leaves one row and column over: only the end."""


def _bias(weights: Weights, name: str) -> Floats:
    return weights[f"{name}/bias"].floats()


def _separable(graph: Graph, x: str, weights: Weights, name: str) -> str:
    spread = graph.depthwise(x, weights[f"{name}/depthwise_filter"], pads=AROUND)
    return graph.conv(spread, weights[f"{name}/pointwise_filter"], _bias(weights, name))


def detector(weights: Weights) -> bytes:
    """Give the tiny face detector: a Tiny YOLO v2 of depthwise separable convolutions."""
    graph = Graph("tiny_face_detector")
    x = graph.pixels(DETECTOR_MEAN)
    x = graph.leaky(graph.conv(x, weights["conv0/filters"], _bias(weights, "conv0")), LEAK)
    for layer in range(1, 6):
        x = graph.max_pool(x, 2, 2, END)
        x = graph.leaky(_separable(graph, x, weights, f"conv{layer}"), LEAK)
    x = graph.max_pool(x, 2, 1, END)
    x = graph.conv(x, weights["conv8/filters"], _bias(weights, "conv8"))
    shape: list[int | str] = ["n", DETECTOR_CELLS, DETECTOR_CELLS, DETECTOR_ANSWERS]
    return graph.model(graph.transpose_back(x), size=DETECTOR_SIZE, output="cells", shape=shape)


def _reduction(graph: Graph, x: str, weights: Weights, name: str) -> str:
    """Add a block that halves the picture; what enters it MUST NOT be activated yet."""
    return _halved(graph, x, graph.relu(x), weights, name)


def _halved(graph: Graph, x: str, activated: str, weights: Weights, name: str) -> str:
    deep = _separable(graph, activated, weights, f"{name}/separable_conv0")
    deep = _separable(graph, graph.relu(deep), weights, f"{name}/separable_conv1")
    deep = graph.max_pool(deep, 3, 2, END)
    expansion = f"{name}/expansion_conv"
    short = graph.conv(x, weights[f"{expansion}/filters"], _bias(weights, expansion), stride=2)
    return graph.add(deep, short)


def _middle(graph: Graph, x: str, weights: Weights, name: str) -> str:
    deep = x
    for layer in range(3):
        deep = _separable(graph, graph.relu(deep), weights, f"{name}/separable_conv{layer}")
    return graph.add(deep, x)


def age(weights: Weights) -> bytes:
    """Give the age network: a tiny Xception and its first head."""
    graph = Graph("face_age")
    entry = "entry_flow/conv_in"
    x = graph.pixels(AGE_MEAN)
    x = graph.conv(x, weights[f"{entry}/filters"], _bias(weights, entry), stride=2, pads=END)
    x = graph.relu(x)
    x = _halved(graph, x, x, weights, "entry_flow/reduction_block_0")
    x = _reduction(graph, x, weights, "entry_flow/reduction_block_1")
    for block in range(2):
        x = _middle(graph, x, weights, f"middle_flow/main_block_{block}")
    x = _reduction(graph, x, weights, "exit_flow/reduction_block")
    x = graph.relu(_separable(graph, x, weights, "exit_flow/separable_conv"))
    years = graph.dense(graph.mean(x), weights["fc/age/weights"], _bias(weights, "fc/age"))
    return graph.model(years, size=AGE_SIZE, output="years", shape=["n", 1])


def read(package: Path, name: str) -> Weights:
    """Read the weights of one model of the unpacked npm package at `package`.

    Raises:
        ConversionError: the package is not the one this was written for.
    """
    manifest = json.loads((package / f"model/{name}-weights_manifest.json").read_bytes())
    return read_weights(manifest, (package / f"model/{name}.bin").read_bytes())


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    found = detector(read(source, "tiny_face_detector_model"))
    (target / "tiny_face_detector.onnx").write_bytes(found)
    (target / "face_age.onnx").write_bytes(age(read(source, "age_gender_model")))
