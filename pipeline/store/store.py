"""The store: every table of app.db, or of a PostgreSQL database, behind one writer."""

import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import Connection

from pipeline.store.accounts import AccountTable
from pipeline.store.admission import Admission
from pipeline.store.api_keys import ApiKeyTable
from pipeline.store.appeals import Appeals
from pipeline.store.changes import ChangeTable
from pipeline.store.claims import Claims
from pipeline.store.closed_minutes import ClosedMinutes
from pipeline.store.columns import metadata
from pipeline.store.console_sessions import ConsoleSessions
from pipeline.store.encodings import Encodings
from pipeline.store.erasures import Erasures
from pipeline.store.exposures import Exposures
from pipeline.store.figures import Figures
from pipeline.store.first_approvals import FirstApprovals
from pipeline.store.forgetting import Forgetting
from pipeline.store.halts import HaltTable
from pipeline.store.holds import Holds
from pipeline.store.identities import Identities
from pipeline.store.intents import Intents
from pipeline.store.jobs import Jobs
from pipeline.store.ledgers import Ledgers
from pipeline.store.legal_holds import LegalHolds
from pipeline.store.origins import Origins
from pipeline.store.pasts import Pasts
from pipeline.store.pictures import Pictures
from pipeline.store.precedents import Precedents
from pipeline.store.queue import Queue
from pipeline.store.refusals import Refusals
from pipeline.store.replicas import Replicas
from pipeline.store.reports import Reports
from pipeline.store.reveals import Reveals
from pipeline.store.reviewers import Reviewers
from pipeline.store.samples import Samples
from pipeline.store.saved_views import SavedViews
from pipeline.store.seizures import Seizures
from pipeline.store.sign_in_attempts import SignInAttempts
from pipeline.store.strikes import Strikes
from pipeline.store.subject_tokens import SubjectTokenTable
from pipeline.store.submissions import Submissions
from pipeline.store.taints import Taint, Taints
from pipeline.store.takedowns import Takedowns
from pipeline.store.tallies import Tallies
from pipeline.store.tenants import Tenants
from pipeline.store.webhooks import Webhooks
from pipeline.store.writer import Held, Transact, Writer

T = TypeVar("T")

SCHEMA_VERSION = 7
SOUND_SQLITE = (3, 51, 3)
"""Earlier ones can, rarely, damage a database in WAL mode when it is reset while it is written."""


@dataclass(frozen=True, slots=True)
class Store:
    """What the server remembers. A projection of the log: what happened is appended there first.

    Whatever a table's method does is durable once it returns. Methods take the tenant wherever
    tenants are apart; the few that do not say so and are for the operator.
    """

    writer: Held
    tenants: Tenants
    api_keys: ApiKeyTable
    subject_tokens: SubjectTokenTable
    admission: Admission
    submissions: Submissions
    pictures: Pictures
    holds: Holds
    queue: Queue
    claims: Claims
    intents: Intents
    pasts: Pasts
    precedents: Precedents
    saved_views: SavedViews
    first_approvals: FirstApprovals
    halts: HaltTable
    changes: ChangeTable
    refusals: Refusals
    replicas: Replicas
    reports: Reports
    seizures: Seizures
    taints: Taints
    takedowns: Takedowns
    origins: Origins
    encodings: Encodings
    legal_holds: LegalHolds
    erasures: Erasures
    forgetting: Forgetting
    reveals: Reveals
    exposures: Exposures
    reviewers: Reviewers
    identities: Identities
    console_sessions: ConsoleSessions
    sign_in_attempts: SignInAttempts
    webhooks: Webhooks
    jobs: Jobs
    appeals: Appeals
    accounts: AccountTable
    ledgers: Ledgers
    samples: Samples
    tallies: Tallies
    figures: Figures
    closed_minutes: ClosedMinutes
    strikes: Strikes

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open app.db, or make it. Blocks: call it before serving.

        Raises:
            StoreLockedError: another process has it open.
            StoreVersionError: it holds another version of the schema.
            StoreUnavailableError: it cannot be opened.
        """
        writer = Writer(path, metadata, SCHEMA_VERSION)
        return cls._of(writer, writer, {})

    @classmethod
    async def connect(cls, url: str) -> Self:
        """Open the store in a PostgreSQL database (`pip install -e '.[postgres]'`), or make it.

        Raises:
            StoreVersionError: it holds another version of the schema.
            StoreUnavailableError: it cannot be reached, or would not last.
            ModuleNotFoundError: the extra is not installed.
        """
        from pipeline.store.postgres import PostgresWriter  # noqa: PLC0415 - comes with an extra

        writer = await PostgresWriter.open(url, metadata, SCHEMA_VERSION)
        return cls._of(writer, writer, None)

    @classmethod
    def _of(
        cls, writer: Held, transact: Transact, kept: dict[str, tuple[Taint, ...]] | None
    ) -> Self:
        return cls(
            writer=writer,
            tenants=Tenants(transact),
            api_keys=ApiKeyTable(transact),
            subject_tokens=SubjectTokenTable(transact),
            admission=Admission(transact),
            submissions=Submissions(transact),
            pictures=Pictures(transact),
            holds=Holds(transact),
            queue=Queue(transact),
            claims=Claims(transact),
            intents=Intents(transact),
            pasts=Pasts(transact),
            precedents=Precedents(transact),
            saved_views=SavedViews(transact),
            first_approvals=FirstApprovals(transact),
            halts=HaltTable(transact),
            changes=ChangeTable(transact),
            refusals=Refusals(transact),
            replicas=Replicas(transact),
            reports=Reports(transact),
            seizures=Seizures(transact),
            takedowns=Takedowns(transact),
            taints=Taints(transact, kept),
            origins=Origins(transact),
            encodings=Encodings(transact),
            legal_holds=LegalHolds(transact),
            erasures=Erasures(transact),
            forgetting=Forgetting(transact),
            reveals=Reveals(transact),
            exposures=Exposures(transact),
            reviewers=Reviewers(transact),
            identities=Identities(transact),
            console_sessions=ConsoleSessions(transact),
            sign_in_attempts=SignInAttempts(transact),
            webhooks=Webhooks(transact),
            jobs=Jobs(transact),
            appeals=Appeals(transact),
            accounts=AccountTable(transact),
            ledgers=Ledgers(transact),
            samples=Samples(transact),
            tallies=Tallies(transact),
            figures=Figures(transact),
            closed_minutes=ClosedMinutes(transact),
            strikes=Strikes(transact),
        )

    async def together(self, work: Callable[[Self], Coroutine[object, None, T]]) -> T:
        """Do several things in one transaction: all of them are durable, or none is.

        `work` is given a store whose tables are part of that transaction. It MUST NOT await
        anything else, nor keep that store.

        Raises:
            ConflictError, StoreUnavailableError: as `Transact` says; nothing was done.
            RuntimeError: it waited for something else; nothing was done.
        """
        kept = self.taints.kept
        return await self.writer(
            lambda sql: _finished(work(self._of(self.writer, Within(sql), kept)))
        )

    async def others(self, owner: str, now: datetime) -> frozenset[str]:
        """Return the processes that live beside this one: what is theirs is not left to anybody."""
        return await self.replicas.others(owner, now) if self.writer.is_shared else frozenset()

    async def close(self) -> None:
        """Finish what was begun and let the next process have the database."""
        await self.writer.finish()

    async def ping(self) -> None:
        """Return if the database answers.

        Raises:
            StoreUnavailableError: it does not.
        """
        await self.writer(lambda sql: sql.exec_driver_sql("SELECT 1").scalar_one())


@dataclass(frozen=True, slots=True)
class Within:
    """Runs work as a part of a transaction that somebody else begins and ends."""

    connection: Connection

    async def __call__(self, work: Callable[[Connection], T], /) -> T:
        """Run `work` at once."""
        return work(self.connection)


def _finished(work: Coroutine[object, None, T]) -> T:
    """Run a coroutine that never has to wait."""
    try:
        work.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    work.close()
    raise RuntimeError("transaction: expected work that awaits its own store, got other waiting")


def sqlite_is_sound(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite is free of the known fault of WAL mode; start-up warns if it is not."""
    return version >= SOUND_SQLITE
