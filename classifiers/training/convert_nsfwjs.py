"""Converts nsfwjs's MobileNetV2 from its npm package to ONNX.

    npm pack nsfwjs@4.4.0 && tar xzf nsfwjs-4.4.0.tgz
    python -m classifiers.training.convert_nsfwjs package classifiers/weights/nsfw_mobilenet_v2.onnx

The topology is read from the package, layer by layer; batch norms are folded into the convolution
before them. The result takes `pixels`, uint8 RGB of N x 224 x 224 x 3, and gives `likelihoods` of
Drawing, Hentai, Neutral, Porn and Sexy, N x 5. Running it twice gives the same bytes.
"""

import base64
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from classifiers.training.graph import NO_PADS, Floats, Graph, Pads
from classifiers.training.tfjs import ConversionError, Weight, read_module, read_weights

FOLDER: Final = "dist/models/mobilenet_v2"
SIZE: Final = 224
CLASSES: Final = 5
Layer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Network:
    graph: Graph
    layers: Sequence[Layer]
    weights: Mapping[str, Weight]

    def floats(self, layer: Layer, name: str) -> Floats:
        return self.weights[f"{layer['name']}/{name}"].floats()

    def norm_after(self, layer: Layer) -> Layer:
        """Give the batch norm that MUST follow every convolution here, to be folded into it."""
        for other in self.layers:
            if other["class_name"] == "BatchNormalization" and _inputs(other) == [layer["name"]]:
                return other
        message = f"{layer['name']}: expected a batch norm after it, got none"
        raise ConversionError(message)

    def conv(self, x: str, layer: Layer, pads: Pads) -> str:
        """Add a convolution together with its batch norm."""
        norm = self.norm_after(layer)
        variance = self.floats(norm, "moving_variance") + norm["config"]["epsilon"]
        gain = self.floats(norm, "gamma") / np.sqrt(variance)
        bias = self.floats(norm, "beta") - self.floats(norm, "moving_mean") * gain
        stride = _stride(layer)
        if layer["class_name"] == "Conv2D":
            kernel = self.weights[f"{layer['name']}/kernel"]
            return self.graph.conv(x, kernel, bias, gain=gain, stride=stride, pads=pads)
        kernel = self.weights[f"{layer['name']}/depthwise_kernel"]
        return self.graph.depthwise(x, kernel, bias, gain=gain, stride=stride, pads=pads)

    def dense(self, x: str, layer: Layer) -> str:
        """Add a fully connected layer with its activation."""
        kernel = self.weights[f"{layer['name']}/kernel"]
        answer = self.graph.dense(x, kernel, self.floats(layer, "bias"))
        activation = {"relu": self.graph.relu, "softmax": self.graph.softmax}
        return activation[layer["config"]["activation"]](answer)

    def convert(self) -> str:
        """Add every layer in the order of the package and return the last one's output."""
        outputs: dict[str, str] = {}
        padded: dict[str, Pads] = {}
        last = ""
        for layer in self.layers:
            inputs = [outputs[name] for name in _inputs(layer)]
            match layer["class_name"]:
                case "InputLayer":
                    last = self.graph.pixels([0.0])
                case "ZeroPadding2D":
                    last = inputs[0]
                    padded[layer["name"]] = _padding(layer)
                case "Conv2D" | "DepthwiseConv2D":
                    pads = padded.get(_inputs(layer)[0], NO_PADS)
                    last = self.conv(inputs[0], layer, _same(layer, pads))
                case "BatchNormalization" | "Dropout" | "Flatten":
                    last = inputs[0]
                case "ReLU":
                    last = self.graph.relu6(inputs[0])
                case "Add":
                    last = self.graph.add(*inputs)
                case "AveragePooling2D":
                    last = self.graph.mean(inputs[0])
                case "Dense":
                    last = self.dense(inputs[0], layer)
                case kind:
                    message = f"{layer['name']}: expected a layer of MobileNetV2, got {kind!r}"
                    raise ConversionError(message)
            outputs[layer["name"]] = last
        return last


def _inputs(layer: Layer) -> list[str]:
    return [edge[0] for node in layer["inbound_nodes"] for edge in node]


def _stride(layer: Layer) -> int:
    down, right = layer["config"]["strides"]
    if down != right:
        message = f"{layer['name']}: expected one stride, got {down!r} and {right!r}"
        raise ConversionError(message)
    return int(down)


def _padding(layer: Layer) -> Pads:
    (top, bottom), (left, right) = layer["config"]["padding"]
    return (top, left, bottom, right)


def _same(layer: Layer, pads: Pads) -> Pads:
    """Give what Keras pads: `same` is even on all sides here, as it occurs with stride 1 only."""
    if layer["config"]["padding"] == "valid":
        return pads
    if _stride(layer) != 1 or pads != NO_PADS:
        message = f"{layer['name']}: expected `same` padding with stride 1 only"
        raise ConversionError(message)
    half = int(layer["config"]["kernel_size"][0]) // 2
    return (half, half, half, half)


def convert(package: Path) -> bytes:
    """Give the ONNX model of the unpacked npm package at `package`.

    Raises:
        ConversionError: the package is not the one this was written for.
    """
    folder = package / FOLDER
    published = read_module((folder / "model.min.js").read_text("utf-8"))
    shard = read_module((folder / "group1-shard1of1.min.js").read_text("utf-8"))
    weights = read_weights(published["weightsManifest"], base64.b64decode(shard, validate=True))
    layers = published["modelTopology"]["model_config"]["config"]["layers"]
    graph = Graph("nsfw_mobilenet_v2")
    answer = _Network(graph, layers, weights).convert()
    return graph.model(answer, size=SIZE, output="likelihoods", shape=["n", CLASSES])


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(convert(Path(sys.argv[1])))
