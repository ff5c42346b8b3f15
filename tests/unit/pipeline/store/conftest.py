from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, delete

from pipeline.store.api_keys import ApiKey
from pipeline.store.columns import metadata
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from pipeline.store.tenants import Tenant
from tests.postgres_server import OWNER, Server

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def emptied(postgres: Server) -> str:
    """The URL of a database in which the store's tables are made."""
    return postgres.url(postgres.create_database(), OWNER)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    """The URL of a database, or None for a file."""
    return request.getfixturevalue("emptied") if request.param == "postgresql" else None


@pytest.fixture
async def store(url: str | None, tmp_path: Path) -> AsyncIterator[Store]:
    """A store on either real database, with two tenants that have a key each."""
    if url is None:
        opened = Store.open(tmp_path / "app.db")
    else:
        opened = await Store.connect(url)
        await opened.writer(_empty)
    for number, tenant in enumerate(("harbour", "meadow"), start=1):
        await opened.tenants.add(Tenant(tenant, tenant.title(), NOON, anlas_budget=100))
        key = ApiKey(UUID(int=number), tenant, "first", (), NOON)
        await opened.api_keys.add(key, str(number) * 64)
    yield opened
    await opened.close()


def _empty(sql: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        sql.execute(delete(table))


@pytest.fixture
def row() -> SubmissionRow:
    """A submission of the first tenant that was just admitted."""
    return SubmissionRow(
        id=UUID(int=100),
        tenant="harbour",
        key_id=UUID(int=1),
        body_sha256="b" * 64,
        samples=2,
        price=20,
        received_at=NOON,
        owner="process-1",
        vault_id="f" * 32,
        state=State.ADMITTED,
        code=None,
        changed_at=NOON,
    )
