"""The lists of terms, and how one is found in every spelling of a text at once."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import cast

import yaml

from classifiers.errors import TermsError
from classifiers.normalise import plain_form


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


@dataclass(frozen=True, slots=True)
class Term:
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
    terms = [*_listed(files, index), *_harmless(files, index)]
    ids = [term.id for term in terms]
    if len(set(ids)) != len(ids):
        message = f"terms: expected each id once, got {_twice(ids)!r} twice"
        raise TermsError(message)
    return Vocabulary(
        str(index["version"]),
        hashlib.sha256(b"".join(name.encode() + files[name] for name in files)).hexdigest(),
        frozenset(_strings(index, "languages")),
        tuple(terms),
        frozenset(_strings(index, "innocent")),
        _mapping(files, "ages.yaml"),
    )


def _twice(ids: list[str]) -> str:
    return next(one for one in ids if ids.count(one) > 1)


def _mapping(files: Mapping[str, bytes], name: str) -> Mapping[str, object]:
    try:
        loaded: object = yaml.safe_load(files[name])
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


def _listed(files: Mapping[str, bytes], index: Mapping[str, object]) -> Iterator[Term]:
    names = _strings(index, "lists")
    if set(names) != set(TermList):
        message = f"index.yaml lists: expected {sorted(TermList)!r}, got {names!r}"
        raise TermsError(message)
    for name in names:
        for id_, mode, text in _rows(files, f"{name}.csv"):
            if not id_.startswith(f"{name}."):
                message = f"{name}.csv: expected ids {name}.<language>.<n>, got {id_!r}"
                raise TermsError(message)
            yield Term(id_, frozenset({TermList(name)}), mode, text)


def _harmless(files: Mapping[str, bytes], index: Mapping[str, object]) -> Iterator[Term]:
    scopes = cast("Mapping[str, Iterable[str]]", index.get("harmless", {}))
    for id_, mode, text in _rows(files, "harmless.csv"):
        scope = id_.split(".")[1]
        lists = frozenset(TermList(one) for one in scopes[scope])
        yield Term(id_, lists, mode, text, harmless=True)


def _rows(files: Mapping[str, bytes], name: str) -> Iterator[tuple[str, Mode, str]]:
    if name not in files:
        message = f"{name}: expected a list of terms, got no file"
        raise TermsError(message)
    for row in csv.DictReader(io.StringIO(files[name].decode("utf-8"))):
        text = plain_form(row.get("text") or "")
        if not text or row.get("mode") not in set(Mode):
            message = f"{name}: expected id,mode,text in each row, got {row.get('id')!r}"
            raise TermsError(message)
        yield row["id"], Mode(row["mode"]), text
