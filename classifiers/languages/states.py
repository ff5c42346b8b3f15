"""Which languages are read here, and how well."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import cast

import yaml

from classifiers.errors import TermsError
from classifiers.yaml_data import parse


class State(StrEnum):
    """How well a language is read."""

    GATED = "gated"
    """A model and the terms read it, with measured recall and false blocks."""
    TERMS_ONLY = "terms_only"
    """Only the listed terms are read."""
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Language:
    """One language, and words that are common in its prompts."""

    id: str
    name: str
    state: State
    words: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Languages:
    """Every language and script that can be told."""

    languages: Mapping[str, Language]
    """By id."""
    scripts: Mapping[str, re.Pattern[str]] = field(repr=False)
    """By name, the letters of each script of which nothing is read."""

    def state(self, id_: str) -> State:
        """Return the state of a language; what is not listed is not read."""
        language = self.languages.get(id_)
        return State.UNREAD if language is None else language.state


def load(folder: Traversable) -> Languages:
    """Read `languages.yaml` of `folder`.

    Raises:
        TermsError: it is missing or does not say what it must.
    """
    try:
        data = parse((folder / "languages.yaml").read_bytes())
        rows = cast("Mapping[str, list[Mapping[str, object]]]", data)
        languages = tuple(
            Language(
                str(row["id"]),
                str(row["name"]),
                State(str(row["state"])),
                frozenset(map(str, cast("list[object]", row["words"]))),
            )
            for row in rows["languages"]
        )
        scripts = {
            str(row["name"]): _letters(cast("list[str]", row["ranges"])) for row in rows["scripts"]
        }
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        message = f"languages.yaml: expected languages and scripts, got {error!r}"
        raise TermsError(message) from error
    by_id = {one.id: one for one in languages}
    if len(by_id) != len(languages):
        raise TermsError("languages.yaml: expected each language once")
    return Languages(by_id, scripts)


def _letters(ranges: list[str]) -> re.Pattern[str]:
    pairs = (each.split("-") for each in ranges)
    return re.compile(
        "[" + "".join(f"{chr(int(low, 16))}-{chr(int(high, 16))}" for low, high in pairs) + "]"
    )
