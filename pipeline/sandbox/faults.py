"""What can be made to go wrong, and when.

A fault is asked for by the header `X-Sandbox-Fault`, armed for the next generations through
`POST /sandbox/faults`, or set for all of them; the first of these that is there counts.
`500-once` answers 500 when a body comes for the first time, and works when it is retried.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from pipeline.sandbox.errors import UnknownFaultError

_LONGEST_SECONDS = 3600.0


class Kind(StrEnum):
    """The faults by name; `slow` is written `slow:SECONDS`."""

    NO_ANLAS = "402"
    LOCKED = "429"
    BROKEN_ONCE = "500-once"
    SLOW = "slow"
    TRUNCATED_ZIP = "truncated-zip"
    HTML = "html-403"
    CORRUPT_PNG = "corrupt-png"
    WRONG_SIZE = "wrong-size"
    EXTRA_ENTRY = "extra-entry"
    STREAM_ERROR = "stream-error"
    BAD_SIGNATURE = "bad-signature"
    OTHER_PROMPT = "other-prompt"
    DROP_CONNECTION = "drop-connection"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `seconds` is for `slow` alone."""

    kind: Kind
    seconds: float = 0.0


def parse(text: str) -> Fault:
    """Read a fault as it is written in headers and settings.

    Raises:
        UnknownFaultError: it is none.
    """
    name, colon, seconds = text.strip().partition(":")
    if name not in list(Kind) or (name == Kind.SLOW) != bool(colon):
        known = ", ".join(kind + (":SECONDS" if kind is Kind.SLOW else "") for kind in Kind)
        raise UnknownFaultError(known, text)
    return Fault(Kind(name), _seconds(seconds) if colon else 0.0)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_SECONDS:
        expected = f"seconds from 0 to {_LONGEST_SECONDS:.0f}"
        raise UnknownFaultError(expected, text)
    return seconds


class Faults:
    """Which fault the next generation meets."""

    def __init__(self, always: Fault | None) -> None:
        self._always = always
        self._armed: deque[Fault] = deque()
        self._broken: set[str] = set()

    def reset(self) -> None:
        """Forget what was armed; what is set for all generations stays."""
        self._armed.clear()
        self._broken.clear()

    def arm(self, fault: Fault, times: int) -> None:
        """Let the next `times` generations meet `fault`."""
        self._armed.extend([fault] * times)

    def meet(self, header: str | None, body_digest: str) -> Fault | None:
        """The fault for a generation that just arrived.

        Raises:
            UnknownFaultError: the header names none.
        """
        if header is not None:
            fault: Fault | None = parse(header)
        else:
            fault = self._armed.popleft() if self._armed else self._always
        if fault is None or fault.kind is not Kind.BROKEN_ONCE:
            return fault
        if body_digest in self._broken:
            return None
        self._broken.add(body_digest)
        return fault
