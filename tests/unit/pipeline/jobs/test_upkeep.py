"""Upkeep: what has to happen without anybody asking, and never a release by default."""

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from audit.entry import Kind
from audit.errors import NotDurableError
from pipeline.access.permissions import Permission, Person
from pipeline.items import Examined, Held, Released
from pipeline.jobs.rulings import Ruling
from pipeline.jobs.upkeep import CONTESTED, LEFTOVER, LOOKS_A_ROUND
from pipeline.store.appeals import Cause
from pipeline.store.legal_holds import LegalHold
from pipeline.store.pictures import PictureState
from pipeline.store.submissions import SubmissionRow
from tests.unit.pipeline.jobs.dying import dying_at
from tests.unit.pipeline.lookers import KNOWN, WHITE, Colour, Mood
from tests.unit.pipeline.world import BLOCK, HELD, HOLD_FOR, KEEP_FOR, NEARLY, TENANT, World


async def unseen(house: World) -> SubmissionRow:
    """A paid picture that nobody could look at."""
    house.upstream.before_answer = lambda: setattr(house.viewer, "mood", Mood.FAILS)
    submission = await house.submission()
    end = await house.flow.run(submission, lambda: False)
    assert isinstance(end.outcome, Examined)
    house.viewer.mood = Mood.WELL
    await house.judge.recover()
    return await house.row(submission.id)


async def states(house: World, row: SubmissionRow) -> list[PictureState]:
    return [each.state for each in await house.store.pictures.of(TENANT, row.id)]


async def test_what_waits_for_a_machine_is_looked_at_again(house: World) -> None:
    """Nobody asks a person about what a machine can answer."""
    row = await unseen(house)
    house.clock.passes(minutes=1)

    await house.upkeep.round()

    assert await states(house, row) == [PictureState.RELEASED]
    assert not await house.store.holds.waiting()


async def test_a_sick_classifier_is_tried_first_and_keeps_pictures_waiting(house: World) -> None:
    """While it is sick a look would be in vain."""
    row = await unseen(house)
    house.viewer.mood = Mood.FAILS
    await house.end()
    house.clock.passes(minutes=1)

    await house.upkeep.round()
    assert await states(house, row) == [PictureState.HELD]

    house.viewer.mood = Mood.WELL
    await house.upkeep.round()
    assert await states(house, row) == [PictureState.RELEASED]


async def test_looks_are_spaced(house: World) -> None:
    """A picture that no model can answer for is not looked at for ever in a row."""
    await unseen(house)
    looks = house.viewer.looks

    for _ in range(3):
        await house.upkeep.round()

    assert house.viewer.looks == looks


async def test_what_waits_for_a_person_is_not_looked_at_by_a_machine(house: World) -> None:
    """Waiting longer makes nothing harmless."""
    house.upstream.colours = [HELD]
    await house.end()
    house.clock.passes(hours=1)

    await house.upkeep.round()

    (hold,) = await house.store.holds.waiting()
    assert hold.end is None


@pytest.mark.parametrize("prompt", ["holdme", "a harbour"])
async def test_a_hold_expires_to_withheld(house: World, prompt: str) -> None:
    """Never to released: nobody ruled, so nobody approved."""
    house.upstream.colours = [HELD]
    outcome = await house.end(prompt)
    known_as = outcome.submission if isinstance(outcome, Held) else None
    house.clock.passes(seconds=HOLD_FOR.total_seconds())

    await house.upkeep.round()

    assert not await house.store.holds.waiting()
    leaves = [each for each in await house.leaves(known_as) if each.kind is not Kind.MEDIA]
    assert leaves[-1].public["reason"] == "expired"
    assert Kind.RELEASE not in {leaf.kind for leaf in leaves}
    assert not await house.log.open_submissions()


async def test_one_hold_that_fails_keeps_no_other_from_its_turn(house: World) -> None:
    """A lost object is told; the rest of the round is done."""
    lost, good = await unseen(house), await unseen(house)
    await house.vault.destroy(lost.vault_id)
    house.clock.passes(minutes=1)

    with capture_logs() as said:
        await house.upkeep.round()

    assert await states(house, good) == [PictureState.RELEASED]
    assert await states(house, lost) == [PictureState.HELD]
    assert any(line["log_level"] == "error" for line in said)


async def test_what_is_out_of_time_is_destroyed(house: World) -> None:
    """Released pictures are kept for as long as was said."""
    outcome = await house.end()
    (sealed,) = await house.store.pictures.of(TENANT, outcome.submission.id)
    house.clock.passes(seconds=KEEP_FOR.total_seconds() - 1)
    await house.upkeep.round()
    assert await house.vault.look(sealed.vault_id)

    house.clock.passes(seconds=1)
    await house.upkeep.round()

    (picture,) = await house.store.pictures.of(TENANT, outcome.submission.id)
    assert picture.state is PictureState.DESTROYED
    assert not (house.folder / "vault" / sealed.vault_id[:2] / sealed.vault_id).exists()
    (told,) = [each for each in await house.leaves() if each.kind is Kind.MEDIA]
    assert told.public == {"event": "media.destroyed", "reason": "retention", "count": 1}
    said = (await house.log.detail(told.entry_id)).detail["objects"]
    assert said == [{"object": sealed.vault_id, "sha256": sealed.sha256}]


async def test_what_is_under_a_legal_hold_is_kept_until_it_is_lifted(house: World) -> None:
    """However old it is; and its request with it, which is evidence too."""
    outcome = await house.end()
    row = await house.row(outcome.submission.id)
    (picture,) = await house.store.pictures.of(TENANT, row.id)
    hold = LegalHold(UUID(int=1), TENANT, row.id, None, "court 7", house.clock(), "Ada")
    await house.store.legal_holds.place(hold)
    house.clock.passes(days=400)

    await house.upkeep.round()
    assert await house.vault.look(picture.vault_id)
    assert await house.vault.look(row.vault_id)

    await house.store.legal_holds.lift(hold.id, house.clock(), "Ada")
    await house.upkeep.round()
    assert await states(house, row) == [PictureState.DESTROYED]


async def test_a_chore_that_fails_keeps_no_other_from_its_turn(house: World) -> None:
    """An erasure waits for the log; retention must not wait for it."""
    done: list[str] = []

    async def fails() -> None:
        done.append("tried")
        raise NotDurableError("log", "it is gone")

    async def works() -> None:
        done.append("done")

    with capture_logs() as said:
        await replace(house.upkeep, chores=(fails, works)).round()

    assert done == ["tried", "done"]
    assert [line["fault"] for line in said if line["event"] == "chore failed"] == [
        "NotDurableError"
    ]


async def test_a_held_picture_is_kept_until_it_is_ruled_on(house: World) -> None:
    """Whatever the time for released ones."""
    house.upstream.colours = [HELD]
    outcome = await house.end()
    (picture,) = outcome.generated.pictures
    house.clock.passes(seconds=(KEEP_FOR + timedelta(hours=1)).total_seconds())

    await house.upkeep.round()

    assert await house.vault.look(picture.vault_id)


async def test_a_look_that_cannot_be_written_down_is_made_again(house: World) -> None:
    """The picture still waits: a log that failed once loses no paid picture."""
    row = await unseen(house)
    house.clock.passes(minutes=1)
    house.log.refuses = frozenset({Kind.EXAMINED})
    await house.upkeep.round()
    assert await states(house, row) == [PictureState.HELD]

    house.log.refuses = frozenset()
    await house.upkeep.round()

    assert await states(house, row) == [PictureState.RELEASED]
    assert not await house.store.holds.waiting()


async def test_rounds_go_on_after_one_that_failed(house: World) -> None:
    """Upkeep does not stop for good because the disk was full once."""
    await unseen(house)
    house.log.refuses = frozenset({Kind.WITHHOLD})
    house.clock.passes(seconds=HOLD_FOR.total_seconds())

    with capture_logs() as said:
        running = asyncio.create_task(house.upkeep.run(0.01))
        await asyncio.sleep(0.2)
        house.log.refuses = frozenset()
        await asyncio.sleep(0.2)
        assert not running.done()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    assert any(line["log_level"] == "error" for line in said)
    assert not await house.store.holds.waiting()


@pytest.mark.parametrize("kind", [Kind.EXAMINED, Kind.RELEASE])
async def test_a_look_whose_end_cannot_be_written_down_loses_no_picture(
    house: World, kind: Kind
) -> None:
    """Also when it was cleared, and only its release had no room in the log."""
    row = await unseen(house)
    house.clock.passes(minutes=1)
    house.log.refuses = frozenset({kind})
    await house.upkeep.round()
    house.log.refuses = frozenset()
    house.clock.passes(minutes=1)

    await house.upkeep.round()

    assert await states(house, row) == [PictureState.RELEASED]
    assert not await house.store.holds.waiting()
    assert not await house.log.open_submissions()


async def test_however_often_it_is_looked_at_a_hold_ends_when_it_was_to_end(house: World) -> None:
    """Else a picture that no model can answer for would wait for ever."""
    row = await unseen(house)
    (first,) = await house.store.holds.waiting()
    house.viewer.mood = Mood.POISONED  # on this picture only: nobody is sick
    looks = house.viewer.looks
    for _ in range(60):
        house.clock.passes(hours=1)
        await house.upkeep.round()
        assert {each.expires_at for each in await house.store.holds.waiting()} == {first.expires_at}

    house.clock.at = first.expires_at
    await house.upkeep.round()

    assert house.viewer.looks > looks + 3
    assert (await house.kinds(row.id))[-1] == "withhold"
    assert "release" not in await house.kinds(row.id)
    assert not await house.store.holds.waiting()
    assert not await house.log.open_submissions()


async def test_what_was_released_is_withdrawn_when_a_sibling_turns_out_to_be_grave(
    house: World,
) -> None:
    """One batch was made from one prompt: what one picture shows is held against all of them."""
    house.upstream.colours = [WHITE, HELD]
    outcome = await house.end(samples=2)
    released, _ = await house.store.pictures.of(TENANT, outcome.submission.id)
    assert await house.gate.shelf.open(released)
    own: Any = house.viewer.own
    own.knows = {**own.knows, HELD: KNOWN}
    (hold,) = await house.store.holds.waiting()
    person = Person("somebody", frozenset({Permission.REVIEW_RULE}))

    await house.rulings.rule(hold, Ruling(person, approves=True, reason="looked at it"))
    await house.upkeep.round()

    pictures = await house.store.pictures.of(TENANT, outcome.submission.id)
    assert [each.state for each in pictures] == [PictureState.WITHHELD] * 2
    assert await house.gate.shelf.open(pictures[0]) is None
    async with house.client() as client:
        address = f"/v1/generations/{outcome.submission.id}/images/0"
        assert (await client.get(address)).status_code == 403
    assert len([*(house.folder / "quarantine").iterdir()]) == 1


class TestATaint:
    """One picture turns out to be grave: what happens to its earlier siblings is on record."""

    @staticmethod
    async def taints(house: World, *colours: Colour) -> UUID:
        """A batch whose last picture is held, approved by a person, and grave by today's lists."""
        house.upstream.colours = [*colours, HELD]
        outcome = await house.end(samples=len(colours) + 1)
        submission: UUID = (
            outcome.submission.id
            if isinstance(outcome, Released)
            else outcome.generated.screened.submission.id
        )
        own: Any = house.viewer.own
        own.knows = {**own.knows, HELD: KNOWN}
        hold = next(
            each for each in await house.store.holds.waiting() if each.index == len(colours)
        )
        person = Person("somebody", frozenset({Permission.REVIEW_RULE}))
        await house.rulings.rule(hold, Ruling(person, approves=True, reason="looked at it"))
        return submission

    @staticmethod
    async def withheld(house: World, submission: UUID) -> list[tuple[object, ...]]:
        return [
            (leaf.public["sample"], leaf.public["attempt"], leaf.public["reason"])
            for leaf in await house.leaves(submission)
            if leaf.kind is Kind.WITHHOLD
        ]

    async def test_withdraws_what_was_released_with_an_entry(self, house: World) -> None:
        """Else the log would say for ever that the picture is out."""
        submission = await self.taints(house, WHITE)

        assert await self.withheld(house, submission) == [(1, 1, "refused"), (0, 1, "sibling")]

    async def test_withholds_what_was_held_with_an_entry(self, house: World) -> None:
        """Its hold is over: nobody is asked about it, and it does not expire a second time."""
        submission = await self.taints(house, HELD)
        assert not await house.store.holds.waiting()
        house.clock.passes(seconds=HOLD_FOR.total_seconds())

        await house.upkeep.round()

        assert await self.withheld(house, submission) == [(1, 1, "refused"), (0, 1, "sibling")]
        assert not await house.log.open_submissions()

    async def test_has_what_is_nearly_known_seized_with_it(self, house: World) -> None:
        """It waited for its expiry to be: that will not come."""
        await self.taints(house, NEARLY)

        await house.upkeep.round()

        assert len([*(house.folder / "quarantine").iterdir()]) == 2

    async def is_cut_off(self, house: World) -> Any:
        """Have a ruling find a held picture grave, and die before its released sibling is shut."""
        house.upstream.colours = [WHITE, HELD]
        outcome = await house.end(samples=2)
        own: Any = house.viewer.own
        own.knows = {**own.knows, HELD: KNOWN}
        (hold,) = await house.store.holds.waiting()
        person = Person("somebody", frozenset({Permission.REVIEW_RULE}))
        with dying_at(house, Kind.WITHHOLD, sample=0):
            await house.rulings.rule(hold, Ruling(person, approves=True, reason="looked at it"))
        return outcome

    async def test_that_is_cut_off_before_app_db_opens_nothing(self, house: World) -> None:
        """The log has the last word: what it withdrew stays shut, whatever app.db says."""
        outcome = await self.is_cut_off(house)

        picture, _ = await house.store.pictures.of(TENANT, outcome.submission.id)
        assert picture.state is PictureState.RELEASED
        assert await house.gate.shelf.open(picture) is None

    async def test_that_is_cut_off_is_followed_when_its_hold_expires(self, house: World) -> None:
        """It was grave by then, and not only what it was held for: it is evidence."""
        outcome = await self.is_cut_off(house)
        house.clock.passes(seconds=HOLD_FOR.total_seconds())

        await house.upkeep.round()

        assert len([*(house.folder / "quarantine").iterdir()]) == 1
        assert "expired" not in repr(await self.withheld(house, outcome.submission.id))

    async def test_that_cannot_be_written_down_changes_nothing(self, house: World) -> None:
        """The entry comes first, then app.db."""
        house.log.refuses = frozenset({Kind.WITHHOLD})

        with pytest.raises(NotDurableError):
            await self.taints(house, WHITE)

        (row,) = [await house.row(each) for each in await submissions(house)]
        assert await states(house, row) == [PictureState.RELEASED, PictureState.HELD]


class TestRequests:
    """Sealed requests are prompts: kept as long as somebody needs them, and not a round longer."""

    @staticmethod
    def is_kept(house: World, vault_id: str) -> bool:
        return (house.folder / "vault" / vault_id[:2] / vault_id).exists()

    @staticmethod
    def sealed_now(house: World, vault_id: str) -> None:
        """Have the file as old as the world's clock says: files know nothing of that clock."""
        at = house.clock().timestamp()
        os.utime(house.folder / "vault" / vault_id[:2] / vault_id, (at, at))

    async def test_of_what_was_refused_are_gone_after_an_hour(self, house: World) -> None:
        """Nobody will read them again; an hour is for a crash that is being mended."""
        outcome = await house.end("blockme")
        vault_id = (await house.row(outcome.submission)).vault_id
        self.sealed_now(house, vault_id)

        house.clock.passes(seconds=LEFTOVER.total_seconds())
        await house.upkeep.round()
        assert self.is_kept(house, vault_id)
        house.clock.passes(seconds=1)
        await house.upkeep.round()

        assert not self.is_kept(house, vault_id)

    async def test_that_are_held_are_kept_until_their_hold_ends(self, house: World) -> None:
        """An approval reads them again."""
        outcome = await house.end("holdme")
        vault_id = (await house.row(outcome.submission)).vault_id
        self.sealed_now(house, vault_id)

        house.clock.passes(seconds=HOLD_FOR.total_seconds() - 1)
        await house.upkeep.round()
        assert self.is_kept(house, vault_id)
        house.clock.passes(seconds=1)
        await house.upkeep.round()

        assert not self.is_kept(house, vault_id)

    @pytest.mark.parametrize("colour", [WHITE, BLOCK])
    async def test_are_kept_as_long_as_their_pictures(self, house: World, colour: Colour) -> None:
        """Whoever looks into a picture needs to know what was asked for."""
        house.upstream.colours = [colour]
        await house.end()
        (row,) = [await house.row(each) for each in await submissions(house)]
        self.sealed_now(house, row.vault_id)

        house.clock.passes(seconds=KEEP_FOR.total_seconds() - 1)
        await house.upkeep.round()
        assert self.is_kept(house, row.vault_id)
        house.clock.passes(seconds=1)
        await house.upkeep.round()

        assert not self.is_kept(house, row.vault_id)
        assert await states(house, row) == [PictureState.DESTROYED]

    async def test_in_flight_are_kept_however_old(self, house: World) -> None:
        """Somebody carries them, or the next start does: with the pictures they paid for."""
        generated = (await house.generated(WHITE)).outcome
        submission = generated.screened.submission
        sealed = [submission.vault_id, generated.pictures[0].vault_id]
        house.clock.passes(days=29)
        for vault_id in sealed:
            os.utime(house.folder / "vault" / vault_id[:2] / vault_id, (0, 0))

        await house.upkeep.round()

        assert [self.is_kept(house, vault_id) for vault_id in sealed] == [True, True]

    async def test_that_are_to_be_seized_are_kept_until_they_are(self, house: World) -> None:
        """It is evidence."""
        house.log.refuses = frozenset({Kind.MEDIA})
        outcome = await house.end("graveword")
        vault_id = (await house.row(outcome.submission)).vault_id
        for _ in range(3):
            house.clock.passes(days=30)
            await house.upkeep.round()
            assert self.is_kept(house, vault_id)
        house.log.refuses = frozenset()
        house.clock.passes(days=30)

        await house.upkeep.round()

        assert not self.is_kept(house, vault_id)
        assert len([*(house.folder / "quarantine").iterdir()]) == 1


async def submissions(house: World) -> list[UUID]:
    """Every submission, as the log names them."""
    leaves = await house.leaves()
    return [UUID(str(each.public["submission"])) for each in leaves if each.kind is Kind.ADMIT]


async def test_a_policy_that_is_gone_ends_nobodys_upkeep(house: World) -> None:
    """It is a mistake of the operator's, and no reason to let every tenant's holds wait."""
    row = await unseen(house)
    await house.store.writer(
        lambda sql: sql.exec_driver_sql("UPDATE tenants SET policy_sets = '[\"nowhere\"]'")
    )
    house.clock.passes(minutes=1)

    await house.upkeep.round()

    assert await states(house, row) == [PictureState.HELD]


async def test_a_bug_is_not_taken_for_a_passing_fault(house: World) -> None:
    """Whoever runs upkeep must learn of it: rounds that fail for ever look like rounds."""

    def broken() -> datetime:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await replace(house.upkeep, now=broken).run(0.001)


async def test_a_hold_that_keeps_failing_is_told_ever_more_seldom(house: World) -> None:
    """A disk that is full is not filled with lines that say so."""
    house.upstream.colours = [HELD]
    await house.end()
    house.log.refuses = frozenset({Kind.WITHHOLD})
    house.clock.passes(seconds=HOLD_FOR.total_seconds())

    with capture_logs() as said:
        for _ in range(300):
            await house.upkeep.round(sweeps=False)
            house.clock.passes(seconds=1)

    assert {line["event"] for line in said} == {"hold failed"}
    assert 5 <= len(said) <= 10


async def test_many_looks_keep_nothing_else_waiting(house: World) -> None:
    """After an outage hundreds of pictures wait: holds expire and seizures go on meanwhile."""
    rows = [await unseen(house) for _ in range(LOOKS_A_ROUND + 2)]
    house.clock.passes(minutes=1)

    await house.upkeep.round(sweeps=False)
    left = len(await house.store.holds.waiting())
    await house.upkeep.round(sweeps=False)

    assert left == 2
    assert {*[state for row in rows for state in await states(house, row)]} == {
        PictureState.RELEASED
    }


async def test_what_somebody_carries_is_left_alone_however_long_it_waits(house: World) -> None:
    """A long queue before one account is no crash: to close it would lose what is then paid for."""
    async with house.accounts.lease():
        ticket = await house.submit()
        await house.in_line()
        house.clock.passes(hours=9)

        await house.upkeep.round()

        assert "halted" not in await house.kinds(ticket.id)
    assert ticket.end is not None
    assert isinstance((await ticket.end).outcome, Released)


async def test_why_a_request_was_refused_is_forgotten_when_nobody_can_contest_it(
    house: World,
) -> None:
    """Until then an appeal is grouped with others of its cause."""
    submission = uuid4()
    await house.store.appeals.remember(submission, Cause("a rule", 7), house.clock())
    house.clock.passes(days=CONTESTED.days)
    await house.upkeep.round()
    kept = await house.store.appeals.cause(submission)
    house.clock.passes(days=1)
    await house.upkeep.round()

    assert (kept, await house.store.appeals.cause(submission)) == (Cause("a rule", 7), Cause())
