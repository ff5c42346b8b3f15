"""Appeals, from what was decided to what a person said of it."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from audit.entry import Kind
from pipeline.access.permissions import Permission, Person
from pipeline.duties.appeals.appeals import Appeals, Deciding, appeal_id
from pipeline.duties.appeals.errors import (
    AppealedError,
    NotDecidableError,
    NothingDecidedError,
    TooLateError,
)
from pipeline.jobs.rulings import Ruling
from pipeline.store.appeals import Appeal, Outcome, Scope
from pipeline.store.submissions import SubmissionRow
from pipeline.store.webhooks import Target
from policies.labels import HarmCode
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import BLOCK, HELD, NOON, TAINTED, TENANT, World

REVERSED = Deciding("person-2", "senior", Outcome.REVERSED, HarmCode.OK, "a harmless lake")
EVERYBODY = Scope(worst=True)


def appeals_of(house: World) -> Appeals:
    return house.gate.appeals


async def refused(house: World, prompt: str = "blockme", **more: Any) -> SubmissionRow:
    """A request that went no further, or of whose pictures none was given out."""
    ticket = await house.submit(prompt, **more)
    assert ticket.end is not None
    await ticket.end
    return await house.row(ticket.id)


async def notice(house: World, row: SubmissionRow, language: str = "en") -> Mapping[str, Any]:
    return await appeals_of(house).notices.give(row, language)


async def case_of(house: World, appeal: Appeal) -> tuple[Appeal, ...]:
    return await house.store.appeals.case(appeal.case, EVERYBODY)


async def told(house: World) -> list[str]:
    return sorted(each.kind for each in await house.store.webhooks.all(TENANT))


async def test_what_was_decided_is_told_contested_and_decided(house: World) -> None:
    """The whole way: notice, appeal, decision, notice; each an entry, each told."""
    await house.store.webhooks.aim(Target(TENANT, "https://hooks.example/", b"sealed", NOON))
    row, appeals = await refused(house), appeals_of(house)
    before = await notice(house, row, "ja")
    appeal = await appeals.make(row, "it is a lake")
    assert await appeals.decide(await case_of(house, appeal), REVERSED) == 1
    after = await notice(house, row)

    assert (before["code"], before["language"], before["appeal"]) == ("SELF.HARM", "ja", None)
    assert (before["automated_decision"], before["restriction"]) == ("fully", "request_refused")
    assert after["appeal"]["outcome"] == "reversed"
    assert "ask again" in after["appeal"]["text"]
    events = [str(leaf.public.get("event")) for leaf in await house.leaves(row.id)]
    assert [each for each in events if each != "None"] == [
        "notice.given",
        "appeal.received",
        "appeal.decided",
        "notice.given",
    ]
    assert await told(house) == ["appeal.decided", "appeal.received", "notice.ready"]
    assert (await house.row(row.id)).state == row.state  # nothing is released


async def test_an_appeal_is_made_once(house: World) -> None:
    """Sent twice, at once or cut off between its entry and its row, it is one."""
    row, appeals = await refused(house), appeals_of(house)
    first, second = await asyncio.gather(appeals.make(row, "a lake"), appeals.make(row, "a lake"))
    assert first == second
    with pytest.raises(AppealedError):
        await appeals.make(row, "a pond")
    await house.store.writer(lambda sql: sql.exec_driver_sql("DELETE FROM appeals"))
    house.clock.passes(days=1)
    assert await appeals.make(row, "a lake") == first

    kinds = [leaf.kind for leaf in await house.leaves(row.id)]
    assert kinds.count(Kind.APPEAL) == 1
    assert (await house.log.detail(first.id)).detail == {"text": "a lake"}


async def test_time_and_nothing_leave_nothing_to_contest(house: World) -> None:
    """What was released or could not be looked at was not decided against anybody's content."""
    row, appeals = await refused(house), appeals_of(house)
    house.clock.passes(seconds=timedelta(days=184).total_seconds())
    with pytest.raises(TooLateError):
        await appeals.make(row, "a lake")
    house.reader.mood = Mood.FAILS
    for other in (await refused(house, "a harbour"), await refused(house, "seven kites")):
        with pytest.raises(NothingDecidedError):
            await appeals.notices.give(other, "en")
    house.reader.mood = Mood.WELL
    with pytest.raises(NothingDecidedError):
        await appeals.make(await refused(house, "an old mill"), "a lake")


@pytest.mark.parametrize("prompt", ["graveword", "a harbour"])
async def test_of_the_worst_nothing_is_told_until_it_is_lifted(house: World, prompt: str) -> None:
    """The notice is word for word that of other things that are not told."""
    house.upstream.colours = [TAINTED]
    row, notices = await refused(house, prompt), appeals_of(house).notices
    suppressed = await notice(house, row)
    appeal = await appeals_of(house).make(row, "it is a lake")
    seen = await house.store.appeals.open(Scope())
    lane = await house.store.appeals.open(EVERYBODY)
    await notices.lift(row, "person-3", "child-safety", "the authority agrees")
    lifted = await notice(house, row)

    assert suppressed["code"] is None
    assert suppressed["ground"] == notices.templates.texts["en"]["untold"]
    assert appeal.worst
    assert (seen, len(lane)) == ((), 1)
    assert str(lifted["code"]).startswith("CSE.")
    assert lifted["ground"] == notices.templates.texts["en"]["minors"]
    assert {*suppressed} == {*lifted}


async def test_whoever_ruled_first_does_not_decide_the_appeal(house: World) -> None:
    """Of a picture and of a request that people rejected: somebody else looks."""
    house.upstream.colours = [HELD]
    row = await refused(house, "a harbour")
    (hold,) = await house.store.holds.waiting()
    first = Person("person-1", frozenset({Permission.REVIEW_RULE}))
    ruling = Ruling(first, approves=False, reason="no", code="SEX.EXPLICIT")
    await house.rulings.rule(hold, ruling)
    told, appeals = await notice(house, row), appeals_of(house)
    case = await case_of(house, await appeals.make(row, "it is a lake"))

    assert (told["code"], told["automated_decision"]) == ("SEX.EXPLICIT", "partially")
    assert (told["restriction"], told["withheld"]) == ("pictures_withheld", 1)
    own = Deciding("person-1", "senior", Outcome.UPHELD, HarmCode.SEX_EXPLICIT, "still no")
    with pytest.raises(NotDecidableError):
        await appeals.decide(case, own)
    with pytest.raises(NotDecidableError, match="reason"):
        await appeals.decide(case, Deciding("p", "senior", Outcome.UPHELD, HarmCode.OK, " "))
    assert await appeals.decide(case, REVERSED) == 1
    assert await appeals.decide(await case_of(house, case[0]), REVERSED) == 0


async def test_two_who_decide_at_once_do_not_contradict_each_other(house: World) -> None:
    """The log has one outcome, and app.db the same."""
    row, appeals = await refused(house), appeals_of(house)
    case = await case_of(house, await appeals.make(row, "it is a lake"))
    upheld = Deciding("person-3", "senior", Outcome.UPHELD, HarmCode.SELF_HARM, "it is not")
    await appeals.decide(case, upheld)
    with pytest.raises(NotDecidableError, match="otherwise"):
        await appeals.decide(case, REVERSED)
    await house.store.writer(lambda sql: sql.exec_driver_sql("UPDATE appeals SET outcome = NULL"))
    await appeals.decide(await case_of(house, case[0]), upheld)  # cut off before, and done again

    (decided,) = await case_of(house, case[0])
    assert (decided.outcome, decided.decided_by) == (Outcome.UPHELD, "person-3")


async def test_one_cause_is_one_case(house: World) -> None:
    """Nearly the same words refused by the same rule are decided together; others are not."""
    appeals, words = appeals_of(house), "an old wooden lighthouse by the grey northern sea"
    first, second = [await refused(house, f"blockme {words}{end}") for end in ("", ", dawn")]
    other = await refused(house, "blockme seven paper kites over a market in spring")
    house.upstream.colours = [BLOCK]
    picture = await refused(house, "a field of barley")
    made = [await appeals.make(row, "please") for row in (first, second, other, picture)]
    cases = await house.store.appeals.open(EVERYBODY)

    assert [each.case for each in made] == [made[0].id, made[0].id, made[2].id, made[3].id]
    assert sorted(case.count for case in cases) == [1, 1, 2]
    assert await appeals.decide(await case_of(house, made[1]), REVERSED) == 2
    counts = await house.store.appeals.counts(EVERYBODY)
    assert counts == {("SELF.HARM", Outcome.REVERSED): 2}


async def test_another_tenants_is_not_there(house: World) -> None:
    """Whoever is kept to some tenants sees no other's, not by its id either."""
    row = await refused(house)
    appeal = await appeals_of(house).make(row, "it is a lake")
    elsewhere = Scope(frozenset({"meadow"}), worst=True)

    assert await house.store.appeals.open(elsewhere) == ()
    assert await house.store.appeals.case(appeal.case, elsewhere) == ()
    assert await house.store.appeals.of("meadow", row.id) is None
    assert appeal_id(row.id) != appeal_id(UUID(int=1))
