"""Cases that have to be decided: each escalation makes one, and each goes on once."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.errors import ConflictError
from pipeline.items import Halted
from pipeline.store.reports import BEFORE, ENDED, Called, Report, Standing, report_id
from pipeline.store.seizures import Seizable
from pipeline.store.store import Store
from tests.unit.pipeline.world import NOON, TENANT, World


async def escalated(house: World) -> Report:
    """The case of a request that was halted for the worst."""
    outcome = await house.end("graveword")
    assert isinstance(outcome, Halted)
    found = await house.store.reports.get(report_id(outcome.submission))
    assert found is not None
    return found


async def test_what_is_escalated_is_a_case(house: World) -> None:
    """In the same transaction: before anything is seized, and due within a day."""
    found = await escalated(house)

    assert found.standing is Standing.WAITING
    assert found.code.startswith("CSE.")
    assert found.due_at == found.opened_at + timedelta(hours=24)
    assert await house.store.reports.open() == (found,)
    assert await house.store.reports.open(frozenset({TENANT})) == (found,)
    assert await house.store.reports.open(frozenset({"another"})) == ()
    assert await house.store.reports.of(TENANT, found.id) == found
    assert await house.store.reports.of("another", found.id) is None


async def test_an_escalation_without_a_case_fails(house: World) -> None:
    """It is not ordered either: what makes no job is an error, and nobody takes it for done."""
    nowhere = Seizable("a" * 32, TENANT, UUID(int=7), "CSE.KNOWN", NOON)

    with pytest.raises(ConflictError):
        await house.store.seizures.order(nowhere)

    assert await house.store.seizures.ordered() == ()


async def test_several_pictures_of_one_request_are_one_case(house: World) -> None:
    """What is reported is what somebody asked for."""
    found = await escalated(house)

    await house.store.seizures.order(
        Seizable("b" * 32, TENANT, found.submission, "CSE.DRAWN", NOON)
    )

    assert await house.store.reports.open() == (found,)


async def test_of_two_who_move_a_case_on_one_succeeds(house: World) -> None:
    """Also where it came back to where it was: it is another attempt by then."""
    found, table = await escalated(house), house.store.reports

    assert await table.move(found, Standing.DRAFTED, NOON, drafted_by="person-1")
    assert not await table.move(found, Standing.DRAFTED, NOON, drafted_by="person-2")

    moved = await table.get(found.id)
    assert moved is not None
    assert (moved.standing, moved.drafted_by) == (Standing.DRAFTED, "person-1")


@pytest.mark.parametrize("standing", Standing)
def test_what_has_ended_stays_so(standing: Standing) -> None:
    """Nothing that is filed or closed is ever drafted again."""
    assert not any(end in BEFORE[standing] for end in ENDED)


async def test_a_step_cannot_be_left_out(house: World) -> None:
    """Nothing is filed that was not approved."""
    found = await escalated(house)

    for to in (Standing.APPROVED, Standing.OPENING, Standing.FILED):
        with pytest.raises(ValueError, match="not reached"):
            await house.store.reports.move(found, to, NOON)


async def test_calls_are_noted_before_and_after(house: World) -> None:
    """What was begun and never came back is there as that."""
    found, table = await escalated(house), house.store.reports
    call = Called(UUID(int=1), found.id, 1, 1, "submit", "esp", "0" * 64, NOON)
    await table.calling(call)

    assert await table.calls(found.id) == (call,)

    await table.came_back(call.id, NOON, 200, 0, "request-1")
    back = replace(call, ended_at=NOON, status=200, code=0, request_id="request-1")
    assert await table.calls(found.id) == (back,)


async def test_an_answer_is_counted_once(house: World) -> None:
    """Of two that arrive at once one counts, and the other is told."""
    store: Store = house.store
    found = await escalated(house)
    assert not await store.reports.answered(found)  # nobody asked
    await store.reports.move(found, Standing.DRAFTED, NOON)

    assert await store.reports.answered(found)
    assert not await store.reports.answered(found)
