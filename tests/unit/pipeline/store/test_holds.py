import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pipeline.items import Cause, Stage
from pipeline.store.holds import End, Hold
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
OVER = NOON + timedelta(hours=72)


@pytest.fixture
async def hold(store: Store, row: SubmissionRow) -> Hold:
    """A picture that waits for a person until `OVER`."""
    await store.admission.admit(row)
    held = Hold(
        id=UUID(int=7),
        tenant="harbour",
        submission=row.id,
        stage=Stage.EXAMINE,
        index=1,
        cause=Cause.SUSPICION,
        vault_id="a" * 32,
        opened_at=NOON,
        expires_at=OVER,
        facts={"rule": "near_match", "distance": 12},
        due_at=OVER,
    )
    await store.holds.open(held)
    return held


class TestReading:
    async def test_a_hold_is_read_as_it_was_opened(self, store: Store, hold: Hold) -> None:
        """The reviewer sees what the machine saw."""
        assert await store.holds.get("harbour", hold.id) == hold
        assert await store.holds.get_for_review(hold.id) == hold
        assert await store.holds.of("harbour", hold.submission) == (hold,)

    async def test_another_tenant_sees_none(self, store: Store, hold: Hold) -> None:
        """Tenants are apart, even for one who knows an id."""
        assert await store.holds.get("meadow", hold.id) is None
        assert await store.holds.of("meadow", hold.submission) == ()

    async def test_machines_find_what_waits_for_them(self, store: Store, hold: Hold) -> None:
        """What nobody could look at is looked at as soon as somebody can."""
        machine = replace(hold, id=UUID(int=8), cause=Cause.INCAPACITY, opened_at=LATER)
        await store.holds.open(machine)

        assert await store.holds.waiting() == (hold, machine)
        assert await store.holds.waiting(limit=1) == (hold,)
        assert await store.holds.waiting(Cause.INCAPACITY) == (machine,)

    async def test_open_holds_are_counted_by_cause(self, store: Store, hold: Hold) -> None:
        """The queue's length is a figure on the dashboard, also when it is nought."""
        assert await store.holds.count() == {Cause.SUSPICION: 1, Cause.INCAPACITY: 0}
        await store.holds.close(hold, End.REJECTED, LATER, "mira", "seen")
        assert await store.holds.count() == {Cause.SUSPICION: 0, Cause.INCAPACITY: 0}

    async def test_facts_do_not_show(self, hold: Hold) -> None:
        """What was suspected of somebody is not for logs."""
        assert "near_match" not in repr(hold)


class TestClose:
    async def test_a_ruling_is_remembered_with_its_person(self, store: Store, hold: Hold) -> None:
        """Somebody answers for every release of what was held."""
        assert await store.holds.close(hold, End.APPROVED, LATER, "mira", "a toy ship")

        closed = await store.holds.get("harbour", hold.id)
        assert closed == replace(
            hold, end=End.APPROVED, ended_at=LATER, ended_by="mira", reason="a toy ship"
        )

    async def test_of_two_rulings_one_counts(self, store: Store, hold: Hold) -> None:
        """Nobody approves what was just rejected."""
        ruled = await asyncio.gather(
            store.holds.close(hold, End.REJECTED, LATER, "mira", "seen"),
            store.holds.close(hold, End.APPROVED, LATER, "jonas", "seen"),
        )

        assert sorted(ruled) == [False, True]

    @pytest.mark.parametrize("end", set(End) - {End.EXPIRED})
    async def test_nobody_rules_on_what_has_expired(
        self, store: Store, hold: Hold, end: End
    ) -> None:
        """A hold expires to withhold, never to release."""
        assert not await store.holds.close(hold, end, OVER, "mira", "late")
        assert await store.holds.overdue(OVER) == (hold,)

    async def test_nothing_expires_before_its_time(self, store: Store, hold: Hold) -> None:
        """The reviewer has the time that was promised."""
        assert await store.holds.overdue(LATER) == ()
        assert not await store.holds.close(hold, End.EXPIRED, LATER, "schedule")
        assert await store.holds.close(hold, End.EXPIRED, OVER, "schedule")
        assert await store.holds.overdue(OVER) == ()

    async def test_another_tenants_hold_is_not_closed(self, store: Store, hold: Hold) -> None:
        """An id alone opens nothing."""
        theirs = replace(hold, tenant="meadow")

        assert not await store.holds.close(theirs, End.APPROVED, LATER, "mira", "seen")
