from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from pipeline.store.api_keys import ApiKey
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from pipeline.store.tenants import Tenant

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store on a real file, with two tenants that have a key each."""
    opened = Store.open(tmp_path / "app.db")
    for number, tenant in enumerate(("harbour", "meadow"), start=1):
        await opened.tenants.add(Tenant(tenant, tenant.title(), NOON, anlas_budget=100))
        key = ApiKey(UUID(int=number), tenant, "first", (), NOON)
        await opened.api_keys.add(key, str(number) * 64)
    yield opened
    await opened.close()


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
