"""The lists of terms, and how one is found in every spelling of a text at once."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple, cast

import yaml

from classifiers.errors import TermsError
from classifiers.normalise import plain_forms
from classifiers.yaml_data import parse


class TermList(StrEnum):
    """What a list of terms is about. A file of that name holds it."""

    MINOR = "minor"
    CONTEXT = "context"
    FICTION = "fiction"
    ADULT = "adult"
    SUGGESTIVE = "suggestive"
    NUDITY = "nudity"
    ACT = "act"
    NONCONSENT = "nonconsent"
    ANIMAL = "animal"
    GORE = "gore"
    HATE = "hate"
    SELF_HARM = "self_harm"
    REAL_PERSON = "real_person"


class Mode(StrEnum):
    """What may stand beside a term."""

    WORD = "word"
    PREFIX = "prefix"
    """A word may begin with it: languages that put endings to their words."""
    SUBSTRING = "substring"
    """Anything: languages that write no spaces."""


PACKED = "pack."
"""Begins the ids of the terms that operators add, and of no others."""
Row = tuple[str, str, str]
"""The id of a term, its mode, and its text as people write it."""
_CELLS = 3
_MODES = {mode.value: mode for mode in Mode}


class Term(NamedTuple):
    """A word or phrase of a list; `text` is in its plain form."""

    id: str
    lists: frozenset[TermList]
    """Its list; of a harmless phrase, the lists whose terms mean nothing inside it."""
    mode: Mode
    text: str
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All lists of one version. `digest` is over the bytes of every file."""

    version: str
    digest: str
    languages: frozenset[str]
    terms: tuple[Term, ...] = field(repr=False)
    innocent: frozenset[str] = field(repr=False)
    """Words that are a term only when read otherwise than they are written."""
    ages: Mapping[str, object] = field(repr=False)
    """`ages.yaml`, as it stands, for `classifiers.ages`."""


@cache
def shipped() -> Vocabulary:
    """Return the lists that ship with this package, read once.

    Raises:
        TermsError: as `load`.
    """
    return load(files("classifiers") / "terms")


def load(folder: Traversable) -> Vocabulary:
    """Read the lists in `folder`.

    Raises:
        TermsError: a file is missing or does not parse, or an id is used twice.
    """
    files = {
        one.name: one.read_bytes()
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.endswith((".csv", ".yaml"))
    }
    index = _mapping(files, "index.yaml")
    listed = [*_listed(files, index), *_harmless(files, index)]
    ids = [term.id for term in listed]
    if len(set(ids)) != len(ids):
        message = f"terms: expected each id once, got {_twice(ids)!r} twice"
        raise TermsError(message)
    return Vocabulary(
        str(index["version"]),
        hashlib.sha256(b"".join(name.encode() + files[name] for name in files)).hexdigest(),
        frozenset(_strings(index, "languages")),
        tuple(listed),
        frozenset(_strings(index, "innocent")),
        _mapping(files, "ages.yaml"),
    )


def _twice(ids: list[str]) -> str:
    return next(one for one in ids if ids.count(one) > 1)


def _mapping(files: Mapping[str, bytes], name: str) -> Mapping[str, object]:
    try:
        loaded = parse(files[name])
    except (KeyError, yaml.YAMLError) as error:
        message = f"{name}: expected a YAML file, got {type(error).__name__}"
        raise TermsError(message) from error
    if not isinstance(loaded, dict):
        message = f"{name}: expected a mapping, got {type(loaded).__name__}"
        raise TermsError(message)
    return cast("Mapping[str, object]", loaded)


def _strings(index: Mapping[str, object], key: str) -> list[str]:
    listed = index.get(key)
    if not isinstance(listed, list):
        message = f"index.yaml {key}: expected a list, got {type(listed).__name__}"
        raise TermsError(message)
    return [str(one) for one in cast("list[object]", listed)]


def terms(
    name: str, rows: Iterable[Row], lists: frozenset[TermList], *, harmless: bool = False
) -> tuple[Term, ...]:
    """Turn `rows` as people write them into terms of `lists`, each text in its plain form.

    `name` tells whence they come. A term that is not harmless MUST be of one list.

    Raises:
        TermsError: a row has no such mode or no text; the message tells its id and no more.
    """
    given = tuple(rows)
    folded = plain_forms([text for _, _, text in given])
    made: list[Term] = []
    for (id_, mode, _), text in zip(given, folded, strict=True):
        if not text or mode not in _MODES:
            message = f"{name}: expected id,mode,text in each row, got {id_!r}"
            raise TermsError(message)
        made.append(Term(id_, lists, _MODES[mode], text, harmless))
    return tuple(made)


def _listed(files: Mapping[str, bytes], index: Mapping[str, object]) -> Iterator[Term]:
    names = _strings(index, "lists")
    if set(names) != set(TermList):
        message = f"index.yaml lists: expected {sorted(TermList)!r}, got {names!r}"
        raise TermsError(message)
    for name in names:
        for term in terms(f"{name}.csv", _rows(files, f"{name}.csv"), frozenset({TermList(name)})):
            if not term.id.startswith(f"{name}."):
                message = f"{name}.csv: expected ids {name}.<language>.<n>, got {term.id!r}"
                raise TermsError(message)
            yield term


def _harmless(files: Mapping[str, bytes], index: Mapping[str, object]) -> Iterator[Term]:
    scopes = cast("Mapping[str, Iterable[str]]", index.get("harmless", {}))
    by_scope: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(files, "harmless.csv"):
        by_scope[row[0].split(".")[1]].append(row)
    for scope, rows in by_scope.items():
        lists = frozenset(TermList(one) for one in scopes[scope])
        yield from terms("harmless.csv", rows, lists, harmless=True)


def _rows(files: Mapping[str, bytes], name: str) -> list[Row]:
    if name not in files:
        message = f"{name}: expected a list of terms, got no file"
        raise TermsError(message)
    rows = [row for row in csv.reader(io.StringIO(files[name].decode("utf-8"))) if row][1:]
    for row in rows:
        if len(row) != _CELLS:
            message = f"{name}: expected id,mode,text in each row, got {row[:1]!r}"
            raise TermsError(message)
    return [(id_, mode, text) for id_, mode, text in rows]
