"""Legal holds: on record, and never lost."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from audit.entry import Kind
from audit.errors import AuditError
from pipeline.duties.erasure.errors import UnknownError
from pipeline.duties.erasure.holding import Over
from pipeline.store.legal_holds import legal_holds
from tests.unit.pipeline.duties.erasure.conftest import Archive
from tests.unit.pipeline.world import TENANT


async def test_placing_and_lifting_are_entries_that_name_nobody_in_public(archive: Archive) -> None:
    """Who is held, and why, would tip off."""
    await archive.row("u1")
    hold = await archive.holding.place(Over(TENANT, subject="u1"), "court 7", "Ada")
    await archive.holding.lift(hold.id, "closed", "Bea")

    placed, lifted = [e for e in await archive.house.leaves() if e.kind is Kind.LEGAL_HOLD]
    for leaf, event in ((placed, "hold.placed"), (lifted, "hold.released")):
        assert leaf.public == {"event": event, "tenant": TENANT, "case": str(hold.id)}
    detail = await archive.house.log.detail(placed.entry_id)
    assert (detail.personal, detail.detail) == (
        {"person": "Ada", "subject": "u1"},
        {"reason": "court 7"},
    )
    with pytest.raises(UnknownError):
        await archive.holding.lift(hold.id, "again", "Bea")


async def test_a_slip_of_the_pen_is_told(archive: Archive) -> None:
    """A hold on nothing would look like one."""
    row = await archive.row("u1")
    for over in (
        Over("nobody"),
        Over(TENANT, submission=uuid4()),
        Over("nobody", submission=row.id),
    ):
        with pytest.raises(UnknownError):
            await archive.holding.place(over, "court 7", "Ada")
    with pytest.raises(UnknownError):
        await archive.holding.lift(UUID(int=1), "closed", "Ada")
    assert await archive.house.store.legal_holds.all(lifted=True) == ()


async def test_a_hold_that_is_not_on_record_stands(archive: Archive) -> None:
    """Of two evils, the one that keeps."""
    row = await archive.row("u1")
    archive.house.log.refuses = frozenset({Kind.LEGAL_HOLD})
    with pytest.raises(AuditError):
        await archive.holding.place(Over(TENANT, submission=row.id), "court 7", "Ada")
    assert await archive.house.store.legal_holds.among([row.id]) == {row.id}
    (hold,) = await archive.house.store.legal_holds.all()
    with pytest.raises(AuditError):
        await archive.holding.lift(hold.id, "closed", "Ada")
    assert await archive.house.store.legal_holds.all() == (hold,)


async def test_holds_are_read_back_when_app_db_was_lost(archive: Archive) -> None:
    """What must be kept, must be kept by the next app.db too; what was lifted stays so."""
    row = await archive.row("u1")
    store, place = archive.house.store, archive.holding.place
    kept = [
        await place(Over(TENANT, submission=row.id), "court 7", "Ada"),
        await place(Over(TENANT, subject="u1"), "court 8", "Ada"),
        await place(Over(TENANT), "court 9", "Ada"),
    ]
    over = await place(Over(TENANT), "court 10", "Ada")
    await archive.holding.lift(over.id, "closed", "Bea")
    before = await store.legal_holds.all(lifted=True)
    await store.writer(lambda sql: sql.execute(delete(legal_holds)).rowcount)

    assert await archive.holding.read_back() == len(kept)
    assert {*await store.legal_holds.all(lifted=True)} == {*before}
    assert await archive.holding.read_back() == len(kept)
