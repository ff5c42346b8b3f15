"""Connections are kept apart: each account has its own, and only its own."""

import httpx
import pytest
from typing_extensions import override

from pipeline.novelai.transport import OneEach


class Wire(httpx.AsyncBaseTransport):
    """Remembers whom it spoke for, and whether it was closed."""

    def __init__(self) -> None:
        self.bearers: list[str] = []
        self.closed = False

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.bearers.append(request.headers.get("Authorization", "nobody"))
        return httpx.Response(200)

    @override
    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def wires() -> list[Wire]:
    return []


@pytest.fixture
def client(wires: list[Wire]) -> httpx.AsyncClient:
    def make() -> Wire:
        wires.append(Wire())
        return wires[-1]

    return httpx.AsyncClient(transport=OneEach(make))


async def test_each_account_has_its_own(client: httpx.AsyncClient, wires: list[Wire]) -> None:
    """One account's connections are nothing that another's request has to look after."""
    for bearer in ("one", "two", "one"):
        await client.get("http://upstream/", headers={"Authorization": bearer})
    await client.get("http://upstream/")

    assert [wire.bearers for wire in wires] == [["one", "one"], ["two"], ["nobody"]]


async def test_all_are_closed_together(client: httpx.AsyncClient, wires: list[Wire]) -> None:
    """A server that stops leaves no connection behind."""
    for bearer in ("one", "two"):
        await client.get("http://upstream/", headers={"Authorization": bearer})

    await client.aclose()

    assert [wire.closed for wire in wires] == [True, True]


async def test_it_does_not_show_a_token(wires: list[Wire]) -> None:
    """A repr may end in a log."""
    transport = OneEach(Wire)
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("http://upstream/", headers={"Authorization": "Bearer pst-secret"})

    assert "pst-secret" not in repr(transport)
    assert not wires
