"""What a file of another format does not say of its rows, and how a row is written with it."""

import base64
import binascii
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from classifiers.hash_bank import BYTES_OF, HashType, Status

_HEX = re.compile(r"[0-9a-fA-F]*")
_QUOTED = re.compile(r'[",\r\n]')
_LENGTHS = {
    size: [kind for kind, long in BYTES_OF.items() if long == size]
    for size in sorted(set(BYTES_OF.values()))
}


@dataclass(frozen=True, slots=True)
class Given:
    """What holds for every row of a file that does not say otherwise."""

    source: str
    at: datetime
    name: Callable[[bytes], str] = field(repr=False)
    """The id of a row without one: the same for the same hash, and telling nothing of it."""
    severity: int = 0
    classification: str = ""
    type: HashType | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """For mapped CSV: our fields, or types of hashes, by the names of the file's columns."""
    delimiter: str = ","
    skipped: Counter[str] = field(default_factory=Counter)
    """What the file holds that no picture can be compared with, by its name."""

    def line(
        self,
        kind: HashType,
        digest: bytes,
        entry_id: str = "",
        classification: str = "",
        severity: str = "",
        status: Status = Status.ACTIVE,
        at: str = "",
    ) -> str:
        """Write a row as a line of the canonical CSV."""
        fields = (
            self.source,
            entry_id or self.name(digest),
            kind,
            digest.hex(),
            classification or self.classification,
            severity or str(self.severity),
            "",
            status,
            at or written(self.at),
        )
        if not any(map(_QUOTED.search, fields)):
            return ",".join(fields)
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(fields)
        return out.getvalue()


def written(at: datetime) -> str:
    """Write a time as the canonical CSV does."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def known(text: str, kind: HashType | None) -> tuple[HashType, bytes]:
    """Read a hash in hex or base64; without a `kind` its length tells which it is.

    Raises:
        ValueError: it is neither, of no known length, or several kinds are as long. The message
            never shows it.
    """
    digest = _decoded(text)
    if kind is not None:
        if len(digest) != BYTES_OF[kind]:
            message = f"hash: expected {BYTES_OF[kind]} bytes"
            raise ValueError(message)
        return kind, digest
    kinds = _LENGTHS.get(len(digest), [])
    if len(kinds) > 1:
        message = f"hash: {' or '.join(kinds)}? of this length they look alike: say which"
        raise ValueError(message)
    if not kinds:
        raise ValueError("hash: expected one of a known length, in hex or base64")
    return kinds[0], digest


def _decoded(text: str) -> bytes:
    if _HEX.fullmatch(text) and len(text) // 2 in _LENGTHS and not len(text) % 2:
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("hash: expected one of a known length, in hex or base64") from None
