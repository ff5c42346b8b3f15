"""What a tagger's labels mean: a reviewed data file, and the order of a model's answers."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files
from typing import Annotated, Final, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifiers.character_list import load_judged
from classifiers.errors import ModelError
from classifiers.signals import SignalName
from classifiers.yaml_data import parse

RATINGS: Final = ("general", "sensitive", "questionable", "explicit")
LEVELS: Final = (
    SignalName.IMAGE_SEXUAL_SUGGESTIVE,
    SignalName.IMAGE_SEXUAL_NUDITY,
    SignalName.IMAGE_SEXUAL_ACT,
)
YOUTH: Final = SignalName.IMAGE_MINOR_DRAWN
HARMS: Final = (
    SignalName.IMAGE_NONCONSENT,
    SignalName.IMAGE_ANIMAL,
    SignalName.IMAGE_GORE,
)
SPOKEN_OF: Final[frozenset[SignalName]] = frozenset({*LEVELS, YOUTH, *HARMS})
_COLUMNS: Final = ["tag_id", "name", "category", "count"]
_GENERAL, _CHARACTER, _RATING = "0", "4", "9"

Weight = Annotated[float, Field(gt=0, le=1)]


class _Meant(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    needed: Annotated[tuple[str, ...], Field(min_length=1)]
    """Tags without which a model does not answer for this at all."""
    ratings: Mapping[str, Weight]
    tags: Mapping[str, Weight]


class TagMap(BaseModel):
    """What each rating and tag says, and from which measured recall on somebody may be believed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    reviewed_by: Annotated[str, Field(min_length=1)]
    reviewed_on: date
    """Whom and when: a draft has no date, and is no tag map."""
    qualified: Mapping[str, Weight]
    signals: Mapping[SignalName, _Meant]


class Seen(NamedTuple):
    """The score of a signal, and the place of the label that says so."""

    score: float
    label: int


class Labels:
    """The labels of one model, in its order, and what each of them says here."""

    def __init__(self, selected_tags: bytes, tag_map: TagMap) -> None:
        """Read a model's own list of labels.

        Raises:
            ModelError: it is no such list, or lacks what the tag map needs.
        """
        rows = _rows(selected_tags)
        self.names: Sequence[str] = [name for name, _ in rows]
        minors = _minors()
        self._weights = {
            name: np.asarray([_weight(name, meant, row, minors) for row in rows], np.float32)
            for name, meant in tag_map.signals.items()
        }
        known = {name for name, category in rows if category == _GENERAL}
        needed = {tag for meant in tag_map.signals.values() for tag in meant.needed}
        ratings = sorted(name for name, category in rows if category == _RATING)
        if ratings != sorted(RATINGS) or not needed <= known or len(set(rows)) != len(rows):
            lacking = sorted(needed - known)
            message = (
                f"labels: expected each once, four ratings and all needed; lacking {lacking!r}"
            )
            raise ModelError(message)

    def read(self, scores: NDArray[np.float32]) -> Mapping[SignalName, Seen]:
        """Say what likelihoods of views x labels come to: each signal's highest.

        Raises:
            ModelError: there are more or fewer than labels, or they are no likelihoods.
        """
        if scores.ndim != 2 or scores.shape[1] != len(self.names) or not len(scores):  # noqa: PLR2004
            message = f"scores: expected {len(self.names)} for each view, got {scores.shape!r}"
            raise ModelError(message)
        if not (scores.min() >= 0 and scores.max() <= 1):  # also refuses NaN
            raise ModelError("scores: expected likelihoods, got others")
        highest = scores.max(axis=0)
        seen = {name: _strongest(highest * weights) for name, weights in self._weights.items()}
        for lower, higher in zip(LEVELS[-2::-1], LEVELS[:0:-1], strict=True):
            seen[lower] = max(seen[lower], seen[higher])
        return seen


def tag_map_bytes(name: str) -> bytes:
    """Return a tag map that ships with this package.

    Raises:
        ModelError: there is none of that name.
    """
    try:
        return (files("classifiers") / "tags" / name).read_bytes()
    except OSError as error:
        message = f"tag map {name!r}: expected one that ships, got {type(error).__name__}"
        raise ModelError(message) from error


def parse_tag_map(text: bytes) -> TagMap:
    """Read a tag map.

    Raises:
        ModelError: it is none, or does not speak of every level, of youth and of each harm.
    """
    try:
        tag_map = TagMap.model_validate_json(json.dumps(parse(text)))
    except (yaml.YAMLError, ValidationError, TypeError, ValueError, RecursionError) as error:
        message = f"tag map: expected weights of ratings and tags, got {type(error).__name__}"
        raise ModelError(message) from error
    if frozenset(tag_map.signals) != SPOKEN_OF:
        raise ModelError("tag map: expected every level, youth and each harm, got others")
    return tag_map


def digest_of(text: bytes) -> str:
    """Return the sha256 by which a tag map is pinned."""
    return hashlib.sha256(text).hexdigest()


def _strongest(weighted: NDArray[np.float32]) -> Seen:
    label = int(weighted.argmax())
    return Seen(float(weighted[label]), label)


def _weight(
    signal: SignalName, meant: _Meant, row: tuple[str, str], minors: frozenset[str]
) -> float:
    name, category = row
    if category == _RATING:
        return meant.ratings.get(name, 0.0)
    if category == _CHARACTER:
        return float(signal is YOUTH and name in minors)
    return meant.tags.get(name, 0.0)


def _minors() -> frozenset[str]:
    """Return the tags of the characters who are minors where they come from."""
    judged = load_judged(files("classifiers") / "terms" / "characters")
    return frozenset(row.tag for row in judged if row.tells is SignalName.TEXT_MINOR_CHARACTER)


def _rows(text: bytes) -> list[tuple[str, str]]:
    try:
        header, *rows = list(csv.reader(io.StringIO(text.decode("utf-8")), strict=True))
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        message = f"labels: expected a table, got {type(error).__name__}"
        raise ModelError(message) from error
    kinds = {_GENERAL, _CHARACTER, _RATING}
    if header != _COLUMNS or any(len(row) != len(header) or row[2] not in kinds for row in rows):
        raise ModelError("labels: expected tag_id,name,category,count with categories 0, 4 and 9")
    return [(row[1], row[2]) for row in rows]
