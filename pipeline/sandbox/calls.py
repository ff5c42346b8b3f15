"""Remembers what was sent to the generation route, for tests that ask what went upstream."""

from collections import deque
from collections.abc import Mapping
from hashlib import sha256

from pipeline.sandbox import body
from pipeline.sandbox.errors import RefusedError

_KEPT = 256


class Calls:
    """How many generation calls came, and the latest of them."""

    def __init__(self) -> None:
        self._count = 0
        self._latest: deque[Mapping[str, object]] = deque(maxlen=_KEPT)

    def reset(self) -> None:
        """Forget every call."""
        self._count = 0
        self._latest.clear()

    def note(self, raw: bytes, content_type: str) -> str:
        """Note one call, answered or not, and return its body's sha256 in hexadecimal."""
        digest = sha256(raw).hexdigest()
        self._count += 1
        self._latest.append({"sha256": digest, **_parsed(raw, content_type)})
        return digest

    def told(self) -> Mapping[str, object]:
        """The count of all calls, and the latest with `body` and the sha256 of their `parts`."""
        return {"count": self._count, "calls": list(self._latest)}


def _parsed(raw: bytes, content_type: str) -> Mapping[str, object]:
    try:
        read = body.read(raw, content_type)
    except RefusedError:
        return {"body": None, "parts": {}}
    parts = {name: sha256(part).hexdigest() for name, part in (read.parts or {}).items()}
    return {"body": read.fields, "parts": parts}
