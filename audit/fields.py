"""What the public part of a leaf may say: every key, its shape, and the kinds that carry it.

A leaf is for everybody and for ever, so there is no field for a sentence: a value is a number,
a code without spaces, a digest, an id or a time. Whatever a user wrote, drew or is called goes
into `Entry.personal` or `Entry.detail`; so do digests of content, which a guesser could try
(audit-log.md 2.3), and anything that would tie two entries to one person.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from audit.entry import Json, Kind
from audit.errors import MalformedError

MAX_INTEGER = 2**53 - 1  # RFC 8785 keeps to the integers a double can hold
MAX_ITEMS = 128
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,95}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}\.[0-9]{6}Z", re.ASCII)
_VKEY = re.compile(r"[!-*,-~]{1,96}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44,64}", re.ASCII)

Check = Callable[[object], bool]


def write_time(at: datetime) -> str:
    """Write a time as the leaf has it: UTC, microseconds, one form.

    Raises:
        MalformedError: the time is naive or not in UTC.
    """
    if at.tzinfo is None or at.utcoffset() != UTC.utcoffset(None):
        raise MalformedError("time", "an aware time in UTC", at.isoformat())
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def is_time(value: object) -> bool:
    """Say whether `value` is a time in the leaf's one form."""
    return isinstance(value, str) and _TIME.fullmatch(value) is not None and is_on_a_clock(value)


def is_on_a_clock(time: str) -> bool:
    """Say whether a text that looks like a time is one: no 31 February, no 25 o'clock."""
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return False
    return True


def is_id(value: object) -> bool:
    """Say whether `value` is a UUID in its one lower-case form."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_code(value: object) -> bool:
    """Say whether `value` is a code: letters, digits and marks, no space, at most 96."""
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def is_digest(value: object) -> bool:
    """Say whether `value` is an md5, sha1 or sha256 in lower-case hex."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def is_count(value: object) -> bool:
    """Say whether `value` is a whole number from 0 up that JSON can carry exactly."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INTEGER


def is_flag(value: object) -> bool:
    """Say whether `value` is true or false."""
    return isinstance(value, bool)


def is_vkey(value: object) -> bool:
    """Say whether `value` looks like a verifier key."""
    return isinstance(value, str) and _VKEY.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class ListOf:
    """The check for a list of at most 128 such values."""

    each: Check

    def __call__(self, value: object) -> bool:
        """Say whether `value` is such a list."""
        if not isinstance(value, list | tuple):
            return False
        items = cast("Sequence[object]", value)
        return len(items) <= MAX_ITEMS and all(map(self.each, items))


EVERYWHERE: Mapping[str, Check] = {
    "submission": is_id,
    "sample": is_count,
    "attempt": is_count,
    "tenant": is_code,
    "stage": is_code,
    "event": is_code,  # the finer name, as in `case.opened`
    "action": is_code,
    "code": is_code,
    "codes": ListOf(is_code),
    "reason": is_code,  # coarse: what a caller may be told
    "cause": is_code,
    "previous": is_count,  # the index of the entry this one follows
    "trace": is_code,
    "request": is_code,
    "version": is_code,
    "replica": is_code,
    "policy_digest": is_digest,
    "policy_digests": ListOf(is_digest),
    "config_digest": is_digest,
    "models": ListOf(is_digest),
    "banks": ListOf(is_digest),
    "duration_us": is_count,
}
_WORK: Mapping[str, Check] = {
    "work": is_code,
    "model": is_code,
    "route": is_code,
    "samples": is_count,
    "width": is_count,
    "height": is_count,
    "steps": is_count,
    "cost": is_count,
    "tier": is_code,
    "media_type": is_code,
    "bytes": is_count,
    "mark": is_code,
    "marked": is_flag,
    "automated": is_flag,
    "shadow": is_flag,
    "expires_at": is_time,
    "received_at": is_time,
    "decided_at": is_time,
    "withheld": is_count,
}
_DESK: Mapping[str, Check] = {
    "case": is_id,
    "role": is_code,
    "outcome": is_code,
    "object": is_id,
    "entries": ListOf(is_id),
    "due_at": is_time,
    "expires_at": is_time,
    "automated": is_flag,
    "second": is_flag,
    "count": is_count,
    "class": is_code,
}
_THING: Mapping[str, Check] = {
    "name": is_code,
    "digest": is_digest,
    "before": is_digest,
    "after": is_digest,
    "count": is_count,
    "role": is_code,
    "vkey": is_vkey,
}
_SHARD: Mapping[str, Check] = {
    "number": is_count,
    "size": is_count,
    "root": is_digest,
    "days": is_count,
}
_EXTRA: Mapping[Kind, Mapping[str, Check]] = {
    Kind.GENESIS: {"origin": is_code, "vkey": is_vkey, "instance": is_digest},
    Kind.ADMIT: _WORK,
    Kind.GENERATED: _WORK,
    Kind.EXAMINED: _WORK,
    Kind.RELEASE: _WORK,
    Kind.WITHHOLD: _WORK,
    Kind.HALTED: _WORK,
    Kind.HELD: _WORK,
    Kind.DRY_RUN: _WORK,
    Kind.ERROR: _WORK,
    Kind.RULING: {**_WORK, **_DESK},
    Kind.ACCESS: _DESK,
    Kind.MEDIA: _DESK,
    Kind.CASE: _DESK,
    Kind.NOTICE: _DESK,
    Kind.APPEAL: _DESK,
    Kind.REPORT: _DESK,
    Kind.TAKEDOWN: _DESK,
    Kind.LEGAL_HOLD: _DESK,
    Kind.ERASE: _DESK,
    Kind.EXPORT: {**_DESK, **_THING},
    Kind.CONFIG: _THING,
    Kind.POLICY: _THING,
    Kind.MODEL: _THING,
    Kind.BANK: _THING,
    Kind.KEY_CHANGE: _THING,
    Kind.SHARD: _SHARD,
}
FIELDS: Mapping[Kind, Mapping[str, Check]] = {
    kind: {**EVERYWHERE, **extra} for kind, extra in _EXTRA.items()
}


def check_public(kind: Kind, public: Mapping[str, Json]) -> None:
    """Refuse any key this kind does not carry, and any value of another shape.

    Raises:
        MalformedError: it names the key, never the value.
    """
    fields = FIELDS[kind]
    for key, value in public.items():
        check = fields.get(key)
        if check is None:
            raise MalformedError(kind, "only keys of audit/fields.py", key)
        if not check(value):
            raise MalformedError(kind, f"the shape of {key!r} in audit/fields.py", "another")
