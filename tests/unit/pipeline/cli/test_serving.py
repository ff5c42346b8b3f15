"""Two servers in one event loop: both answer, and one signal ends both in order."""

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from pipeline.cli.errors import UnusableError, UpkeepEndedError
from pipeline.cli.listening import address_of, listen, private_socket
from pipeline.cli.serving import serve
from tests.unit.pipeline.lookers import CANARY

pytestmark = pytest.mark.enable_socket


@dataclass
class SmallHouse:
    """Serves a word on each side, and one answer that only the drain lets go."""

    public: FastAPI = field(default_factory=FastAPI)
    operator: FastAPI = field(default_factory=FastAPI)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    drained_seconds: float | None = None
    upkeep: asyncio.Future[None] = field(default_factory=asyncio.Future)
    kept_up: bool = False

    def __post_init__(self) -> None:
        @self.public.get("/")
        async def word() -> str:
            return "public"

        @self.public.get("/slow")
        async def slow() -> str:
            self.arrived.set()
            await self.draining.wait()
            return "finished"

        @self.operator.get("/")
        async def secret() -> str:
            return "operator"

    async def keep_up(self) -> None:
        self.kept_up = True
        await self.upkeep

    async def drain(self, seconds: float) -> int:
        self.drained_seconds = seconds
        self.draining.set()
        return 2


@dataclass
class Serving:
    """A house that is served, and how to reach it."""

    house: SmallHouse
    address: str
    socket: Path
    task: asyncio.Task[int]


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncIterator[Serving]:
    house, begun = SmallHouse(), asyncio.Event()
    public, path = listen("127.0.0.1", 0), tmp_path / "operator.sock"
    with private_socket(path) as private:
        task = asyncio.create_task(serve(house, public, private, 7.0, begun.set))
        await begun.wait()
        yield Serving(house, address_of(public), path, task)
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
            await task


async def test_upkeep_runs_as_long_as_the_server_does(serving: Serving) -> None:
    """Holds expire only while it does, and nothing of it is left when the house is closed."""
    assert serving.house.kept_up

    os.kill(os.getpid(), signal.SIGTERM)
    await serving.task

    assert serving.house.upkeep.cancelled()


@pytest.mark.parametrize("fault", [ZeroDivisionError(CANARY), None])
async def test_the_server_stops_when_upkeep_ends_of_itself(
    serving: Serving, fault: Exception | None
) -> None:
    """A bug there must not leave a server that looks well while holds never expire."""
    async with httpx.AsyncClient(trust_env=False) as client:
        waiting = asyncio.create_task(client.get(f"{serving.address}/slow"))
        await serving.house.arrived.wait()
        if fault is None:
            serving.house.upkeep.set_result(None)
        else:
            serving.house.upkeep.set_exception(fault)
        with capture_logs() as said, pytest.raises(UpkeepEndedError) as ended:
            await serving.task
        answer = await waiting

    assert answer.json() == "finished"  # it is drained as on a signal
    assert serving.house.drained_seconds == 7.0
    (line,) = said
    assert (line["event"], line["log_level"]) == ("upkeep ended", "critical")
    assert "upkeep ended of itself" in str(ended.value)
    assert CANARY not in str(ended.value)
    assert (fault is None) is ("ZeroDivisionError" not in str(ended.value))
    assert ended.value.__cause__ is None
    assert ended.value.__context__ is None


async def test_the_operator_is_reached_through_the_socket_alone(serving: Serving) -> None:
    """Whoever calls the address reaches nothing of the operator's."""
    transport = httpx.AsyncHTTPTransport(uds=str(serving.socket))
    async with httpx.AsyncClient(transport=transport) as through_socket:
        assert (await through_socket.get("http://operator/")).json() == "operator"
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(serving.address)).json() == "public"


async def test_the_socket_is_its_owners_alone(serving: Serving) -> None:
    """The file's mode is what lets the operator in."""
    assert stat.S_IMODE(serving.socket.stat().st_mode) == 0o600


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_who_waits_is_answered(
    serving: Serving, sign: signal.Signals
) -> None:
    """Stopping a server must not cost anybody a picture that is nearly there."""
    async with httpx.AsyncClient(trust_env=False) as client:
        waiting = asyncio.create_task(client.get(f"{serving.address}/slow"))
        await serving.house.arrived.wait()
        os.kill(os.getpid(), sign)
        cut = await serving.task
        answer = await waiting

    assert answer.json() == "finished"
    assert cut == 2
    assert serving.house.drained_seconds == 7.0
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(serving.address)


def test_the_socket_is_gone_afterwards_also_when_something_fails(tmp_path: Path) -> None:
    """What lies around would be asked in vain."""
    path = tmp_path / "operator.sock"
    with pytest.raises(ZeroDivisionError), private_socket(path):
        raise ZeroDivisionError

    assert not path.exists()


def test_a_dead_servers_socket_is_replaced(tmp_path: Path) -> None:
    """A server that was killed leaves one; the next must start all the same."""
    path = tmp_path / "operator.sock"
    with socket(AF_UNIX, SOCK_STREAM) as dead:
        dead.bind(str(path))

    with private_socket(path), socket(AF_UNIX, SOCK_STREAM) as caller:
        caller.connect(str(path))


def test_a_path_that_no_socket_can_have_is_told(tmp_path: Path) -> None:
    """The system's own message names neither the limit nor the directory."""
    with (
        pytest.raises(UnusableError, match="at most 107 bytes"),
        private_socket(tmp_path / ("d" * 100) / "operator.sock"),
    ):
        raise AssertionError


def test_a_port_that_is_taken_is_told_before_anything_begins() -> None:
    """It is the commonest reason why a server does not start."""
    with listen("127.0.0.1", 0) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(UnusableError, match=f"127.0.0.1:{port} to be free, got one that is"):
            listen("127.0.0.1", port)


def test_an_address_can_be_called_as_it_is_written() -> None:
    """Copied from the terminal into a program."""
    with listen("127.0.0.1", 0) as four:
        assert address_of(four) == f"http://127.0.0.1:{four.getsockname()[1]}"
    with listen("::1", 0) as six:
        assert address_of(six) == f"http://[::1]:{six.getsockname()[1]}"
