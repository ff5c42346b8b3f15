"""What the tests of the log on PostgreSQL share: a database of their own, and who opens it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from audit.log import Log
from audit.postgres.copying import copy_log
from audit.postgres.opening import open_postgres
from audit.report import Report
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.verify import verify
from tests.postgres_server import Server

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OpenReplica: TypeAlias = Callable[..., Awaitable[Log]]
VerifyCopy: TypeAlias = Callable[..., Report]


@pytest.fixture
def database(postgres: Server) -> str:
    """A database with the log's tables and nothing in them."""
    return postgres.create_database("template")


@pytest.fixture
def open_replica(
    postgres: Server, database: str, signer: Ed25519Signer, keys: DetailKeys
) -> OpenReplica:
    """Return what opens the log as one more process would."""

    async def opened(url: str = "", known: tuple[str, ...] = ()) -> Log:
        store = await open_postgres(
            url or postgres.url(database),
            signer=signer,
            now=lambda: NOON,
            known_checkpoints=known,
        )
        return Log(store, keys)

    return opened


@pytest.fixture
def verify_copy(
    postgres: Server, database: str, signer: Ed25519Signer, tmp_path: Path
) -> VerifyCopy:
    """Return what copies the log into a file and verifies it."""

    def verified(*known: str) -> Report:
        path = tmp_path / "copy.db"
        path.unlink(missing_ok=True)
        asyncio.run(copy_log(postgres.url(database), path))
        return verify(path, signer.vkey.write(), known_checkpoints=known)

    return verified
