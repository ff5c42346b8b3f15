"""Exports on the console: read on while somebody looks, on record before there is a file."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4
from zipfile import ZipFile

import httpx
import pytest

from audit.entry import Kind
from pipeline.console import export_pages, exporting
from pipeline.console.errors import ConsoleError
from pipeline.console.exporting import MOST, UNWATCHED, Exports
from pipeline.console.roles import Role
from pipeline.console.sessions import Session
from pipeline.duties.dsa.courses import Query
from pipeline.duties.dsa.parts import Duty, Provider
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.world import NOON, TENANT

ASKED = {
    "tenant": TENANT,
    "provider": "Harbour Ltd",
    "service": "Harbour",
    "first": "2000-01-01",
    "last": "2099-12-31",
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console with the pages of exports, over a log in which something happened."""
    async with open_desk(tmp_path) as opened:
        house = opened.house
        exports = Exports(house.log, house.store, house.clock, uuid4)
        opened.serve(opened.frame, export_pages.routes(opened.frame, exports))
        await house.end()
        await house.end("blockme")
        yield opened


async def begun(desk: Desk, browser: httpx.AsyncClient, **typed: str) -> httpx.Response:
    form = {"form": (await desk.session(browser)).form, **ASKED, **typed}
    return await browser.post("/exports", data=form)


def below(answer: httpx.Response) -> str:
    """Where a page leads, as a path of the console."""
    return answer.headers["location"].removeprefix("/console")


async def test_a_report_is_made_while_somebody_looks_and_can_be_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of the log at each look, which the page says; then it adds up, and is a file."""
    monkeypatch.setattr(exporting, "PAGE", 1)
    monkeypatch.setattr(exporting, "AT_ONCE", 2)
    async with await desk.signed_in("auditor") as browser:
        path = below(await begun(desk, browser))
        early = await browser.get(f"{path}/file")
        looks = [await browser.get(path)]
        while "Refresh" in looks[-1].headers and len(looks) < 100:
            looks.append(await browser.get(path))
        taken = await browser.get(f"{path}/file")

    assert len(looks) > 2
    assert "2 of " in looks[0].text
    assert '<progress max="' in looks[0].text
    assert "Take it" in looks[-1].text
    assert "NO</td>" not in looks[-1].text
    assert early.status_code == 404
    with ZipFile(io.BytesIO(taken.content)) as pack:
        names, said = pack.namelist(), json.loads(pack.read("report.json"))
        measures = pack.read("Part_6_own_initiative_TC.csv").decode()
    assert len([name for name in names if name.startswith("Part_")]) == 11
    assert said["adds_up"] is True
    assert said["lines"][0]["left"] == 2
    assert "blockme" not in measures
    (told,) = [x for x in await desk.house.leaves() if x.kind is Kind.EXPORT]
    assert (told.public["event"], told.public["tenant"]) == ("export.made", TENANT)
    assert taken.headers["cache-control"] == "no-store"


async def test_without_an_entry_there_is_no_file(desk: Desk) -> None:
    """The log is full: nothing can be taken; once it is back the page goes on."""
    async with await desk.signed_in("auditor") as browser:
        path = below(await begun(desk, browser))
        desk.house.log.refuses = frozenset({Kind.EXPORT})
        failed = await browser.get(path)
        early = await browser.get(f"{path}/file")
        desk.house.log.refuses = frozenset()
        after = await browser.get(path)

    assert failed.status_code >= 500
    assert early.status_code == 404
    assert "Take it" in after.text


async def test_it_is_ones_own_and_of_ones_own_tenants(desk: Desk) -> None:
    """Another person's, and another tenant's, are not there; one earlier of one's own goes."""
    await desk.house.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    await desk.add("noor", Role.SENIOR, "meadow")
    async with await desk.signed_in("auditor") as browser:
        first = below(await begun(desk, browser))
        second = below(await begun(desk, browser))
        gone = await browser.get(first)
        wrong = await begun(desk, browser, first="2026-02-01", last="2026-01-01")
        async with await desk.signed_in("noor") as other:
            foreign = await begun(desk, other)
            theirs = await other.get(second)
            listed = (await other.get("/exports")).text

    assert [gone.status_code, foreign.status_code, theirs.status_code] == [404, 404, 404]
    assert wrong.status_code == 400
    assert f"<option>{TENANT}</option>" not in listed


async def test_what_is_kept_has_an_end(desk: Desk) -> None:
    """One is made at a time; of those that are made the oldest of everybody's goes first."""
    exports = Exports(desk.house.log, desk.house.store, desk.clock, uuid4)
    async with await desk.signed_in("auditor") as browser:
        session = await desk.session(browser)
    query = Query(TENANT, NOON.date(), NOON.date(), desk.clock())
    provider = Provider("H", "S", Duty.PLATFORM)

    def person(number: int) -> Session:
        return replace(session, person=replace(session.person, name=f"person-{number}"))

    kept: list[UUID] = []
    for number in range(MOST + 1):
        making = await exports.begin(person(number), query, provider)
        with pytest.raises(ConsoleError, match="Somebody else's"):
            await exports.begin(session, query, provider)
        await exports.go_on(session, making)
        kept.append(making.id)
    assert [*exports.made] == kept[1:]

    left = await exports.begin(person(0), query, provider)
    desk.clock.passes(seconds=UNWATCHED.total_seconds())
    await exports.begin(session, query, provider)
    assert left.id not in exports.made


async def test_of_a_long_log_a_page_makes_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take the gateway's memory: the command has its own."""
    monkeypatch.setattr(exporting, "LONGEST", 3)
    async with await desk.signed_in("auditor") as browser:
        answer = await begun(desk, browser)

    assert answer.status_code == 400
    assert "imprimatur dsa transparency" in answer.text
