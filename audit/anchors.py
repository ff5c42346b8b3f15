"""What outsiders said of the log's checkpoints: cosignatures and time stamps, in a file of its own.

Each speaks for itself to whoever trusts its maker, so the file needs no protection but a backup. It
lies beside the log and not in it: what is restored with the log remembers no more than the log.
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audit.connection import connect_reader, connect_sqlite, create_file
from audit.errors import NotDurableError, UnusableError

_TABLE = """
CREATE TABLE IF NOT EXISTS anchor(
  origin TEXT NOT NULL,
  size INTEGER NOT NULL,
  kind TEXT NOT NULL,
  who TEXT NOT NULL,
  at INTEGER NOT NULL,
  checkpoint TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY(origin, kind, who, size)
) STRICT, WITHOUT ROWID
"""
_COLUMNS = "size, kind, who, at, checkpoint, body"


class AnchorKind(StrEnum):
    """How an outsider speaks of a checkpoint."""

    COSIGNATURE = "cosignature"
    TIME_STAMP = "time_stamp"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What one outsider said of one checkpoint.

    `at` is when, by the outsider's clock, in seconds since 1970. `body` is the signature line of a
    cosignature, or the DER response of a time-stamp authority over the bytes of `checkpoint`.
    """

    size: int
    kind: AnchorKind
    who: str
    at: int
    checkpoint: str
    body: bytes

    @property
    def origin(self) -> str:
        """The log that the checkpoint says it is of."""
        return self.checkpoint.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Anchors:
    """The file with the anchors. Only the process that has the log writes to it."""

    path: Path

    def keep(self, anchor: Anchor) -> None:
        """Write an anchor down. Of two over the same checkpoint the earlier stays.

        Raises:
            NotDurableError: it could not be written; it may be asked for again.
        """
        row = (anchor.origin, anchor.size, anchor.kind.value, anchor.who, anchor.at)
        try:
            create_file(self.path)
            with closing(connect_sqlite(self.path)) as connection:
                connection.execute(_TABLE)
                connection.execute(
                    "INSERT OR IGNORE INTO anchor VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*row, anchor.checkpoint, anchor.body),
                )
        except (sqlite3.Error, OSError) as fault:
            raise NotDurableError("anchor", f"not written: {fault}") from fault

    def newest(self, origin: str, kind: AnchorKind, who: str) -> Anchor | None:
        """Return the anchor over the largest checkpoint of this log, by this outsider."""
        with self._reading() as connection:
            if connection is None:
                return None
            found = connection.execute(
                f"SELECT {_COLUMNS} FROM anchor WHERE origin = ? AND kind = ? AND who = ?"  # noqa: S608 - constant
                " ORDER BY size DESC LIMIT 1",
                (origin, kind.value, who),
            ).fetchone()
        return None if found is None else _anchor(found)

    def all(self, origin: str) -> list[Anchor]:
        """Return every anchor of this log, smallest checkpoint first; none if nobody was asked.

        Raises:
            UnusableError: the file cannot be read.
        """
        with self._reading() as connection:
            if connection is None:
                return []
            found = connection.execute(
                f"SELECT {_COLUMNS} FROM anchor WHERE origin = ? ORDER BY size",  # noqa: S608 - constant
                (origin,),
            )
            return [_anchor(each) for each in found]

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection | None]:
        if not self.path.is_file() or not self.path.stat().st_size:
            yield None
            return
        try:
            with closing(connect_reader(self.path)) as connection:
                yield connection
        except (sqlite3.Error, ValueError) as fault:
            raise UnusableError(self.path.name, f"it cannot be read: {fault}") from fault


def _anchor(row: tuple[int, str, str, int, str, bytes]) -> Anchor:
    size, kind, who, at, checkpoint, body = row
    return Anchor(size, AnchorKind(kind), who, at, checkpoint, body)
