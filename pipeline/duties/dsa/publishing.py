"""Writes a transparency report into a folder, and says whether it adds up."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from audit.fields import write_time
from pipeline.duties.dsa.parts import Parts, Table
from pipeline.duties.dsa.projection import VERSION
from pipeline.duties.dsa.reconciling import Line, lines

SUMMARY = "report.json"
LEFT_EMPTY = {
    "3": "orders do not come through the gateway",
    "9": "very large platforms only",
    "10": "very large platforms only",
    "11": "texts of the provider",
}


@dataclass(frozen=True, slots=True)
class Published:
    """What was written, and how it adds up."""

    files: Sequence[str]
    lines: Sequence[Line]

    @property
    def holds(self) -> bool:
        """Whether every line does."""
        return all(each.holds for each in self.lines)


def publish(parts: Parts, folder: Path, size: int, root: bytes) -> Published:
    """Write every table, read them again, and write how they add up.

    `size` and `root` are those of the log as far as it was read: who has a checkpoint of it can
    tell that it is this log. The same question gives the same bytes.
    """
    tables = parts.tables()
    for table in tables:
        _write(folder, table)
    checked = lines(parts.counted, folder)
    query = parts.query
    said = {
        "service": parts.provider.service,
        "tenant": query.tenant,
        "from": query.first.isoformat(),
        "to": query.last.isoformat(),
        "as_of": write_time(query.as_of),
        "log": {"size": size, "root": root.hex()},
        "projection": VERSION,
        "files": {
            _name(each): sha256((folder / _name(each)).read_bytes()).hexdigest() for each in tables
        },
        "left_empty": LEFT_EMPTY,
        "adds_up": all(each.holds for each in checked),
        "lines": [each.said() for each in checked],
    }
    text = json.dumps(said, indent=2, ensure_ascii=False) + "\n"
    (folder / SUMMARY).write_text(text, encoding="utf-8")
    return Published([*map(_name, tables), SUMMARY], checked)


def _name(table: Table) -> str:
    return f"Part_{table.name}.csv"


def _write(folder: Path, table: Table) -> None:
    """Write RFC 4180: CRLF, UTF-8, no byte order mark."""
    with (folder / _name(table)).open("x", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([table.columns, *table.rows])
