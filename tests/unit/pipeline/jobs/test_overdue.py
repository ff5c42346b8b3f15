"""What people should have done by now is told: again and again, and to whom it concerns."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from pipeline.duties.takedown.intake import NEEDED, Intake
from pipeline.jobs.overdue import APPEAL_DUE, DUE, REPORT_DUE, UNFILED, Overdue
from pipeline.settings.reporting import Drawn
from pipeline.store.appeals import Scope
from pipeline.store.reports import Standing
from pipeline.store.takedowns import NoticeKind, Taken
from pipeline.store.webhooks import Target, Webhook
from tests.unit.pipeline.duties.appeals.test_appeals import REVERSED, refused
from tests.unit.pipeline.duties.reports.cases import PROFILE, approved, case_of, escalated
from tests.unit.pipeline.world import NOON, TENANT, World


@pytest.fixture
def overdue(house: World) -> Overdue:
    return Overdue(house.gate.reports, house.clock)


async def told(overdue: Overdue) -> dict[str, int]:
    """What whoever runs the gateway is told now."""
    with capture_logs() as said:
        await overdue.look()
    return {line["event"]: line["count"] for line in said}


async def test_late_cases_are_told_ever_again(house: World, overdue: Overdue) -> None:
    """From the end of their day on, until people have decided."""
    case = await escalated(house)
    assert await told(overdue) == {}
    house.clock.passes(hours=25)

    assert await told(overdue) == {"cases are late": 1}
    house.clock.passes(hours=3)
    assert await told(overdue) == {"cases are late": 1}

    await house.store.reports.move(case, Standing.DRAFTED, NOON)
    case = await case_of(house, case.id)
    await house.store.reports.move(case, Standing.NOT_REPORTED, NOON)
    house.clock.passes(hours=3)
    assert await told(overdue) == {}


async def test_what_may_wait_is_not_late(house: World, overdue: Overdue) -> None:
    """Drawings alone, where the profile leaves them to people."""
    voluntary = PROFILE.model_copy(update={"drawn": Drawn.VOLUNTARY})
    reports = replace(overdue.reports, profiles={TENANT: voluntary})
    case = await escalated(house)
    house.clock.passes(hours=25)

    assert await told(replace(overdue, reports=reports)) == {"cases are late": 1}
    assert not reports.is_late(replace(case, code="CSE.DRAWN"))


async def test_what_was_approved_and_is_not_filed_is_told(house: World, overdue: Overdue) -> None:
    """Somebody has to be there with the key."""
    await approved(house)
    assert await told(overdue) == {}

    house.clock.passes(hours=2)

    assert await told(overdue) == {"approved cases are not filed": 1}


async def test_the_end_of_a_year_is_told(house: World, overdue: Overdue) -> None:
    """The team destroys what was preserved, or keeps it: no clock does."""
    case, until = await approved(house), house.clock()
    for to in (Standing.OPENING, Standing.OPEN, Standing.FILED):
        await house.store.reports.move(case, to, NOON, keep_until=until)
        case = await case_of(house, case.id)

    assert await told(overdue) == {"cases were preserved for their year": 1}


async def test_a_platform_is_told_of_its_notices_at_12_24_40_and_48_hours(
    house: World, overdue: Overdue
) -> None:
    """Once at each, with nothing of what it is about; and no more once it is decided."""
    await house.store.webhooks.aim(Target(TENANT, "https://platform.example/", b"s", NOON))
    intake = Intake(house.store, house.log, house.clock, house.gate.new_id)
    kind = NoticeKind.TAKE_IT_DOWN
    notice = await intake.take(TENANT, kind, NEEDED[kind], [], "anna")
    await intake.take(TENANT, kind, frozenset(), [], "anna")
    counts: list[int] = []
    for hours in (11, 1, 1, 11, 16, 8):
        house.clock.passes(hours=hours)
        await overdue.look()
        counts.append(sum(each.kind == DUE for each in await house.store.webhooks.all()))

    assert counts == [0, 1, 1, 2, 3, 4]
    last = next(each for each in await house.store.webhooks.all() if each.kind == DUE)
    assert last.body["notice"] == str(notice.id)
    assert last.body["late"] is True

    await intake.decide(notice, Taken.DOWN, "anna", "she is right")
    house.clock.passes(hours=5)
    await overdue.look()
    assert sum(each.kind == DUE for each in await house.store.webhooks.all()) == 4


async def test_a_platform_is_told_of_its_cases_at_6_12_20_and_24_hours(
    house: World, overdue: Overdue
) -> None:
    """Once at each stage, with nothing in it but which case: nobody confirmed what it is about."""
    await house.store.webhooks.aim(Target(TENANT, "https://platform.example/", b"s", NOON))
    case = await escalated(house)
    counts: list[int] = []
    for hours in (5, 1, 6, 8, 4, 24):
        house.clock.passes(hours=hours)
        await overdue.look()
        await overdue.look()
        counts.append(len(await _of(house, REPORT_DUE)))

    assert counts == [0, 1, 2, 3, 4, 4]
    told = await _of(house, REPORT_DUE)
    assert all(set(each.body) == {"report", "due_at", "late"} for each in told)
    assert {each.body["report"] for each in told} == {str(case.id)}
    assert sorted(bool(each.body["late"]) for each in told) == [False, False, False, True]


async def test_a_platform_is_not_told_of_what_may_wait(house: World, overdue: Overdue) -> None:
    """What a profile leaves to people pages nobody."""
    await house.store.webhooks.aim(Target(TENANT, "https://platform.example/", b"s", NOON))
    voluntary = PROFILE.model_copy(update={"drawn": Drawn.VOLUNTARY})
    reports = replace(overdue.reports, profiles={TENANT: voluntary})
    case = replace(await escalated(house), code="CSE.DRAWN")
    house.clock.passes(hours=25)

    await replace(overdue, reports=reports).tell_of(case)
    assert await _of(house, REPORT_DUE) == []
    await overdue.tell_of(case)
    assert len(await _of(house, REPORT_DUE)) == 1


async def test_a_platform_is_told_of_what_nobody_filed_after_an_hour_and_a_day(
    house: World, overdue: Overdue
) -> None:
    """Two people approved it: somebody with the key has to come."""
    await house.store.webhooks.aim(Target(TENANT, "https://platform.example/", b"s", NOON))
    case = await approved(house)
    counts: list[int] = []
    for hours in (0, 2, 21, 1, 48):
        house.clock.passes(hours=hours)
        await overdue.look()
        counts.append(len(await _of(house, UNFILED)))

    assert counts == [0, 1, 1, 2, 2]
    assert [each.body for each in await _of(house, UNFILED)] == [{"report": str(case.id)}] * 2


@pytest.mark.parametrize("prompt", ["blockme", "graveword"])
async def test_a_platform_is_told_of_appeals_that_wait(
    house: World, overdue: Overdue, prompt: str
) -> None:
    """Of the worst as of anything else; and no more once somebody decided."""
    await house.store.webhooks.aim(Target(TENANT, "https://platform.example/", b"s", NOON))
    appeal = await house.gate.appeals.make(await refused(house, prompt), "it is a lake")
    counts: list[int] = []
    for days in (3, 1, 3, 5, 3):
        house.clock.passes(days=days)
        await overdue.look()
        counts.append(len(await _of(house, APPEAL_DUE)))

    assert counts == [0, 1, 2, 3, 4]
    told = await _of(house, APPEAL_DUE)
    assert {each.body["case"] for each in told} == {str(appeal.case)}
    assert all(set(each.body) == {"case", "due_at", "late"} for each in told)
    case = await house.store.appeals.case(appeal.case, Scope(worst=True))
    await house.gate.appeals.decide(case, REVERSED)
    house.clock.passes(days=20)
    await overdue.look()
    assert len(await _of(house, APPEAL_DUE)) == 4


async def _of(house: World, kind: str) -> list[Webhook]:
    return [each for each in await house.store.webhooks.all() if each.kind == kind]
