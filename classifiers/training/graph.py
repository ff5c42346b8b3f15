"""Writes ONNX graphs of convolutional networks, the same bytes every time.

Kernels stay the bytes that were published. `Cast`, `Mul` and `Add` turn them into floats, with the
batch norm's gain already in scale and offset; onnxruntime folds the three away when it loads.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from classifiers.training.tfjs import Weight

OPSET: Final = 17
IR_VERSION: Final = 8  # of ONNX 1.13: every onnxruntime from 1.14 on reads it

Floats = NDArray[np.float64]
Pads = tuple[int, int, int, int]
"""Top, left, bottom, right."""
NO_PADS: Final[Pads] = (0, 0, 0, 0)


class Graph:
    """One network under construction: each method adds a step and returns its output's name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def pixels(self, mean: Sequence[float]) -> str:
        """Take `pixels`, uint8 RGB of shape N x height x width x 3, as (value - mean) / 255."""
        floats = self._node("Cast", ["pixels"], to=TensorProto.FLOAT)
        centred = self._node("Sub", [floats, self._constant("mean", np.asarray(mean))])
        scaled = self._node("Div", [centred, self._constant("full", np.asarray(255.0))])
        return self._node("Transpose", [scaled], perm=[0, 3, 1, 2])

    def conv(
        self,
        x: str,
        kernel: Weight,
        bias: Floats | None = None,
        *,
        gain: Floats | None = None,
        stride: int = 1,
        pads: Pads = NO_PADS,
    ) -> str:
        """Convolve with a kernel of height x width x in x out, times `gain` of each output."""
        axes = (3, 2, 0, 1)
        return self._conv(x, kernel, axes, 1, bias=bias, gain=gain, stride=stride, pads=pads)

    def depthwise(
        self,
        x: str,
        kernel: Weight,
        bias: Floats | None = None,
        *,
        gain: Floats | None = None,
        stride: int = 1,
        pads: Pads = NO_PADS,
    ) -> str:
        """Convolve each channel by itself, with a kernel of height x width x channels x 1."""
        channels = kernel.values.shape[2]
        axes = (2, 3, 0, 1)
        return self._conv(x, kernel, axes, channels, bias=bias, gain=gain, stride=stride, pads=pads)

    def dense(self, x: str, kernel: Weight, bias: Floats) -> str:
        """Multiply by a matrix of in x out and add `bias`."""
        name = self._next("Gemm")
        matrix = self._floats(name, kernel.values, np.asarray(kernel.scale), kernel.minimum)
        return self._node("Gemm", [x, matrix, self._constant(f"{name}.bias", bias)])

    def max_pool(self, x: str, size: int, stride: int, pads: Pads) -> str:
        """Take the largest of each window."""
        shape, step = [size, size], [stride, stride]
        return self._node("MaxPool", [x], kernel_shape=shape, strides=step, pads=list(pads))

    def mean(self, x: str) -> str:
        """Average each channel over the whole picture: N x channels."""
        return self._node("Flatten", [self._node("GlobalAveragePool", [x])], axis=1)

    def relu(self, x: str) -> str:
        """Cut off below 0."""
        return self._node("Relu", [x])

    def relu6(self, x: str) -> str:
        """Cut off below 0 and above 6."""
        low, high = self._constant("zero", np.asarray(0.0)), self._constant("six", np.asarray(6.0))
        return self._node("Clip", [x, low, high])

    def leaky(self, x: str, alpha: float) -> str:
        """Multiply what is below 0 by `alpha`."""
        return self._node("LeakyRelu", [x], alpha=alpha)

    def add(self, x: str, y: str) -> str:
        """Add two outputs of one shape."""
        return self._node("Add", [x, y])

    def softmax(self, x: str) -> str:
        """Turn N x classes into likelihoods."""
        return self._node("Softmax", [x], axis=1)

    def transpose_back(self, x: str) -> str:
        """Turn N x channels x height x width into N x height x width x channels."""
        return self._node("Transpose", [x], perm=[0, 2, 3, 1])

    def model(self, x: str, *, size: int, output: str, shape: Sequence[int | str]) -> bytes:
        """Give the model that answers `x`, as `output` of `shape`, about pictures of size x size.

        Raises:
            onnx.checker.ValidationError: the graph does not hold together.
        """
        self._nodes.append(helper.make_node("Identity", [x], [output], name=output))
        pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", size, size, 3])
        answer = helper.make_tensor_value_info(output, TensorProto.FLOAT, list(shape))
        model = helper.make_model(
            helper.make_graph(self._nodes, self._name, [pixels], [answer], self._constants),
            producer_name="imprimatur",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _conv(
        self,
        x: str,
        kernel: Weight,
        axes: tuple[int, int, int, int],
        group: int,
        *,
        bias: Floats | None,
        gain: Floats | None,
        stride: int,
        pads: Pads,
    ) -> str:
        name = self._next("Conv")
        values = kernel.values.transpose(axes)
        gains = np.asarray(1.0) if gain is None else gain.reshape(-1, 1, 1, 1)
        inputs = [x, self._floats(name, values, kernel.scale * gains, kernel.minimum * gains)]
        if bias is not None:
            inputs.append(self._constant(f"{name}.bias", bias))
        height, width = values.shape[2:]
        return self._node(
            "Conv",
            inputs,
            group=group,
            kernel_shape=[height, width],
            strides=[stride, stride],
            pads=list(pads),
        )

    def _floats(
        self,
        name: str,
        values: NDArray[Any],
        scale: Floats,
        offset: Floats | float,
    ) -> str:
        stored = self._constant(f"{name}.kernel", values)
        floats = self._node("Cast", [stored], to=TensorProto.FLOAT)
        scaled = self._node("Mul", [floats, self._constant(f"{name}.scale", scale)])
        return self._node("Add", [scaled, self._constant(f"{name}.offset", np.asarray(offset))])

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        if all(constant.name != name for constant in self._constants):
            narrow = value if value.dtype == np.uint8 else value.astype(np.float32)
            self._constants.append(numpy_helper.from_array(np.ascontiguousarray(narrow), name))
        return name

    def _next(self, kind: str) -> str:
        return f"{kind}{len(self._nodes)}"

    def _node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:  # noqa: ANN401  # ints, floats and lists, as `onnx` takes them
        name = self._next(kind)
        self._nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name
