"""References to images that were uploaded earlier, perhaps elsewhere (novelai-api.md 3.5).

A cache key is never forwarded: nobody here has seen what it stands for. NovelAI's own client, told
which keys are invalid, sends the bytes once more.
"""

import re
from collections.abc import Iterator, Mapping

from pipeline.items import Json
from pipeline.novelai.errors import RequestRefusedError

_KEY = re.compile(r"[0-9A-Fa-f]{1,128}")
_SINGLE = {
    "image_cache_secret_key": "image",
    "mask_cache_secret_key": "mask",
    "reference_image_cache_secret_key": "reference_image",
}
_LISTS = {
    "reference_image_multiple_cached": "reference_image_multiple",
    "director_reference_images_cached": "director_reference_images",
}


def inline(parameters: Mapping[str, Json]) -> dict[str, Json]:
    """Give `parameters` without cache keys, the data that came with them in the plain fields.

    Raises:
        RequestRefusedError: `INVALID_CACHE_KEYS` for a key that came without its data.
    """
    bare = list(_bare(parameters))
    if bare:
        raise RequestRefusedError(400, "INVALID_CACHE_KEYS", {"invalidKeys": bare})
    plain = {
        key: value for key, value in parameters.items() if key not in _SINGLE and key not in _LISTS
    }
    for key, field in _LISTS.items():
        if entries := _entries(key, parameters.get(key)):
            if plain.get(field):
                raise RequestRefusedError(400, f"parameters.{key}: expected no {field} beside it")
            plain[field] = [entry["data"] for entry in entries]
    return plain


def _bare(parameters: Mapping[str, Json]) -> Iterator[str]:
    for key, field in _SINGLE.items():
        value = parameters.get(key)
        if value is not None and parameters.get(field) is None:
            yield _plain_key(key, value)
    for key in _LISTS:
        for entry in _entries(key, parameters.get(key)):
            if entry.get("data") is None:
                yield _plain_key(key, entry.get("cache_secret_key"))


def _entries(key: str, value: Json) -> list[dict[str, Json]]:
    entries = [] if value is None else value
    if not isinstance(entries, list):
        raise RequestRefusedError(400, f"parameters.{key}: expected a list")
    found = [entry for entry in entries if isinstance(entry, dict)]
    if len(found) != len(entries) or any(
        entry.keys() - {"cache_secret_key", "data"} for entry in found
    ):
        message = f"parameters.{key}: expected objects with cache_secret_key and data"
        raise RequestRefusedError(400, message)
    return found


def _plain_key(field: str, value: Json) -> str:
    """Give `value` if it is a key and nothing else: it is sent back to whoever sent it."""
    if isinstance(value, str) and _KEY.fullmatch(value):
        return value
    raise RequestRefusedError(400, f"parameters.{field}: expected a hexadecimal key")
