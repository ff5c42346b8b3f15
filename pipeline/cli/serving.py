"""Serves a house: its public routes over TCP, the operator's on a Unix socket, one event loop.

Upkeep runs beside them. Nothing is served without it: if it ends of itself, the server stops.
"""

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from traceback import extract_tb
from typing import Protocol

import structlog
from starlette.types import ASGIApp
from typing_extensions import override
from uvicorn import Config, Server

from pipeline.cli.errors import UpkeepEndedError

_LAST_ANSWERS_SECONDS = 5
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_say = structlog.get_logger("serving")


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

    async def keep_up(self) -> None:
        """Do what has to happen without anybody asking, until cancelled."""
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

    Raises:
        UpkeepEndedError: upkeep ended of itself; what was in flight was drained as on a signal.
    """
    stopping = asyncio.Event()
    upkeep = asyncio.create_task(house.keep_up())
    upkeep.add_done_callback(_tell)
    servers = [_Server(_config(house.public)), _Server(_config(house.operator))]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listening]))
        for server, listening in zip(servers, (public, private), strict=True)
    ]
    with _signalled(stopping):
        begun()
        signalled = asyncio.create_task(stopping.wait())
        await asyncio.wait({signalled, upkeep, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        signalled.cancel()
    cut = await house.drain(seconds)
    for server in servers:
        server.should_exit = True
    upkeep.cancel()
    await asyncio.gather(*tasks)
    await asyncio.wait({upkeep}, timeout=_LAST_ANSWERS_SECONDS)
    if upkeep.done() and not upkeep.cancelled():
        raise UpkeepEndedError(*_fault(upkeep))
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


def _tell(upkeep: asyncio.Task[None]) -> None:
    """Tell at once that upkeep ended of itself."""
    if not upkeep.cancelled():
        _say.critical("upkeep ended", exc_info=upkeep.exception())


def _fault(upkeep: asyncio.Task[None]) -> tuple[str, str]:
    """Return the kind of fault that ended upkeep and its place, and nothing that it holds."""
    fault = upkeep.exception()
    if fault is None:
        return "no fault", "its end"
    last = extract_tb(fault.__traceback__)[-1]
    return type(fault).__name__, f"{Path(last.filename).name}:{last.lineno}"
