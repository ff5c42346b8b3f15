"""Reads the served file with the package `onnx`, which only cards need (the extra `models`)."""

from importlib import import_module
from typing import Any

from classifiers.errors import ModelError


def onnx() -> Any:  # noqa: ANN401  # onnx has no types
    """Return the package.

    Raises:
        ModelError: it is not installed.
    """
    try:
        found = import_module("onnx")
        import_module("onnx.parser")
    except ImportError as error:
        message = "prompt model: expected the package onnx on a card, got none: install `.[models]`"
        raise ModelError(message) from error
    return found


def load(model: bytes) -> Any:  # noqa: ANN401  # onnx has no types
    """Parse a model.

    Raises:
        ModelError: it is none, or `onnx` is not installed.
    """
    package, protobuf = onnx(), import_module("google.protobuf.message")
    try:
        return package.load_from_string(model)
    except protobuf.DecodeError as error:
        message = f"prompt model: expected an ONNX file, got {type(error).__name__}"
        raise ModelError(message) from error
