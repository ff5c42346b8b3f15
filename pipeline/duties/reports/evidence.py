"""What only the platform knows of who asked: it is asked for it once people would report."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pipeline.duties.reports.document import (
    Disabled,
    Email,
    EventName,
    IpCaptureEvent,
    Person,
    Reported,
)
from pipeline.duties.reports.errors import EvidenceError
from pipeline.duties.reports.rules import problems_of

ASKED: Final = "evidence_request"
"""The kind of the webhook that asks."""
WANTED: Final = (
    "user_id",
    "screen_name",
    "display_name",
    "profile_url",
    "emails",
    "addresses",
    "disabled_at",
)
MOST: Final = 50
"""Of addresses of either sort."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a platform said of somebody, checked."""

    who: Reported = field(repr=False)

    @classmethod
    def read(cls, said: Mapping[str, Any], now: datetime) -> "Evidence":
        """Read what a platform answered.

        Raises:
            EvidenceError: it is not as docs/reports.md says; never what it says.
        """
        try:
            who = _reported(said)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise EvidenceError("evidence", "the fields of docs/reports.md", "others") from None
        wrong = problems_of(who, now)
        if wrong or who == Reported():
            raise EvidenceError("evidence", "some that keeps the rules", "; ".join(wrong))
        return cls(who)


def write(said: Mapping[str, Any]) -> bytes:
    """Return an answer as it is sealed."""
    return json.dumps(said, sort_keys=True).encode()


def _reported(said: Mapping[str, Any]) -> Reported:
    unknown = said.keys() - {*WANTED}
    emails, addresses = said.get("emails", []), said.get("addresses", [])
    if unknown or len(emails) > MOST or len(addresses) > MOST:
        raise ValueError("unknown, or too many")
    name, url = said.get("display_name"), said.get("profile_url")
    disabled = said.get("disabled_at")
    return Reported(
        Person(email=tuple(Email(_text(each)) for each in emails)) if emails else None,
        esp_identifier=_maybe(said.get("user_id")),
        screen_name=_maybe(said.get("screen_name")),
        display_name=() if name is None else (_text(name),),
        profile_url=() if url is None else (_text(url),),
        ip_capture_event=tuple(map(_address, addresses)),
        account_permanently_disabled=None
        if disabled is None
        else Disabled(text=True, disabled_date=_time(disabled)),
    )


def _address(said: Mapping[str, Any]) -> IpCaptureEvent:
    if said.keys() - {"ip", "at", "port", "event"}:
        raise ValueError("unknown")
    port = said.get("port")
    if port is not None and (not isinstance(port, int) or isinstance(port, bool)):
        raise TypeError("port")
    return IpCaptureEvent(
        _text(said["ip"]), EventName(said.get("event", "Upload")), _time(said["at"]), port=port
    )


def _time(said: object) -> datetime:
    return datetime.fromisoformat(_text(said))


def _maybe(said: object) -> str | None:
    return None if said is None else _text(said)


def _text(said: object) -> str:
    if not isinstance(said, str) or not said.strip():
        raise TypeError("text")
    return said
