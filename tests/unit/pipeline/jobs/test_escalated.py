"""Whoever loses app.db loses no duty: what was escalated is a case again, and late."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from audit.entry import Entry, Kind
from pipeline.duties.reports.choices import Choices, Why
from pipeline.duties.reports.custody import Act, Custody
from pipeline.duties.reports.document import IncidentType
from pipeline.duties.reports.reporting import Who
from pipeline.jobs.escalated import restore_cases
from pipeline.store.reports import Standing, report_id
from pipeline.store.store import Store
from pipeline.store.submissions import State
from tests.unit.pipeline.duties.reports.cases import PROFILE, escalated
from tests.unit.pipeline.jobs.test_continuity import accepting, reopened
from tests.unit.pipeline.world import NOON, TENANT, World, open_world


async def test_a_case_is_there_again_after_app_db_was_lost(tmp_path: Path) -> None:
    """With its clock as it was; what is in the quarantine can be copied, and the case closed."""
    async with open_world(tmp_path) as house:
        before = await escalated(house)
        await house.end()

    async with reopened(tmp_path, "app.db") as again:
        await accepting(again).run()
        (case,) = await again.store.reports.open()

        assert (case.id, case.tenant, case.code) == (before.id, TENANT, before.code)
        assert case.standing is Standing.WAITING
        assert abs(case.due_at - before.due_at).total_seconds() < 60
        custody = Custody(replace(again.gate.reports, profiles={TENANT: PROFILE}))
        assert len(await custody.noted(case, Act.COPIED, "to be reported", "mia")) == 1
        assert (await again.row(case.submission)).state is State.HALTED
        closed = Choices(IncidentType.PORNOGRAPHY, why_not=Why.REPORTED)
        await custody.reports.draft(case, closed, Who("person-1", "child-safety"))
        (case,) = await again.store.reports.open()
        await custody.reports.approve(case, Who("person-2", "child-safety"))
        assert await again.store.reports.open() == ()
        assert await again.store.submissions.abandoned("process-3") == ()


async def test_a_case_that_had_ended_stays_ended(house: World, tmp_path: Path) -> None:
    """Two people closed it, or it was filed: nobody is paged for it again."""
    case = await escalated(house)
    public = {"submission": str(case.submission), "tenant": TENANT, "code": case.code}
    agreed = {"event": "report.approved", "outcome": "not_reported"}
    await house.log.append(Entry(uuid4(), Kind.REPORT, NOON, {**public, **agreed}))
    store = Store.open(tmp_path / "new.db")
    try:
        assert await restore_cases(house.log, store) == 0
    finally:
        await store.close()


async def test_what_people_escalated_to_the_team_is_a_case(house: World, tmp_path: Path) -> None:
    """What was held is gone with the vault; that it was the team's to decide is not."""
    known_as = uuid4()
    public = {"event": "case.escalated", "submission": str(known_as), "tenant": "harbour"}
    for code in ("CSE.DRAWN", "SEX.NUDITY"):
        said = {**public, "code": code, "submission": str(known_as if "CSE" in code else uuid4())}
        await house.log.append(Entry(uuid4(), Kind.CASE, NOON, said))

    store = Store.open(tmp_path / "new.db")
    try:
        assert await restore_cases(house.log, store) == 1
        (case,) = await store.reports.open()
        (key,) = await store.api_keys.of_tenant("harbour")
    finally:
        await store.close()
    assert (case.id, case.tenant, case.code) == (report_id(known_as), "harbour", "CSE.DRAWN")
    assert case.opened_at == NOON
    assert key.revoked_at is not None
