"""Words for messages about a request: names of keys and kinds of values, never the values."""

from collections.abc import Iterable

from pipeline.items import Json

_NAME_CHARACTERS = 40
_NAMES = 10


def shown(name: str) -> str:
    """Give `name` short, in ASCII and without control characters."""
    escaped = name.encode("unicode_escape").decode("ascii")
    return escaped if len(escaped) <= _NAME_CHARACTERS else f"{escaped[:_NAME_CHARACTERS]}..."


def listed(names: Iterable[str]) -> str:
    """Give `names` shown, sorted, and how many more there are."""
    ordered = sorted(shown(name) for name in names)
    more = len(ordered) - _NAMES
    return ", ".join(ordered[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def kind(value: Json) -> str:
    """Give what a JSON value is."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"
