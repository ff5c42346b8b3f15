"""Asking the operator's routes: every answer has a status of the command, and a line."""

import getpass
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import typer
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel

from pipeline.cli import operator
from pipeline.cli.listening import private_socket
from pipeline.gateway.errors import GateError

pytestmark = pytest.mark.enable_socket


class _Named(BaseModel):
    name: str


def _app() -> FastAPI:
    app = FastAPI()

    @app.get("/told/{status}")
    async def told(status: int) -> Response:
        return GateError(status, f"It is {status}.").response()

    @app.post("/echo")
    async def echo(named: _Named) -> _Named:
        return named

    @app.get("/broken")
    async def broken() -> Response:
        return PlainTextResponse("Internal Server Error", 500)

    @app.get("/odd")
    async def odd() -> Response:
        return JSONResponse(["odd"], 500)

    @app.get("/parts/{part}")
    async def parts(part: str) -> str:
        return part

    return app


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory on whose socket somebody answers."""
    data_dir = tmp_path_factory.mktemp("var")
    config = uvicorn.Config(_app(), http="h11", log_config=None, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    with private_socket(data_dir / operator.SOCKET) as private:
        thread = threading.Thread(target=server.run, args=([private],))
        thread.start()
        yield data_dir
        server.should_exit = True
        thread.join()


def test_an_answer_is_what_the_server_says(served: Path) -> None:
    """JSON, as it is."""
    assert operator.ask(served, "POST", "/echo", {"name": "x"}) == {"name": "x"}


@pytest.mark.parametrize(("status", "exit_code"), [(404, 1), (409, 1), (503, 2), (413, 2)])
def test_a_refusal_is_not_a_failure(
    served: Path, status: int, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script that adds a tenant goes on if there is one, and stops if the disk is full."""
    with pytest.raises(typer.Exit) as ended:
        operator.ask(served, "GET", f"/told/{status}")

    assert ended.value.exit_code == exit_code
    assert capsys.readouterr() == ("", f"imprimatur: It is {status}.\n")


@pytest.mark.parametrize("path", ["/broken", "/odd"])
def test_an_answer_that_says_nothing_is_told_by_its_status(
    served: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never a traceback of ours over a fault of the server's."""
    with pytest.raises(typer.Exit):
        operator.ask(served, "GET", path)

    assert capsys.readouterr().err == "imprimatur: the server answered 500\n"


def test_a_body_that_does_not_fit_is_told_by_its_field(
    served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A newer command may ask an older server."""
    with pytest.raises(typer.Exit) as ended:
        operator.ask(served, "POST", "/echo", {})

    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "imprimatur: name: Field required\n"


def test_an_argument_stays_one_part_of_the_path(served: Path) -> None:
    """`../keys` is a tenant nobody has, not another route."""
    assert operator.part("../a b?c") == "..%2Fa%20b%3Fc"
    assert operator.ask(served, "GET", f"/parts/{operator.part('a b?c')}") == "a b?c"


async def test_a_socket_that_nobody_serves_does_not_answer(served: Path, tmp_path: Path) -> None:
    """A killed server leaves its file behind."""
    assert await operator.answers(served / operator.SOCKET)
    assert not await operator.answers(tmp_path / operator.SOCKET)
    (tmp_path / operator.SOCKET).touch()
    assert not await operator.answers(tmp_path / operator.SOCKET)


def test_a_person_is_who_they_say_or_their_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ruling without a name would be nobody's."""
    monkeypatch.setenv("LOGNAME", "ada")
    assert operator.person_or_login("R. Moreau") == "R. Moreau"
    assert operator.person_or_login("") == "ada"

    def nobody() -> NoReturn:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(typer.Exit):
        operator.person_or_login("")
