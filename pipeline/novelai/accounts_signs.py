"""What NovelAI says when it objects to content or to an account: words of a refusal, not kept.

Its specification names no such answer. 451 is one by its meaning; elsewhere the words of the JSON
message tell. A page of its front (HTML, 403) is none: it knows nothing of the content.
"""

import json
import re
from enum import Enum, auto
from http import HTTPStatus
from typing import Final, cast

MOST_READ: Final = 4096
NOT_BANNED: Final = "not_banned"
_STATUSES = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
    }
)
_ACCOUNT = re.compile(r"\b(banned|suspended|terminated|account (is )?(disabled|locked))\b")
_CONTENT = re.compile(
    r"\b(terms of (service|use)|content (policy|filter|violation)|prohibited content|moderation"
    r"|policy violation|violat\w+ (of )?(our|the) )"
)


class Objection(Enum):
    """What a refusal objects to."""

    NONE = auto()
    CONTENT = auto()
    ACCOUNT = auto()


def may_object(status: int, content_type: str) -> bool:
    """Whether an answer is one whose words say what it objects to."""
    is_json = content_type.partition(";")[0].strip() == "application/json"
    legal = status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS
    return legal or (is_json and status in _STATUSES)


def objection(status: int, body: bytes) -> Objection:
    """Read what an answer that `may_object` objects to."""
    message = _message(body).casefold()
    if _ACCOUNT.search(message):
        return Objection.ACCOUNT
    legal = status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS
    return Objection.CONTENT if legal or _CONTENT.search(message) else Objection.NONE


def _message(body: bytes) -> str:
    """Return what the answer says for people, and nothing that it may repeat of the request."""
    try:
        told: object = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    said = cast("dict[str, object]", told).get("message") if isinstance(told, dict) else None
    return said if isinstance(said, str) else ""
