"""What the tests of reports share: a service to speak to, over a real socket."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from pydantic import SecretStr

from pipeline.duties.reports.client import Ispws
from tests.unit.pipeline.duties.reports.ispws import PASSWORD, USER, StandIn, serving


@pytest.fixture
def service() -> Iterator[StandIn]:
    """The service."""
    with serving() as stand_in:
        yield stand_in


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Connections of ours."""
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def client(service: StandIn, http: httpx.AsyncClient) -> Ispws:
    """Our side of it."""
    return Ispws(http, service.address, USER, SecretStr(PASSWORD), is_test=True)
