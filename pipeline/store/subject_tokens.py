"""Subject tokens: short-lived bearers that carry for whom a request is made."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
)

from pipeline.items import Tier
from pipeline.store.columns import Instant, metadata, word
from pipeline.store.writer import Transact, changing

subject_tokens = Table(
    "subject_tokens",
    metadata,
    Column("secret_sha256", String(64), primary_key=True),
    Column("tenant", ForeignKey("tenants.id"), nullable=False),
    Column("key_id", Uuid, ForeignKey("api_keys.id"), nullable=False),
    Column("pseudonym", String(200), nullable=False),
    Column("tier", word(Tier), nullable=False),
    Column("territory", String(16)),
    Column("language", String(35)),
    Column("age_claim", String(200)),
    Column("expires_at", Instant, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class SubjectToken:
    """What a token carries, and the key that minted it: when that is revoked, so is this."""

    secret_sha256: str = field(repr=False)
    tenant: str
    key_id: UUID
    pseudonym: str = field(repr=False)
    tier: Tier
    territory: str | None
    language: str | None
    age_claim: str | None = field(repr=False)
    expires_at: datetime


_OF_SECRET = (
    select(subject_tokens)
    .where(subject_tokens.c.secret_sha256 == bindparam("secret"))
    .where(subject_tokens.c.expires_at > bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class SubjectTokenTable:
    """The table of subject tokens."""

    transact: Transact

    async def add(self, token: SubjectToken) -> None:
        """Add a token.

        Raises:
            ConflictError: there is no such tenant or key, or the token exists.
        """
        values = {name: getattr(token, name) for name in SubjectToken.__slots__}
        await self.transact(changing(insert(subject_tokens).values(values)))

    async def of_secret(self, secret_sha256: str, now: datetime) -> SubjectToken | None:
        """Return the token whose secret has this hash, if it has not expired."""
        query = {"secret": secret_sha256, "at": now}

        def read(sql: Connection) -> SubjectToken | None:
            row = sql.execute(_OF_SECRET, query).mappings().one_or_none()
            return None if row is None else SubjectToken(**row)

        return await self.transact(read)

    async def purge(self, now: datetime) -> int:
        """Delete every tenant's expired tokens; return how many."""
        change = delete(subject_tokens).where(subject_tokens.c.expires_at <= now)
        return await self.transact(changing(change))
