"""Reads models as TensorFlow.js publishes them: a weights manifest and its quantised shard.

A weight of N values is either N little-endian float32, or N bytes `b` that stand for
`b * scale + minimum`. nsfwjs wraps manifest and shard in a browserify module, whose one export is a
JavaScript literal; `read_module` takes that literal out without running anything.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray


class ConversionError(Exception):
    """A published model is not what its converter was written for."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One published weight: its true value is `values * scale + minimum`."""

    values: NDArray[Any] = field(repr=False)
    """uint8 or float32."""
    scale: float = 1.0
    minimum: float = 0.0

    def floats(self) -> NDArray[np.float64]:
        """Give the true values."""
        return self.values.astype(np.float64) * self.scale + self.minimum


_EXPORT: Final = re.compile(r"\{1:\[function\(\w+,\w+,\w+\)\{\w+\.exports=")
_TOKEN: Final = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<truth>![01])"
    r"|(?P<name>[A-Za-z_$][\w$]*)(?=:)"
)


def _as_json(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "number":
            return repr(float(token[0])) if re.search(r"[.eE]", token[0]) else token[0]
        case "truth":
            return "true" if token[0] == "!0" else "false"
        case "name":
            return f'"{token[0]}"'
        case _:
            return token[0]


def read_literal(text: str) -> Any:  # noqa: ANN401  # what `json` gives: checked by who asks
    """Read the JavaScript literal that `text` begins with, as a minifier writes it.

    Raises:
        ConversionError: `text` does not begin with a literal of names, strings, numbers and truths.
    """
    try:
        decoder = json.JSONDecoder(parse_constant=_refuse)
        return decoder.raw_decode(_TOKEN.sub(_as_json, text))[0]
    except ValueError as error:
        message = f"module: expected a JavaScript literal, got {type(error).__name__}"
        raise ConversionError(message) from error


def _refuse(constant: str) -> None:
    """Refuse `NaN` and its like, which Python's reader would take for numbers."""
    message = f"expected a number, got {constant}"
    raise ValueError(message)


def read_module(text: str) -> Any:  # noqa: ANN401  # as above
    """Read the one value that a browserify bundle exports.

    Raises:
        ConversionError: the bundle does not export one literal.
    """
    start = _EXPORT.search(text)
    if start is None:
        message = "module: expected a browserify bundle with one export, got something else"
        raise ConversionError(message)
    return read_literal(text[start.end() :])


def read_weights(manifest: Any, shard: bytes) -> Mapping[str, Weight]:  # noqa: ANN401  # parsed JSON
    """Cut `shard` into the weights that `manifest` lists, every byte accounted for.

    Raises:
        ConversionError: the manifest is of another shape, or the shard of another length.
    """
    try:
        entries = [entry for group in manifest for entry in group["weights"]]
        weights: dict[str, Weight] = {}
        offset = 0
        for entry in entries:
            weight, offset = _read_weight(entry, shard, offset)
            weights[str(entry["name"])] = weight
    except (KeyError, TypeError, ValueError) as error:
        message = f"manifest: expected name, shape, dtype and quantization, got {error!r}"
        raise ConversionError(message) from error
    if offset != len(shard):
        message = f"shard: expected {offset} bytes, got {len(shard)}"
        raise ConversionError(message)
    return weights


def _read_weight(entry: Mapping[str, Any], shard: bytes, offset: int) -> tuple[Weight, int]:
    shape = tuple(int(size) for size in entry["shape"])
    quantization = entry.get("quantization")
    stored = entry["dtype"] if quantization is None else quantization["dtype"]
    kind = {"float32": "<f4", "uint8": "u1"}[stored]
    values: NDArray[Any] = np.frombuffer(shard, kind, prod(shape), offset).reshape(shape)
    end = offset + values.nbytes
    if quantization is None:
        return Weight(values), end
    return Weight(values, float(quantization["scale"]), float(quantization["min"])), end
