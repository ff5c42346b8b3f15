"""A small table of tags to suggest."""

from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.sandbox.catalogue import MODELS
from pipeline.sandbox.errors import RefusedError

_MOST = 10
_TABLE: Final = (
    ("scenery", 10_000, "風景"),
    ("sky", 9_800, "空"),
    ("sea", 8_200, "海"),
    ("sunset", 7_400, "夕焼け"),
    ("ship", 5_100, "船"),
    ("harbor", 3_300, "港"),
    ("house", 4_800, "家"),
    ("hill", 2_900, "丘"),
    ("tree", 8_700, "木"),
    ("flower", 9_100, "花"),
    ("field", 4_100, "野原"),
    ("mountain", 5_600, "山"),
    ("cat", 6_900, "猫"),
    ("lighthouse", 1_200, "灯台"),
    ("night sky", 4_600, "夜空"),
)


def suggest(model: str, prompt: str, language: str) -> object:
    """What the last word of `prompt` may be going to be, best first.

    Raises:
        RefusedError: 400, for an unknown model or no prompt.
    """
    if model not in MODELS:
        raise RefusedError(400, f"Validation error: model {model} doesn't exist")
    begun = prompt.rpartition(",")[2].strip().lower()
    if not begun:
        raise RefusedError(400, "Validation error: prompt is required")
    column = 2 if language == "jp" else 0
    found = [row for row in _TABLE if begun in str(row[column]) or begun in row[0]][:_MOST]
    return _in_japanese(found) if language == "jp" else {"tags": _in_english(found)}


def _in_english(rows: Sequence[tuple[str, int, str]]) -> Sequence[Mapping[str, object]]:
    return [{"tag": tag, "count": count, "confidence": count / 10_000} for tag, count, _ in rows]


def _in_japanese(rows: Sequence[tuple[str, int, str]]) -> Sequence[Mapping[str, object]]:
    return [{"jp_tag": jp, "en_tag": tag, "power": count} for tag, count, jp in rows]
