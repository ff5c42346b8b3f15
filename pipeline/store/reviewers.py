"""Reviewers: the accounts of the console. Of what lets them in, only what cannot be read back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    Table,
    Uuid,
    insert,
    select,
    update,
)

from pipeline.store.columns import Instant, metadata
from pipeline.store.writer import Transact, changing

reviewers = Table(
    "reviewers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("pseudonym", String(32), nullable=False, unique=True),
    Column("role", String(32), nullable=False),
    Column("tenants", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("password_hash", String(256)),
    Column("enrolment_sha256", String(64), unique=True),
    Column("enrol_until", Instant),
    Column("disabled_at", Instant),
)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """An account of the console."""

    id: UUID
    name: str
    """What its owner types to sign in."""
    pseudonym: str
    """What the log and exports call its owner; it never changes."""
    role: str
    tenants: tuple[str, ...]
    """Whose cases it may see; empty: every tenant's."""
    created_at: datetime
    sealed_key: bytes = field(repr=False)
    """The key of its owner's one-time codes, encrypted."""
    last_step: int = -1
    """The time step of the last code that was accepted: none is accepted twice."""
    password_hash: str | None = field(default=None, repr=False)
    """None until its owner has enrolled, and where a provider says who that is."""
    enrolment_sha256: str | None = field(default=None, repr=False)
    enrol_until: datetime | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reviewers:
    """The table of reviewers: they are the operator's, so no method takes a tenant."""

    transact: Transact

    async def add(self, reviewer: Reviewer) -> None:
        """Add an account.

        Raises:
            ConflictError: there is one of that name.
        """
        values = {name: getattr(reviewer, name) for name in Reviewer.__slots__}
        values["tenants"] = list(reviewer.tenants)
        await self.transact(changing(insert(reviewers).values(values)))

    async def all(self) -> tuple[Reviewer, ...]:
        """Return every account, by name."""
        query = select(reviewers).order_by(reviewers.c.name)
        return await self.transact(
            lambda sql: tuple(reviewer_of(row) for row in sql.execute(query).mappings())
        )

    async def named(self, name: str) -> Reviewer | None:
        """Return the account of that name."""
        query = select(reviewers).where(reviewers.c.name == name)
        return await self.transact(lambda sql: _one(sql.execute(query).mappings().one_or_none()))

    async def may_still(self, pseudonym: str) -> bool:
        """Whether the account of that pseudonym is there, and not disabled."""
        known = (reviewers.c.pseudonym == pseudonym, reviewers.c.disabled_at.is_(None))
        query = select(reviewers.c.id).where(*known)
        return await self.transact(lambda sql: sql.execute(query).first() is not None)

    async def enrolling(self, enrolment_sha256: str, at: datetime) -> Reviewer | None:
        """Return the account whose enrolment has this hash, if it can still be used."""
        query = select(reviewers).where(
            reviewers.c.enrolment_sha256 == enrolment_sha256,
            reviewers.c.enrol_until > at,
            reviewers.c.disabled_at.is_(None),
        )
        return await self.transact(lambda sql: _one(sql.execute(query).mappings().one_or_none()))

    async def enrol(self, enrolment_sha256: str, password_hash: str, step: int) -> bool:
        """Set a password and use up the enrolment; False if it was used meanwhile."""
        return await self._change(
            {"enrolment_sha256": enrolment_sha256, "disabled_at": None},
            {
                "password_hash": password_hash,
                "last_step": step,
                "enrolment_sha256": None,
                "enrol_until": None,
            },
        )

    async def use_up(self, enrolment_sha256: str) -> bool:
        """Use up an enrolment without a password; False if it was used meanwhile."""
        return await self._change(
            {"enrolment_sha256": enrolment_sha256, "disabled_at": None},
            {"enrolment_sha256": None, "enrol_until": None},
        )

    async def accept(self, reviewer: UUID, step: int) -> bool:
        """Note that the code of a time step was accepted; False if it, or a later one, was."""
        change = update(reviewers).where(
            reviewers.c.id == reviewer,
            reviewers.c.disabled_at.is_(None),
            reviewers.c.last_step < step,
        )
        return await self.transact(changing(change.values(last_step=step))) == 1

    async def disable(self, reviewer: UUID, at: datetime) -> bool:
        """Let nobody sign in to an account any more; False if that is so already."""
        return await self._change(
            {"id": reviewer, "disabled_at": None},
            {"disabled_at": at, "enrolment_sha256": None, "enrol_until": None},
        )

    async def reset(
        self, reviewer: UUID, sealed_key: bytes, enrolment_sha256: str, until: datetime
    ) -> None:
        """Take the password and the key away, and let the owner enrol anew."""
        await self._change(
            {"id": reviewer},
            {
                "sealed_key": sealed_key,
                "last_step": -1,
                "password_hash": None,
                "enrolment_sha256": enrolment_sha256,
                "enrol_until": until,
                "disabled_at": None,
            },
        )

    async def give(self, reviewer: UUID, role: str, tenants: tuple[str, ...]) -> None:
        """Change what an account may do and see."""
        await self._change({"id": reviewer}, {"role": role, "tenants": list(tenants)})

    async def _change(self, where: Mapping[str, object], values: Mapping[str, object]) -> bool:
        change = update(reviewers)
        for name, value in where.items():
            column = reviewers.c[name]
            change = change.where(column.is_(None) if value is None else column == value)
        return await self.transact(changing(change.values(values))) == 1


def reviewer_of(row: RowMapping) -> Reviewer:
    """Return the account that a row of `reviewers` holds."""
    values: dict[str, Any] = {name: row[name] for name in Reviewer.__slots__}
    values["tenants"] = tuple(row["tenants"])
    return Reviewer(**values)


def _one(row: RowMapping | None) -> Reviewer | None:
    return None if row is None else reviewer_of(row)
