"""Figures over several tables that only the dashboards ask for."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from pipeline.items import NEVER_RELEASED, Cause
from pipeline.store.appeals import Outcome, appeals
from pipeline.store.exposures import exposures
from pipeline.store.holds import holds
from pipeline.store.writer import Transact

AGES: Final = (
    ("under 1 h", timedelta(hours=1)),
    ("1 to 4 h", timedelta(hours=4)),
    ("4 to 24 h", timedelta(hours=24)),
    ("1 to 3 d", timedelta(days=3)),
    ("over 3 d", timedelta.max),
)
"""How old a case is, in words, and below which age."""
_WORST: Final = f"{NEVER_RELEASED}.%"


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose figures somebody may see."""

    tenants: AbstractSet[str] = frozenset()
    """Empty: every tenant's."""
    worst: bool = False
    """Also those of `CSE.*`."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts; it changes nothing."""

    transact: Transact

    async def ages(self, seen: Seen, now: datetime) -> Mapping[str, int]:
        """Count what waits for a person, by how long it has."""
        query = select(func.count()).where(
            holds.c.end.is_(None), holds.c.cause == Cause.SUSPICION, holds.c.expires_at > now
        )
        if seen.tenants:
            query = query.where(holds.c.tenant.in_(sorted(seen.tenants)))
        if not seen.worst:
            query = query.where(holds.c.code.notlike(_WORST))

        def read(sql: Connection) -> Mapping[str, int]:
            older = [
                sql.execute(query.where(holds.c.opened_at <= now - age)).scalar_one()
                for _, age in AGES[:-1]
            ]
            every: int = sql.execute(query).scalar_one()
            counts = [
                before - after for before, after in zip([every, *older], [*older, 0], strict=True)
            ]
            return {name: count for (name, _), count in zip(AGES, counts, strict=True)}

        return await self.transact(read)

    async def exposure(
        self, since: datetime, until: datetime
    ) -> Sequence[tuple[str, int, timedelta]]:
        """Return how many pictures each person uncovered in a time, and for how long together."""
        query = (
            select(exposures.c.person, func.count(), func.sum(exposures.c.milliseconds))
            .where(exposures.c.at >= since, exposures.c.at < until)
            .group_by(exposures.c.person)
            .order_by(exposures.c.person)
        )

        def read(sql: Connection) -> Sequence[tuple[str, int, timedelta]]:
            return [
                (person, count, timedelta(milliseconds=int(lasted)))
                for person, count, lasted in sql.execute(query)
            ]

        return await self.transact(read)

    async def appeals(
        self, seen: Seen, since: datetime, until: datetime
    ) -> Sequence[tuple[str, str, int, int]]:
        """Return what was decided in a time, by rule and language: how many, and how many reversed.

        The language is the one that the platform stated of its end user, if it did.
        """
        key = (appeals.c.rule, appeals.c.language)
        query = (
            select(*key, appeals.c.outcome, func.count())
            .where(appeals.c.decided_at >= since, appeals.c.decided_at < until)
            .group_by(*key, appeals.c.outcome)
        )
        if seen.tenants:
            query = query.where(appeals.c.tenant.in_(sorted(seen.tenants)))
        if not seen.worst:
            query = query.where(appeals.c.worst.is_(False))

        def read(sql: Connection) -> Sequence[tuple[str, str, int, int]]:
            found: dict[tuple[str, str], tuple[int, int]] = {}
            for rule, language, outcome, count in sql.execute(query):
                of, back = found.get((rule, language), (0, 0))
                back += count if outcome is Outcome.REVERSED else 0
                found[rule, language] = of + count, back
            return [(*by, *counts) for by, counts in sorted(found.items())]

        return await self.transact(read)
