"""An export of a log on PostgreSQL: from a copy of one moment, with details that a server opens."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from audit.connection import connect_reader
from audit.export.build import build
from audit.export.check import verify_export
from audit.export.opened import Disclosing, Opened
from audit.export.order import entry_of
from audit.export.profile import WITH_DETAILS, Profile
from audit.log import Log
from audit.postgres.copying import copy_log
from audit.signer import Ed25519Signer
from tests.postgres_server import Server
from tests.tamper.exporting import MADE, order_of, packed
from tests.unit.audit.export.world import entries, scope

OpenReplica = Callable[..., Awaitable[Log]]


@pytest.mark.parametrize("profile", [Profile.LAW_ENFORCEMENT, Profile.REGULATOR])
async def test_an_export_of_a_log_on_postgresql_proves_itself(
    profile: Profile,
    postgres: Server,
    database: str,
    open_replica: OpenReplica,
    signer: Ed25519Signer,
    tmp_path: Path,
) -> None:
    """Whoever is given it need not know, nor believe, on which database the log lies."""
    one, other = await open_replica(), await open_replica()
    given = [*entries()]
    receipts = [
        await (one if place % 2 else other).append(each) for place, each in enumerate(given)
    ]
    order = order_of(scope(profile))
    made = entry_of(order.export, order.scope, order.vkey, MADE, {"person": "Ada"})
    last = await one.append(made)
    opened: dict[UUID, list[Opened]] = {}
    if profile in WITH_DETAILS:
        disclosing = await Disclosing.of(other, order.export)
        opened = await disclosing.open([each.entry_id for each in receipts])
    await one.close()
    await other.close()
    copy, folder = tmp_path / "copy.db", tmp_path / "export"
    await copy_log(postgres.url(database), copy)
    folder.mkdir()

    with closing(connect_reader(copy)) as connection:
        manifest = build(
            connection,
            folder,
            order,
            details=lambda ids: {each: opened[each] for each in ids if each in opened},
        )

    known = [last.checkpoint, receipts[3].checkpoint]
    report = verify_export(packed(folder), signer.vkey.write(), known_checkpoints=known)
    assert report.problems == ()
    assert report.entries == manifest.size == len(given) + 2
    assert (report.values > 0) == (profile is Profile.LAW_ENFORCEMENT)
