"""What is written down: codes, digests and numbers for everybody, the rest sealed beside them."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from audit.canonical_json import canonical
from audit.entry import Kind, entry_id
from audit.errors import ConflictError, NotDurableError
from audit.leaf import Leaf
from classifiers.signals import Field, Picture, Reason, Signal, SignalName, Unavailable
from pipeline.items import Examined, Halted, Held, Judged, PublicCode, Stage, Subject, Tier, again
from pipeline.record import _finding, detail_of
from policies.decision import Decision
from tests.unit.pipeline.lookers import CANARY, WHITE, Mood
from tests.unit.pipeline.world import BLOCK, HELD, TENANT, World

PERSON = Subject(TENANT, CANARY, Tier.ADULT, "DE", "de", f"claim-{CANARY}")


async def leaf_of(house: World, kind: Kind, **more: Any) -> Leaf:
    """Write the entries of one screening, and return the one of a kind."""
    screened = await house.screened(**more)
    (leaf,) = await house.leaves(screened.outcome.submission.id)
    assert leaf.kind is kind
    return leaf


async def test_an_admission_says_what_was_asked_for_and_by_what_it_was_judged(house: World) -> None:
    """Whoever reads the log later can tell which policy and models decided."""
    leaf = await leaf_of(house, Kind.ADMIT, samples=2)

    public = dict(leaf.public)
    assert (public["samples"], public["width"], public["height"]) == (2, 64, 64)
    assert (public["tenant"], public["tier"]) == (TENANT, "general")
    assert (public["action"], public["code"]) == ("allow", "OK")
    assert public["policy_digest"] == (await house.tenancy.policy_of(TENANT)).digest


async def test_nothing_personal_is_in_a_leaf(house: World) -> None:
    """A leaf is for everybody and for ever: names and texts are only committed to."""
    screened = await house.screened(f"a harbour {CANARY}", subject=PERSON)
    submission = screened.outcome.submission
    end = await house.flow.approved(screened, lambda: False)

    assert CANARY not in repr(end)
    for leaf in await house.leaves(submission.id):
        written = leaf.write()
        assert CANARY.encode() not in written
        assert submission.body_sha256.encode() not in written
        assert {"subject", "age_claim", "territory", "request_sha256"} <= leaf.personal.keys()


async def test_what_is_personal_can_be_opened_and_erased(house: World) -> None:
    """An auditor sees for whom it was; nothing of the prompt is kept anywhere in the log."""
    screened = await house.screened(f"a harbour {CANARY}x", subject=PERSON)
    submission = screened.outcome.submission

    detail = await house.log.detail(entry_id(submission.id, Kind.ADMIT))

    assert detail.personal["subject"] == CANARY
    assert detail.personal["request_sha256"] == submission.body_sha256
    assert f"{CANARY}x" not in repr(detail)
    assert detail.detail["verdicts"]


async def test_each_detector_is_named_with_its_scores_and_how_long_it_looked(house: World) -> None:
    """A regulator asks which one said what, and by which rule that counted (compliance.md 7.2)."""
    screened = await house.screened()
    told: Any = await house.log.detail(entry_id(screened.outcome.submission.id, Kind.ADMIT))
    detail = told.detail

    assert all(each.keys() >= {"name", "where", "source"} for each in detail["findings"])
    assert detail["took_us"].keys() == {house.reader.id}
    assert all(isinstance(each, int) for each in detail["took_us"].values())
    assert {"rule", "layer", "action", "code", "truth"} <= detail["verdicts"][0].keys()


def test_who_disagrees_about_a_picture_is_written_down() -> None:
    """Nothing follows from it, so nobody would ever know whose scores mean something else."""
    nudity, place = SignalName.IMAGE_SEXUAL_NUDITY, Picture("output", 0)
    said = (Signal(nudity, 0.75, place, "one@1"), Signal(nudity, 0.25, place, "other@1"))

    nobody = Decision.strictest([], frozenset(), frozenset(), "a" * 64)

    detail = detail_of(Judged(said, nobody, 1), PERSON)

    assert json.loads(canonical(detail["disagreed"])) == [
        {
            "name": "image.sexual.nudity",
            "carrier": "output",
            "index": 0,
            "highest": "one@1",
            "lowest": "other@1",
            "apart": 0.5,
        }
    ]
    assert detail_of(Judged(said[:1], nobody, 1), PERSON)["disagreed"] == []


async def test_what_a_second_look_found_in_the_request_is_written_too(house: World) -> None:
    """The request was read anew for it, perhaps with other lists: nothing else tells of that."""
    house.upstream.before_answer = lambda: setattr(house.viewer, "mood", Mood.FAILS)
    outcome = await house.end()
    submission = outcome.generated.screened.submission
    house.viewer.mood = Mood.WELL
    house.clock.passes(minutes=1)

    await house.upkeep.round()

    examined = await house.log.detail(entry_id(submission.id, Kind.EXAMINED, 0, 1))
    assert "text.readable" in repr(examined.detail["findings"])


@pytest.mark.parametrize("file", ["log.db", "log.db-wal", "app.db", "app.db-wal"])
async def test_no_file_holds_a_prompt(house: World, file: str) -> None:
    """Content lies in the vault and nowhere else."""
    await house.end(f"holdme {CANARY}")
    await house.end(f"a harbour {CANARY}")
    path = house.folder / file

    assert not path.exists() or CANARY.encode() not in path.read_bytes()


async def test_no_sealed_file_shows_a_prompt(house: World) -> None:
    """Neither does the vault, nor the quarantine, without its key."""
    await house.end(f"graveword {CANARY}")
    await house.end(f"a harbour {CANARY}")

    files = [path for path in house.folder.rglob("*") if path.is_file()]
    assert len(files) > 4
    assert all(CANARY.encode() not in path.read_bytes() for path in files)


async def test_writing_the_same_outcome_twice_is_one_entry(house: World) -> None:
    """A step that is repeated after a crash gets the receipt that it had."""
    screened = await house.screened()
    submission = screened.outcome.submission

    again_written = await house.record.write(submission, screened.outcome)

    assert again_written == screened.receipts
    assert await house.kinds(submission.id) == ["admit"]


async def test_another_outcome_under_the_same_step_is_refused(house: World) -> None:
    """History is not rewritten: the same step cannot have two outcomes."""
    submission = await house.submission()
    halted = Halted(submission.id, Stage.SCREEN, PublicCode.CONTENT_NOT_ALLOWED, None, "refused")
    await house.record.write(submission, halted)

    with pytest.raises(ConflictError):
        await house.record.write(submission, replace(halted, reason="detector_sick"))


async def test_each_sample_has_its_receipt_in_its_place(house: World) -> None:
    """A receipt opens the vault: a mix-up would open another picture."""
    generated = await house.generated(WHITE, HELD, BLOCK)
    submission = generated.outcome.screened.submission
    examined = await house.flow.examine(generated)

    receipts = await house.record.write(submission, examined)

    assert [receipt.entry_id for receipt in receipts] == [
        entry_id(submission.id, Kind.EXAMINED, index) for index in range(3)
    ]
    assert sorted(await house.kinds(submission.id)) == sorted(
        ["admit", "generated", "examined", "examined", "examined", "held", "withhold"]
    )


async def test_each_look_has_entries_of_its_own(house: World) -> None:
    """The second look at a held picture is not the first one repeated."""
    generated = await house.generated(HELD)
    submission = generated.outcome.screened.submission
    first = await house.flow.examine(generated)
    await house.record.write(submission, first)

    second = await house.record.write(
        submission, Examined(again(generated.outcome), first.outcomes)
    )

    assert second[0].entry_id == entry_id(submission.id, Kind.EXAMINED, 0, 1)


async def test_no_outcome_is_told_before_all_its_entries_are_durable(house: World) -> None:
    """One of three entries fails: then nothing of the batch is projected."""
    generated = await house.generated(WHITE, HELD)
    submission = generated.outcome.screened.submission
    examined = await house.flow.examine(generated)
    house.log.refuses = frozenset({Kind.HELD})

    with pytest.raises(NotDurableError):
        await house.record.write(submission, examined)

    assert not await house.store.holds.waiting()


async def test_closing_ends_a_submission_or_a_sample(house: World) -> None:
    """What is given up is on record, with a coarse word."""
    generated = await house.generated(WHITE, WHITE)
    submission = generated.outcome.screened.submission
    row = await house.row(submission.id)

    await asyncio.gather(
        *(house.record.close(row, Stage.EXAMINE, index, "expired") for index in (0, 1))
    )

    closed = (await house.leaves(submission.id))[-2:]
    assert [leaf.kind for leaf in closed] == [Kind.WITHHOLD, Kind.WITHHOLD]
    assert [leaf.public["reason"] for leaf in closed] == ["expired", "expired"]
    assert not await house.log.open_submissions()


async def test_a_held_request_says_until_when(house: World) -> None:
    """A hold without an end would be a picture that nobody decides on."""
    outcome = await house.end("holdme")

    assert isinstance(outcome, Held)
    (leaf,) = [each for each in await house.leaves() if each.kind is Kind.HELD]
    assert leaf.public["cause"] == "suspicion"
    assert leaf.public["expires_at"] == "2031-05-07T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("finding", "place"),
    [
        (Signal(SignalName.TEXT_GORE, 0.5, Field("input", (1, 4)), "s", "term:1"), "input[1, 4]"),
        (Signal(SignalName.TEXT_GORE, 0.5, Field("*"), "s"), "*"),
        (Signal(SignalName.IMAGE_PERSON, 0.5, Picture("output", 2, (1, 2, 3, 4)), "s"),
         "output/2[1, 2, 3, 4]"),
        (Unavailable(SignalName.IMAGE_PERSON, Picture("output", 0), "s", Reason.FAILED),
         "output/0"),
    ],
)  # fmt: skip
def test_a_finding_is_written_with_its_place_and_never_as_a_zero(
    finding: Signal | Unavailable, place: str
) -> None:
    """`Unavailable` has no score at all."""
    written = _finding(finding)

    assert written["where"] == place
    assert ("score" in written) is isinstance(finding, Signal)
    assert ("unavailable" in written) is isinstance(finding, Unavailable)
