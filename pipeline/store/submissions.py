"""Submissions: where each request stands, and who carries it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    bindparam,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from pipeline.items import PublicCode
from pipeline.store.columns import Instant, metadata, word
from pipeline.store.pictures import PictureState, pictures
from pipeline.store.prepared import Prepared, Row
from pipeline.store.writer import Transact, changing


class State(StrEnum):
    """Where a submission stands."""

    ADMITTED = "admitted"
    CALLING = "calling"
    """The paid call was begun. The log and the vault know how far it came."""
    HELD = "held"
    RELEASED = "released"
    WITHHELD = "withheld"
    HALTED = "halted"


IN_FLIGHT = frozenset({State.ADMITTED, State.CALLING})
"""Somebody carries it, or died carrying it."""

BEFORE: Mapping[State, frozenset[State]] = {
    State.ADMITTED: frozenset(),
    State.CALLING: frozenset({State.ADMITTED, State.HELD}),
    State.HELD: IN_FLIGHT,
    State.RELEASED: frozenset({State.CALLING, State.HELD}),
    State.WITHHELD: frozenset({State.CALLING, State.HELD}),
    State.HALTED: IN_FLIGHT | {State.HELD},
}
"""From which states each can be reached. Released, withheld and halted are ends."""

submissions = Table(
    "submissions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("key_id", Uuid, ForeignKey("api_keys.id"), nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("samples", Integer, nullable=False),
    Column("price", Integer, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("vault_id", String(32), nullable=False),
    Column("state", word(State), nullable=False, index=True),
    Column("code", word(PublicCode)),
    Column("changed_at", Instant, nullable=False),
    Column("subject", String(64), nullable=False),
    Column("account", String(64), nullable=False),
)
_same_body = Index(None, submissions.c.key_id, submissions.c.body_sha256)
_of_subject = Index(
    None, submissions.c.tenant, submissions.c.subject, submissions.c.received_at.desc()
)


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """What is remembered of a submission; its content is in the vault.

    `owner` names the process that carries it; `price` is what was charged, in Anlas: 0 once it was
    given back.
    """

    id: UUID
    tenant: str
    key_id: UUID
    body_sha256: str = field(repr=False)
    samples: int
    price: int
    received_at: datetime
    owner: str
    vault_id: str
    """Where the sealed request lies."""
    state: State
    code: PublicCode | None
    """What the caller was told, once it was refused or held."""
    changed_at: datetime
    subject: str = field(default="", repr=False)
    """The fingerprint of its end user (`access.subjects`), never a pseudonym."""
    account: str = field(default="", repr=False)
    """The digest of the token with which it was called; empty before, and where nobody pays."""


_ADD = Prepared(insert(submissions), SubmissionRow.__slots__)
_OF = Prepared(
    select(submissions).where(
        submissions.c.tenant == bindparam("tenant"), submissions.c.id == bindparam("of")
    )
)
_IS_IN_FLIGHT = or_(*(submissions.c.state == state for state in sorted(IN_FLIGHT)))
_ABANDONED = Prepared(
    select(submissions)
    .where(_IS_IN_FLIGHT, submissions.c.owner != bindparam("mine"))
    .order_by(submissions.c.received_at)
)
_SAME_IN_FLIGHT = Prepared(
    select(submissions)
    .where(submissions.c.tenant == bindparam("tenant"), submissions.c.key_id == bindparam("key"))
    .where(submissions.c.body_sha256 == bindparam("body"))
    .where(_IS_IN_FLIGHT)
    .order_by(submissions.c.received_at)
    .limit(1)
)
_CHARGED = Prepared(
    select(func.coalesce(func.sum(submissions.c.price), 0).label("anlas"))
    .where(submissions.c.tenant == bindparam("tenant"))
    .where(submissions.c.subject == bindparam("subject"))
    .where(submissions.c.received_at > bindparam("since"))
)
_UNCHARGE = Prepared(
    update(submissions)
    .where(submissions.c.tenant == bindparam("of_tenant"), submissions.c.id == bindparam("of"))
    .values(price=0)
)
_MOVE = {
    to: Prepared(
        update(submissions)
        .where(submissions.c.tenant == bindparam("of_tenant"), submissions.c.id == bindparam("of"))
        .where(or_(false(), *(submissions.c.state == state for state in before)))
        .values(state=to, code=bindparam("now_code"), changed_at=bindparam("now"))
    )
    for to, before in BEFORE.items()
}
_CALL = {
    again: Prepared(
        update(submissions)
        .where(submissions.c.tenant == bindparam("of_tenant"), submissions.c.id == bindparam("of"))
        .where(or_(*(submissions.c.state == state for state in sorted(before))))
        .values(state=State.CALLING, account=bindparam("by"), changed_at=bindparam("now"))
    )
    for again, before in ((False, BEFORE[State.CALLING]), (True, {State.CALLING}))
}


@dataclass(frozen=True, slots=True)
class Submissions:
    """The table of submissions. `admission` adds to it."""

    transact: Transact

    async def get(self, tenant: str, submission: UUID) -> SubmissionRow | None:
        """Return a tenant's submission, or None if it has none of that id."""
        return await self.transact(lambda sql: find(sql, tenant, submission))

    async def move(
        self,
        tenant: str,
        submission: UUID,
        to: State,
        now: datetime,
        code: PublicCode | None = None,
    ) -> bool:
        """Move a submission on, if it stands where `to` can be reached from (`BEFORE`).

        Of two that try, one succeeds. MUST NOT be called before the entry of what happened is
        durable; False means that somebody else moved it, and the caller MUST NOT go on.
        """
        values = {"of_tenant": tenant, "of": submission, "now_code": code, "now": now}
        return await self.transact(lambda sql: _MOVE[to].count(sql, values)) == 1

    async def call(
        self, tenant: str, submission: UUID, account: str, now: datetime, *, again: bool = False
    ) -> bool:
        """Note that the paid call begins with an account; `again`, that it begins with another.

        As `move`: of two that try, one succeeds, and who gets False MUST NOT call.
        """
        values = {"of_tenant": tenant, "of": submission, "by": account, "now": now}
        return await self.transact(lambda sql: _CALL[again].count(sql, values)) == 1

    async def charged(self, tenant: str, subject: str, since: datetime) -> int:
        """Return how many Anlas a tenant's end user was charged since then, and not given back."""
        values = {"tenant": tenant, "subject": subject, "since": since}
        return await self.transact(lambda sql: int(_CHARGED.rows(sql, values)[0]["anlas"]))

    async def uncharge(self, tenant: str, submission: UUID) -> None:
        """Note that a submission's charge was given back."""
        values = {"of_tenant": tenant, "of": submission}
        await self.transact(lambda sql: _UNCHARGE.count(sql, values))

    async def abandoned(self, owner: str) -> tuple[SubmissionRow, ...]:
        """Return what is in flight and carried by anybody but `owner`, oldest first.

        With one server process, that is what earlier ones left. Every tenant's: for recovery.
        """
        return await self.transact(
            lambda sql: tuple(SubmissionRow(**row) for row in _ABANDONED.rows(sql, {"mine": owner}))
        )

    async def adopt(self, row: SubmissionRow, owner: str, now: datetime) -> bool:
        """Take over a submission from the owner and state in which it was read; once only."""
        change = (
            update(submissions)
            .where(submissions.c.tenant == row.tenant, submissions.c.id == row.id)
            .where(submissions.c.owner == row.owner, submissions.c.state == row.state)
            .values(owner=owner, changed_at=now)
        )
        return await self.transact(changing(change)) == 1

    async def states(self) -> frozenset[State]:
        """Return in which states any tenant has a submission: empty if there is none at all."""
        query = select(submissions.c.state).distinct()
        return await self.transact(lambda sql: frozenset(sql.execute(query).scalars()))

    async def unknown(self, named: Collection[UUID]) -> tuple[UUID, ...]:
        """Return those of `named` that no tenant has here: the log knows more than this table."""

        def read(sql: Connection) -> tuple[UUID, ...]:
            known = frozenset(sql.execute(select(submissions.c.id)).scalars())
            return tuple(submission for submission in named if submission not in known)

        return await self.transact(read) if named else ()

    async def sealed_requests(self) -> frozenset[str]:
        """Return the vault ids of the requests that are still needed, for the sweep.

        Those on their way or held, and those of pictures that are not destroyed. Every tenant's.
        """
        kept = select(pictures.c.submission).where(pictures.c.state != PictureState.DESTROYED)
        needed = submissions.c.state.in_(IN_FLIGHT | {State.HELD}) | submissions.c.id.in_(kept)
        query = select(submissions.c.vault_id).where(needed)
        return await self.transact(lambda sql: frozenset(sql.execute(query).scalars()))


def add(sql: Connection, row: SubmissionRow) -> None:
    """Add a submission, as a part of a transaction."""
    values = {name: getattr(row, name) for name in SubmissionRow.__slots__}
    _ADD.count(sql, values)


def same_in_flight(sql: Connection, row: SubmissionRow) -> SubmissionRow | None:
    """Return the submission in flight with this one's key and body, if there is one."""
    query = {"tenant": row.tenant, "key": row.key_id, "body": row.body_sha256}
    return _one(_SAME_IN_FLIGHT.row(sql, query))


def find(sql: Connection, tenant: str, submission: UUID) -> SubmissionRow | None:
    """Return a tenant's submission, as a part of a transaction."""
    return _one(_OF.row(sql, {"tenant": tenant, "of": submission}))


def _one(row: Row | None) -> SubmissionRow | None:
    return None if row is None else SubmissionRow(**row)
