"""The list of fictional characters: whether each is a minor where it comes from, and its names."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import NamedTuple, cast

import yaml

from classifiers.errors import TermsError
from classifiers.normalise import plain_forms
from classifiers.signals import SignalName
from classifiers.yaml_data import parse

_FILES = ("index.yaml", "judged.csv", "aliases.csv", "series.csv")
_AGE = re.compile(r"official age (\d{1,2})")
_OF_AGE = 18


class Status(StrEnum):
    """What a character is where it comes from."""

    CANON_MINOR = "canon_minor"
    CANON_ADULT = "canon_adult"
    VARIES = "varies"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """When a text names a character."""

    ALONE = "alone"
    BESIDE = "beside"
    """Only where the request speaks of the series as well."""
    SHELTER = "shelter"
    """Never: a longer name, of somebody else, in which a character's name is none."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A character, and what was judged of it."""

    id: int
    tag: str
    status: Status
    basis: str
    source: str
    series: str
    reviewed_by: str
    """`draft` until a second person has read the row."""
    rank: int
    """Its place among the character tags of the vocabulary, by use."""
    count: int
    """Its uses."""
    tells: SignalName | None
    """What to report where it is asked for, if anything."""


class Alias(NamedTuple):
    """A text that may name a character; the builder wrote it in its plain form."""

    id: int
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class CharacterList:
    """All files of one version. `digest` is over the bytes of every file."""

    version: str
    digest: str
    uses: int
    """All uses of character tags in the vocabulary."""
    judged: Mapping[int, Judged] = field(repr=False)
    aliases: tuple[Alias, ...] = field(repr=False)
    series: tuple[tuple[str, str], ...] = field(repr=False)
    """Names of series, each with a text, in its plain form, that speaks of it."""


def load(folder: Traversable) -> CharacterList:
    """Read the lists in `folder`.

    Raises:
        TermsError: a file is missing or a row makes no sense.
    """
    contents = {name: _read(folder, name) for name in _FILES}
    index = _index(contents["index.yaml"])
    judged = tuple(_judged(contents["judged.csv"], index))
    by_id = {row.id: row for row in judged}
    if len(by_id) != len(judged) or len({row.tag for row in judged}) != len(judged):
        raise TermsError("judged.csv: expected each id and each tag once, got one twice")
    vocabulary = cast("Mapping[str, int]", index["vocabulary"])
    return CharacterList(
        str(index["version"]),
        hashlib.sha256(b"".join(name.encode() + contents[name] for name in _FILES)).hexdigest(),
        vocabulary["uses"],
        by_id,
        tuple(_aliases(contents["aliases.csv"], by_id)),
        tuple(_series(contents["series.csv"], {row.series for row in judged})),
    )


def load_judged(folder: Traversable) -> tuple[Judged, ...]:
    """Read only what was judged: what the builder of `aliases.csv` begins with.

    Raises:
        TermsError: a file is missing or a row makes no sense.
    """
    return tuple(_judged(_read(folder, "judged.csv"), _index(_read(folder, "index.yaml"))))


def not_alone(folder: Traversable) -> frozenset[str]:
    """Read the names that name nobody with nothing beside them.

    Raises:
        TermsError: a file is missing.
    """
    return frozenset(cast("list[str]", _index(_read(folder, "index.yaml"))["not_alone"]))


def qualified(folder: Traversable) -> frozenset[str]:
    """Read the words that name nobody but with what stands in brackets.

    Raises:
        TermsError: a file is missing.
    """
    return frozenset(cast("list[str]", _index(_read(folder, "index.yaml"))["qualified"]))


def _read(folder: Traversable, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        message = f"characters: expected {name}, got {type(error).__name__}"
        raise TermsError(message) from error


def _index(content: bytes) -> Mapping[str, object]:
    try:
        return cast("Mapping[str, object]", parse(content))
    except yaml.YAMLError as error:
        message = f"characters/index.yaml: expected YAML, got {type(error).__name__}"
        raise TermsError(message) from error


def _judged(content: bytes, index: Mapping[str, object]) -> Iterator[Judged]:
    bases = cast("Mapping[str, list[str]]", index["bases"])
    sources = cast("list[str]", index["sources"])
    weak = cast("list[str]", index["weak"])
    for cells in _rows(content, "judged.csv", 9):
        id_, tag, status, basis, source, series, reviewed_by, rank, count = cells
        if (
            not _may_be(status, basis, bases)
            or not (source in sources or source.startswith("as "))
            or not all(cells)
        ):
            message = f"judged.csv: expected a status with its basis and source, got {id_!r}"
            raise TermsError(message)
        is_a = Status(status)
        tells = _tells(is_a, basis, weak)
        yield Judged(
            int(id_), tag, is_a, basis, source, series, reviewed_by, int(rank), int(count), tells
        )


def _may_be(status: str, basis: str, bases: Mapping[str, list[str]]) -> bool:
    stated = _AGE.fullmatch(basis)
    if stated is None:
        return basis in bases.get(status, [])
    minor = int(stated[1]) < _OF_AGE
    return status == (Status.CANON_MINOR if minor else Status.CANON_ADULT)


def _tells(status: Status, basis: str, weak: list[str]) -> SignalName | None:
    if status is Status.CANON_MINOR:
        return SignalName.TEXT_MINOR_CHARACTER
    return SignalName.TEXT_MINOR_CONTEXT if basis in weak else None


def _aliases(content: bytes, judged: Mapping[int, Judged]) -> Iterator[Alias]:
    kinds = {kind.value: kind for kind in Kind}
    for id_, kind, text in _rows(content, "aliases.csv", 3):
        if int(id_) not in judged or kind not in kinds or not text:
            message = f"aliases.csv: expected a known id, kind and text, got {id_!r}"
            raise TermsError(message)
        yield Alias(int(id_), kinds[kind], text)


def _series(content: bytes, known: set[str]) -> Iterator[tuple[str, str]]:
    rows = list(_rows(content, "series.csv", 2))
    folded = plain_forms([text for _, text in rows])
    for (name, _), text in zip(rows, folded, strict=True):
        if name not in known or not text:
            message = f"series.csv: expected the series of a character, got {name!r}"
            raise TermsError(message)
        yield name, text


def _rows(content: bytes, name: str, cells: int) -> Iterator[list[str]]:
    """Give each row of a table of so many columns, but for the first, which names them."""
    rows = csv.reader(io.StringIO(content.decode("utf-8")))
    next(rows, None)
    for row in rows:
        if len(row) != cells:
            message = f"{name}: expected as many cells as columns, got {row[:1]!r}"
            raise TermsError(message)
        yield row
