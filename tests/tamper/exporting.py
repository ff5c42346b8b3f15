"""Makes exports of a test's log, as the gateway would make them."""

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.connection import connect_reader
from audit.export.build import build
from audit.export.folder import pack
from audit.export.opened import Disclosing, Opened
from audit.export.order import Order, entry_of
from audit.export.profile import WITH_DETAILS, Scope
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from tests.tamper.scene import ORIGIN

MADE = datetime(2026, 11, 23, 12, tzinfo=UTC)
EXPORT = UUID(int=7_000)


@dataclass(frozen=True, slots=True)
class World:
    """A finished log, and the keys of its operator."""

    path: Path
    signer: Ed25519Signer
    keys: DetailKeys

    @property
    def vkey(self) -> str:
        """The verifier key, as it is given to everybody."""
        return self.signer.vkey.write()


def order_of(asked: Scope, papers: Mapping[str, bytes] | None = None) -> Order:
    """Return an order with the same key each time."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    given = {"controls.json": b"{}\n", "subprocessors.json": b"{}\n"} if papers is None else papers
    return Order(EXPORT, asked, key, "imprimatur test", given)


def exported(world: World, folder: Path, order: Order) -> Path:
    """Return the directory of an export, made as the gateway would make it."""
    folder.mkdir()
    copied = replace(world, path=Path(shutil.copy(world.path, folder / "log.db")))
    opened = asyncio.run(_ordered(copied, order))
    target = folder / "export"
    target.mkdir()
    with closing(connect_reader(copied.path)) as connection:
        build(
            connection,
            target,
            order,
            details=lambda ids: {each: opened[each] for each in ids if each in opened},
        )
    return target


def packed(folder: Path) -> Path:
    """Return an export as one file."""
    path = folder.with_suffix(".zip")
    pack(folder, path)
    return path


async def _ordered(world: World, order: Order) -> dict[UUID, list[Opened]]:
    """Write the entry of the export, and open whatever its scope lets out."""
    log = await opened_log(world)
    await log.append(entry_of(order.export, order.scope, order.vkey, MADE, {"person": "Ada"}))
    opened: dict[UUID, list[Opened]] = {}
    if order.scope.profile in WITH_DETAILS:
        disclosing = await Disclosing.of(log, order.export)
        opened = await disclosing.open([each.entry_id for each in await log.entries(0, 10_000)])
    await log.close()
    return opened


async def opened_log(world: World) -> Log:
    """Open the log for writing."""
    return await Log.open(
        world.path, origin=ORIGIN, signer=world.signer, keys=world.keys, now=lambda: MADE
    )
