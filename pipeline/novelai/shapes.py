"""What a field of a request may hold, as data.

`checked` holds a value against its shape and gives it as it will be sent; `words` gives every text
of a user that stands in it, `shown` every picture. One table of shapes feeds all three, so that
what may be sent and is not looked at cannot be written down.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from classifiers.content import Polarity, Purpose, Text
from pipeline.items import Json
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.wording import kind, listed

_OPAQUE_CHARACTERS = 4096
_DROPPED = frozenset({"use_new_shared_trial", "recaptcha_token"})
"""The client's own affairs: never sent."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`; a whole one may be written `2.0`, as clients do."""

    low: float
    high: float
    whole: bool = False

    @property
    def expected(self) -> str:
        """What a message asks for."""
        return f"{'an integer' if self.whole else 'a number'} in {self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    expected: ClassVar[str] = "a boolean"

    def accepts(self, value: Json) -> bool:
        """Whether `value` is true or false; 0 and 1 are not."""
        return isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some names."""

    names: frozenset[str]

    @property
    def expected(self) -> str:
        """What a message asks for."""
        return f"one of {', '.join(sorted(self.names))}"

    def accepts(self, value: Json) -> bool:
        """Whether `value` is one of the names."""
        return isinstance(value, str) and value in self.names


@dataclass(frozen=True, slots=True)
class Words:
    """Free text of a user: a carrier, which is always read."""

    polarity: Polarity
    expected: ClassVar[str] = "a string"

    def accepts(self, value: Json) -> bool:
        """Whether `value` is text; how long all texts may be is for `captions` to say."""
        return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a user: a carrier, which is always looked at, and never stays in the body."""

    purpose: Purpose
    expected: ClassVar[str] = "a string"

    def accepts(self, value: Json) -> bool:
        """Whether `value` is base64 or the name of a part; which of them is for `pictures`."""
        return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A short string that nobody reads. It MUST stand only where nothing is sent."""

    expected: ClassVar[str] = "a short string"

    def accepts(self, value: Json) -> bool:
        """Whether `value` is a short string."""
        return isinstance(value, str) and len(value) <= _OPAQUE_CHARACTERS


@dataclass(frozen=True, slots=True)
class Object:
    """An object with these keys and no other; all may be missing but those `needed`."""

    fields: Mapping[str, "Shape"]
    needed: frozenset[str] = frozenset()
    expected: ClassVar[str] = "an object"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of at most `most` values of one shape."""

    item: "Shape"
    most: int

    @property
    def expected(self) -> str:
        """What a message asks for."""
        return f"a list of at most {self.most}"


Shape = Number | Flag | Choice | Words | Picture | Opaque | Object | ListOf


def checked(shape: Shape, path: str, value: Json) -> Json:
    """Give `value` as it will be sent: null fields of objects left out, whole numbers as int.

    Raises:
        RequestRefusedError: it is not of that shape. The message names the path, not the value.
    """
    match shape:
        case Object():
            return _checked_object(shape, path, value)
        case ListOf():
            if not isinstance(value, list) or len(value) > shape.most:
                raise _mismatch(shape, path, value)
            return [checked(shape.item, f"{path}[{i}]", item) for i, item in enumerate(value)]
        case Number():
            return _checked_number(shape, path, value)
        case Flag() | Choice() | Words() | Picture() | Opaque():
            if not shape.accepts(value):
                raise _mismatch(shape, path, value)
            return value


def _checked_object(shape: Object, path: str, value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise _mismatch(shape, path, value)
    if unknown := value.keys() - shape.fields.keys():
        raise RequestRefusedError(400, f"{path}: unknown keys: {listed(unknown)}")
    present = {key: item for key, item in value.items() if item is not None}
    if missing := shape.needed - present.keys():
        raise RequestRefusedError(400, f"{path}: missing keys: {listed(missing)}")
    return {key: checked(shape.fields[key], f"{path}.{key}", item) for key, item in present.items()}


def _checked_number(shape: Number, path: str, value: Json) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mismatch(shape, path, value)
    if not shape.low <= value <= shape.high:
        raise _mismatch(shape, path, value)
    if not shape.whole:
        return value
    if value != int(value):
        raise _mismatch(shape, path, value)
    return int(value)


def given(
    body: Mapping[str, Json], shapes: Mapping[str, Shape], needed: set[str]
) -> dict[str, Json]:
    """Give the fields of a body that are there, checked; refuse the others by name.

    Raises:
        RequestRefusedError: one is unknown, missing, or not of its shape.
    """
    present = {key: item for key, item in body.items() if item is not None and key not in _DROPPED}
    if unknown := present.keys() - shapes.keys():
        raise RequestRefusedError(400, f"request: unknown keys: {listed(unknown)}")
    if missing := needed - present.keys():
        raise RequestRefusedError(400, f"request: missing keys: {listed(missing)}")
    return {key: checked(shapes[key], key, item) for key, item in present.items()}


def words(shape: Shape, path: str, value: Json) -> Iterator[Text]:
    """Give every text of a user in `value`, which MUST have been `checked` against `shape`."""
    match shape, value:
        case Words(), str():
            yield Text(path, value, shape.polarity)
        case Object(), dict():
            for key, item in value.items():
                yield from words(shape.fields[key], f"{path}.{key}", item)
        case ListOf(), list():
            for i, item in enumerate(value):
                yield from words(shape.item, f"{path}[{i}]", item)
        case _:
            return


def shown(shape: Shape, path: str, value: Json) -> Iterator[tuple[str, int, Purpose, str]]:
    """Give every picture in a `checked` value: its carrier, place, purpose, and what it says.

    The places of a list have its path as their carrier, and count.
    """
    match shape, value:
        case Picture(purpose=purpose), str():
            yield path, 0, purpose, value
        case ListOf(item=Picture(purpose=purpose)), list():
            for i, item in enumerate(value):
                yield path, i, purpose, str(item)
        case _:
            return


def _mismatch(shape: Shape, path: str, value: Json) -> RequestRefusedError:
    return RequestRefusedError(400, f"{path}: expected {shape.expected}, got {kind(value)}")
