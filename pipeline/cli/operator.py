"""Asks the operator's routes: the server's, through its socket, or those of a house opened for it.

So a command that writes never meets the server at the files: one process is the only writer.
"""

import asyncio
import fcntl
import getpass
import logging
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer

from audit.errors import UnusableError
from pipeline.cli.errors import NoServerError
from pipeline.cli.output import REFUSED, UNABLE, note, stop, told
from pipeline.errors import SettingsError, StoreLockedError

SOCKET = "operator.sock"
_LOCKS = ("log.db.lock", "app.db.lock")
_PATIENCE_SECONDS = 900.0  # an approval ends only when its picture is made and examined
_NOT_SO = {404, 409}

PersonName = Annotated[
    str, typer.Option(help="Who you are, for the log.", show_default="your login name")
]


def ask(data_dir: Path, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - it is JSON
    """Return the answer of an operator's route, or say why there is none, and end."""
    with told():
        answer = asyncio.run(_ask(data_dir, method, path, body))
    return read(answer)


def read(answer: httpx.Response) -> Any:  # noqa: ANN401 - it is JSON
    """Return what a route answered, or say why it did not, and end."""
    if not answer.is_success:
        stop(_problem(answer), REFUSED if answer.status_code in _NOT_SO else UNABLE)
    return answer.json()


def part(segment: object) -> str:
    """Write a value as one part of a path, whatever is in it."""
    return quote(str(segment), safe="")


def person_or_login(name: str) -> str:
    """Return the name, or that of the operating system's user."""
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        stop("the system has no name for you: say who you are with --person NAME")


async def answers(socket: Path) -> bool:
    """Whether a server listens on the socket."""
    try:
        _, writer = await asyncio.open_unix_connection(socket)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def _ask(
    data_dir: Path, method: str, path: str, body: Mapping[str, object] | None
) -> httpx.Response:
    async with desk(data_dir) as client:
        return await client.request(method, path, json=body)


@asynccontextmanager
async def desk(data_dir: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """Open the operator's routes, for one question or several.

    Raises:
        NoServerError: the server that has the data does not answer, or stopped to.
    """
    try:
        async with _client(data_dir) as client:
            yield client
    except httpx.TransportError as fault:
        reason = type(fault).__name__
        message = f"the server stopped answering ({reason}): look before you ask again"
        raise NoServerError(message) from fault


@asynccontextmanager
async def _client(data_dir: Path) -> AsyncGenerator[httpx.AsyncClient]:
    socket = data_dir / SOCKET
    if await answers(socket):
        async with _asking(httpx.AsyncHTTPTransport(uds=str(socket))) as client:
            yield client
        return
    async with _opened(data_dir) as transport, _asking(transport) as client:
        yield client


@asynccontextmanager
async def _opened(data_dir: Path) -> AsyncGenerator[httpx.ASGITransport]:
    """Open the house for one question, since no server runs."""
    from pipeline import telemetry  # noqa: PLC0415 - these load every model: not for `--help`
    from pipeline.app import now, open_house  # noqa: PLC0415 - the same
    from pipeline.settings import load  # noqa: PLC0415 - the same

    telemetry.configure(now, sys.stderr, logging.WARNING)
    try:
        settings = load(data_dir, os.environ)
    except SettingsError as fault:
        raise SettingsError(
            [*fault.problems, "no server answers either: run `imprimatur serve`, then ask again"]
        ) from None
    try:
        async with open_house(settings) as house:
            for line in house.notices:
                note(line)
            yield httpx.ASGITransport(house.operator, raise_app_exceptions=False)
    except (StoreLockedError, UnusableError) as fault:
        if not _held(data_dir):
            raise
        message = (
            f"{data_dir}: another process has it and does not answer on {SOCKET}: "
            "wait until it has started, or stop it"
        )
        raise NoServerError(message) from fault


def _asking(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport, base_url="http://operator", timeout=_PATIENCE_SECONDS
    )


def _held(data_dir: Path) -> bool:
    """Whether another process has locked the data."""
    return any(_locked(data_dir / name) for name in _LOCKS if (data_dir / name).exists())


def _locked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _problem(answer: httpx.Response) -> str:
    try:
        told_so = answer.json()
    except ValueError:
        return f"the server answered {answer.status_code}"
    if isinstance(told_so, dict) and "message" in told_so:
        return str(told_so["message"])
    wrong = told_so.get("detail", ()) if isinstance(told_so, dict) else ()
    places = [".".join(map(str, each["loc"][1:])) + f": {each['msg']}" for each in wrong]
    return "\n".join(places) or f"the server answered {answer.status_code}"
