"""What an export says once more for people: a table, and figures.

Whoever has the entries can make them again: a verifier does, and believes none of them.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping

from audit.entry import Json
from audit.leaf import Leaf

COLUMNS = (
    "index", "at", "kind", "id", "tenant", "submission", "sample", "attempt", "stage", "event",
    "action", "code", "reason", "cause", "outcome", "policy_digest", "duration_us",
)  # fmt: skip
HEADING = ",".join(COLUMNS).encode() + b"\r\n"
FEWEST = 10
"""A count below this is not published: it could be somebody."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOBODY_LOOKED = frozenset({"UNKNOWN", "CAPABILITY"})
_MINUTE = len("2026-11-23T01:30")


def table_row(index: int, leaf: Leaf) -> bytes:
    """Write an entry as a row of the table; no cell is a formula for whoever opens it."""
    own: dict[str, Json] = {"index": index, "at": leaf.at, "kind": leaf.kind.value}
    said = {**leaf.public, **own, "id": str(leaf.entry_id)}
    row = io.StringIO()
    csv.writer(row).writerow([_cell(said.get(name)) for name in COLUMNS])
    return row.getvalue().encode()


def policies_of(leaf: Leaf) -> Iterator[str]:
    """Yield the digest of every policy that an entry names."""
    one, many = leaf.public.get("policy_digest"), leaf.public.get("policy_digests")
    if isinstance(one, str):
        yield one
    if isinstance(many, list):
        yield from map(str, many)


class Figures:
    """Counts entries, and the minutes in which something was stopped because nobody could look."""

    def __init__(self) -> None:
        self._counts = Counter[tuple[str, ...]]()
        self._closed = Counter[str]()
        self._entries = 0

    def take(self, leaf: Leaf) -> None:
        """Count one entry."""
        said = (str(leaf.public.get(name) or "") for name in ("action", "code"))
        self._counts[leaf.at[: len("2026-11")], leaf.kind.value, *said] += 1
        if leaf.public.get("cause") == "incapacity" or leaf.public.get("code") in _NOBODY_LOOKED:
            self._closed[leaf.at[:_MINUTE]] += 1

    def write(self, *, fewest: int = 0) -> Mapping[str, bytes]:
        """Return the files; counts below `fewest` are told as being below it."""
        rows: list[dict[str, str | int]] = [
            {"month": month, "kind": kind, "action": action, "code": code, "count": count}
            for (month, kind, action, code), count in sorted(self._counts.items())
        ]
        for row in rows:
            if int(row["count"]) < fewest:
                row["count"] = f"<{fewest}"
        return {
            "figures/counts.csv": b"".join(_counted(rows)),
            "figures/fail_closed.json": _json(self._fail_closed(fewest)),
        }

    def _fail_closed(self, fewest: int) -> dict[str, object]:
        months = Counter(minute[: len("2026-11")] for minute in self._closed)
        said: dict[str, object] = {
            "meaning": "minutes in which a request was refused or held because nobody could look",
            "minutes": len(self._closed),
            "by_month": dict(sorted(months.items())),
        }
        if not fewest:
            said["entries"] = self._closed.total()
            said["by_minute"] = dict(sorted(self._closed.items()))
        return said


def _counted(rows: list[dict[str, str | int]]) -> Iterator[bytes]:
    names = ("month", "kind", "action", "code", "count")
    yield ",".join(names).encode() + b"\r\n"
    for row in rows:
        written = io.StringIO()
        csv.writer(written).writerow([_cell(row[name]) for name in names])
        yield written.getvalue().encode()


def _cell(value: Json) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(said: Mapping[str, object]) -> bytes:
    return json.dumps(said, indent=2, sort_keys=True).encode() + b"\n"
