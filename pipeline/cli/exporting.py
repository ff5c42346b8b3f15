"""Makes an export: asks for its entry, reads the log as it is then, and writes it to one place."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.anchors import Anchors
from audit.connection import connect_reader
from audit.export.build import build
from audit.export.folder import pack
from audit.export.manifest import Manifest
from audit.export.order import Order, Tell
from audit.export.profile import Scope
from pipeline.cli import operator
from pipeline.cli.log_database import log_file
from pipeline.cli.logfile import signed_beyond
from pipeline.cli.output import stop
from pipeline.cli.outside import ANCHORS

TOOL = "imprimatur 0.1.0"
PACKED = ".zip"
_ONLY_OWNER = 0o700, 0o600

Ask = Callable[[str, Mapping[str, object]], Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, by whom, and where it goes."""

    scope: Scope
    person: str
    second: str | None
    out: Path
    parquet: bool = False


def export(data_dir: Path, asked: Asked, bar: Callable[[int], Tell]) -> Manifest:
    """Make the export; `bar` is told the log's size, and gives back who is told how far it is.

    Raises:
        AuditError, CliError, OSError: it could not be made, and nothing lies at its place.
    """
    return asyncio.run(_export(data_dir, asked, bar))


async def _export(data_dir: Path, asked: Asked, bar: Callable[[int], Tell]) -> Manifest:
    """Ask and write at once: reading is slow, and must not stand in the way of the asking."""
    loop = asyncio.get_running_loop()
    async with operator.desk(data_dir) as desk:

        def ask(path: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401 - it is JSON
            future = asyncio.run_coroutine_threadsafe(_post(desk, path, body), loop)
            return operator.read(future.result())

        return await asyncio.to_thread(_make, data_dir, asked, ask, bar)


async def _post(desk: httpx.AsyncClient, path: str, body: Mapping[str, object]) -> httpx.Response:
    return await desk.post(path, json=body)


def _make(data_dir: Path, asked: Asked, ask: Ask, bar: Callable[[int], Tell]) -> Manifest:
    with _place(asked.out) as folder:
        order, index = _entered(asked, ask)

        def details(entries: Sequence[UUID]) -> Mapping[UUID, Any]:
            body = {"entries": [*map(str, entries)]}
            opened = ask(f"/exports/{order.export}/details", body)["opened"]
            return {UUID(entry): said for entry, said in opened.items()}

        with log_file(data_dir) as path, closing(connect_reader(path)) as connection:
            size, _ = signed_beyond(connection, index)
            (origin,) = connection.execute("SELECT origin FROM log").fetchone()
            order = replace(order, anchors=tuple(Anchors(data_dir / ANCHORS).all(origin)))
            return build(connection, folder, order, details=details, tell=bar(size))


def _entered(asked: Asked, ask: Ask) -> tuple[Order, int]:
    """Have the export written into the log, with the key that this export alone has."""
    order = Order(
        uuid4(), asked.scope, Ed25519PrivateKey.generate(), TOOL, {}, parquet=asked.parquet
    )
    entered = ask(
        "/exports",
        {
            "id": str(order.export),
            "vkey": order.vkey.write(),
            "scope": asked.scope.said(),
            "person": asked.person,
            "second": asked.second,
        },
    )
    papers = {name: said.encode() for name, said in entered["papers"].items()}
    return replace(order, papers=papers), entered["index"]


@contextmanager
def _place(out: Path) -> Generator[Path]:
    """Give a folder that only its owner can read, and put it in its place once it is whole."""
    if out.exists():
        stop(f"{out}: it is there already")
    for_folder, for_file = _ONLY_OWNER
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as part:
        folder = Path(part) / "export"
        folder.mkdir(mode=for_folder)
        yield folder
        if out.suffix == PACKED:
            packed = Path(part) / "export.zip"
            pack(folder, packed)
            packed.chmod(for_file)
            packed.rename(out)
        else:
            shutil.move(folder, out)
