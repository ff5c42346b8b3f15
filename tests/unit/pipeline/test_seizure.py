"""Seizure: the worst goes where the gateway itself cannot open it, and nowhere else."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from audit.entry import Kind
from pipeline.errors import MissingObjectError
from pipeline.gateway.health import readiness
from pipeline.items import Examined, Halted
from pipeline.quarantine import Opened, open_with
from pipeline.seizure import LONGEST_WAIT
from tests.unit.pipeline.lookers import CANARY, WHITE
from tests.unit.pipeline.world import BLOCK, HELD, NEARLY, PRIVATE, TAINTED, World, png


def quarantined(house: World) -> list[Path]:
    return sorted((house.folder / "quarantine").glob("*.sealed"))


def opened(house: World) -> list[Opened]:
    """What the team sees, which has the key."""
    return [open_with(house.team_key, path.read_bytes()) for path in quarantined(house)]


async def seized(house: World, *args: Any, **parameters: Any) -> Any:
    """How a request ended, with what it had seized a second later."""
    outcome = await house.end(*args, **parameters)
    await house.upkeep.round()
    return outcome


async def test_a_refusal_does_not_wait_for_the_seizure(house: World) -> None:
    """By the time that the worst refusal takes, nobody learns which one it was."""
    outcome = await house.end("graveword")

    (ordered,) = await house.store.seizures.ordered()
    assert ordered.submission == outcome.submission
    assert quarantined(house) == []


async def test_a_grave_request_leaves_the_vault(house: World) -> None:
    """Nobody of the gateway can read it again; the team gets it whole, with what it is."""
    outcome = await seized(house, f"graveword {CANARY}")

    assert isinstance(outcome, Halted)
    row = await house.row(outcome.submission)
    with pytest.raises(MissingObjectError):
        await house.vault.look(row.vault_id)
    (sealed,) = opened(house)
    assert CANARY.encode() in sealed.data
    assert sealed.facts["submission"] == str(outcome.submission)


async def test_a_grave_picture_leaves_the_vault_and_its_siblings_stay(house: World) -> None:
    """Only what shows it is seized; the rest is withheld where it lies."""
    house.upstream.colours = [WHITE, TAINTED]
    outcome = await seized(house, samples=2)

    assert isinstance(outcome, Examined)
    (sealed,) = opened(house)
    assert sealed.data == png(TAINTED)
    kept, gone = outcome.generated.pictures
    assert await house.vault.look(kept.vault_id) == png(WHITE)
    with pytest.raises(MissingObjectError):
        await house.vault.look(gone.vault_id)


async def test_a_seizure_is_on_record_without_the_object(house: World) -> None:
    """That something was seized is for the log; what it was is for the team."""
    outcome = await seized(house, f"graveword {CANARY}")

    (leaf,) = [each for each in await house.leaves(outcome.submission) if each.kind is Kind.MEDIA]
    assert leaf.public["event"] == "media.quarantined"
    assert leaf.public["object"] == str(opened(house)[0].id)
    assert CANARY.encode() not in leaf.write()


@pytest.mark.parametrize("colour", [WHITE, HELD, BLOCK, PRIVATE, NEARLY])
async def test_nothing_else_is_seized(house: World, colour: tuple[int, int, int]) -> None:
    """What is merely refused, held or allowed stays where its owner's rules apply."""
    house.upstream.colours = [colour]

    await seized(house)
    await seized(house, "blockme")

    assert quarantined(house) == []


async def test_a_nearly_known_upload_is_seized_with_a_request_that_is_refused(
    house: World,
) -> None:
    """For whatever else: it is not held any more, so nobody will look at it again."""
    uploaded = base64.b64encode(png(NEARLY)).decode()

    outcome = await seized(house, "blockme", image=uploaded, strength=0.5)

    assert isinstance(outcome, Halted)
    (sealed,) = opened(house)
    assert sealed.facts["code"] == "CSE.KNOWN"


@pytest.mark.parametrize("colour", [TAINTED, PRIVATE])
async def test_a_nearly_known_picture_is_seized_with_the_batch_that_a_sibling_halts(
    house: World, colour: tuple[int, int, int]
) -> None:
    """Alone it would have been held, and seized at its expiry."""
    house.upstream.colours = [NEARLY, colour]

    await house.end(samples=2)
    await house.upkeep.round()

    assert png(NEARLY) in [each.data for each in opened(house)]


@pytest.mark.parametrize("what", ["quarantine", "vault", "log"])
async def test_a_failing_seizure_leaves_the_item_halted(house: World, what: str) -> None:
    """It is told to the operator, and the item stays sealed: it is halted whatever happens."""
    if what == "quarantine":
        (house.folder / "quarantine").write_bytes(b"")
    elif what == "log":
        house.log.refuses = frozenset({Kind.MEDIA})

    with capture_logs() as said:
        outcome = await _grave(house, lose_request=what == "vault")

    assert isinstance(outcome, Halted)
    assert any(line["event"] == "seizure failed" for line in said)
    assert CANARY not in repr(said)
    assert "halted" in await house.kinds(outcome.submission)


async def _grave(house: World, *, lose_request: bool) -> Any:
    submission = await house.submission(f"graveword {CANARY}")
    if lose_request:
        await house.vault.destroy(submission.vault_id)
    ended = await house.flow.run(submission, lambda: False)
    await house.gate.seizure.run()
    return ended.outcome


async def test_what_could_not_be_logged_stays_in_the_vault(house: World) -> None:
    """An object is destroyed only after the entry that says where it went."""
    house.log.refuses = frozenset({Kind.MEDIA})
    submission = await house.submission("graveword")

    await house.flow.run(submission, lambda: False)
    await house.gate.seizure.run()

    assert await house.vault.look(submission.vault_id)


async def test_one_that_cannot_be_opened_keeps_no_other_in_the_vault(house: World) -> None:
    """A damaged object stays ordered, and is told each time; the next one is still seized."""
    damaged = await house.submission("graveword")
    path = house.folder / "vault" / damaged.vault_id[:2] / damaged.vault_id
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    await house.flow.run(damaged, lambda: False)
    await house.gate.seizure.run()
    assert quarantined(house) == []

    await seized(house, "graveword")

    assert len(quarantined(house)) == 1


async def test_what_could_not_be_seized_is_tried_again(house: World) -> None:
    """Upkeep does, once whatever failed works."""
    house.log.refuses = frozenset({Kind.MEDIA})
    submission = await house.submission("graveword")
    await house.flow.run(submission, lambda: False)
    await house.gate.seizure.run()
    assert await house.vault.look(submission.vault_id)
    house.log.refuses = frozenset()
    house.clock.passes(seconds=LONGEST_WAIT.total_seconds())

    await house.upkeep.round()

    assert len(quarantined(house)) == 1
    with pytest.raises(MissingObjectError):
        await house.vault.look(submission.vault_id)
    kinds = await house.kinds(submission.id)
    assert kinds.count("media") == 1
    assert not await house.store.seizures.ordered()


async def test_a_failure_that_lasts_is_told_ever_more_seldom(house: World) -> None:
    """A full disk is not filled by the lines that say so; and what is new is told at once."""
    house.log.refuses = frozenset({Kind.MEDIA})
    with capture_logs() as said:
        await seized(house, "graveword")
        await seized(house, "graveword")
        for _ in range(3600):
            house.clock.passes(seconds=1)
            await house.gate.seizure.run()
        before = len(said)
        house.log.refuses = frozenset()
        (house.folder / "quarantine").rename(house.folder / "aside")
        (house.folder / "quarantine").write_bytes(b"")
        house.clock.passes(seconds=LONGEST_WAIT.total_seconds())
        await house.gate.seizure.run()

    assert 8 <= before <= 14
    assert said[0]["fault"] == "NotDurableError"
    assert said[before]["fault"] == "QuarantineError"
    assert {line["event"] for line in said} == {"seizure failed"}


async def test_what_fails_is_shown_to_the_operator_until_it_is_mended(house: World) -> None:
    """With its kind; anybody else learns that something fails, and nothing of what."""
    house.log.refuses = frozenset({Kind.MEDIA})
    await seized(house, "graveword")
    async with house.client() as client:
        told = (await client.get("/ready")).json()
    report = await readiness(house.gate)
    house.log.refuses = frozenset()
    house.clock.passes(seconds=1)
    await house.upkeep.round()

    assert (told["seizures"], told["ready"]) == ("failing", True)
    assert report["seizures"] == {"NotDurableError": 1}
    assert (await readiness(house.gate))["seizures"] == "ok"


async def test_seizures_at_once_seize_once(house: World) -> None:
    """Two that meet at the same object are no failure."""
    submission = await house.submission("graveword")
    await house.flow.run(submission, lambda: False)

    with capture_logs() as said:
        await asyncio.gather(*(house.gate.seizure.run() for _ in range(5)))

    assert said == []
    assert len(quarantined(house)) == 1
    assert (await house.kinds(submission.id)).count("media") == 1


async def test_what_is_gone_before_it_could_be_seized_is_on_record(house: World) -> None:
    """Evidence was lost: whoever reads the log must see that, and nobody waits for it for ever."""
    outcome = await _grave(house, lose_request=True)

    (leaf,) = [each for each in await house.leaves(outcome.submission) if each.kind is Kind.MEDIA]
    assert leaf.public["event"] == "media.lost"
    assert not await house.store.seizures.ordered()
