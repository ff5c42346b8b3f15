"""Patience: whoever is refused often waits, whoever disguises what was refused waits sooner."""

from pathlib import Path
from uuid import UUID

import httpx
import pytest

from pipeline.access.subjects import fingerprint
from pipeline.items import Subject
from pipeline.patience import EVASION, OF_A_KEY
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import REFUSALS_A_DAY, TENANT, World, body

ROUTE = "/v1/generations"
TAGS = "harbour, boats, ropes, seagulls, clouds, morning light, waves, pier, stones, nets, crates"
OTHER = "mountain, snow, pine forest, cabin, smoke, stars, lantern, fence, path, owl, frost, ridge"


async def asks(house: World, prompt: str, subject: str | None = "ann") -> httpx.Response:
    house.made += 1
    named = {} if subject is None else {"X-Imprimatur-Subject": subject}
    async with house.client(**named) as client:
        return await client.post(ROUTE, json=body(prompt, seed=house.made))


def kept(house: World) -> set[Path]:
    return {path for path in (house.folder / "vault").rglob("*") if path.is_file()}


async def refused(house: World, subject: str = "ann") -> int:
    """How many refusals are counted of a subject."""
    name = fingerprint(house.gate.subject_key, Subject(TENANT, pseudonym=subject))
    return await house.store.refusals.count(TENANT, name, house.clock())


async def refused_of_the_key(house: World) -> int:
    return await house.store.refusals.count(TENANT, f"key {house.key_id.hex}", house.clock())


async def test_whoever_is_refused_often_waits_ever_longer(house: World) -> None:
    """A filter that answers as fast as it is asked can be mapped."""
    for _ in range(REFUSALS_A_DAY):
        assert (await asks(house, "blockme")).status_code == 403

    first = await asks(house, "a harbour")
    assert (first.status_code, first.headers["Retry-After"]) == (429, "1")
    house.clock.passes(seconds=1)
    assert (await asks(house, "blockme")).status_code == 403
    second = await asks(house, "a harbour")
    assert (second.status_code, second.headers["Retry-After"]) == (429, "2")
    house.clock.passes(seconds=2)
    assert (await asks(house, "a harbour")).status_code == 200


async def test_the_wait_costs_nothing_and_calls_nobody(house: World) -> None:
    """What is not admitted is not charged, not sealed and not sent."""
    for _ in range(REFUSALS_A_DAY):
        await asks(house, "blockme")
    spent = (await house.store.tenants.get(TENANT) or pytest.fail("none")).anlas_spent
    sealed = kept(house)

    assert (await asks(house, "a harbour")).status_code == 429

    assert (await house.store.tenants.get(TENANT) or pytest.fail("none")).anlas_spent == spent
    assert kept(house) == sealed
    assert house.upstream.calls == []


async def test_nobody_waits_for_what_another_did(house: World) -> None:
    """End users are apart, and whom nobody names is one of many."""
    for _ in range(REFUSALS_A_DAY + 1):
        await asks(house, "blockme", "ann")

    assert (await asks(house, "a harbour", "ann")).status_code == 429
    assert (await asks(house, "a harbour", "bob")).status_code == 200
    assert (await asks(house, "a harbour", None)).status_code == 200


async def test_a_key_has_a_budget_of_its_own(house: World) -> None:
    """Who makes up a new end user for each try is still one key."""
    name = f"key {house.key_id.hex}"
    await house.store.refusals.add(TENANT, name, house.clock(), REFUSALS_A_DAY * OF_A_KEY)

    assert (await asks(house, "a harbour", "somebody-new")).status_code == 429


async def test_a_new_day_begins_anew(house: World) -> None:
    """Nobody waits for ever."""
    for _ in range(REFUSALS_A_DAY + 1):
        await asks(house, "blockme")
    house.clock.passes(days=1)

    assert (await asks(house, "a harbour")).status_code == 200


@pytest.mark.parametrize("prompt", ["a harbour", "suggestive"])
async def test_what_tells_nothing_of_the_rules_is_not_counted(house: World, prompt: str) -> None:
    """What is allowed, and what is not served here at all, maps nothing."""
    await asks(house, prompt)

    assert await refused(house) == 0


async def test_what_nobody_could_judge_is_not_counted(house: World) -> None:
    """A sick classifier is not the caller's fault."""
    house.reader.mood = Mood.FAILS

    assert (await asks(house, "a harbour")).status_code != 200

    assert await refused(house) == 0


async def test_a_held_request_counts_once_however_often_it_is_followed(house: World) -> None:
    """A crash between two steps repeats what was noted; the count stays."""
    answer = await asks(house, "holdme")
    submission = UUID(answer.json()["id"])
    (hold,) = await house.store.holds.of(TENANT, submission)

    assert await refused(house) == 1
    assert await refused_of_the_key(house) == 1
    assert hold.index is None


class TestEvasion:
    async def test_is_to_disguise_what_was_refused(self, house: World) -> None:
        """The same tags again, now spelt so that the word might pass: that is no accident."""
        await asks(house, f"{TAGS}, blockme")
        assert await refused(house) == 1

        await asks(house, f"{TAGS}, bl0ckme")

        assert await refused(house) == 1 + EVASION
        assert await refused_of_the_key(house) == 1 + EVASION

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (f"{TAGS}, blockme", f"{TAGS}, pebbles, blockme"),
            (f"{TAGS}, blockme", f"{OTHER}, bl0ckme"),
            (f"{TAGS}, bl0ckme", f"{TAGS}, pebbles, bl0ckme"),
        ],
        ids=["no disguise", "another text", "disguised from the start"],
    )
    async def test_is_nothing_else(self, house: World, first: str, second: str) -> None:
        """A second try, another picture, a habit of spelling: each is one refusal."""
        await asks(house, first)
        await asks(house, second)

        assert await refused(house) == 2

    async def test_of_another_is_not_held_against_anybody(self, house: World) -> None:
        """Two people may like the same picture."""
        await asks(house, f"{TAGS}, blockme", "ann")
        await asks(house, f"{TAGS}, bl0ckme", "bob")

        assert await refused(house, "bob") == 1

    async def test_is_forgotten_after_a_day(self, house: World) -> None:
        """What is remembered of a refused text is 64 bits, for 24 hours."""
        await asks(house, f"{TAGS}, blockme")
        house.clock.passes(days=1)
        assert await house.store.refusals.purge(house.clock()) == 3

        await asks(house, f"{TAGS}, bl0ckme")

        assert await refused(house) == 1
