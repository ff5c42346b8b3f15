"""The store: every table of app.db, behind one writer."""

import asyncio
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pipeline.store.admission import Admission
from pipeline.store.api_keys import ApiKeyTable
from pipeline.store.columns import metadata
from pipeline.store.holds import Holds
from pipeline.store.pictures import Pictures
from pipeline.store.refusals import Refusals
from pipeline.store.subject_tokens import SubjectTokenTable
from pipeline.store.submissions import Submissions
from pipeline.store.tenants import Tenants
from pipeline.store.writer import Writer

SCHEMA_VERSION = 1
SOUND_SQLITE = (3, 51, 3)
"""Earlier ones can, rarely, damage a database in WAL mode when it is reset while it is written."""


@dataclass(frozen=True, slots=True)
class Store:
    """What the server remembers. A projection of the log: what happened is appended there first.

    Whatever a table's method does is durable once it returns. Methods take the tenant wherever
    tenants are apart; the few that do not say so and are for the operator.
    """

    writer: Writer
    tenants: Tenants
    api_keys: ApiKeyTable
    subject_tokens: SubjectTokenTable
    admission: Admission
    submissions: Submissions
    pictures: Pictures
    holds: Holds
    refusals: Refusals

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open app.db, or make it. Blocks: call it before serving.

        Raises:
            StoreLockedError: another process has it open.
            StoreVersionError: it holds another version of the schema.
            StoreUnavailableError: it cannot be opened.
        """
        writer = Writer(path, metadata, SCHEMA_VERSION)
        return cls(
            writer=writer,
            tenants=Tenants(writer),
            api_keys=ApiKeyTable(writer),
            subject_tokens=SubjectTokenTable(writer),
            admission=Admission(writer),
            submissions=Submissions(writer),
            pictures=Pictures(writer),
            holds=Holds(writer),
            refusals=Refusals(writer),
        )

    async def close(self) -> None:
        """Finish what was begun and let the next process have the file."""
        await asyncio.to_thread(self.writer.close)

    async def ping(self) -> None:
        """Return if the database answers.

        Raises:
            StoreUnavailableError: it does not.
        """
        await self.writer(lambda sql: sql.exec_driver_sql("SELECT 1").scalar_one())


def sqlite_is_sound(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite is free of the known fault of WAL mode; start-up warns if it is not."""
    return version >= SOUND_SQLITE
