"""A transparency report over a whole house: what is counted, and that it adds up."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from audit.entry import Entry, Json, Kind
from pipeline.access.permissions import Permission, Person
from pipeline.duties.appeals.appeals import Deciding
from pipeline.duties.dsa import headings
from pipeline.duties.dsa.accuracy import Accuracy
from pipeline.duties.dsa.courses import Counted, Query, counted
from pipeline.duties.dsa.parts import Duty, Parts, Provider
from pipeline.duties.dsa.projection import PROJECTION
from pipeline.duties.dsa.publishing import Published, publish
from pipeline.duties.dsa.reconciling import lines
from pipeline.duties.dsa.taxonomy import BY_TERMS, place_of
from pipeline.jobs.rulings import Ruling
from pipeline.store.appeals import Outcome, Scope
from pipeline.store.submissions import SubmissionRow
from policies.labels import HarmCode
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import BLOCK, HELD, NOON, TAINTED, TENANT, World

DAY = NOON.date()
OWN = "6_own_initiative_TC"


def asked(days: int = 1, *, first: date = DAY, tenant: str = TENANT) -> Query:
    return Query(tenant, first, DAY + timedelta(days=30), NOON + timedelta(days=days))


def parts(found: Counted, query: Query, duty: Duty = Duty.PLATFORM, *sampled: Accuracy) -> Parts:
    provider = Provider("Harbour Ltd", "Harbour", duty, "2030-02-01")
    return Parts(provider, query, found, sampled, "nobody looked twice")


def written(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"Part_{name}.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


async def made(house: World, folder: Path, query: Query) -> Published:
    folder.mkdir()  # noqa: ASYNC240 - a test waits for nobody
    return publish(parts(counted(await house.leaves(), query), query), folder, 7, b"root")


async def lived(house: World) -> None:
    """A bit of everything: released, refused, withheld, ruled, contested, and not looked at."""
    await house.end("a harbour")
    house.upstream.colours = [BLOCK]
    await house.end("a quay")
    house.upstream.colours = [HELD]
    for prompt in ("a mill", "a pond"):
        await house.end(prompt)
    first, second = await house.store.holds.waiting()
    reviewer = Person("person-1", frozenset({Permission.REVIEW_RULE}))
    no = Ruling(reviewer, approves=False, reason="no", code=HarmCode.SEX_EXPLICIT)
    await house.rulings.rule(first, no)
    worst = Ruling(reviewer, approves=False, reason="no", code=HarmCode.CSE_SUGGEST)
    await house.rulings.rule(second, worst)
    house.upstream.colours = [TAINTED]
    await house.end("a lake")
    house.upstream.colours = []
    ticket = await house.submit("blockme")
    assert ticket.end is not None
    await ticket.end
    await _contested(house, await house.row(ticket.id))
    house.reader.mood = Mood.FAILS
    await house.end("seven kites")
    house.reader.mood = Mood.WELL
    house.upstream.colours = [HELD]
    await house.end("a weir")


async def _contested(house: World, row: SubmissionRow) -> None:
    appeals = house.gate.appeals
    await appeals.notices.give(row, "en")
    appeal = await appeals.make(row, "it is a lake")
    house.clock.passes(hours=5)
    case = await house.store.appeals.case(appeal.case, Scope(worst=True))
    reversed_ = Deciding("person-2", "senior", Outcome.REVERSED, HarmCode.OK, "a lake")
    await appeals.decide(case, reversed_)


async def test_everything_is_counted_once_and_adds_up(house: World, tmp_path: Path) -> None:
    """From a house that lived a day, to tables that sum, read again from the files."""
    await lived(house)
    published = await made(house, tmp_path / "report", asked())

    assert [each for each in published.lines if not each.holds] == []
    by_name = {each.name: each for each in published.lines}
    assert by_name["requests = decisions"].right == {
        "released": 1,
        "withheld": 4,
        "refused": 2,
        "open": 1,
    }
    assert by_name["blocks = notices + suppressed"].right == {
        "given": 1,
        "suppressed": 2,
        "not_fetched": 2,
    }
    confirmed = by_name["confirmed CSE = filed + documented non-report + open in time"]
    assert (confirmed.left, confirmed.note) == (1, "nothing is filed from here")
    rows = written(tmp_path / "report", OWN)
    assert rows[0]["Number of measures taken at the provider's own initiative"] == "5"
    total = rows[0]
    assert total["Visibility restriction Disable"] == "4"
    assert total["Provision of the service Suspension"] == "1"
    said = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert (said["adds_up"], said["log"]["size"]) == (True, 7)


async def test_appeals_and_automation_are_in_their_rows(house: World, tmp_path: Path) -> None:
    """Medians in hours; what a person ruled is not solely automated; empty is not nought."""
    await lived(house)
    await made(house, tmp_path / "report", asked())
    appeals = written(tmp_path / "report", "7_appeals_and_recidivism")
    means = written(tmp_path / "report", "8_automated_means")

    assert len(appeals) == 47
    about = {(each["Indicator"], each["Scope"]): each for each in appeals}
    submitted = "Number of complaints submitted to the internal-complaints mechanism"
    assert about[submitted, "Total number"]["Value"] == "1"
    assert about[submitted, "Decisions reversed"]["Value"] == "1"
    assert about[submitted, "Median time"]["Value"] == "5.00"
    disputes = "Number of disputes submitted to out-of-court dispute settlement bodies"
    assert about[disputes, "Total number"]["Value"] == ""
    assert "filled in" in about[disputes, "Total number"]["Contextual Information"]
    assert [each["Value"] for each in means[:2]] == ["3", "2"]
    assert {each["Contextual Information"] for each in means[2:5]} == {"nobody looked twice"}


async def test_a_fixed_moment_gives_the_same_bytes(house: World, tmp_path: Path) -> None:
    """What is written later changes nothing of what was known then."""
    await lived(house)
    query = Query(TENANT, DAY, DAY, house.clock())
    await made(house, tmp_path / "one", query)
    house.clock.passes(hours=1)
    await house.end("blockme again")
    await made(house, tmp_path / "two", query)

    for name in sorted(each.name for each in (tmp_path / "one").iterdir()):
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert one == two, name
    assert b"\r\n" in (tmp_path / "one" / f"Part_{OWN}.csv").read_bytes()


async def test_whose_and_when_are_kept_apart(house: World) -> None:
    """Another platform's, and another year's, are not in it."""
    await lived(house)
    leaves = await house.leaves()
    assert counted(leaves, asked(tenant="other")).requests == 0
    late = counted(leaves, asked(first=DAY + timedelta(days=1)))
    assert (late.requests, late.measures, late.complaints) == (0, [], [])


async def test_what_cannot_be_does_not_add_up(house: World, tmp_path: Path) -> None:
    """A report that is wrong says so: a notice of nothing, an end without a beginning."""
    await lived(house)
    leaves, query = await house.leaves(), asked()
    (tmp_path / "report").mkdir()
    publish(parts(counted(leaves, query), query), tmp_path / "report", 7, b"root")
    without_ends = [leaf for leaf in leaves if leaf.kind is not Kind.HALTED]
    released = next(leaf for leaf in leaves if leaf.kind is Kind.RELEASE)
    begun = Kind.ADMIT, released.public["submission"]
    torn = [leaf for leaf in leaves if (leaf.kind, leaf.public.get("submission")) != begun]

    for other, name in (
        (without_ends, "notices of nothing"),
        (torn, "requests = decisions"),
    ):
        found = lines(counted(other, query), tmp_path / "report")
        assert name in {each.name for each in found if not each.holds}


async def test_a_table_that_was_changed_does_not_add_up(house: World, tmp_path: Path) -> None:
    """It is the files that are held against the count, not the count against itself."""
    await lived(house)
    query = asked()
    found = counted(await house.leaves(), query)
    (tmp_path / "report").mkdir()
    publish(parts(found, query), tmp_path / "report", 7, b"root")
    path = tmp_path / "report" / f"Part_{OWN}.csv"
    text = path.read_text("utf-8").replace("KEYWORD_SUICIDE,,0", "KEYWORD_SUICIDE,,1")
    path.write_text(text, "utf-8", newline="")

    broken = [each.name for each in lines(found, tmp_path / "report") if not each.holds]
    assert broken == ["part 6: categories = keywords"]


async def test_a_hosting_provider_leaves_what_it_does_not_owe_empty(
    house: World, tmp_path: Path
) -> None:
    """Only the first row of part 7 applies to everybody."""
    await lived(house)
    query = asked()
    report = parts(counted(await house.leaves(), query), query, Duty.HOSTING)
    publish(report, tmp_path, 7, b"root")

    values = [each["Value"] for each in written(tmp_path, "7_appeals_and_recidivism")]
    assert values == ["1", *[""] * 46]


async def test_what_every_report_has_is_in_each(house: World, tmp_path: Path) -> None:
    """All eleven parts: every label once, and what only the largest owe left empty."""
    await lived(house)
    query = asked()
    made = publish(parts(counted(await house.leaves(), query), query), tmp_path, 7, b"root")

    names = written(tmp_path, "2_categories_names")
    labels = [(each["Category label"], each[headings.NAMES[2]]) for each in names]
    assert len(labels) == len(set(labels)) == 100
    by_terms = {
        each["Category of incompatibility with the provider's terms and conditions"]
        for each in written(tmp_path, OWN)
    }
    assert by_terms <= {label for label, _ in labels}
    orders = written(tmp_path, "3_member_states_orders")
    blocks = [each["Scope"] for each in orders]
    assert [*dict.fromkeys(blocks)] == ["TOTAL", *headings.MEMBER_STATES]
    assert {blocks.count(scope) for scope in blocks} == {91}
    people = written(tmp_path, "9_human_resources")
    assert [each["Scope"] for each in people[:4]] == [*["Total number"] * 3, "bg"]
    assert len(people) == 3 + 24
    recipients = written(tmp_path, "10_AMAR")
    assert [recipients[0]["Scope"], recipients[1]["Scope"], recipients[-1]["Scope"]] == [
        "TOTAL",
        "AT",
        "SE",
    ]
    assert len(recipients) == 28
    assert {each["Value"] for each in (*people, *recipients)} == {""}
    assert len([each for each in made.files if each.startswith("Part_")]) == 11


async def test_each_classifier_has_a_row_of_its_own(house: World, tmp_path: Path) -> None:
    """With the sample in words; a share of nothing is empty, not nought."""
    query = asked()
    sampled = (
        Accuracy("terms@1", 8, 2, 0, 90, "released and held"),
        Accuracy("model@3", 0, 0, 0, 5, "released and held"),
    )
    report = parts(counted(await house.leaves(), query), query, Duty.PLATFORM, *sampled)
    publish(report, tmp_path, 7, b"root")

    means = written(tmp_path, "8_automated_means")
    shares = [each["Value"] for each in means if each["Indicator"].endswith("Precision")]
    assert shares[:2] == ["0.8000", ""]
    assert "a random sample of 100" in means[2]["Contextual Information"]


@pytest.mark.parametrize("code", HarmCode)
def test_every_harm_has_one_row(code: HarmCode) -> None:
    """Never two, and one that the template has."""
    place = place_of(code)
    assert (place is None) == (PROJECTION[code] is None)
    if place is not None:
        assert place.keyword in BY_TERMS[place.category]
        assert bool(place.description) == (place.keyword == "OTHER")


def test_the_template_has_the_rows_that_the_regulation_counts() -> None:
    """91 rows of what may be illegal with its last, 98 of what may go against terms."""
    assert 1 + sum(1 + len(keywords) for keywords in BY_TERMS.values()) == 98


@pytest.mark.parametrize(
    ("events", "hours", "where"),
    [
        ((("approved", "approved"), ("filed", None)), 0, "filed"),
        ((("approved", "approved"), ("handed_off", None)), 0, "filed"),
        ((("approved", "not_reported"),), 0, "documented"),
        ((("drafted", "report"),), 0, "open"),
        ((("approved", "approved"),), 20, "open"),
        ((("approved", "approved"),), 30, None),
    ],
)
async def test_what_people_confirmed_is_filed_or_said_why_not(
    house: World,
    tmp_path: Path,
    events: Sequence[tuple[str, str | None]],
    hours: int,
    where: str | None,
) -> None:
    """In time, or the report does not add up."""
    await lived(house)
    worst = next(
        leaf.public
        for leaf in await house.leaves()
        if leaf.kind is Kind.RULING and str(leaf.public["code"]).startswith("CSE")
    )
    for event, outcome in events:
        public: dict[str, Json] = {
            "event": f"report.{event}",
            "submission": worst["submission"],
            "tenant": TENANT,
            "code": "CSE.SUGGEST",
            **({} if outcome is None else {"outcome": outcome}),
        }
        await house.log.append(Entry(uuid4(), Kind.REPORT, house.clock(), public))
    query = Query(TENANT, DAY, DAY, house.clock() + timedelta(hours=hours - 5))
    found = counted(await house.leaves(), replace(query, as_of=max(query.as_of, house.clock())))
    publish(parts(found, query), tmp_path, 7, b"root")

    by_name = {each.name: each for each in lines(found, tmp_path)}
    line = by_name["confirmed CSE = filed + documented non-report + open in time"]
    assert (line.left, line.note) == (1, "")
    assert {name for name, count in line.right.items() if count} == ({where} - {None})
    assert line.holds == (where is not None)


async def test_notices_of_others_and_suspensions_are_counted(house: World, tmp_path: Path) -> None:
    """Those of the DSA, of this platform, as decided by then; another law's are not among them."""
    told: list[tuple[str, int, dict[str, Json]]] = [
        ("takedown.received", 1, {"class": "article-16"}),
        ("takedown.received", 2, {"class": "trusted-flagger"}),
        ("takedown.received", 3, {"class": "take-it-down"}),
        ("takedown.received", 4, {"class": "article-16", "tenant": "meadow"}),
        ("takedown.decided", 2, {"class": "trusted-flagger", "outcome": "down"}),
    ]
    for event, case, more in told:
        public: dict[str, Json] = {"event": event, "tenant": TENANT, "case": str(UUID(int=case))}
        await house.log.append(Entry(uuid4(), Kind.TAKEDOWN, house.clock(), {**public, **more}))
        house.clock.passes(hours=2)
    for outcome in ("warn", "suspend"):
        struck: dict[str, Json] = {"event": "strike.added", "tenant": TENANT, "outcome": outcome}
        struck["submission"] = str(uuid4())
        await house.log.append(Entry(uuid4(), Kind.NOTICE, house.clock(), struck))
    await made(house, tmp_path / "report", asked())

    notices = written(tmp_path / "report", "4_notices")
    total, last = notices[0], notices[-1]
    assert (total["Number of notices received"], len(notices)) == ("2", 91)
    assert total["Number of notices received from Trusted flaggers"] == "1"
    assert total["Median time to take action"] == "6.00"
    assert last["Category of illegal content"] == "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"
    assert last["Number of notices received"] == "2"
    assert {each["Number of notices received"] for each in notices[1:-1]} == {"0"}
    appeals = written(tmp_path / "report", "7_appeals_and_recidivism")
    assert [each["Value"] for each in appeals[-3:]] == ["1", "", ""]
