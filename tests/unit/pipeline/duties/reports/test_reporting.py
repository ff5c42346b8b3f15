"""What people decide on a case: two of them, by codes alone, and with what the platform knows."""

from dataclasses import replace
from typing import Any

import pytest

from audit.entry import Entry, Kind
from pipeline.access.permissions import Permission, Person
from pipeline.duties.reports.choices import Choices, Why
from pipeline.duties.reports.document import FileFlag, IncidentType
from pipeline.duties.reports.errors import EvidenceError, NotReportableError
from pipeline.duties.reports.evidence import Evidence
from pipeline.duties.reports.reporting import Reports, Who, answer_id
from pipeline.jobs.rulings import Ruling
from pipeline.quarantine import open_with
from pipeline.settings.reporting import Drawn, Route
from pipeline.store.holds import Hold
from pipeline.store.reports import Report, Standing
from pipeline.store.webhooks import Target
from tests.unit.pipeline.duties.reports.cases import CHOICES, PROFILE, case_of, escalated
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import NEARLY, NOON, TAINTED, TENANT, World

RULES = Person("person-9", frozenset({Permission.REVIEW_RULE}))
MIA, NOA = Who("person-1", "child-safety"), Who("person-2", "child-safety")
NOT = Choices(IncidentType.PORNOGRAPHY, why_not=Why.MISTAKEN)
KNOWN: dict[str, Any] = {
    "user_id": "u-123",
    "screen_name": "somebody",
    "emails": ["somebody@example.net"],
    "addresses": [{"ip": "192.0.2.44", "at": "2031-05-04T11:00:00+00:00", "port": 50123}],
}


@pytest.fixture
def reports(house: World) -> Reports:
    """The desk of a tenant that reports."""
    return replace(house.gate.reports, profiles={TENANT: PROFILE})


async def drafted(house: World, reports: Reports) -> Report:
    """A case that one person would report."""
    case = await escalated(house)
    await reports.draft(case, CHOICES, MIA)
    return await case_of(house, case.id)


async def test_two_people_decide_that_it_is_reported(house: World, reports: Reports) -> None:
    """By what they chose; each step is an entry by whom, and nothing is filed by it."""
    case = await drafted(house, reports)

    assert await reports.approve(case, NOA) is Standing.APPROVED

    case = await case_of(house, case.id)
    assert (case.drafted_by, case.approved_by, case.number) == ("person-1", "person-2", None)
    assert Choices.read(case.choices) == CHOICES
    leaves = [leaf for leaf in await house.leaves(case.submission) if leaf.kind is Kind.REPORT]
    assert [leaf.public["event"] for leaf in leaves] == ["report.drafted", "report.approved"]
    detail = await house.log.detail(leaves[1].entry_id)
    assert detail.personal == {"person": "person-2"}


async def test_nobody_agrees_to_their_own_draft(house: World, reports: Reports) -> None:
    """Nor to none, nor twice."""
    case = await drafted(house, reports)

    with pytest.raises(NotReportableError, match="second person"):
        await reports.approve(case, MIA)
    await reports.approve(case, NOA)
    with pytest.raises(NotReportableError):
        await reports.approve(case, NOA)  # as it was shown before
    with pytest.raises(NotReportableError):
        await reports.approve(await case_of(house, case.id), NOA)


async def test_not_to_report_takes_two_people_as_well(house: World, reports: Reports) -> None:
    """And a reason, which is on record; the platform is asked nothing for it."""
    case = await escalated(house)
    await reports.draft(case, NOT, MIA)
    case = await case_of(house, case.id)

    assert await reports.approve(case, NOA) is Standing.NOT_REPORTED

    case = await case_of(house, case.id)
    assert case.asked_at is None
    assert case in await house.store.reports.ended()
    leaf = (await house.leaves(case.submission))[-2]
    assert leaf.public["outcome"] == "not/mistaken"
    with pytest.raises(NotReportableError):
        await reports.draft(case, CHOICES, MIA)


async def test_who_does_not_agree_sends_it_back(house: World, reports: Reports) -> None:
    """Then there is nothing to agree to, until somebody drafts it anew."""
    case = await drafted(house, reports)
    await reports.send_back(case, NOA)
    case = await case_of(house, case.id)

    with pytest.raises(NotReportableError, match="draft"):
        await reports.approve(case, MIA)
    await reports.draft(case, CHOICES, NOA)
    assert await reports.approve(await case_of(house, case.id), MIA) is Standing.APPROVED


async def test_two_who_draft_at_once(house: World, reports: Reports) -> None:
    """The second is told that it changed meanwhile."""
    case = await escalated(house)
    await reports.draft(case, CHOICES, MIA)

    with pytest.raises(NotReportableError, match="as it was shown"):
        await reports.draft(case, NOT, NOA)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"route": Route.NONE, "reason": "no duty"}, "CSE.KNOWN"),
        ({"drawn": Drawn.OFF}, "CSE.DRAWN"),
        ({}, "TERROR.CONTENT"),
    ],
)
async def test_what_a_profile_does_not_report(
    house: World, reports: Reports, changes: dict[str, Any], code: str
) -> None:
    """It can only be closed, by people."""
    profile = PROFILE.model_copy(update=changes)
    reports = replace(reports, profiles={TENANT: profile})
    case = replace(await escalated(house), code=code)

    with pytest.raises((NotReportableError, ValueError)):
        await reports.draft(case, CHOICES, MIA)

    assert (await case_of(house, case.id)).standing is Standing.WAITING


async def test_without_a_profile_nothing_is_reported_and_the_case_waits(house: World) -> None:
    """It stays, and is late: nobody takes it for done."""
    case = await escalated(house)
    with pytest.raises(NotReportableError, match="profile"):
        await house.gate.reports.draft(case, CHOICES, MIA)

    house.clock.passes(hours=25)

    assert house.gate.reports.is_late(await case_of(house, case.id))


async def test_drawings_may_be_left_to_people(house: World, reports: Reports) -> None:
    """With the switch at `voluntary` they are never late; nothing else may wait."""
    case = await escalated(house)
    drawn = replace(case, code="CSE.DRAWN")
    voluntary = PROFILE.model_copy(update={"drawn": Drawn.VOLUNTARY})
    house.clock.passes(hours=25)

    assert reports.is_late(drawn)
    left = replace(reports, profiles={TENANT: voluntary})
    assert not left.is_late(drawn)
    assert left.is_late(case)


async def test_nothing_is_drafted_before_it_is_in_the_quarantine(
    house: World, reports: Reports
) -> None:
    """What a report is about is kept first."""
    house.log.refuses = frozenset({Kind.MEDIA})
    case = await escalated(house)

    with pytest.raises(NotReportableError, match="quarantine"):
        await reports.draft(case, CHOICES, MIA)


async def test_the_platform_is_asked_once_it_would_be_reported(
    house: World, reports: Reports
) -> None:
    """By its signed webhook: for which request, for what, and where to answer. Once."""
    await house.store.webhooks.aim(Target(TENANT, "https://platform.example/", b"s", NOON))
    case = await drafted(house, reports)
    await reports.draft(case, CHOICES, NOA)

    (asked,) = [
        each for each in await house.store.webhooks.all() if each.kind == "evidence_request"
    ]
    assert asked.body["generation"] == str(case.submission)
    assert asked.body["answer_at"] == f"/v1/reports/{case.id}/evidence"
    assert "CSE" not in str(asked.body)


async def test_what_the_platform_says_is_sealed_for_the_team_alone(
    house: World, reports: Reports
) -> None:
    """It is in no file of the gateway's; the newest answer counts."""
    case = await drafted(house, reports)
    await reports.answer(TENANT, case.id, KNOWN)
    await reports.answer(TENANT, case.id, KNOWN | {"screen_name": "corrected"})

    case = await case_of(house, case.id)
    assert case.answers == 2
    path = house.folder / "quarantine" / f"{answer_id(case.id, 1)}.sealed"
    assert b"corrected" in open_with(house.team_key, path.read_bytes()).data
    for file in house.folder.rglob("*"):
        assert not file.is_file() or b"192.0.2.44" not in file.read_bytes(), file


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"password": "a"},
        {"emails": ["nobody"]},
        {"emails": "somebody@example.net"},
        {"emails": [f"{n}@example.net" for n in range(51)]},
        {"addresses": [{"ip": "192.0.2.300", "at": "2031-05-04T11:00:00Z"}]},
        {"addresses": [{"ip": "192.0.2.44"}]},
        {"addresses": [{"ip": "192.0.2.44", "at": "2031-05-04T11:00:00"}]},
        {"addresses": [{"ip": "192.0.2.44", "at": "2031-05-05T11:00:00Z"}]},
        {"addresses": [{"ip": "192.0.2.44", "at": "2031-05-04T11:00:00Z", "port": 0}]},
        {"addresses": [{"ip": "192.0.2.44", "at": "2031-05-04T11:00:00Z", "port": True}]},
        {"addresses": [{"ip": "192.0.2.44", "at": "2031-05-04T11:00:00Z", "event": "Draw"}]},
        {"addresses": [{"ip": "192.0.2.44", "at": "yesterday", "port": 1}]},
        {"addresses": {"ip": "192.0.2.44"}},
        {"profile_url": "somewhere"},
        {"disabled_at": 7},
        {"user_id": " "},
        {"user_id": "a" * 256},
    ],
)
async def test_an_answer_that_does_not_keep_the_rules_is_refused(
    house: World, reports: Reports, said: dict[str, Any]
) -> None:
    """At once, to whoever can correct it; nothing of it is repeated."""
    case = await drafted(house, reports)

    with pytest.raises(EvidenceError) as caught:
        await reports.answer(TENANT, case.id, said)

    assert "192.0.2" not in str(caught.value)
    assert (await case_of(house, case.id)).answers == 0


async def test_nobody_answers_what_they_were_not_asked(house: World, reports: Reports) -> None:
    """Not before it is drafted, not another tenant, and not once it is over."""
    waiting = await escalated(house)
    case = await drafted(house, reports)

    for tenant, known_as in ((TENANT, waiting.id), ("another", case.id)):
        with pytest.raises(NotReportableError):
            await reports.answer(tenant, known_as, KNOWN)

    await reports.send_back(case, NOA)
    await reports.draft(await case_of(house, case.id), NOT, NOA)
    await reports.approve(await case_of(house, case.id), MIA)
    with pytest.raises(NotReportableError):
        await reports.answer(TENANT, case.id, KNOWN)


def test_what_a_platform_said_shows_nowhere() -> None:
    """A repr ends in logs."""
    assert "192.0.2.44" not in repr(Evidence.read(KNOWN, NOON))


def test_choices_are_read_as_they_were_written() -> None:
    """And another version's are none."""
    chosen = Choices(IncidentType.ENTICEMENT, urgent=True, file_flags=frozenset({FileFlag.DRAWN}))

    assert Choices.read(chosen.write()) == chosen
    for other in (None, {}, chosen.write() | {"incident": "ALIEN"}):
        with pytest.raises(NotReportableError):
            Choices.read(other)
    with pytest.raises(NotReportableError):
        Choices(IncidentType.TOURISM)
    with pytest.raises(NotReportableError):
        Choices(IncidentType.PORNOGRAPHY, file_flags=frozenset({FileFlag.GENERATED}))
    with pytest.raises(NotReportableError):
        Choices(IncidentType.PORNOGRAPHY, classification="C3")


async def tainted(house: World) -> Report:
    """The case of a batch of two of which one picture is known."""
    house.upstream.colours = [WHITE, TAINTED]
    outcome: Any = await house.end("a harbour", samples=2)
    await house.upkeep.round()
    submission = outcome.generated.screened.submission.id
    (case,) = [x for x in await house.store.reports.open() if x.submission == submission]
    return case


async def test_facts_are_those_of_the_record(house: World, reports: Reports) -> None:
    """Which picture lies there, whether anything left, and that nobody saw it."""
    case = await tainted(house)

    facts = await reports.facts(case)

    assert [(each.index, each.viewed) for each in facts.objects] == [(1, False)]
    assert not facts.refused
    assert not facts.delivered
    assert facts.received_at <= facts.decided_at
    assert (await reports.facts(await escalated(house))).refused


@pytest.mark.parametrize(
    ("covered", "viewed"),
    [
        (None, None),
        ({"duration_us": 2_000_000}, True),
        ({"duration_us": 0}, None),
        ({"duration_us": 30_000_000, "reason": "unreported"}, None),
    ],
)
async def test_a_file_was_viewed_only_if_a_reveal_says_so(
    house: World, reports: Reports, covered: dict[str, Any] | None, viewed: bool | None
) -> None:
    """Of one whose end nobody told, nobody knows: that is said by saying nothing."""
    house.upstream.colours = [NEARLY]
    await house.end("a harbour")
    (hold,) = await house.store.holds.waiting()
    await revealed(house, hold, covered)
    await house.rulings.rule(hold, Ruling(RULES, approves=False, reason="it is known"))
    await house.upkeep.round()
    (case,) = await house.store.reports.open()

    (held,) = (await reports.facts(case)).objects

    assert held.viewed is viewed


async def revealed(house: World, hold: Hold, covered: dict[str, Any] | None) -> None:
    """Write down that a picture was uncovered, and how that ended."""
    public = {"case": str(hold.id), "submission": str(hold.submission), "tenant": hold.tenant}
    for event, more in (("media.revealed", {}), ("media.covered", covered)):
        if more is not None:
            said = {**public, "event": event, **more}
            await house.log.append(Entry(house.gate.new_id(), Kind.MEDIA, house.clock(), said))
