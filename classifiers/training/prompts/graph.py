"""Writes the served model as ONNX: encoder and letters in 8 bits, calibration in floats.

The same weights give the same bytes. Matrices keep 7 of 8 bits, a scale for each column: two
products of 255 x 63 fit into 16 bits, so that processors without VNNI add them up without a loss
and every machine gives nearly the same answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from classifiers.prompt_heads import HEADS

OPSET: Final = 17
IR_VERSION: Final = 8  # of ONNX 1.13: every onnxruntime from 1.14 on reads it
_ATTENTION_HEADS: Final = 12
_EPSILON: Final = 1e-12
_LARGEST: Final = 63.0
_LARGEST_ROW: Final = 127.0
_FAR: Final = -1e4
_EVENED: Final = 0.75
"""How much of an input's reach goes into the matrix (SmoothQuant's alpha)."""

Floats = NDArray[np.float32]


class Graph:
    """The network under construction: each method adds a step and returns its output's name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[Any] | np.generic | Sequence[int]) -> str:
        """Store an array once; lists are shapes."""
        kind = np.int64 if isinstance(value, (list, tuple)) else None
        array = np.asarray(value, kind)
        narrow = array.astype(np.float32) if array.dtype == np.float64 else array
        self._constants.setdefault(
            name, numpy_helper.from_array(np.asarray(narrow, order="C"), name)
        )
        return name

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401  # ints, floats and lists, as `onnx` takes them
        """Add an operator of one output."""
        return self.nodes(kind, 1, *inputs, **attributes)[0]

    def nodes(self, kind: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:  # noqa: ANN401  # the same
        """Add an operator."""
        name = f"{kind}{len(self._nodes)}"
        names = [name, *(f"{name}.{number}" for number in range(1, outputs))]
        self._nodes.append(helper.make_node(kind, list(inputs), names, name=name, **attributes))
        return names

    def linear(self, name: str, x: str, matrix: Floats, bias: Floats, peak: Floats) -> str:
        """Multiply by a matrix of in x out in 8 bits, and add a bias.

        A few inputs get to be 30 times as large as the others, and one scale for all would leave
        these with little. So inputs are divided by how far they reach; the matrix makes up for it.
        """
        reach = np.maximum(peak, 1e-5) ** _EVENED
        reach = reach / np.maximum(np.abs(matrix).max(axis=1), 1e-5) ** (1 - _EVENED)
        reach = (reach / reach.mean()).astype(np.float32)
        x = self.node("Mul", x, self.constant(f"{name}.evened", 1 / reach))
        matrix = matrix * reach[:, np.newaxis]
        scale = np.maximum(np.abs(matrix).max(axis=0), 1e-9) / _LARGEST
        narrow = np.rint(matrix / scale).astype(np.int8)
        values, x_scale, zero = self.nodes("DynamicQuantizeLinear", 3, x)
        whole = self.node(
            "MatMulInteger", values, self.constant(f"{name}.weight_quantized", narrow), zero
        )
        both = self.node("Mul", x_scale, self.constant(f"{name}.weight_scale", scale))
        floats = self.node("Mul", self.node("Cast", whole, to=TensorProto.FLOAT), both)
        return self.node("Add", floats, self.constant(f"{name}.bias", bias))

    def rows(self, name: str, numbers: str, table: Floats, *, by_row: bool) -> str:
        """Look up rows of a table kept in 8 bits, with a scale for each row or each column."""
        scale = np.maximum(np.abs(table).max(axis=int(by_row), keepdims=True), 1e-9) / _LARGEST_ROW
        narrow = self.constant(f"{name}_quantized", np.rint(table / scale).astype(np.int8))
        taken = self.node("Cast", self.node("Gather", narrow, numbers), to=TensorProto.FLOAT)
        scales = self.constant(f"{name}_scale", scale.astype(np.float32))
        return self.node("Mul", taken, self.node("Gather", scales, numbers) if by_row else scales)

    def norm(self, name: str, x: str, gain: Floats, offset: Floats) -> str:
        """Normalise the last axis."""
        parts = self.constant(f"{name}.weight", gain), self.constant(f"{name}.bias", offset)
        return self.node("LayerNormalization", x, *parts, axis=-1, epsilon=_EPSILON)

    def gelu(self, x: str) -> str:
        """Apply GELU, exactly."""
        inner = self.node("Erf", self.node("Div", x, self.constant("sqrt_two", np.float32(2**0.5))))
        more = self.node("Add", inner, self.constant("one", np.float32(1)))
        return self.node("Mul", self.node("Mul", x, more), self.constant("half", np.float32(0.5)))

    def model(self, outputs: Mapping[str, str]) -> bytes:
        """Give the finished model, by name of output.

        Raises:
            onnx.checker.ValidationError: the graph does not hold together.
        """
        for name, x in outputs.items():
            self._nodes.append(helper.make_node("Identity", [x], [name], name=name))
        tensor = helper.make_tensor_value_info
        inputs = [
            tensor("pieces", TensorProto.INT64, ["texts", "pieces"]),
            tensor("buckets", TensorProto.INT64, ["texts", "buckets"]),
            tensor("weights", TensorProto.FLOAT, ["texts", "buckets"]),
        ]
        answers = [tensor(name, TensorProto.FLOAT, ["texts", len(HEADS)]) for name in outputs]
        graph = helper.make_graph(
            self._nodes, "prompt_model", inputs, answers, list(self._constants.values())
        )
        model = helper.make_model(
            graph,
            producer_name="imprimatur",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def encoder(graph: Graph, weights: Mapping[str, Floats]) -> str:
    """Add MiniLM with its heads over `pieces` (0 pads): logits of N x heads."""
    pieces = "pieces"
    there = graph.node("Cast", graph.node("Greater", pieces, _zero(graph)), to=TensorProto.FLOAT)
    x = _embedded(graph, weights, pieces)
    away = graph.node("Sub", graph.constant("one", np.float32(1)), there)
    far = graph.node("Mul", away, graph.constant("far", np.float32(_FAR)))
    far = graph.node("Unsqueeze", far, graph.constant("axes_1_3", [1, 3]))
    far = graph.node("Expand", far, graph.constant("shape.far", [1, _ATTENTION_HEADS, 1, 1]))
    near = graph.node("Expand", graph.constant("one", np.float32(1)), graph.node("Shape", far))
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    for layer in range(len(layers)):
        x = _layer(graph, weights, f"encoder.layer.{layer}", x, (near, far))
    wide = graph.node("Unsqueeze", there, graph.constant("axis_2", [2]))
    axis = graph.constant("axis_1", [1])
    total = graph.node("ReduceSum", graph.node("Mul", x, wide), axis, keepdims=0)
    count = graph.node("ReduceSum", there, axis, keepdims=1)
    mean = graph.node("Div", total, count)
    return graph.node(
        "Gemm",
        mean,
        graph.constant("heads.weight", weights["heads.weight"]),
        graph.constant("heads.bias", weights["heads.bias"]),
        transB=1,
    )


def letters(graph: Graph, table: Floats, bias: Floats) -> str:
    """Add the runs of letters: logits of N x heads."""
    rows = graph.rows("letters.table", "buckets", table, by_row=False)
    weights = graph.node("Unsqueeze", "weights", graph.constant("axis_1", [1]))
    summed = graph.node(
        "Squeeze", graph.node("MatMul", weights, rows), graph.constant("axis_1", [1])
    )
    return graph.node("Add", summed, graph.constant("letters.bias", bias))


def raw(weights: Mapping[str, Floats], table: Floats, bias: Floats) -> bytes:
    """Return the model that gives the two kinds of logits, to be calibrated."""
    graph = Graph()
    tuned = encoder(graph, weights)
    return graph.model({"encoder": tuned, "letters": letters(graph, table, bias)})


def calibrated(
    weights: Mapping[str, Floats],
    table: Floats,
    bias: Floats,
    shares: tuple[Floats, Floats, Floats],
) -> bytes:
    """Return the model that gives likelihoods; `shares`: of encoder, of letters, what is added."""
    graph = Graph()
    of_encoder, of_letters, added = shares
    tuned = graph.node("Mul", encoder(graph, weights), graph.constant("share.encoder", of_encoder))
    spelled = letters(graph, table, bias)
    spelled = graph.node("Mul", spelled, graph.constant("share.letters", of_letters))
    logits = graph.node(
        "Add", graph.node("Add", tuned, spelled), graph.constant("share.bias", added)
    )
    return graph.model({"likelihoods": graph.node("Sigmoid", logits)})


def _zero(graph: Graph) -> str:
    return graph.constant("zero", np.asarray(0, np.int64))


def _embedded(graph: Graph, weights: Mapping[str, Floats], pieces: str) -> str:
    x = graph.rows(
        "embeddings.word", pieces, weights["embeddings.word_embeddings.weight"], by_row=True
    )
    places = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][:1]
    )
    length = graph.node("Shape", pieces, start=1, end=2)
    near = graph.node(
        "Slice", graph.constant("places", places), graph.constant("start", [0]), length
    )
    x = graph.node("Add", x, near)
    gain, offset = (weights[f"embeddings.LayerNorm.{part}"] for part in ("weight", "bias"))
    return graph.norm("embeddings.LayerNorm", x, gain, offset)


def _layer(
    graph: Graph, w: Mapping[str, Floats], name: str, x: str, padding: tuple[str, str]
) -> str:
    """Add a layer.

    `padding` is one more place of queries and of keys: their product holds padding far away without
    a sum over all pairs of pieces, which took a tenth of the time.
    """
    own = f"{name}.attention.self"
    parts = ("query", "key", "value")
    matrix = np.concatenate([w[f"{own}.{part}.weight"].T for part in parts], axis=1)
    bias = np.concatenate([w[f"{own}.{part}.bias"] for part in parts])
    mixed = graph.linear(f"{own}.all", x, matrix, bias, w[f"{own}.query.peak"])
    width = len(bias) // len(parts)
    size = width // _ATTENTION_HEADS
    shape = graph.constant("shape.split", [0, 0, 3, _ATTENTION_HEADS, size])
    apart = graph.node("Transpose", graph.node("Reshape", mixed, shape), perm=[2, 0, 3, 1, 4])
    query, key, value = (
        graph.node("Gather", apart, graph.constant(f"part.{at}", np.asarray(at, np.int64)), axis=0)
        for at in range(3)
    )
    query, key = (
        graph.node("Concat", part, place, axis=3)
        for part, place in zip((query, key), padding, strict=True)
    )
    alike = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
    scaled = graph.node("Div", alike, graph.constant("root", np.float32(size**0.5)))
    shares = graph.node("Softmax", scaled, axis=-1)
    told = graph.node("Transpose", graph.node("MatMul", shares, value), perm=[0, 2, 1, 3])
    told = graph.node("Reshape", told, graph.constant("shape.join", [0, 0, width]))
    told = _dense(graph, w, f"{name}.attention.output.dense", told)
    x = _normed(graph, w, f"{name}.attention.output.LayerNorm", graph.node("Add", x, told))
    wide = graph.gelu(_dense(graph, w, f"{name}.intermediate.dense", x))
    out = _dense(graph, w, f"{name}.output.dense", wide)
    return _normed(graph, w, f"{name}.output.LayerNorm", graph.node("Add", x, out))


def _dense(graph: Graph, weights: Mapping[str, Floats], name: str, x: str) -> str:
    matrix, bias = weights[f"{name}.weight"].T, weights[f"{name}.bias"]
    return graph.linear(name, x, matrix, bias, weights[f"{name}.peak"])


def _normed(graph: Graph, weights: Mapping[str, Floats], name: str, x: str) -> str:
    return graph.norm(name, x, weights[f"{name}.weight"], weights[f"{name}.bias"])
