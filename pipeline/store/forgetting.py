"""Forgetting: what app.db drops of a submission or a subject that is erased."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, delete, select, update

from pipeline.store.admission import idempotency
from pipeline.store.appeals import causes
from pipeline.store.encodings import encodings
from pipeline.store.holds import holds
from pipeline.store.intents import intents
from pipeline.store.origins import origins
from pipeline.store.pictures import PictureState, pictures
from pipeline.store.precedents import resemblances
from pipeline.store.refusals import refusals, refused_texts
from pipeline.store.samples import samples
from pipeline.store.strikes import strikes
from pipeline.store.subject_tokens import subject_tokens
from pipeline.store.submissions import submissions
from pipeline.store.writer import Transact


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Blanks rows over all tables. What only says that something happened stays, without whose."""

    transact: Transact

    async def submission(self, submission: UUID) -> frozenset[str]:
        """Forget what a submission that came to its end was made of; a second time does nothing.

        Returns the vault ids of its request and pictures: they MUST be destroyed next. Its
        idempotency key, origins, encodings and samples are deleted; pictures stand as destroyed;
        digests, facts, reasons and the subject's fingerprint are blanked.
        """
        return await self.transact(lambda sql: _submission(sql, submission))

    async def subject(self, tenant: str, fingerprint: str, pseudonym: str) -> None:
        """Forget how often a subject was refused, and for what, and its strikes; its tokens end."""

        def forget(sql: Connection) -> None:
            for table in (refusals, refused_texts, strikes):
                sql.execute(
                    delete(table).where(table.c.tenant == tenant, table.c.subject == fingerprint)
                )
            tokens = subject_tokens.c
            own = (tokens.tenant == tenant, tokens.pseudonym == pseudonym)
            sql.execute(delete(subject_tokens).where(*own))

        await self.transact(forget)

    async def submissions_of(self, tenant: str, fingerprint: str) -> tuple[UUID, ...]:
        """Return the submissions of a tenant's subject, oldest first."""
        query = (
            select(submissions.c.id)
            .where(submissions.c.tenant == tenant, submissions.c.subject == fingerprint)
            .order_by(submissions.c.received_at, submissions.c.id)
        )
        return await self.transact(lambda sql: tuple(sql.execute(query).scalars()))


def _submission(sql: Connection, submission: UUID) -> frozenset[str]:
    found: set[str] = set()
    for table, named in (
        (submissions, submissions.c.id),
        (pictures, pictures.c.submission),
        (holds, holds.c.submission),
    ):
        found.update(sql.execute(select(table.c.vault_id).where(named == submission)).scalars())
    sql.execute(delete(idempotency).where(idempotency.c.submission == submission))
    for table in (origins, encodings, causes, resemblances, samples):
        sql.execute(delete(table).where(table.c.submission == submission))
    sql.execute(
        update(pictures)
        .where(pictures.c.submission == submission)
        .values(state=PictureState.DESTROYED, sha256="")
    )
    sql.execute(update(holds).where(holds.c.submission == submission).values(facts={}, reason=None))
    own = select(holds.c.id).where(holds.c.submission == submission)
    sql.execute(update(intents).where(intents.c.hold.in_(own)).values(reason=""))
    sql.execute(
        update(submissions).where(submissions.c.id == submission).values(body_sha256="", subject="")
    )
    return frozenset(found)
