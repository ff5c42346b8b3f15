"""Changes the served graph so that each question of a batch has 8-bit scales of its own.

`DynamicQuantizeLinear` takes one scale over a whole batch: an answer would depend on who else asks.
And no graphics card has a kernel for it. So each becomes a function of plain operators that takes
one scale over the panes of a question, what fills them up to the batch counted out; integers stay
exact, so that answers are those of one question alone. Two more inputs say whose each row is.
"""

from typing import Any, Final

import numpy as np

from classifiers.errors import ModelError
from classifiers.prompt_engines import stored

_DOMAIN: Final = "imprimatur"
_QUANTIZE: Final = """
<domain: "imprimatur", opset_import: ["" : 17]>
quantize (x, counted, owners) => (values, scale, shift)
{
    one = Constant <value = float {1.0}> ()
    zero = Constant <value = float {0.0}> ()
    middle = Constant <value = float {128.0}> ()
    least = Constant <value = float {-128.0}> ()
    most = Constant <value = float {127.0}> ()
    steps = Constant <value = float {255.0}> ()
    tiny = Constant <value = float {1e-30}> ()
    first = Constant <value = int64[1] {0}> ()
    second = Constant <value = int64[1] {1}> ()
    last = Constant <value = int64[1] {2}> ()
    wide = Unsqueeze (counted, last)
    read = Mul (x, wide)
    down_rows = Unsqueeze (owners, second)
    across = Unsqueeze (owners, first)
    same = Equal (down_rows, across)
    lows = ReduceMin <axes = [1, 2], keepdims = 0> (read)
    highs = ReduceMax <axes = [1, 2], keepdims = 0> (read)
    low_of = Where (same, lows, zero)
    high_of = Where (same, highs, zero)
    low = ReduceMin <axes = [1], keepdims = 1> (low_of)
    high = ReduceMax <axes = [1], keepdims = 1> (high_of)
    below = Unsqueeze (low, last)
    above = Unsqueeze (high, last)
    reach = Sub (above, below)
    some = Max (reach, tiny)
    scale = Div (some, steps)
    down = Neg (below)
    place = Div (down, scale)
    point = Round (place)
    shift = Sub (middle, point)
    stepped = Div (read, scale)
    rounded = Round (stepped)
    moved = Sub (rounded, shift)
    held = Clip (moved, least, most)
    values = Cast <to = 3> (held)
}
"""
"""As ONNX defines DynamicQuantizeLinear, but signed, and over the rows that have the same owner.

`shift` is what the zero point lacks to 128: products need it added back, times the column's sum. It
stands where the zero point stood, so the products find it there.
"""
_MULTIPLY: Final = """
<domain: "imprimatur", opset_import: ["" : 17]>
multiply (values, matrix, shift, sums) => (product)
{
    whole = MatMulInteger (values, matrix)
    floats = Cast <to = 1> (whole)
    more = Mul (shift, sums)
    product = Add (floats, more)
}
"""


def by_text(model: bytes) -> bytes:
    """Return the model with one scale a question, and with the inputs `counted` and `owners`.

    Raises:
        ModelError: `onnx` is not installed, or the graph is none of `training/prompts/graph.py`.
    """
    onnx, proto = stored.onnx(), stored.load(model)
    tables = {one.name: one for one in proto.graph.initializer}
    inputs = [one.name for one in proto.graph.input]
    if inputs != ["pieces", "buckets", "weights"]:
        message = f"prompt model: expected the inputs of the graph that we write, got {len(inputs)}"
        raise ModelError(message)
    try:
        for node in proto.graph.node:
            if node.op_type == "DynamicQuantizeLinear":
                _become(node, "quantize", [node.input[0], "counted", "owners"])
            elif node.op_type == "MatMulInteger":
                values, matrix, point = node.input
                sums = f"{matrix}.sums"
                proto.graph.initializer.append(_sums(onnx, tables[matrix], sums))
                _become(node, "multiply", [values, matrix, point, sums])
    except (IndexError, KeyError, ValueError) as error:
        message = f"prompt model: expected the graph that we write, got {type(error).__name__}"
        raise ModelError(message) from error
    tensor, kinds = onnx.helper.make_tensor_value_info, onnx.TensorProto
    proto.graph.input.append(tensor("counted", kinds.FLOAT, ["texts", "pieces"]))
    proto.graph.input.append(tensor("owners", kinds.INT64, ["texts"]))
    proto.functions.extend(onnx.parser.parse_function(text) for text in (_QUANTIZE, _MULTIPLY))
    proto.opset_import.append(onnx.helper.make_opsetid(_DOMAIN, 1))
    return bytes(proto.SerializeToString(deterministic=True))


def _become(node: Any, kind: str, inputs: list[str]) -> None:  # noqa: ANN401  # onnx has no types
    node.op_type, node.domain = kind, _DOMAIN
    del node.input[:]
    node.input.extend(inputs)


def _sums(onnx: Any, matrix: Any, name: str) -> Any:  # noqa: ANN401  # onnx has no types
    columns = onnx.numpy_helper.to_array(matrix).astype(np.int64).sum(axis=0)
    return onnx.numpy_helper.from_array(columns.astype(np.float32), name)
