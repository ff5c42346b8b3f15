"""Takes typed values out of a request's JSON, each within its range.

A missing key and `null` mean the default. Whole numbers may be written as `28.0`, as some
clients do. Every refusal is a 400 that names the field and never its content.
"""

from collections.abc import Container, Mapping
from typing import NoReturn, cast

from pipeline.sandbox.errors import RefusedError

Fields = Mapping[str, object]


def text(fields: Fields, key: str, default: str = "") -> str:
    """A string."""
    value = fields.get(key)
    if value is None:
        return default
    return value if isinstance(value, str) else _refuse(key, "must be a string")


def flag(fields: Fields, key: str) -> bool:
    """A boolean, false unless given."""
    value = fields.get(key)
    if value is None:
        return False
    return value if isinstance(value, bool) else _refuse(key, "must be a boolean")


def real(fields: Fields, key: str, default: float, low: float, high: float) -> float:
    """A number from `low` to `high`."""
    value = fields.get(key)
    return default if value is None else float(_between(value, key, low, high))


def whole(fields: Fields, key: str, default: int | None, low: int, high: int) -> int:
    """A whole number from `low` to `high`; refused when missing without a default."""
    value = fields.get(key)
    if value is None:
        return default if default is not None else _refuse(key, "is required")
    number = _between(value, key, low, high)
    return int(number) if number == int(number) else _refuse(key, "must be a whole number")


def reals(fields: Fields, key: str, low: float, high: float) -> list[float]:
    """A list of numbers."""
    return [float(_between(value, key, low, high)) for value in items(fields, key)]


def texts(fields: Fields, key: str) -> list[str]:
    """A list of strings."""
    values = items(fields, key)
    return [v if isinstance(v, str) else _refuse(key, "must hold strings") for v in values]


def choice(fields: Fields, key: str, default: str, known: Container[str]) -> str:
    """One of the known words."""
    value = text(fields, key, default)
    return value if value in known else _refuse(key, "has an unknown value")


def items(fields: Fields, key: str) -> list[object]:
    """A list of anything, empty unless given."""
    value = fields.get(key)
    if value is None:
        return []
    return (
        cast("list[object]", value) if isinstance(value, list) else _refuse(key, "must be a list")
    )


def inner(fields: Fields, key: str) -> Fields:
    """An object, empty unless given."""
    value = fields.get(key)
    return {} if value is None else as_object(value, key)


def inners(fields: Fields, key: str) -> list[Fields]:
    """A list of objects."""
    return [as_object(value, key) for value in items(fields, key)]


def as_object(value: object, key: str) -> Fields:
    """`value`, which must be an object."""
    if not isinstance(value, dict):
        _refuse(key, "must be an object")
    return cast("Fields", value)


def _between(value: object, key: str, low: float, high: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        _refuse(key, "must be a number")
    if not low <= value <= high:
        _refuse(key, f"must be between {low} and {high}")
    return value


def _refuse(key: str, reason: str) -> NoReturn:
    raise RefusedError(400, f"Validation error: {key} {reason}")
