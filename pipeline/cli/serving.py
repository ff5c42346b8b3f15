"""Serves a house: its public routes over TCP, the operator's on a Unix socket, one event loop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from socket import socket
from typing import Protocol

from starlette.types import ASGIApp
from typing_extensions import override
from uvicorn import Config, Server

_LAST_ANSWERS_SECONDS = 5
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Served(Protocol):
    """What is served."""

    @property
    def public(self) -> ASGIApp:
        """What anybody may call."""
        ...

    @property
    def operator(self) -> ASGIApp:
        """What only the operator may call."""
        ...

    async def drain(self, seconds: float) -> int:
        """Admit nothing more and finish what is in flight; return how many were cut off."""
        ...


async def serve(
    house: Served, public: socket, private: socket, seconds: float, begun: Callable[[], None]
) -> int:
    """Serve until SIGTERM or SIGINT, then stop admission and drain; return how many were cut off.

    `begun` is called once both can be called. Callers get their answers during the drain. A
    second signal ends the process at once: what it cut off is recovered from the log.
    """
    stopping = asyncio.Event()
    servers = [_Server(_config(house.public)), _Server(_config(house.operator))]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listening]))
        for server, listening in zip(servers, (public, private), strict=True)
    ]
    with _signalled(stopping):
        begun()
        await _first([stopping.wait(), *map(asyncio.shield, tasks)])
    cut = await house.drain(seconds)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)
    return cut


class _Server(Server):
    """A server that leaves signals to whoever runs two of it."""

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _config(app: ASGIApp) -> Config:
    return Config(
        app,
        http="h11",  # httptools loses the body of requests that offer h2c
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
    )


@contextmanager
def _signalled(stopping: asyncio.Event) -> Generator[None]:
    loop = asyncio.get_running_loop()
    for each in _SIGNALS:
        loop.add_signal_handler(each, stopping.set)
    try:
        yield
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)


async def _first(waits: list[Awaitable[object]]) -> None:
    """Return when the first of them is done, and forget the others."""
    tasks = [asyncio.ensure_future(each) for each in waits]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
