"""Dashboards: what they count, for whom, and how they are drawn."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pipeline.console.charts import Bar, Chart
from pipeline.console.figures import Dashboards, Period, drifting, rate
from pipeline.console.sessions import Session
from pipeline.duties.appeals.appeals import Deciding
from pipeline.store.appeals import Outcome, Scope
from pipeline.store.samples import Opinion
from pipeline.store.tallies import Cell
from policies.labels import HarmCode
from tests.unit.pipeline.console.checking import draw, serve_checks
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.duties.quality.test_measuring import checked
from tests.unit.pipeline.world import HELD, NOON, TAINTED


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk whose every decision is drawn, and on which something happened."""
    async with open_desk(tmp_path) as opened:
        serve_checks(opened)
        house = opened.house
        await house.end("a harbour")
        house.upstream.colours = [HELD]
        await house.end("a mill")
        house.upstream.colours = [TAINTED]
        await house.end("a lake")
        await _contested(opened)
        yield opened


async def _contested(desk: Desk) -> None:
    house = desk.house
    ticket = await house.submit("blockme")
    assert ticket.end is not None
    await ticket.end
    appeal = await house.gate.appeals.make(await house.row(ticket.id), "it is a lake")
    case = await house.store.appeals.case(appeal.case, Scope(worst=True))
    reason = Deciding("person-2", "senior", Outcome.REVERSED, HarmCode.OK, "a lake")
    await house.gate.appeals.decide(case, reason)


async def charts(desk: Desk, who: str) -> dict[str, Chart]:
    async with await desk.signed_in(who) as browser:
        session: Session = await desk.session(browser)
        dashboards = Dashboards(desk.store, {}, desk.clock)
        return {each.id: each for each in await dashboards.charts(session, 7)}


def bars(chart: Chart) -> dict[str, float | None]:
    return {bar.name: bar.value for bar in chart.bars}


async def test_everything_is_counted_for_whom_it_is(desk: Desk) -> None:
    """What is of the child-safety team alone is on no other's page."""
    samples = await draw(desk)
    for each in samples:
        for person, code in (("person-1", "OK"), ("person-2", "VIO.GORE")):
            await desk.store.samples.give(Opinion(each.id, person, code, desk.clock()))
    found, team = await charts(desk, "senior"), await charts(desk, "child-safety")

    assert bars(found["ages"])["under 1 h"] == 1
    assert sum(value or 0 for value in bars(found["ages"]).values()) == 1
    assert not any(name.startswith("CSE") for name in bars(found["codes-examine"]))
    assert any(name.startswith("CSE") for name in bars(team["codes-examine"]))
    assert bars(found["codes-screen"])["SELF.HARM"] == 1
    assert 0 < (bars(found["rates"])["requests"] or 0) < 1
    (appeal,) = found["appeals"].bars
    assert (appeal.value, "language not stated" in appeal.name) == (1, True)
    assert bars(found["agreement"])["all"] is None or found["agreement"].bars
    assert set(bars(found["people"])) == {"person-1", "person-2"}
    assert found["recall"].bars


async def test_a_period_is_held_against_the_one_before(desk: Desk) -> None:
    """A week later what happened is the period before."""
    await draw(desk)
    desk.clock.passes(days=7)
    found = await charts(desk, "senior")

    (requests,) = [bar for bar in found["rates"].bars if bar.name == "requests"]
    assert requests.value is None
    assert requests.before is not None
    assert {bar.value for bar in found["codes-screen"].bars} == {0}
    assert bars(found["ages"])["over 3 d"] == 0  # it expired: nobody can rule on it any more
    period = Period(7, NOON.date())
    assert (period.end - period.first, period.first - period.before) == (timedelta(days=7),) * 2


async def test_the_page_is_drawn_by_the_server_with_a_table_beside_each_chart(desk: Desk) -> None:
    """Sound SVG, without a style of its own, and nothing that a colour alone says."""
    await draw(desk)
    async with await desk.signed_in("senior") as browser:
        page = await browser.get("/figures?days=28")
        refused = await browser.get("/figures?days=5000")
    drawn = [
        ET.fromstring(f"<svg{part.partition('</svg>')[0]}</svg>")  # noqa: S314 - our own page
        for part in page.text.split("<svg")[1:]
    ]

    assert page.status_code == 200
    assert refused.status_code == 404
    assert len(drawn) == page.text.count("The same as a table") >= 4
    assert all(each.get("role") == "img" and each.get("aria-label") for each in drawn)
    assert "style=" not in page.text
    for each in drawn:
        rows = each.findall("g")
        assert rows
        assert all(len(row.findall("text")) == 2 for row in rows)


async def test_whoever_reviews_only_is_not_shown_the_figures(desk: Desk) -> None:
    """They are for those who see how the installation stands."""
    async with await desk.signed_in("reviewer") as browser:
        assert (await browser.get("/figures")).status_code == 403


def test_bars_are_as_long_as_they_are_large() -> None:
    """Of all of them; what is not known has none, and says so; a long name is cut."""
    chart = Chart(
        "id",
        "Title",
        "Unit",
        [
            Bar("a" * 60, 0.5, 0.25, (0.4, 1.0)),
            Bar("b", None),
            Bar("c", 1, told="one"),
        ],
    )
    one, two, three = chart.drawn()
    assert (one.width, one.width_before, one.line) == (160, 80, (128, 320))
    assert (two.width, two.told) == (0, "not known")
    assert (three.width, three.told) == (320, "one")
    assert len(one.name) < 60
    assert chart.rows()[0] == ("a" * 60, "0.500", "0.250")
    assert Chart("id", "Title", "Unit", []).drawn() == []
    assert Chart("id", "Title", "Unit", [Bar("zero", 0)]).drawn()[0].width == 0


def test_what_was_not_decided_has_no_rate() -> None:
    """Nought of nothing is not nought."""
    cell = Cell("screen", "block", "SELF.HARM")
    assert rate("requests", "screen", {}, {}) is None
    bar = rate("requests", "screen", {}, {cell: 2})
    assert bar is not None
    assert (bar.value, bar.before) == (None, 1)


def test_what_moved_comes_first() -> None:
    """And says so in words."""
    seen = {"v@1": {"scores": {"a.still": 0.5, "b.moved": 0.9}, "flagged": False, "families": []}}
    then = {"v@1": {"scores": {"a.still": 0.5, "b.moved": 0.1}, "flagged": False, "families": []}}
    chart = drifting(
        [checked(each, seen=seen) for each in range(30)],
        [checked(each, seen=then) for each in range(30)],
    )
    assert [bar.name for bar in chart.bars] == ["b.moved", "a.still"]
    assert "moved" in chart.bars[0].told
    assert "as before" in chart.bars[1].told
