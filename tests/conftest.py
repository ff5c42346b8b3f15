"""What tests of several folders share."""

import asyncio
import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres_server import OWNER, WRITER, Server, running

settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")  # a machine that is busy with something else is no fault

gc.disable()  # what is imported stays: to look for garbage in it takes a tenth of all tests' time


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that was imported, and look less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One PostgreSQL for the whole session, started by the first test that asks for it.

    `template` is a database in which the log's tables are made.
    """
    from audit.postgres.migrating import migrate  # noqa: PLC0415 - sessions without it are quicker

    with running() as server:
        server.psql("postgres", f"CREATE DATABASE template OWNER {OWNER}")
        asyncio.run(migrate(server.url("template", OWNER), WRITER))
        yield server
