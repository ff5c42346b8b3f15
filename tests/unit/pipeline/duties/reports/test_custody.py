"""What leaves the quarantine, or is destroyed, is on record before; else it stays where it is."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from audit.entry import Kind
from audit.errors import NotDurableError
from pipeline.duties.reports.custody import Act, Custody
from pipeline.duties.reports.errors import NotReportableError
from pipeline.store.legal_holds import LegalHold
from pipeline.store.reports import Report, Standing
from tests.unit.pipeline.duties.reports.cases import approved, case_of, escalated
from tests.unit.pipeline.world import NOON, TENANT, World


@pytest.fixture
def custody(house: World) -> Custody:
    return Custody(house.gate.reports)


async def filed(house: World, *, days: int) -> Report:
    """A case that was filed, and is kept for some days."""
    case = await approved(house)
    until = house.clock() + timedelta(days=days)
    for to in (Standing.OPENING, Standing.OPEN, Standing.FILED):
        await house.store.reports.move(case, to, NOON, keep_until=until)
        case = await case_of(house, case.id)
    return case


def sealed(house: World) -> int:
    return len([*(house.folder / "quarantine").glob("*.sealed")])


async def test_each_object_has_an_entry_that_says_who_and_why(
    house: World, custody: Custody
) -> None:
    """The log's readers see that it was; only auditors by whom, and why."""
    case = await escalated(house)
    named = await custody.noted(case, Act.OPENED, "to be filed", "mia")

    told = [x for x in await house.leaves() if x.public.get("event") == "media.opened"]
    assert [x.public["object"] for x in told] == [str(each) for each in named]
    assert len(named) == sealed(house)
    detail = await house.log.detail(told[0].entry_id)
    assert detail is not None
    assert (detail.personal["person"], detail.detail["reason"]) == ("mia", "to be filed")


@pytest.mark.parametrize("act", [Act.OPENED, Act.COPIED])
async def test_without_an_entry_nobody_is_told_what_to_open(
    house: World, custody: Custody, act: Act
) -> None:
    """No entry, no access."""
    case = await escalated(house)
    house.log.refuses = frozenset({Kind.MEDIA})

    with pytest.raises(NotDurableError):
        await custody.noted(case, act, "a reason", "mia")


async def test_without_an_entry_nothing_is_destroyed(house: World, custody: Custody) -> None:
    """No entry, no destruction; once the log is back the same again destroys it."""
    case, before = await filed(house, days=0), sealed(house)
    house.log.refuses = frozenset({Kind.MEDIA})
    with pytest.raises(NotDurableError):
        await custody.destroy(case, "over", "mia")
    assert sealed(house) == before > 0

    house.log.refuses = frozenset()
    assert len(await custody.destroy(case, "over", "mia")) == before
    assert sealed(house) == 0
    assert (await case_of(house, case.id)).keep_until is None
    with pytest.raises(NotReportableError):
        await custody.noted(case, Act.COPIED, "again", "mia")


async def test_what_has_to_be_kept_is_not_destroyed(house: World, custody: Custody) -> None:
    """A case that waits, one within its year, and one that a legal hold stands over."""
    waits = await escalated(house)
    with pytest.raises(NotReportableError, match="filed or closed"):
        await custody.destroy(waits, "over", "mia")
    case = await filed(house, days=2)
    with pytest.raises(NotReportableError, match="kept until"):
        await custody.destroy(case, "over", "mia")
    hold = LegalHold(uuid4(), TENANT, case.submission, None, "asked", NOON, "anna")
    await house.store.legal_holds.place(hold)
    with pytest.raises(NotReportableError, match="legal hold"):
        await custody.destroy(replace(case, keep_until=NOON), "over", "mia")
    assert not [x for x in await house.leaves() if x.public.get("event") == "media.destroyed"]
