"""Tenants: the platforms that the gateway serves, and what each may still spend."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    RowMapping,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)

from pipeline.errors import StoreError
from pipeline.items import NO_HELP, PromptHelp, ReleasedMetadata, wanted_in
from pipeline.store.columns import Instant, metadata
from pipeline.store.prepared import Prepared, Row
from pipeline.store.profile import NO_PROFILE, Profile
from pipeline.store.writer import Transact, changing

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)

tenants = Table(
    "tenants",
    metadata,
    Column("id", String(63), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("assured", Boolean, nullable=False),
    Column("policy_sets", JSON, nullable=False),
    Column("anlas_budget", BigInteger, nullable=False),
    Column("anlas_spent", BigInteger, CheckConstraint("anlas_spent >= 0"), nullable=False),
    Column("subject_budget", BigInteger),
    Column("released_hours", Integer),
    Column("released_metadata", String(16)),
    Column("prompt_help", JSON, nullable=False),
    Column("profile", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A platform that the gateway serves."""

    id: str
    name: str
    created_at: datetime
    assured: bool = False
    """Whether it has declared blanket age assurance for all its users."""
    policy_sets: tuple[str, ...] = ()
    """Names of the sets that stand on top of the installation's own."""
    anlas_budget: int = 0
    anlas_spent: int = 0
    subject_budget: int | None = None
    """How many Anlas each of its end users may spend in 24 hours; None: only its own count."""
    released_hours: int | None = None
    """How long released pictures are kept; None is the installation's own time."""
    released_metadata: ReleasedMetadata | None = None
    """What of NovelAI's texts leaves; None is the installation's own choice."""
    prompt_help: PromptHelp = NO_HELP
    """What is added to the texts of its requests."""
    profile: Profile = NO_PROFILE
    """What is known of the platform: until it is complete, adults are not served."""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            expected = "up to 63 lower-case letters, digits and dashes"
            raise StoreError("tenant id", expected, f"{len(self.id)} characters")


_OF = tenants.c.id == bindparam("of")
_GET = Prepared(select(tenants).where(_OF))
_POLICY_SETS = Prepared(select(tenants.c.policy_sets).where(_OF))
_SUBJECT_BUDGET = Prepared(select(tenants.c.subject_budget).where(_OF))
_RELEASED_HOURS = Prepared(select(tenants.c.released_hours).where(_OF))
_RELEASED_METADATA = Prepared(select(tenants.c.released_metadata).where(_OF))
_SPENT = tenants.c.anlas_spent + bindparam("more", type_=BigInteger)
_CHARGE = update(tenants).where(_OF).values(anlas_spent=_SPENT)
_SPEND = Prepared(_CHARGE.where(tenants.c.anlas_budget >= _SPENT))
_GIVE_BACK = Prepared(_CHARGE.where(_SPENT >= 0))


@dataclass(frozen=True, slots=True)
class Tenants:
    """The table of tenants."""

    transact: Transact

    async def add(self, tenant: Tenant) -> None:
        """Add a tenant.

        Raises:
            ConflictError: its id is taken.
        """
        values = {name: getattr(tenant, name) for name in Tenant.__slots__}
        values["policy_sets"] = list(tenant.policy_sets)
        values |= _written(tenant)
        await self.transact(changing(insert(tenants).values(values)))

    async def get(self, tenant: str) -> Tenant | None:
        """Return a tenant, or None if there is none of that id."""

        def read(sql: Connection) -> Tenant | None:
            row = _GET.row(sql, {"of": tenant})
            return None if row is None else _tenant(row)

        return await self.transact(read)

    async def policy_sets(self, tenant: str) -> tuple[str, ...]:
        """Return only the names of a tenant's own sets: every request asks."""
        return tuple((await self._only(_POLICY_SETS, tenant)).get("policy_sets", ()))

    async def subject_budget(self, tenant: str) -> int | None:
        """Return only how many Anlas each end user may spend in 24 hours; None: nobody said."""
        budget: int | None = (await self._only(_SUBJECT_BUDGET, tenant)).get("subject_budget")
        return budget

    async def released_hours(self, tenant: str) -> int | None:
        """Return only how long a tenant's pictures are kept; None: as the installation says."""
        hours: int | None = (await self._only(_RELEASED_HOURS, tenant)).get("released_hours")
        return hours

    async def released_metadata(self, tenant: str) -> ReleasedMetadata | None:
        """Return only what of NovelAI's texts leaves; None: as the installation says.

        Raises:
            StoreError: it is no choice of this version.
        """
        return _chosen((await self._only(_RELEASED_METADATA, tenant)).get("released_metadata"))

    async def _only(self, query: Prepared, tenant: str) -> Row:
        return await self.transact(lambda sql: query.row(sql, {"of": tenant}) or {})

    async def all(self) -> tuple[Tenant, ...]:
        """Return every tenant, by id. For the operator, never for a tenant's request."""
        query = select(tenants).order_by(tenants.c.id)
        return await self.transact(
            lambda sql: tuple(_tenant(row) for row in sql.execute(query).mappings())
        )

    async def change(self, tenant: Tenant) -> bool:
        """Put down what a tenant chose, may spend, and its profile; False if there is none such."""
        own = tenants.c.id == tenant.id
        values = {
            "released_metadata": tenant.released_metadata,
            "anlas_budget": tenant.anlas_budget,
            "subject_budget": tenant.subject_budget,
            **_written(tenant),
        }
        return await self.transact(changing(update(tenants).where(own).values(values))) == 1

    async def charge(self, tenant: str, anlas: int) -> bool:
        """Spend from the budget, at once or not at all; return whether it sufficed.

        A negative amount gives back what was charged and not spent.
        """
        change = _SPEND if anlas > 0 else _GIVE_BACK
        values = {"of": tenant, "more": anlas}
        return await self.transact(lambda sql: change.count(sql, values)) == 1


def _written(tenant: Tenant) -> dict[str, object]:
    profile = tenant.profile.model_dump(mode="json")
    return {"prompt_help": asdict(tenant.prompt_help), "profile": profile}


def _tenant(row: RowMapping | Row) -> Tenant:
    values: dict[str, Any] = dict(row)
    values["policy_sets"] = tuple(row["policy_sets"])
    values["released_metadata"] = _chosen(row["released_metadata"])
    try:
        values["prompt_help"] = wanted_in(row["prompt_help"])
        values["profile"] = Profile.model_validate(row["profile"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _other() from None
    return Tenant(**values)


def _chosen(said: str | None) -> ReleasedMetadata | None:
    try:
        return None if said is None else ReleasedMetadata(said)
    except ValueError:
        raise _other() from None


def _other() -> StoreError:
    return StoreError("tenant", "choices of this version", "others")
