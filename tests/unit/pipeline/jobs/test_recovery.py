"""Recovery: what a process left is finished or closed, and never paid twice."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from audit.entry import Entry, Kind, entry_id
from pipeline.errors import ConflictError
from pipeline.items import Recorded
from pipeline.jobs.resuming import STRANDED, Resuming
from pipeline.quarantine import open_with
from pipeline.stages.generate import picture_name
from pipeline.store.pictures import PictureState
from pipeline.store.submissions import State
from pipeline.vault import DirectoryVault
from tests.unit.pipeline.jobs.dying import dying_at
from tests.unit.pipeline.lookers import GRAVE, WHITE, Colour, Mood
from tests.unit.pipeline.world import BLOCK, HELD, TENANT, World


async def test_what_was_only_admitted_is_closed(house: World) -> None:
    """Nobody paid for it, and its client is gone."""
    submission = (await house.screened()).outcome.submission

    assert await house.recovery.run() == 1

    assert (await house.row(submission.id)).state is State.HALTED
    last = (await house.leaves(submission.id))[-1]
    assert (last.kind, last.public["reason"]) == (Kind.HALTED, "interrupted")
    assert house.upstream.calls == []


async def test_what_may_have_been_paid_is_closed_and_not_repeated(house: World) -> None:
    """Its outcome is unknown: it is told so, and never called again."""
    submission = (await house.screened()).outcome.submission
    await house.record.calling(submission)

    await house.recovery.run()

    last = (await house.leaves(submission.id))[-1]
    assert last.public["reason"] == "unknown_outcome"
    assert house.upstream.calls == []
    with pytest.raises(ConflictError):
        await house.record.calling(submission)


async def test_paid_pictures_are_examined_and_released(house: World) -> None:
    """No paid picture is lost, and none leaves unseen."""
    submission = (await house.generated(WHITE, HELD, BLOCK)).outcome.screened.submission

    await house.recovery.run()

    states = [each.state for each in await house.store.pictures.of(TENANT, submission.id)]
    assert states == [PictureState.RELEASED, PictureState.HELD, PictureState.WITHHELD]
    assert house.upstream.calls == []


async def test_a_crash_after_the_entry_and_before_the_row_is_mended(house: World) -> None:
    """The log is what happened: app.db catches up, wherever it was cut off."""
    for keep_pictures in (False, True):
        generated = await house.generated(WHITE)
        submission = generated.outcome.screened.submission
        await house.store.writer(
            lambda sql, known_as=submission.id.hex: sql.exec_driver_sql(  # type: ignore[misc]  # bound per turn
                "UPDATE submissions SET state = 'calling' WHERE id = ?", (known_as,)
            )
        )
        if not keep_pictures:
            await house.store.writer(lambda sql: sql.exec_driver_sql("DELETE FROM pictures"))

        await replace(house.recovery, owner=f"process-{keep_pictures}").run()

        (picture,) = await house.store.pictures.of(TENANT, submission.id)
        assert picture.state is PictureState.RELEASED


async def test_a_crash_after_the_examination_looks_again(house: World) -> None:
    """What was decided is not guessed at: the second look has entries of its own."""
    generated = await house.generated(WHITE)
    submission = generated.outcome.screened.submission
    examined = await house.flow.examine(generated)
    await house.record.write(submission, examined)

    await house.recovery.run()

    assert await house.kinds(submission.id) == [
        "admit",
        "generated",
        "examined",
        "examined",
        "release",
    ]


async def test_what_the_log_knows_and_app_db_does_not_is_closed(house: World) -> None:
    """A lost row leaves no submission open for ever."""
    await house.end()
    lost = uuid4()
    await house.log.append(
        Entry(entry_id(lost, Kind.ADMIT), Kind.ADMIT, house.clock(), {"submission": str(lost)})
    )

    assert await house.recovery.run() == 1

    assert await house.kinds(lost) == ["admit", "halted"]
    assert not await house.log.open_submissions()


async def test_nothing_is_done_twice(house: World) -> None:
    """A second start finds nothing."""
    await house.generated(WHITE)
    await house.screened()
    await house.recovery.run()
    size = len(await house.leaves())

    assert await replace(house.recovery, owner="process-3").run() == 0
    assert len(await house.leaves()) == size


async def test_what_cannot_be_opened_keeps_nothing_else_from_recovering(house: World) -> None:
    """One lost object must not keep the whole gateway from starting; it stays closed, and told."""
    lost = (await house.generated(WHITE)).outcome.screened.submission
    await house.vault.destroy(lost.vault_id)
    house.clock.passes(seconds=1)
    good = (await house.generated(WHITE)).outcome.screened.submission

    with capture_logs() as said:
        await house.recovery.run()

    assert (await house.row(good.id)).state is State.RELEASED
    assert (await house.row(lost.id)).state is not State.RELEASED
    assert any(line["log_level"] == "error" for line in said)


async def test_an_entry_in_its_way_keeps_nothing_else_from_recovering(house: World) -> None:
    """One submission must not keep the whole gateway from starting, whatever the log has of it."""
    odd = (await house.generated(HELD)).outcome.screened.submission
    said = {"submission": str(odd.id), "reason": "odd"}
    held = entry_id(odd.id, Kind.HELD)
    await house.log.append(Entry(held, Kind.HELD, house.clock(), said))
    house.clock.passes(seconds=1)
    good = (await house.generated(WHITE)).outcome.screened.submission

    with capture_logs() as told:
        await house.recovery.run()

    assert (await house.row(good.id)).state is State.RELEASED
    assert (await house.row(odd.id)).state is State.CALLING
    assert [line["fault"] for line in told if "fault" in line] == ["ConflictError"]


async def test_a_request_that_todays_policy_refuses_keeps_its_pictures_sealed(
    house: World,
) -> None:
    """The policy of today has the last word, also after a crash."""
    generated = await house.generated(WHITE, prompt="newword")
    submission = generated.outcome.screened.submission
    house.reader.own.knows = {"newword": house.reader.own.knows["blockme"]}  # type: ignore[attr-defined]  # a Reader

    await house.recovery.run()

    assert "release" not in await house.kinds(submission.id)
    assert isinstance(generated, Recorded)
    assert (await house.row(submission.id)).state is not State.RELEASED


async def test_a_grave_request_is_seized_though_its_end_was_cut_off(house: World) -> None:
    """The log says what it was: its order was lost with the process, and the object is evidence."""
    submission = await house.submission("graveword")
    with dying_at(house, Kind.HALTED):
        await house.flow.run(submission, lambda: False)
    assert not await house.store.seizures.ordered()

    await house.recovery.run()
    await house.upkeep.round()

    assert len([*(house.folder / "quarantine").glob("*.sealed")]) == 1
    assert (await house.row(submission.id)).state is State.HALTED


async def test_sealed_pictures_wait_for_a_machine_that_is_sick_at_the_start(house: World) -> None:
    """They are paid for: that nobody can judge their request now is no reason to give them up."""
    submission = await house.submission()
    with dying_at(house, Kind.GENERATED, before=True):
        await house.flow.run(submission, lambda: False)
    house.reader.mood = Mood.FAILS

    assert await house.recovery.run() == 0

    assert "halted" not in await house.kinds(submission.id)
    house.reader.mood = Mood.WELL
    house.clock.passes(seconds=STRANDED.total_seconds())
    desk = replace(house.gate.desk, owner=house.recovery.owner, _running={})
    await Resuming(desk, house.restore).round()
    assert (await house.kinds(submission.id))[-1] == "release"
    assert len(house.upstream.calls) == 1


async def test_a_batch_that_was_half_examined_is_released_whole(house: World) -> None:
    """Looks are counted for the batch: each picture is found again under the look it passed."""
    house.upstream.colours = [WHITE, WHITE]
    submission = await house.submission(samples=2)
    with dying_at(house, Kind.EXAMINED, sample=1, before=True):
        await house.flow.run(submission, lambda: False)

    await house.recovery.run()

    for index in (0, 1):
        picture = await house.gate.shelf.find(TENANT, submission.id, index)
        assert picture is not None
        assert await house.gate.shelf.open(picture)


@dataclass(frozen=True, slots=True)
class Dying(DirectoryVault):
    """A vault whose process ends while it seals the second picture."""

    sealing: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    async def put(self, data: bytes, submission: UUID, name: str | None = None) -> str:
        """Seal the first picture, and never come back from the second."""
        if name == picture_name(1):
            self.sealing.set()
            await asyncio.Event().wait()
        return await DirectoryVault.put(self, data, submission, name)


class TestABatchThatWasHalfSealed:
    """The process is killed between the first picture and the last: all of them are paid for."""

    @staticmethod
    async def killed(house: World, *colours: Colour) -> UUID:
        """Return a submission of which only the second picture could not be sealed."""
        house.upstream.colours = colours
        vault = Dying(house.vault.directory, house.vault.master_key, house.vault.random)
        generate: Any = house.flow.generate
        flow = replace(house.flow, generate=replace(generate, vault=vault))
        submission = await house.submission(samples=len(colours))
        running = asyncio.create_task(flow.run(submission, lambda: False))
        await asyncio.wait_for(vault.sealing.wait(), 10)
        for index in {*range(len(colours))} - {1}:
            while not await house.restore._is_sealed(submission.id, index):  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.01)
        running.cancel()  # nothing of it runs any more, as after a kill
        with suppress(asyncio.CancelledError):
            await running
        return submission.id

    async def test_keeps_what_was_sealed_and_withholds_the_rest(self, house: World) -> None:
        """What is there is examined and released to its id; what is not is on record as lost."""
        submission = await self.killed(house, WHITE, WHITE, HELD)

        assert await house.recovery.run() == 1

        pictures = await house.store.pictures.of(TENANT, submission)
        assert [(each.index, each.state) for each in pictures] == [
            (0, PictureState.RELEASED),
            (2, PictureState.HELD),
        ]
        assert await house.gate.shelf.open(pictures[0])
        (lost,) = [each for each in await house.leaves(submission) if each.kind is Kind.WITHHOLD]
        assert (lost.public["sample"], lost.public["reason"]) == (1, "lost")
        assert len(house.upstream.calls) == 1

    async def test_comes_to_its_end_in_the_log(self, house: World) -> None:
        """No sample stays open for ever, and the count says how many do not come."""
        submission = await self.killed(house, WHITE, WHITE)

        await house.recovery.run()

        assert not await house.log.open_submissions()
        (released,) = [leaf for leaf in await house.leaves(submission) if leaf.kind is Kind.RELEASE]
        assert released.public["withheld"] == 1
        async with house.client() as client:
            told = (await client.get(f"/v1/generations/{submission}")).json()
        assert (told["state"], told["withheld"], len(told["images"])) == ("released", 1, 1)

    async def test_releases_none_unseen(self, house: World) -> None:
        """They are looked at like any others."""
        submission = await self.killed(house, BLOCK, WHITE)

        await house.recovery.run()

        assert (await house.row(submission)).state is State.WITHHELD
        assert not await house.log.open_submissions()

    @pytest.mark.parametrize("kind", [Kind.GENERATED, Kind.EXAMINED, Kind.RELEASE])
    @pytest.mark.parametrize("before", [True, False])
    async def test_is_finished_by_the_next_start_if_recovery_dies_too(
        self, house: World, kind: Kind, *, before: bool
    ) -> None:
        """What is lost was written down first: nobody waits for it."""
        submission = await self.killed(house, WHITE, WHITE)
        with dying_at(house, kind, before=before):
            await house.recovery.run()
        stricter = "UPDATE tenants SET policy_sets = '[\"adult-platform\"]'"  # by then
        await house.store.writer(lambda sql: sql.exec_driver_sql(stricter))

        await replace(house.recovery, owner="process-3").run()

        (picture,) = await house.store.pictures.of(TENANT, submission)
        assert picture.state is PictureState.RELEASED
        assert len(house.upstream.calls) == 1


async def test_another_submissions_request_is_not_taken_for_this_ones(house: World) -> None:
    """Whoever can write to app.db could have a harmless one judged in its place."""
    generated = (await house.generated(HELD)).outcome.screened.submission
    other = await house.end()
    row = await house.row(generated.id)
    swapped = (await house.row(other.submission.id)).vault_id
    await house.store.writer(
        lambda sql: sql.exec_driver_sql(
            "UPDATE submissions SET vault_id = ? WHERE id = ?", (swapped, row.id.hex)
        )
    )

    with capture_logs() as said:
        await house.recovery.run()

    assert "examined" not in await house.kinds(row.id)
    assert [line["fault"] for line in said if "fault" in line] == ["AlteredObjectError"]


async def test_a_request_that_is_of_the_worst_kind_by_now_is_seized(house: World) -> None:
    """Recovery judges by the words of today, and what it learns it has to keep."""
    submission = (await house.generated(WHITE, prompt="newword")).outcome.screened.submission
    own: Any = house.reader.own
    own.knows = {"newword": GRAVE}

    await house.recovery.run()
    await house.upkeep.round()

    (path,) = (house.folder / "quarantine").glob("*.sealed")
    facts = open_with(house.team_key, path.read_bytes()).facts
    assert facts["submission"] == str(submission.id)
    assert "release" not in await house.kinds(submission.id)
