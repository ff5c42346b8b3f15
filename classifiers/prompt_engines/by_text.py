"""Changes the served graph so that each text of a batch has 8-bit scales of its own.

`DynamicQuantizeLinear` takes one scale over a whole batch: an answer would depend on who else asks.
And no graphics card has a kernel for it. So each becomes a function of plain operators that takes
one scale a text, padding counted out; integers stay exact, so that answers are those of one text
alone.
"""

from typing import Any, Final

import numpy as np

from classifiers.errors import ModelError
from classifiers.prompt_engines import stored

_DOMAIN: Final = "imprimatur"
_QUANTIZE: Final = """
<domain: "imprimatur", opset_import: ["" : 17]>
quantize (x, there) => (values, scale, shift)
{
    one = Constant <value = float {1.0}> ()
    zero = Constant <value = float {0.0}> ()
    middle = Constant <value = float {128.0}> ()
    least = Constant <value = float {-128.0}> ()
    most = Constant <value = float {127.0}> ()
    steps = Constant <value = float {255.0}> ()
    tiny = Constant <value = float {1e-30}> ()
    last = Constant <value = int64[1] {2}> ()
    wide = Unsqueeze (there, last)
    read = Mul (x, wide)
    low = ReduceMin <axes = [1, 2], keepdims = 1> (read)
    high = ReduceMax <axes = [1, 2], keepdims = 1> (read)
    below = Min (low, zero)
    above = Max (high, zero)
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
"""As ONNX defines DynamicQuantizeLinear, but signed, and over the last two axes of three.

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
    """Return the model with one scale a text.

    Raises:
        ModelError: `onnx` is not installed, or the graph is none of `training/prompts/graph.py`.
    """
    onnx, proto = stored.onnx(), stored.load(model)
    tables = {one.name: one for one in proto.graph.initializer}
    try:
        found = (node.output[0] for node in proto.graph.node if node.input[0].startswith("Greater"))
        there = next(found)  # what says where there are pieces, and where padding
        for node in proto.graph.node:
            if node.op_type == "DynamicQuantizeLinear":
                _become(node, "quantize", [node.input[0], there])
            elif node.op_type == "MatMulInteger":
                values, matrix, point = node.input
                sums = f"{matrix}.sums"
                proto.graph.initializer.append(_sums(onnx, tables[matrix], sums))
                _become(node, "multiply", [values, matrix, point, sums])
    except (IndexError, KeyError, StopIteration, ValueError) as error:
        message = f"prompt model: expected the graph that we write, got {type(error).__name__}"
        raise ModelError(message) from error
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
