"""The kill switch: what is halted goes no further, wherever it is on its way, until two lift it."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from audit.entry import Kind
from audit.leaf import Leaf
from pipeline.access.permissions import Permission, Person
from pipeline.access.subjects import fingerprint
from pipeline.errors import HaltError, StoreUnavailableError
from pipeline.flow import KILL_SWITCH
from pipeline.halts import ENGINE, Halts
from pipeline.items import Cause, Examined, Halted, Held, Subject, Tier
from pipeline.jobs.errors import RulingError
from pipeline.jobs.rulings import Ruling
from pipeline.store.halts import Scope
from pipeline.store.pictures import PictureState
from pipeline.store.store import Store
from pipeline.store.submissions import State
from tests.unit.pipeline.world import HELD, TENANT, World, body

PERSON = Person("somebody", frozenset({Permission.REVIEW_RULE}))
APPROVED = Ruling(PERSON, approves=True, reason="looked at it")
V3 = "nai-diffusion-3"
EACH = [
    (Scope.ALL, "", ""),
    (Scope.TENANT, TENANT, ""),
    (Scope.SUBJECT, "u-1", TENANT),
    (Scope.MODEL, V3, ""),
    (Scope.ENGINE, ENGINE, ""),
    (Scope.TIER, Tier.GENERAL.value, ""),
]
OTHERS = [
    (Scope.TENANT, "meadow", ""),
    (Scope.SUBJECT, "u-2", TENANT),
    (Scope.SUBJECT, "u-1", "meadow"),
    (Scope.MODEL, "nai-diffusion-4-full", ""),
    (Scope.TIER, Tier.ADULT.value, ""),
    (Scope.ROUTE, "/ai/generate-image", ""),
]
SUBJECT = Subject(TENANT, pseudonym="u-1")


async def placed(house: World, scope: Scope = Scope.ALL, value: str = "", whose: str = "") -> Halts:
    """The house's kill switch, with one halt."""
    halts = house.gate.halts
    await halts.place(scope, value, whose, "incident 12", "ana")
    return halts


async def lifted(halts: Halts) -> None:
    """Lift the only halt, by two people."""
    (halt,) = halts.standing()
    assert not await halts.lift(halt.id, "ana")
    assert await halts.lift(halt.id, "ben")


async def test_a_submission_is_halted_by_everything_that_names_it(house: World) -> None:
    """And by nothing else: one platform's incident is not everybody's."""
    submission = (await house.screened(subject=SUBJECT)).outcome.submission
    row = replace(
        await house.row(submission.id), subject=fingerprint(house.gate.subject_key, SUBJECT)
    )
    for expected, named in ((True, EACH), (False, OTHERS)):
        for scope, value, whose in named:
            halts = await placed(house, scope, value, whose)
            assert halts.stops(submission) is expected
            assert await halts.stops_row(row) is expected
            await lifted(halts)


async def test_what_is_halted_is_not_sent(house: World) -> None:
    """Whatever was said of it before."""
    screened = await house.screened(subject=SUBJECT)
    await placed(house)

    outcome = (await house.flow.approved(screened, lambda: False)).outcome

    assert isinstance(outcome, Halted)
    assert outcome.reason == KILL_SWITCH
    assert house.upstream.calls == []


async def test_what_waits_for_an_account_is_not_sent_either(house: World) -> None:
    """A queue may be long: the switch works within seconds."""
    async with house.accounts.lease():
        ticket = await house.submit()
        assert ticket.end is not None
        await house.in_line()
        await placed(house)

    outcome = (await ticket.end).outcome
    assert isinstance(outcome, Halted)
    assert outcome.reason == KILL_SWITCH
    assert house.upstream.calls == []


async def test_a_picture_that_comes_back_is_held_and_leaves_once_it_is_lifted(house: World) -> None:
    """It is paid for: it is not lost, and no person is asked what a machine can tell."""
    generated = await house.generated((255, 255, 255))
    submission = generated.outcome.screened.submission
    halts = await placed(house)
    outcome = (await house.flow.returned(generated)).outcome

    assert isinstance(outcome, Examined)
    (held,) = outcome.outcomes
    assert isinstance(held, Held)
    assert (held.cause, held.reason) == (Cause.INCAPACITY, KILL_SWITCH)
    before = len(await house.kinds(submission.id))
    house.clock.passes(minutes=1)
    await house.upkeep.round()
    assert len(await house.kinds(submission.id)) == before  # it is not looked at in vain

    await lifted(halts)
    house.clock.passes(minutes=1)
    await house.upkeep.round()

    assert (await house.row(submission.id)).state is State.RELEASED


async def test_new_requests_and_pictures_are_answered_with_503(house: World) -> None:
    """Nothing is sealed, charged or handed out."""
    async with house.client() as client:
        made = (await client.post("/v1/generations", json=body())).json()
        (picture,) = made["images"]
        await placed(house)
        asked = await client.post("/v1/generations", json=body(seed=8))
        again = await client.get(picture["url"])

    assert (asked.status_code, again.status_code) == (503, 503)
    assert asked.json()["code"] == "TEMPORARILY_UNAVAILABLE"
    assert b"PNG" not in again.content
    pictures = await house.store.pictures.of(TENANT, UUID(made["id"]))
    assert all(each.state is PictureState.RELEASED for each in pictures)


async def test_a_route_is_halted_by_its_name(house: World) -> None:
    """The same request by another route is another matter."""
    await placed(house, Scope.ROUTE, "/v1/generations")
    async with house.client() as client:
        halted = await client.post("/v1/generations", json=body())
        other = await client.post("/ai/generate-image", json=body(seed=8))

    assert (halted.status_code, other.status_code) == (503, 200)


async def test_nobody_approves_what_is_halted(house: World) -> None:
    """The hold stays open; rejecting is possible, because nothing opens by it."""
    house.upstream.colours = [HELD]
    await house.end()
    (hold,) = await house.store.holds.waiting()
    await placed(house)

    with pytest.raises(RulingError, match="halted"):
        await house.rulings.rule(hold, APPROVED)
    (still,) = await house.store.holds.waiting()
    await house.rulings.rule(still, replace(APPROVED, approves=False))

    assert await house.store.holds.waiting() == ()


async def test_nobody_approves_a_held_request_of_which_the_model_is_not_known(house: World) -> None:
    """The log does not say which it is: then any halt of a model stops it."""
    await house.end("holdme")
    (hold,) = await house.store.holds.waiting()
    halts = await placed(house, Scope.MODEL, "nai-diffusion-4-full")

    with pytest.raises(RulingError, match="halted"):
        await house.rulings.rule(hold, APPROVED)

    await lifted(halts)
    await placed(house, Scope.TENANT, "meadow")
    await house.rulings.rule(hold, APPROVED)


async def test_it_survives_a_restart(house: World) -> None:
    """A halt that a crash lifts is none."""
    await placed(house, Scope.MODEL, V3)
    restarted = Halts(house.store.halts, house.log, house.clock, uuid4, house.gate.subject_key)
    assert not restarted.stops_request(SUBJECT, V3)

    await restarted.load()

    assert restarted.stops_request(SUBJECT, V3)
    await lifted(restarted)
    await restarted.load()
    assert not restarted.stops_request(SUBJECT, V3)


async def test_what_another_gateway_halts_or_lifts_is_heard(house: World) -> None:
    """They share the table, and each asks it every second."""
    here = house.gate.halts
    there = Halts(house.store.halts, house.log, house.clock, uuid4, house.gate.subject_key)
    await placed(house)
    assert not there.stops_request(SUBJECT)
    await there.refresh()
    heard = there.stops_request(SUBJECT)
    await lifted(there)
    await here.refresh()

    assert heard
    assert not here.stops_request(SUBJECT)


async def test_what_could_not_be_written_still_stands_after_others_are_heard(
    house: World, tmp_path: Path
) -> None:
    """The table does not know it: that is no lifting."""
    other = Store.open(tmp_path / "other.db")
    await other.close()
    halts = Halts(other.halts, house.log, house.clock, uuid4, house.gate.subject_key)
    with pytest.raises(StoreUnavailableError):
        await halts.place(Scope.ALL, "", "", "incident 12", "ana")
    with pytest.raises(StoreUnavailableError):
        await halts.refresh()
    away = halts.stops_request(SUBJECT)
    halts.table = house.store.halts
    await halts.refresh()

    assert away
    assert halts.stops_request(SUBJECT)


async def test_one_person_does_not_lift_it(house: World) -> None:
    """Whoever was told to lift it needs a witness."""
    halts = await placed(house)
    (halt,) = halts.standing()
    await halts.lift(halt.id, "ana")

    with pytest.raises(HaltError, match="second person"):
        await halts.lift(halt.id, "ana")
    assert halts.stops_request(SUBJECT)
    with pytest.raises(HaltError):
        await halts.lift(uuid4(), "ben")


async def test_each_step_is_an_entry_without_the_pseudonym(house: World) -> None:
    """Who, when and what is on record; whose, only in the part that can be erased."""
    halts = await placed(house, Scope.SUBJECT, "u-1", TENANT)
    await lifted(halts)

    leaves = [Leaf.parse(each.leaf) for each in await house.log.entries(0, 16)]
    said = [leaf.public for leaf in leaves if leaf.kind is Kind.CONFIG]
    assert [each["event"] for each in said] == ["halt.placed", "halt.lifting", "halt.lifted"]
    assert {str(each["tenant"]) for each in said} == {TENANT}
    assert len({str(each["trace"]) for each in said}) == 1
    assert "u-1" not in str(said)


async def test_it_works_though_it_cannot_be_written_down(house: World, tmp_path: Path) -> None:
    """A full disk is the worst moment for a switch that fails open."""
    other = Store.open(tmp_path / "closed.db")
    await other.writer.finish()
    halts = Halts(other.halts, house.log, house.clock, uuid4, house.gate.subject_key)

    with pytest.raises(StoreUnavailableError):
        await halts.place(Scope.ALL, "", "", "incident 12", "ana")

    assert halts.stops_request(SUBJECT)


async def test_what_names_nothing_or_too_much_is_refused(house: World) -> None:
    """Else somebody believes that something is halted."""
    for scope, value, whose in (
        (Scope.ALL, "everything", ""),
        (Scope.TENANT, "", ""),
        (Scope.SUBJECT, "u-1", ""),
        (Scope.TIER, "grown-up", ""),
        (Scope.ENGINE, "other", ""),
        (Scope.MODEL, V3, TENANT),
    ):
        with pytest.raises(HaltError):
            await placed(house, scope, value, whose)
    assert house.gate.halts.standing() == ()


async def test_a_halt_needs_a_reason(house: World) -> None:
    """Whoever lifts it has to know what for it was."""
    with pytest.raises(HaltError, match="reason"):
        await house.gate.halts.place(Scope.ALL, "", "", "  ", "ana")
