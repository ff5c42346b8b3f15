"""Adds to a request what its tenant has added to all of them: quality tags, undesired content.

It is added before anything is read, so it passes every gate that the rest passes, and what comes
back is compared with it. A tag that is there already is not added again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final, cast

from classifiers.yaml_data import parse
from pipeline.items import NOTHING, Added, Json, PromptHelp, Undesired

ANATOMY: Final = (
    "bad anatomy, bad hands, missing fingers, extra digits, fewer digits, mismatched pupils"
)
"""What NovelAI's own presets say of the faults that its models make in bodies."""
NSFW: Final = "nsfw"
_PARAMETERS: Final = "parameters"
_POSITIVE: Final = (
    (_PARAMETERS, "v4_prompt", "caption", "base_caption"),
    ("input",),
    (_PARAMETERS, "prompt"),
)
"""Where a prompt stands: the first that is there counts, the others are its copies."""
_CREATED: Final = (_PARAMETERS, "negative_prompt")
_NEGATIVE: Final = (
    (_PARAMETERS, "v4_negative_prompt", "caption", "base_caption"),
    _CREATED,
    (_PARAMETERS, "uc"),
)
_END_OF_BASE: Final = re.compile(r"\||\btext:", re.IGNORECASE)
"""Clients put quality tags before any other segment and before any lettering."""
_BETWEEN: Final = ", "


@lru_cache(1)
def presets() -> Mapping[str, Mapping[str, str]]:
    """Return by model the texts of its quality tags and of each preset of undesired content."""
    text = files("pipeline.novelai").joinpath("presets.yaml").read_text(encoding="utf-8")
    blocks = cast("list[dict[str, object]]", parse(text))
    return {
        model: {key: str(said) for key, said in block.items() if key != "models"}
        for block in blocks
        for model in cast("list[str]", block["models"])
    }


def helped(
    asked: dict[str, Json], wanted: PromptHelp, *, general: bool
) -> tuple[dict[str, Json], Added]:
    """Return a request with what was `wanted` for it, and what that was.

    `general` says that it is made for the general audience. The request was not checked yet: what
    has another shape than it should is left alone, and refused by whoever reads it.
    """
    model = asked.get("model")
    known = presets().get(model.removesuffix("-inpainting")) if isinstance(model, str) else None
    parameters = asked.get(_PARAMETERS)
    if known is None or not isinstance(parameters, dict):
        return asked, NOTHING
    quality = _tags(known["quality"]) if wanted.quality else ()
    undesired = (
        *((NSFW,) if wanted.nsfw and general else ()),
        *_tags(_preset(known, wanted.undesired)),
        *(_tags(ANATOMY) if wanted.anatomy else ()),
    )
    asked, prompt = _put_in(asked, _POSITIVE, quality, _at_the_end_of_the_base)
    nowhere = _counting(asked, _NEGATIVE) is None and parameters.get(_CREATED[-1]) is None
    if undesired and nowhere:
        asked = _with(asked, _CREATED, "")
    asked, negative = _put_in(asked, _NEGATIVE, undesired, _at_the_start)
    return asked, Added(prompt, negative)


def _preset(known: Mapping[str, str], wanted: Undesired) -> str:
    """Return a preset; one that a model has not is its heavy one."""
    return "" if wanted is Undesired.NONE else known.get(wanted, known[Undesired.HEAVY])


def _tags(text: str) -> tuple[str, ...]:
    return tuple(text.split(_BETWEEN)) if text else ()


def _put_in(
    asked: dict[str, Json],
    paths: Sequence[tuple[str, ...]],
    tags: Sequence[str],
    write: Callable[[str, str], str],
) -> tuple[dict[str, Json], str]:
    """Return `asked` with the tags that are missing, and these as one text."""
    was = _counting(asked, paths)
    if was is None:
        return asked, ""
    there = {tag.strip().casefold() for tag in was.split(",")}
    missing = [tag for tag in dict.fromkeys(tags) if tag.casefold() not in there]
    if not missing:
        return asked, ""
    added = _BETWEEN.join(missing)
    for path in paths:
        if _text_at(asked, path) == was:
            asked = _with(asked, path, write(was, added))
    return asked, added


def _counting(asked: Json, paths: Sequence[tuple[str, ...]]) -> str | None:
    found = (_text_at(asked, path) for path in paths)
    return next((text for text in found if text is not None), None)


def _text_at(value: Json, path: tuple[str, ...]) -> str | None:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _with(asked: dict[str, Json], path: tuple[str, ...], text: str) -> dict[str, Json]:
    """Return `asked` with `text` at `path`; nothing that was given is changed."""
    key, *rest = path
    inner = asked.get(key)
    within = inner if isinstance(inner, dict) else {}
    return {**asked, key: _with(within, tuple(rest), text) if rest else text}


def _at_the_end_of_the_base(text: str, added: str) -> str:
    end = _END_OF_BASE.search(text)
    base, rest = (text, "") if end is None else (text[: end.start()], text[end.start() :])
    base = base.rstrip(" ,\n")
    before = base + _BETWEEN if base else ""
    between = "" if not rest else " " if rest.startswith("|") else _BETWEEN
    return f"{before}{added}{between}{rest}"


def _at_the_start(text: str, added: str) -> str:
    return f"{added}{_BETWEEN}{text}" if text.strip() else added
