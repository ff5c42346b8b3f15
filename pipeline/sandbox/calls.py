"""Remembers what was sent to the generation route, for tests that ask what went upstream."""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256

from pipeline.sandbox import body
from pipeline.sandbox.errors import RefusedError

_KEPT = 256


@dataclass(slots=True)
class Call:
    """One call, and whether it was paid for: not every call is, an account at work refuses."""

    sha256: str
    """Of its body, in hexadecimal."""
    body: Mapping[str, object] | None
    parts: Mapping[str, str]
    paid: bool = False


class Calls:
    """How many generation calls came, and the latest of them."""

    def __init__(self) -> None:
        self._count = self._paid = 0
        self._latest: deque[Call] = deque(maxlen=_KEPT)

    def reset(self) -> None:
        """Forget every call."""
        self._count = self._paid = 0
        self._latest.clear()

    def note(self, raw: bytes, content_type: str) -> Call:
        """Note one call, answered or not."""
        call = Call(sha256(raw).hexdigest(), *_parsed(raw, content_type))
        self._count += 1
        self._latest.append(call)
        return call

    def pay(self, call: Call) -> None:
        """Note that a call was paid for."""
        call.paid = True
        self._paid += 1

    def told(self) -> Mapping[str, object]:
        """The counts of all calls and of the paid, and the latest, `parts` as their sha256."""
        latest = [asdict(call) for call in self._latest]
        return {"count": self._count, "paid": self._paid, "calls": latest}


def _parsed(raw: bytes, content_type: str) -> tuple[Mapping[str, object] | None, Mapping[str, str]]:
    try:
        read = body.read(raw, content_type)
    except RefusedError:
        return None, {}
    parts = {name: sha256(part).hexdigest() for name, part in (read.parts or {}).items()}
    return read.fields, parts
