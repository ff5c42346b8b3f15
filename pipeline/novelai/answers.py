"""What the status line of NovelAI's answer means (novelai-api.md 1.10, 8)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from pipeline.novelai.accounts_signs import Objection
from pipeline.novelai.errors import (
    UpstreamFailedError,
    UpstreamRefusedError,
    UpstreamStatusError,
    UpstreamUnpaidError,
)

MOST_RETRIES = 3
_FIRST_WAIT_SECONDS = 2.0
_JITTER = 0.3
_LONGEST_WAIT_SECONDS = 60.0
SUCCESSES = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
"""Live probes say 200, the specification says 201: both are accepted."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. The body is read of a success only: others are opaque and may echo content."""

    status: int
    body: bytes = field(default=b"", repr=False)
    retry_after: str | None = None
    objection: Objection = Objection.NONE


def fault_of(status: int) -> UpstreamStatusError:
    """Give the error that a status which is no success means."""
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return UpstreamUnpaidError(status)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return UpstreamRefusedError(status)
    return UpstreamFailedError(status)


def wait_seconds(
    reply: Reply, attempt: int, now: Callable[[], datetime], random: Callable[[], float]
) -> float:
    """Give how long to wait after the busy answer to `attempt`, counted from 0.

    What Retry-After asks for, in seconds or as a date; without it 2, 4, 8 seconds and up to 30 %
    more, so that those who were refused together do not return together.
    """
    asked = _asked(reply.retry_after, now)
    if asked is None:
        return _FIRST_WAIT_SECONDS * (1 << attempt) * (1 + _JITTER * random())
    return max(asked, 0.0)


def is_worth_waiting(seconds: float) -> bool:
    """Whether a request may hold its account for so long."""
    return seconds <= _LONGEST_WAIT_SECONDS


def _asked(header: str | None, now: Callable[[], datetime]) -> float | None:
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        return float(header[:6])
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return None if date.tzinfo is None else (date - now()).total_seconds()
