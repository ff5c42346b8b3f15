"""Asks a gateway as a platform does: over HTTP, with an API key, and nothing of this machine's."""

import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console

from pipeline.cli.errors import NoServerError, UnusableError
from pipeline.cli.output import REFUSED, UNABLE, say, say_json, say_table, stop

KEY: Final = "IMPRIMATUR_KEY"
_PATIENCE_SECONDS: Final = 300.0

Address = Annotated[
    str,
    typer.Option("--address", envvar="IMPRIMATUR_ADDRESS", help="Where the gateway listens."),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="A file that holds the API key.", show_default=f"from {KEY}"),
]


@contextmanager
def gateway(address: str, key_file: Path | None) -> Generator[httpx.Client]:
    """Open a client of a gateway.

    Raises:
        UnusableError: there is no key: it is never typed on the command line, where others see it.
        NoServerError: nobody answers.
    """
    key = os.environ.get(KEY, "") if key_file is None else key_file.read_text("utf-8").strip()
    if not key:
        raise UnusableError("API key", f"one in {KEY} or --key-file", "none")
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with httpx.Client(
            base_url=address, headers=headers, timeout=_PATIENCE_SECONDS, trust_env=False
        ) as client:
            yield client
    except (httpx.TransportError, httpx.InvalidURL) as fault:
        message = f"{address}: {type(fault).__name__}: is `imprimatur serve` running there?"
        raise NoServerError(message) from None


@contextmanager
def waiting(for_what: str) -> Generator[None]:
    """Show on a terminal that something takes its time."""
    with Console(stderr=True).status(for_what):
        yield


def read(answer: httpx.Response, *, as_json: bool) -> dict[str, Any]:
    """Return what a gateway says of a generation, or say why it refuses, and end."""
    try:
        said = answer.json()
    except json.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        stop(f"the gateway answered {answer.status_code}, and no JSON")
    if not answer.is_success:
        if as_json:
            say_json(said)
        unable = answer.is_server_error or answer.status_code in {401, 404}
        stop(str(said.get("message", answer.status_code)), UNABLE if unable else REFUSED)
    return said


def tell(state: Mapping[str, Any], saved: Mapping[int, Path], *, as_json: bool) -> None:
    """Say where a generation stands, and where its pictures were written."""
    files = {str(index): str(path) for index, path in saved.items()}
    if as_json:
        say_json({**state, "files": files})
        return
    say(f"{state['id']}: {state['state']}" + (f", {state['code']}" if state["code"] else ""))
    rows = [
        (each["index"], each["state"], files.get(str(each["index"]), ""))
        for each in state["images"]
    ]
    if rows:
        say_table(["sample", "is", "file"], rows, "")


def save(client: httpx.Client, state: Mapping[str, Any], folder: Path) -> dict[int, Path]:
    """Write the released pictures of a generation into a folder; return where each is.

    Raises:
        OSError: it cannot be written.
    """
    saved: dict[int, Path] = {}
    for each in state["images"]:
        if each["url"] is None:
            continue
        answer = client.get(each["url"])
        if not answer.is_success:
            stop(f"picture {each['index']}: the gateway answered {answer.status_code}")
        ending = answer.headers.get("content-type", "image/png").rpartition("/")[2]
        path = folder / f"{state['id']}-{each['index']}.{ending}"
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answer.content)
        saved[each["index"]] = path
    return saved
