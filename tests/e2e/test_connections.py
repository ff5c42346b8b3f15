"""How long a connection to NovelAI is kept: over real sockets, for as long as it can be trusted."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import httpx
import pytest
import uvicorn

from pipeline.novelai.transport import IDLE_SECONDS, of_accounts

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@asynccontextmanager
async def counting() -> AsyncGenerator[tuple[str, list[int]]]:
    """Serve one short answer to whatever comes, and note each connection's port."""
    ports: list[int] = []
    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.append(cast("tuple[str, int]", writer.get_extra_info("peername"))[1])
        serving.append(cast("asyncio.Task[None]", asyncio.current_task()))
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(_ANSWER)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", ports
        await asyncio.gather(*serving)


@pytest.mark.parametrize(("idle_seconds", "connections"), [(0.01, 2), (60.0, 1)])
async def test_a_connection_is_used_again_only_while_it_is_fresh(
    idle_seconds: float, connections: int
) -> None:
    """On one that the other side is about to close, a paid call would be lost unknown."""
    async with (
        counting() as (address, ports),
        httpx.AsyncClient(transport=of_accounts(idle_seconds)) as client,
    ):
        for _ in range(2):
            assert (await client.get(address)).text == "OK"
            await asyncio.sleep(0.05)

    assert len(ports) == connections


def test_it_is_given_up_well_before_common_servers_close_it() -> None:
    """Uvicorn's five seconds, which are Node's, are the shortest that are common."""

    async def app(*_: object) -> None:
        """Serve nothing."""

    assert uvicorn.Config(app).timeout_keep_alive > IDLE_SECONDS + 1
