"""Serves a sandbox over HTTP."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from threading import Thread

from fastapi import FastAPI
from typing_extensions import override
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.sandbox import app as sandbox
from pipeline.sandbox.generate import DROP
from pipeline.sandbox.settings import SandboxSettings


class Droppable(H11Protocol):
    """An HTTP connection that offers the application to cut it without an answer."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, DROP: transport.abort}


def serve(settings: SandboxSettings, host: str, port: int) -> None:
    """Serve a new sandbox until interrupted, and say where; port 0 takes any free one."""
    app = sandbox.create(settings)
    listening = _config(app, host, port).bind_socket()
    listening.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)  # else a body waits for its head's receipt
    sys.stdout.write(f"sandbox: http://{host}:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    run(app, listening)


def run(app: FastAPI, listening: socket) -> None:
    """Serve `app` on a socket that is bound already, until interrupted; the socket is closed."""
    Server(_config(app)).run(sockets=[listening])


@contextmanager
def beside(app: FastAPI, listening: socket) -> Generator[None]:
    """Serve `app` in a thread of its own, and end it with the block.

    A thread that outlived it would run into the interpreter's end, and could crash the process.
    """
    server = Server(_config(app))
    thread = Thread(target=server.run, args=([listening],), name="sandbox")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True  # nobody is left who waits for an answer
        thread.join()


def _config(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> Config:
    return Config(
        app,
        host,
        port,
        http=Droppable,  # h11: httptools loses the body of requests that offer h2c
        ws="none",
        lifespan="off",
        log_config=None,  # logging is for whoever starts it to set up
        log_level="error",  # SDKs offer an upgrade that nobody takes: no news
        access_log=False,
        server_header=False,
    )
