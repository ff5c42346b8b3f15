"""A report through the front door: a listed picture is sent in, and the command line files it."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from audit.entry import Kind
from classifiers.hash_bank import Kind as Harm
from pipeline.cli.demo.drawings import listed
from pipeline.cli.main import app
from pipeline.duties.reports.choices import Choices, Why
from pipeline.duties.reports.document import IncidentType
from pipeline.duties.reports.reporting import Who
from tests.e2e.asking import v4
from tests.e2e.conftest import World, world_in
from tests.e2e.evidence import trail, verified
from tests.unit.pipeline.duties.reports.ispws import PASSWORD, USER, StandIn, serving

KNOWN = listed("hotline", Harm.CSAM, 2)
"""A landscape that was drawn for this, and a list that says what it is not."""
PROFILE = {
    "tenant": "default",
    "route": "ncmec",
    "environment": "production",
    "credentials_file": "ncmec.secret",
    "service": "Harbour",
    "email": "ts@harbour.example",
    "page": "https://harbour.example/make",
}


@pytest.fixture
def service() -> Iterator[StandIn]:
    """NCMEC's service, as far as anybody here has one."""
    with serving() as stand_in:
        started = datetime.now(UTC)  # noqa: TID251 - a real gateway has a real clock
        stand_in.now = started + timedelta(hours=1)
        yield stand_in


@pytest.fixture
async def world(tmp_path: Path, service: StandIn) -> AsyncIterator[World]:
    """A gateway that knows a list, and a profile; its operator's socket answers."""
    folder = tmp_path / "data"
    (folder / "banks").mkdir(parents=True)
    (folder / "banks" / "hotline.csv").write_bytes(KNOWN.csv)
    secret = folder / "ncmec.secret"
    secret.write_text(f"{USER}:{PASSWORD}")
    secret.chmod(0o600)
    bank = {"source": "hotline", "kind": "csam", "file": "banks/hotline.csv"}
    more = {
        "IMPRIMATUR_BANKS": json.dumps([bank]),
        "IMPRIMATUR_REPORTING": json.dumps([PROFILE | {"address": service.address}]),
    }
    async with world_in(folder, None, **more) as opened, answering(opened):
        yield opened


@asynccontextmanager
async def answering(world: World) -> AsyncGenerator[None]:
    """Have the operator's socket answer the command line."""
    socket = str(world.data_dir / "operator.sock")
    server = uvicorn.Server(
        uvicorn.Config(
            world.house.operator, uds=socket, log_config=None, lifespan="off", access_log=False
        )
    )
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await running


async def typed(world: World, *words: object) -> Result:
    """Run a command beside the gateway."""
    every = ["--data-dir", str(world.data_dir), *map(str, words)]
    return await asyncio.to_thread(CliRunner().invoke, app, every)


async def asked(world: World, *words: object) -> Any:
    done = await typed(world, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


async def escalated(world: World) -> str:
    """Send the listed picture in; return the case that comes of it."""
    image = base64.b64encode(KNOWN.picture).decode()
    body = v4("hills", image=image, strength=0.9, noise=0.0)
    answer = await world.client.post("/v1/generations", json={**body, "action": "img2img"})
    assert answer.status_code == 403, answer.text
    await world.house.upkeep.round(sweeps=False)
    ((case),) = (await asked(world, "reports", "list"))["reports"]
    assert (case["standing"], case["code"], case["late"]) == ("waiting", "CSE.KNOWN", False)
    return str(case["id"])


async def agreed(world: World, known_as: str) -> None:
    """Have two people agree, as the pages do."""
    reports = world.house.gate.reports
    for act, person in (("draft", "person-1"), ("approve", "person-2")):
        (case,) = [x for x in await reports.store.reports.open() if str(x.id) == known_as]
        who = Who(person, "child-safety")
        if act == "draft":
            await reports.draft(case, Choices(IncidentType.PORNOGRAPHY), who)
        else:
            await reports.approve(case, who)


async def test_a_listed_picture_is_filed(world: World, service: StandIn) -> None:
    """With what the platform said of its sender; and the log verifies at the end."""
    case = await escalated(world)
    key = world.data_dir / "keys" / "development-child-safety.key"
    early = await typed(world, "reports", "file", case, "--key", key)
    await agreed(world, case)
    made = await asked(world, "keys", "create", "default", "--evidence")
    told = await world.client.post(
        f"/v1/reports/{case}/evidence",
        json={"user_id": "u-1", "emails": ["somebody@example.net"]},
        headers={"Authorization": f"Bearer {made['secret']}"},
    )
    service.breaks("finish", "cut_after")
    filed = await asked(world, "reports", "file", case, "--key", key, "--person", "mia")
    again = await asked(world, "reports", "file", case, "--key", key, "--person", "mia")
    shown = await asked(world, "reports", "show", case)
    as_text = await typed(world, "reports", "show", case)
    ended = await asked(world, "reports", "list", "--ended")

    assert early.exit_code == 1
    assert "draft" in early.output
    assert told.status_code == 202, told.text
    assert (filed["standing"], filed["receipt"]) == ("filed", "reconciled")
    assert again["number"] == filed["number"]
    assert service.finished == [filed["number"]]
    report = service.reports[filed["number"]]
    assert KNOWN.picture in report.files.values()
    root = ET.fromstring(report.xml)  # noqa: S314 - it is ours
    assert root.findtext("personOrUserReported/espIdentifier") == "u-1"
    assert [each["call"] for each in shown["calls"]][-2:] == ["finish", "retract"]
    assert as_text.exit_code == 0
    assert [each["id"] for each in ended["reports"]] == [case]
    holds = await asked(world, "audit", "hold", "list")
    assert [each["submission"] for each in holds["holds"]] == [shown["submission"]]
    assert PASSWORD not in as_text.output + json.dumps(shown)
    assert await verified(world)


async def test_what_cannot_be_opened_or_filed_says_why(world: World, service: StandIn) -> None:
    """Another key opens nothing; a service that is down leaves the case as it was."""
    case = await escalated(world)
    await agreed(world, case)
    other = world.data_dir / "keys" / "vault.key"
    wrong = await typed(world, "reports", "file", case, "--key", other)
    absent = await typed(world, "reports", "show", "5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa")

    assert wrong.exit_code == 2
    assert absent.exit_code == 1
    assert service.asked == []
    ((waits),) = (await asked(world, "reports", "list"))["reports"]
    assert waits["standing"] == "approved"


async def test_a_pack_for_a_national_authority(tmp_path: Path) -> None:
    """It holds what is reported; a person says that they took it there, and it is kept then."""
    folder = tmp_path / "data"
    (folder / "banks").mkdir(parents=True)
    (folder / "banks" / "hotline.csv").write_bytes(KNOWN.csv)
    bank = {"source": "hotline", "kind": "csam", "file": "banks/hotline.csv"}
    profile = {name: PROFILE[name] for name in ("tenant", "service", "email", "page")}
    more = {
        "IMPRIMATUR_BANKS": json.dumps([bank]),
        "IMPRIMATUR_REPORTING": json.dumps([{**profile, "route": "national"}]),
    }
    async with world_in(folder, None, **more) as world, answering(world):
        case = await escalated(world)
        key, out = world.data_dir / "keys" / "development-child-safety.key", tmp_path / "case.zip"
        early = await typed(world, "reports", "pack", case, "--key", key, "--out", out)
        await agreed(world, case)
        await asked(world, "reports", "pack", case, "--key", key, "--out", out)
        filed = await typed(world, "reports", "file", case, "--key", key)
        over = await asked(world, "reports", "handed-over", case)
        twice = await typed(world, "reports", "handed-over", case)
        holds = await asked(world, "audit", "hold", "list")

    with ZipFile(out) as pack:
        names = pack.namelist()
        assert pack.read("files/00-upload-0") == KNOWN.picture
        assert pack.read("report.xml").startswith(b"<?xml")
    assert names[0] == "report.xml"
    assert out.stat().st_mode & 0o077 == 0
    assert (early.exit_code, filed.exit_code, twice.exit_code) == (1, 1, 1)
    assert over["standing"] == "handed_off"
    assert len(holds["holds"]) == 1


async def test_what_leaves_the_quarantine_is_on_record_before(
    world: World, service: StandIn, tmp_path: Path
) -> None:
    """Opened, copied, destroyed: by whom and why; and nothing is destroyed that has to be kept."""
    case = await escalated(world)
    key, out = world.data_dir / "keys" / "development-child-safety.key", tmp_path / "copied"
    why = ("--key", key, "--reason", "warrant 12", "--person", "mia")
    waits = await typed(world, "reports", "destroy", case, *why)
    copied = await asked(world, "reports", "copy", case, *why, "--out", out)
    reports = world.house.gate.reports
    (open_,) = await reports.store.reports.open()
    choices = Choices(IncidentType.PORNOGRAPHY, why_not=Why.MISTAKEN)
    await reports.draft(open_, choices, Who("person-1", "child-safety"))
    (open_,) = await reports.store.reports.open()
    await reports.approve(open_, Who("person-2", "child-safety"))
    gone = await asked(world, "reports", "destroy", case, *why)
    again = await typed(world, "reports", "copy", case, *why, "--out", out)

    assert (waits.exit_code, again.exit_code) == (1, 1)
    (name,) = copied["files"]
    assert base64.b64encode(KNOWN.picture) in await asyncio.to_thread(Path(name).read_bytes)
    assert [*(world.data_dir / "quarantine").iterdir()] == []
    events = [
        (leaf.public["event"], leaf.public["object"])
        for leaf in await trail(world, str(open_.submission))
        if leaf.public.get("case") == case and leaf.kind is Kind.MEDIA
    ]
    (known_as,) = gone["objects"]
    acts = ("opened", "copied", "opened", "destroyed")
    assert events == [(f"media.{act}", known_as) for act in acts]
    assert service.asked == []
