"""Identities: which account is whose who signs in with a provider of OpenID Connect."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, Connection, ForeignKey, String, Table, delete, insert, select

from pipeline.store.columns import metadata
from pipeline.store.reviewers import Reviewer, reviewer_of, reviewers
from pipeline.store.writer import Transact, changing

identities = Table(
    "identities",
    metadata,
    Column("issuer", String(512), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("reviewer", ForeignKey("reviewers.id"), nullable=False, unique=True),
)


@dataclass(frozen=True, slots=True)
class Identities:
    """The table of identities: an account has one at most, and each is one account's."""

    transact: Transact

    async def bind(self, issuer: str, subject: str, reviewer: UUID) -> None:
        """Make an account somebody's.

        Raises:
            ConflictError: they have one, or it is somebody's already.
        """
        values = {"issuer": issuer, "subject": subject, "reviewer": reviewer}
        await self.transact(changing(insert(identities).values(values)))

    async def of(self, issuer: str, subject: str) -> Reviewer | None:
        """Return whose account it is, disabled or not; None if they have none."""
        query = (
            select(reviewers)
            .join(identities, identities.c.reviewer == reviewers.c.id)
            .where(identities.c.issuer == issuer, identities.c.subject == subject)
        )

        def found(sql: Connection) -> Reviewer | None:
            row = sql.execute(query).mappings().one_or_none()
            return None if row is None else reviewer_of(row)

        return await self.transact(found)

    async def unbind(self, reviewer: UUID) -> None:
        """Make an account nobody's, if it is somebody's."""
        await self.transact(changing(delete(identities).where(identities.c.reviewer == reviewer)))
