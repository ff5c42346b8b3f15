"""Reads from the bytes of an ONNX model by which operation its one output is made.

onnxruntime does not tell, and whether scores are likelihoods or logits must not be guessed. Only
the few fields of the format (Protocol Buffers, `onnx.proto`) that this takes are read.
"""

from collections.abc import Iterator
from typing import Final

from classifiers.errors import ModelError

_GRAPH: Final = 7
"""In a model."""
_NODE: Final = 1
_OUTPUT: Final = 12
"""In a graph; the name is its first field."""
_NAME: Final = 1
_NODE_OUTPUT: Final = 2
_OP_TYPE: Final = 4
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


def closing_operation(model: bytes) -> str:
    """Return the operation of the node that makes the graph's only output.

    Raises:
        ModelError: it is no such model.
    """
    try:
        graph = _only(memoryview(model), _GRAPH)
        output = bytes(_only(_only(graph, _OUTPUT), _NAME))
        makers = [
            node
            for node in _all(graph, _NODE)
            if output in {bytes(name) for name in _all(node, _NODE_OUTPUT)}
        ]
        (maker,) = makers
        return bytes(_only(maker, _OP_TYPE)).decode()
    except (ValueError, IndexError) as error:
        raise ModelError("model: expected an ONNX graph of one output, got another") from error


def _only(message: memoryview, field: int) -> memoryview:
    (value,) = _all(message, field)
    return value


def _all(message: memoryview, field: int) -> Iterator[memoryview]:
    """Give each value of a field that holds bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in {_FIXED_32, _FIXED_64}:
            size = 8 if kind == _FIXED_64 else 4
        else:
            raise ValueError(kind)
        if at + size > len(message):
            raise ValueError(size)
        if kind == _BYTES and key >> 3 == field:
            yield message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return value, at
        shift += 7
