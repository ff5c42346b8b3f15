"""From what is written in the log to where an end user stands."""

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.entry import Kind
from audit.leaf import Leaf
from pipeline.access.permissions import Permission, Person
from pipeline.access.subjects import fingerprint
from pipeline.duties.appeals.appeals import Deciding
from pipeline.duties.enforcement.enforcing import CHANGED, Enforcing
from pipeline.duties.enforcement.errors import LiftingError
from pipeline.duties.enforcement.ladder import SHIPPED, Ladder, Step
from pipeline.items import Subject, Tier
from pipeline.jobs.rulings import Ruling
from pipeline.novelai.limits import Limits
from pipeline.store.appeals import Outcome
from pipeline.store.strikes import Strike
from pipeline.store.submissions import SubmissionRow
from pipeline.store.webhooks import Target
from policies.labels import HarmCode
from tests.unit.pipeline.lookers import Colour, Mood
from tests.unit.pipeline.world import (
    BLOCK,
    HELD,
    NEARLY,
    NOON,
    TAINTED,
    TENANT,
    World,
    body,
    png,
)

ANA, BEN = (Subject(TENANT, pseudonym=name, tier=Tier.GENERAL) for name in ("ana", "ben"))
FIRST = Person("person-1", frozenset({Permission.REVIEW_RULE}))
DAY = timedelta(days=1)


def of(house: World) -> Enforcing:
    return house.gate.enforcing


async def asked(
    house: World, subject: Subject, prompt: str = "a harbour", **more: Any
) -> SubmissionRow:
    """A request of somebody's that went to its end."""
    house.made += 1
    received = house.received(body(prompt, seed=house.made, **more), subject)
    who = fingerprint(house.gate.subject_key, subject)
    with house.gate.desk.entering():
        ticket = await house.gate.desk.submit(
            received, received.work(Limits()), house.key_id, 5, who
        )
    assert ticket.end is not None
    await ticket.end
    return await house.row(ticket.id)


async def ruled(
    house: World, subject: Subject, code: str = "VIO.TORTURE", *, approves: bool = False
) -> SubmissionRow:
    """A request of somebody's whose picture was held, and that a person ruled on."""
    house.upstream.colours = [HELD]
    row = await asked(house, subject)
    (hold,) = await house.store.holds.waiting()
    await house.rulings.rule(hold, Ruling(FIRST, approves, "a reason", "" if approves else code))
    house.upstream.colours = []
    return row


async def step_of(house: World, subject: Subject) -> Step | None:
    await of(house).follow()
    return (await of(house).standing(subject)).step


async def test_a_tenant_stands_by_its_own_ladder_and_the_others_by_the_common_one(
    house: World, tmp_path: Path
) -> None:
    """With its digest in the entry."""
    path = tmp_path / "ladder.yaml"
    path.write_text(SHIPPED.read_text().replace("  - {at: 1, step: warn}\n", ""))
    own = Ladder.read(path)
    stricter = replace(of(house), own={TENANT: own})
    await ruled(house, ANA)
    await stricter.follow()

    assert (await stricter.standing(ANA)).step is None
    assert (await of(house).standing(ANA)).step is Step.WARN
    assert stricter.ladder_of("meadow") is of(house).ladder
    rows = [Leaf.parse(each.leaf) for each in await house.gate.log.entries(0, 10_000)]
    (added,) = [each for each in rows if each.public.get("event") == "strike.added"]
    assert added.public["config_digest"] == own.digest


async def events(house: World) -> list[str]:
    rows = await house.gate.log.entries(0, 10_000)
    leaves = [Leaf.parse(row.leaf) for row in rows]
    said = [str(leaf.public["event"]) for leaf in leaves if leaf.kind is Kind.NOTICE]
    return [each for each in said if each.startswith(("strike.", "standing."))]


async def strikes_of(house: World, subject: Subject) -> tuple[Strike, ...]:
    return await house.store.strikes.of(TENANT, fingerprint(house.gate.subject_key, subject))


async def test_what_a_person_confirmed_counts_and_an_appeal_takes_it_back(house: World) -> None:
    """The whole way: warned, kept waiting, and free when somebody was wrong."""
    await house.store.webhooks.aim(Target(TENANT, "https://hooks.example/", b"sealed", NOON))
    await ruled(house, ANA)
    assert await step_of(house, ANA) is Step.WARN
    row = await ruled(house, ANA)
    assert await step_of(house, ANA) is Step.COOL_DOWN
    assert await step_of(house, BEN) is None

    appeals = house.gate.appeals
    appeal = await appeals.make(row, "it is a lake")
    said = Deciding("person-2", "senior", Outcome.REVERSED, HarmCode.OK, "a harmless lake")
    await appeals.decide([appeal], said)
    assert await step_of(house, ANA) is Step.WARN
    assert await events(house) == ["strike.added", "strike.added", "strike.voided"]
    sent = [each for each in await house.store.webhooks.all(TENANT) if each.kind == CHANGED]
    assert sorted(str(each.body["step"]) for each in sent) == ["cool_down", "warn", "warn"]
    assert all(set(each.body) == {"generation", "step", "until"} for each in sent)


async def test_an_appeal_that_fails_changes_nothing(house: World) -> None:
    """It was right."""
    row = await ruled(house, ANA, "SEX.NONCON")
    appeals = house.gate.appeals
    appeal = await appeals.make(row, "it is a lake")
    said = Deciding("person-2", "senior", Outcome.UPHELD, HarmCode.SEX_NONCON, "it is not")
    await appeals.decide([appeal], said)

    assert await step_of(house, ANA) is Step.COOL_DOWN


async def test_what_is_only_suspected_never_counts(house: World) -> None:
    """A block by a machine, a hold, one that ran out, one that was approved, one of nobody."""
    house.upstream.colours = [BLOCK]
    await asked(house, ANA)
    await asked(house, ANA, "blockme")
    await asked(house, ANA, "holdme")
    for hold in await house.store.holds.waiting():
        house.clock.at = max(house.clock.at, hold.expires_at)
    await house.upkeep.round()
    await ruled(house, ANA, approves=True)
    await ruled(house, Subject(TENANT))
    await ruled(house, ANA, "OK")

    assert await step_of(house, ANA) is None
    assert await step_of(house, Subject(TENANT)) is None
    assert await events(house) == []


@pytest.mark.parametrize(
    ("colour", "step"), [(TAINTED, Step.SUSPEND), (NEARLY, None), (BLOCK, None)]
)
async def test_only_an_exact_match_of_what_somebody_sent_counts(
    house: World, colour: Colour, step: Step | None
) -> None:
    """What resembles a listed picture may be another; what only came back was not sent."""
    picture = base64.b64encode(png(colour)).decode()
    house.upstream.colours = [colour]
    await asked(house, BEN)
    await asked(house, ANA, image=picture, strength=0.5)

    assert await step_of(house, ANA) is step
    assert await step_of(house, BEN) is None


async def test_a_machine_that_fails_is_nobodys_strike(house: World) -> None:
    """That nobody could look says nothing of whoever asked."""
    house.reader.mood = Mood.FAILS
    await asked(house, ANA)
    house.reader.mood = Mood.WELL
    house.viewer.mood = Mood.FAILS
    row = await asked(house, ANA)
    (hold,) = await house.store.holds.of(TENANT, row.id)
    await house.rulings.rule(hold, Ruling(FIRST, approves=False, reason="cannot be told"))

    assert await step_of(house, ANA) is None


async def test_to_read_the_log_again_changes_nothing(house: World) -> None:
    """A crash between an entry and its row is one strike, not two."""
    await ruled(house, ANA)
    await of(house).follow()
    before, written = await strikes_of(house, ANA), await events(house)
    await house.store.tallies.read("enforcement", 0)
    assert await step_of(house, ANA) is Step.WARN
    assert (await strikes_of(house, ANA), await events(house)) == (before, written)

    await house.store.strikes.void(TENANT, before[0].subject, None, NOON)
    await house.store.tallies.read("enforcement", 0)
    assert await step_of(house, ANA) is None


async def test_a_restriction_ends_by_itself(house: World) -> None:
    """Nobody has to remember it."""
    await ruled(house, ANA, "SEX.NONCON")
    assert await step_of(house, ANA) is Step.COOL_DOWN
    house.clock.at += DAY
    assert await step_of(house, ANA) is Step.WARN
    house.clock.at += 180 * DAY
    assert await step_of(house, ANA) is None
    house.clock.at += 400 * DAY
    await house.upkeep.round()
    assert await strikes_of(house, ANA) == ()


async def test_one_person_takes_everything_back_for_a_reason(house: World) -> None:
    """A stolen account: its owner did none of it."""
    await ruled(house, ANA)
    await ruled(house, ANA)
    assert await step_of(house, ANA) is Step.COOL_DOWN
    with pytest.raises(LiftingError, match="a reason"):
        await of(house).lift(ANA, "anna", "  ")
    with pytest.raises(LiftingError, match="end user"):
        await of(house).lift(BEN, "anna", "stolen")

    assert await of(house).lift(ANA, "anna", "stolen") == 2
    assert await step_of(house, ANA) is None
    assert (await events(house))[-1] == "standing.lifted"
    assert await of(house).counting(TENANT) == {}


async def test_whose_strikes_count_is_listed_by_fingerprint(house: World) -> None:
    """An operator sees how many, and a tenant's name for them is nowhere."""
    await ruled(house, ANA)
    await of(house).follow()

    (found,) = (await of(house).counting(TENANT)).items()
    assert found[0] == fingerprint(house.gate.subject_key, ANA)
    assert (found[1].step, len(found[1].strikes)) == (Step.WARN, 1)
    assert "ana" not in repr(found)


@pytest.mark.parametrize(
    ("code", "told"), [("VIO.TORTURE", True), ("CSE.DRAWN", False), ("CRIME.OTHER", False)]
)
async def test_what_must_not_be_told_is_not(house: World, code: str, told: bool) -> None:
    """A strike's code would say what a notice does not."""
    await ruled(house, ANA, code)
    await of(house).follow()

    (strike,) = await strikes_of(house, ANA)
    assert strike.told is told


async def test_who_is_erased_has_none(house: World) -> None:
    """Their fingerprint would be left, and what they were found to have done."""
    await ruled(house, ANA)
    await of(house).follow()
    who = fingerprint(house.gate.subject_key, ANA)

    await house.store.forgetting.subject(TENANT, who, "ana")

    assert await strikes_of(house, ANA) == ()


async def test_a_strike_keeps_nothing_from_being_erased(house: World) -> None:
    """A case keeps its submission for the authorities; a strike is none."""
    row = await ruled(house, ANA)
    await of(house).follow()

    written = [Leaf.parse(each.leaf) for each in await house.gate.log.of_submission(row.id)]
    assert "strike.added" in [leaf.public.get("event") for leaf in written]
    assert not any(leaf.kind is Kind.CASE for leaf in written)
