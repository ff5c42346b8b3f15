"""Says what is wrong with a setting, in one line that says what to change."""

import difflib
from collections.abc import Sequence
from types import UnionType
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from pipeline.settings.mapping import PREFIX
from pipeline.settings.values import Settings


def explain(fault: ErrorDetails, env_names: Sequence[str]) -> str:
    """Return the line for one fault. It never repeats what was written, which may be a secret."""
    path, kind = fault["loc"], fault["type"]
    line = f"{_spell(path)}: {_what(path, kind, fault['msg'])}"
    variable = PREFIX + "__".join(str(part).upper() for part in path)
    return f"{line} (it is set by {variable})" if variable in env_names else line


def _spell(path: Sequence[int | str]) -> str:
    spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return spelled.removeprefix(".") or "the settings"


def _what(path: Sequence[int | str], kind: str, message: str) -> str:
    if kind == "missing" and tuple(path) == ("banks",):
        return "missing: write `banks: []` if you mean to run without hash lists"
    if kind == "missing":
        return "missing: write it"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), _names_beside(path), n=1)
        return "there is no such setting: " + (f"did you mean {near[0]}?" if near else "remove it")
    told = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return told if told.startswith("expected ") else f"expected {told}"


def _names_beside(path: Sequence[int | str]) -> Sequence[str]:
    """Return the names that a setting at this place can have."""
    part: type[BaseModel] = Settings
    for step in path[:-1]:
        if isinstance(step, str) and step in part.model_fields:
            part = _part_in(part.model_fields[step].annotation) or part
    return [name for name in part.model_fields if name not in {"data_dir", "tokens"}]


def _part_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {tuple, Annotated, UnionType}:
        return next(filter(None, map(_part_in, get_args(annotation))), None)
    return None
