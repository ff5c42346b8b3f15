"""Filing with what was opened of the quarantine: it is what was sealed, or nothing is sent."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import httpx
import pytest
from pydantic import SecretStr

from pipeline.duties.reports.client import PRODUCTION, TEST, Ispws
from pipeline.duties.reports.errors import NotReportableError
from pipeline.duties.reports.filing import Filing
from pipeline.duties.reports.opening import opened
from pipeline.duties.reports.reporting import Reports, Who
from pipeline.jobs.report_files import ReportFiles
from pipeline.jobs.report_filing import Filer
from pipeline.quarantine import open_with
from pipeline.settings.reporting import Environment, Reporting, Route
from pipeline.store.reports import Report, Standing
from tests.unit.pipeline.duties.reports.cases import CHOICES, PROFILE, case_of, escalated
from tests.unit.pipeline.duties.reports.ispws import PASSWORD, USER, StandIn, serving
from tests.unit.pipeline.duties.reports.test_filing import at_once
from tests.unit.pipeline.duties.reports.test_reporting import KNOWN, tainted
from tests.unit.pipeline.world import TAINTED, TENANT, World, png

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def service() -> Iterator[StandIn]:
    """The service."""
    with serving() as stand_in:
        yield stand_in


@pytest.fixture
async def filer(house: World, service: StandIn) -> AsyncIterator[Filer]:
    """What files for a tenant that reports."""
    reports = replace(house.gate.reports, profiles={TENANT: PROFILE})
    async with httpx.AsyncClient(trust_env=False) as http:
        real = Ispws(http, service.address, USER, SecretStr(PASSWORD), is_test=False)
        yield Filer(
            reports,
            ReportFiles(house.store, house.vault, house.gate.limits),
            Filing(house.store, house.log, reports.quarantine, house.clock, at_once, "gateway-1"),
            lambda _: real,
        )


def team(house: World) -> Mapping[UUID, bytes]:
    """Everything in the quarantine, opened with the team's key."""
    sealed = (house.folder / "quarantine").glob("*.sealed")
    found = [open_with(house.team_key, path.read_bytes()) for path in sealed]
    return {each.id: each.data for each in found}


async def agreed(house: World, reports: Reports, case: Report, **known: Any) -> Report:
    """A case on which two people agreed, with what the platform knows."""
    await reports.draft(case, CHOICES, Who("person-1", "child-safety"))
    if known:
        await reports.answer(TENANT, case.id, known)
    await reports.approve(await case_of(house, case.id), Who("person-2", "child-safety"))
    return await case_of(house, case.id)


def only(service: StandIn) -> tuple[ET.Element, list[tuple[bytes, ET.Element]]]:
    """The one report that was filed, and its files with what is said of each."""
    (number,) = service.finished
    report = service.reports[number]
    files = [
        (report.files[known_as], ET.fromstring(xml))  # noqa: S314 - it is ours
        for known_as, xml in report.details.items()
    ]
    return ET.fromstring(report.xml), files  # noqa: S314 - it is ours


async def test_a_picture_is_filed_with_what_was_asked_for(
    house: World, filer: Filer, service: StandIn
) -> None:
    """And who asked, as the platform says; that nobody saw it, as the record says."""
    case = await agreed(house, filer.reports, await tainted(house), **KNOWN)

    filed = await filer.file(case, team(house), "mia")

    assert filed.standing is Standing.FILED
    report, [(picture, told), (request, of_request)] = only(service)
    assert picture == png(TAINTED)
    assert told.findtext("fileViewedByEsp") == "false"
    assert told.findtext("publiclyAvailable") == "false"
    assert told.find("fileAnnotations/generativeAi") is not None
    named = {each.findtext("name"): each.findtext("value") for each in told.iter("nameValuePair")}
    assert named["prompt"] == "a harbour"
    assert named["model"]
    assert of_request.findtext("fileRelevance") == "Supplemental Reported"
    assert of_request.find("fileViewedByEsp") is None
    assert b'"sent": {' in request
    who = report.find("personOrUserReported")
    assert who is not None
    assert who.findtext("espIdentifier") == "u-123"
    assert who.findtext("ipCaptureEvent/ipAddress") == "192.0.2.44"
    assert who.findtext("ipCaptureEvent/port") == "50123"
    assert str(case.id) in str(report.findtext("additionalInfo"))


async def test_a_request_alone_is_filed_as_what_is_reported(
    house: World, filer: Filer, service: StandIn
) -> None:
    """Nothing was made, and nobody knows who it was: that is said by saying nothing."""
    case = await agreed(house, filer.reports, await escalated(house))

    await filer.file(case, team(house), "mia")

    report, [(_, told)] = only(service)
    assert told.findtext("fileRelevance") == "Reported"
    assert told.find("publiclyAvailable") is None
    assert report.find("personOrUserReported/espIdentifier") is None


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("image", {"content": png(TAINTED), "headers": {"Content-Type": "image/png"}}),
        ("prompt", {"json": {"prompt": "graveword"}}),
    ],
)
async def test_what_a_dry_run_showed_is_filed(
    house: World, filer: Filer, service: StandIn, path: str, sent: Mapping[str, Any]
) -> None:
    """Whoever learns of it has to report it: as it was received, no request to make anything."""
    async with house.client() as client:
        await client.post(f"/v1/moderate/{path}", **sent)
    await house.upkeep.round()
    (waiting,) = await house.store.reports.open()
    case = await agreed(house, filer.reports, waiting)

    await filer.file(case, team(house), "mia")

    _, files = only(service)
    reported = [data for data, told in files if told.findtext("fileRelevance") == "Reported"]
    assert len(reported) == 1
    assert (reported == [png(TAINTED)]) == (path == "image")


@pytest.mark.parametrize("change", ["missing", "altered", "answer"])
async def test_what_is_not_as_it_was_sealed_is_not_filed(
    house: World, filer: Filer, service: StandIn, change: str
) -> None:
    """Whoever has the key can file nothing else under this case, and leave nothing out."""
    case = await agreed(house, filer.reports, await tainted(house), **KNOWN)
    facts = await filer.reports.facts(case)
    objects = dict(team(house))
    if change == "missing":
        del objects[facts.objects[0].id]
    elif change == "altered":
        objects[facts.objects[0].id] += b"?"
    else:
        objects = {each.id: objects[each.id] for each in facts.objects}

    with pytest.raises(NotReportableError, match="object"):
        await filer.file(case, objects, "mia")

    assert service.asked == []


async def test_a_tenant_whose_route_is_another_is_not_filed(
    house: World, filer: Filer, service: StandIn
) -> None:
    """A national authority gets a pack from a person."""
    case = await agreed(house, filer.reports, await escalated(house))
    national = PROFILE.model_copy(update={"route": Route.NATIONAL})
    reports = replace(filer.reports, profiles={TENANT: national})

    with pytest.raises(NotReportableError, match="route"):
        await replace(filer, reports=reports).file(case, team(house), "mia")

    assert service.asked == []


async def test_a_case_keeps_its_request_from_the_sweep(house: World) -> None:
    """Its picture was seized alone: what was asked for is the other half."""
    case = await tainted(house)
    row = await house.row(case.submission)

    assert row.vault_id in await house.store.reports.requests()


class TestOpening:
    def profile(self, folder: Path, text: str = f"{USER}:{PASSWORD}", **changes: Any) -> Reporting:
        """A profile with credentials in a file."""
        path = folder / "ncmec.secret"
        path.write_text(text)
        path.chmod(0o600)
        return PROFILE.model_copy(update={"credentials_file": path, **changes})

    async def test_it_is_the_test_unless_production_is_written(self, tmp_path: Path) -> None:
        """Nothing that anybody forgets to write files anything."""
        async with httpx.AsyncClient() as http:
            test = opened(http, self.profile(tmp_path, environment=Environment.TEST))
            real = opened(http, self.profile(tmp_path, environment=Environment.PRODUCTION))

        assert (test.address, test.is_test) == (TEST, True)
        assert (real.address, real.is_test) == (PRODUCTION, False)
        assert Reporting.model_fields["environment"].default is Environment.TEST
        assert PASSWORD not in repr(real)

    @pytest.mark.parametrize("text", ["", "user", ":password", "user:"])
    async def test_credentials_that_are_none(self, tmp_path: Path, text: str) -> None:
        """Nothing is sent without any."""
        async with httpx.AsyncClient() as http:
            with pytest.raises(NotReportableError):
                opened(http, self.profile(tmp_path, text))

    async def test_credentials_that_others_can_read(self, tmp_path: Path) -> None:
        """They are no secret any more."""
        profile = self.profile(tmp_path)
        assert profile.credentials_file is not None
        profile.credentials_file.chmod(0o644)

        async with httpx.AsyncClient() as http:
            with pytest.raises(NotReportableError) as caught:
                opened(http, profile)

        assert PASSWORD not in str(caught.value)
