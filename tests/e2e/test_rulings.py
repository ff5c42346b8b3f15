"""What a person decides: what it opens, what it never opens, and what it does not outlast."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from audit.entry import Kind
from classifiers import hash_bank_csv
from classifiers.hash_bank import Bank, Entry, HashType, Status
from classifiers.hash_bank import Kind as Harm
from pipeline.app import open_house
from pipeline.cli.demo.drawings import landscape, listed, resaved_and_flipped
from pipeline.settings import load
from tests.e2e.asking import v3, v4
from tests.e2e.conftest import World, served, world_in
from tests.e2e.evidence import (
    holds_of,
    kinds,
    rule,
    spent,
    state,
    trail,
    verified,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

BLOCKED = listed("partner", Harm.BLOCKED, 1)
KNOWN = listed("hotline", Harm.CSAM, 2)
NEAR, NEAR_KNOWN = (resaved_and_flipped(each.picture) for each in (BLOCKED, KNOWN))


def write_banks(folder: Path) -> str:
    """Write the lists into a data directory, and return the setting that names them."""
    (folder / "banks").mkdir(parents=True, exist_ok=True)
    named = []
    for each in (BLOCKED, KNOWN):
        file = f"banks/{each.bank.source}.csv"
        (folder / file).write_bytes(each.csv)
        named.append({"source": each.bank.source, "kind": each.bank.kind.value, "file": file})
    return json.dumps(named)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def review(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world with two lists, so that near copies wait for a person."""
    folder = tmp_path_factory.mktemp("review") / "data"
    async with world_in(folder, IMPRIMATUR_BANKS=write_banks(folder)) as world:
        yield world


def upload(picture: bytes, prompt: str, **more: Any) -> dict[str, Any]:
    """A request that begins with a picture."""
    body = v4(prompt, image=base64.b64encode(picture).decode(), strength=0.9, noise=0.0, **more)
    return {**body, "action": "img2img"}


def list_of(picture: bytes) -> bytes:
    """A list of these very bytes."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    digest = hashlib.sha256(picture).digest()
    entry = Entry("partner", "new", HashType.SHA256, digest, "", 1, (), Status.ACTIVE, at)
    return hash_bank_csv.write(Bank("partner", Harm.BLOCKED, (entry,), at))


async def held(world: World, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Send a request that is held; return its id and its hold."""
    answer = await world.client.post("/v1/generations", json=body)
    assert answer.status_code == 202, answer.text
    (hold,) = await holds_of(world, answer.json()["id"])
    return answer.json()["id"], hold


async def picture_held(world: World, prompt: str, fault: str = "bad-signature") -> Any:
    """Send a request of which the picture is held."""
    await world.fault(fault)
    return await held(world, v4(prompt))


class TestAnApprovedRequest:
    async def test_goes_on_and_becomes_available_under_its_id(self, review: World) -> None:
        """The ruling on the request reaches its pictures: they are not held for it once more."""
        calls = await review.calls()
        submission, hold = await held(review, upload(NEAR, "hills, one"))
        assert await review.calls() == calls

        ruled = await rule(review, hold["id"])

        assert (ruled.status_code, ruled.json()["outcome"]) == (200, "released")
        told = await state(review, submission)
        assert (told["state"], told["held"]) == ("released", 0)
        image = await review.client.get(told["images"][0]["url"])
        assert image.content.startswith(b"\x89PNG")
        assert await review.calls() == calls + 1
        assert await kinds(review, submission) == [
            *("held", "ruling", "admit", "generated", "examined", "release", "access")
        ]
        assert await verified(review, ruled, image)

    async def test_is_held_again_for_anything_new(self, review: World) -> None:
        """The person was not asked about that."""
        submission, hold = await held(review, upload(NEAR, "hills, two"))
        await review.fault("bad-signature")

        ruled = await rule(review, hold["id"])

        assert ruled.json()["outcome"] == "examined"
        assert (await state(review, submission))["state"] == "held"
        (again,) = await holds_of(review, submission)
        assert again["stage"] == "examine"
        assert (await rule(review, again["id"])).json()["outcome"] == "released"
        assert (await state(review, submission))["state"] == "released"


class TestAnApprovedPicture:
    async def test_is_released_under_its_id(self, review: World) -> None:
        """What was paid for reaches whom it was made for."""
        submission, hold = await picture_held(review, "a lake, one")
        assert (await state(review, submission))["images"][0]["url"] is None

        ruled = await rule(review, hold["id"])

        assert ruled.json()["outcome"] == "released"
        told = await state(review, submission)
        image = await review.client.get(told["images"][0]["url"])
        assert image.status_code == 200
        (ruling,) = [leaf for leaf in await trail(review, submission) if leaf.kind is Kind.RULING]
        assert (ruling.public["outcome"], ruling.public["automated"]) == ("approved", False)
        assert "reviewer" not in json.dumps(dict(ruling.public))
        assert await verified(review, image)

    async def test_leaves_its_siblings_where_they_are(self, review: World) -> None:
        """Each picture is a question of its own."""
        await review.fault("bad-signature")
        answer = await review.client.post("/v1/generations", json=v3("a lake, two", samples=2))
        submission = answer.json()["id"]
        first, second = await holds_of(review, submission)

        await rule(review, first["id"])
        between = [each["state"] for each in (await state(review, submission))["images"]]
        await rule(review, second["id"], approves=False)

        assert sorted(between) == ["held", "released"]
        told = await state(review, submission)
        assert sorted(each["state"] for each in told["images"]) == ["released", "withheld"]
        assert told["state"] == "released"


class TestARejection:
    async def test_of_a_request_halts_it_and_gives_back_its_charge(self, review: World) -> None:
        """Nobody paid for it."""
        before = await spent(review)
        submission, hold = await held(review, upload(NEAR, "hills, three"))
        assert await spent(review) > before

        ruled = await rule(review, hold["id"], approves=False)

        assert ruled.json()["outcome"] == "withheld"
        assert (await state(review, submission))["state"] == "halted"
        assert await spent(review) == before

    async def test_of_a_picture_withholds_it_for_good(self, review: World) -> None:
        """It was paid for, and nobody gets it."""
        before = await spent(review)
        submission, hold = await picture_held(review, "a lake, three")

        await rule(review, hold["id"], approves=False)

        told = await state(review, submission)
        assert (told["state"], told["withheld"]) == ("withheld", 1)
        image = await review.client.get(f"/v1/generations/{submission}/images/0")
        assert image.status_code == 403
        assert await spent(review) > before
        await review.house.upkeep.round()
        image = await review.client.get(f"/v1/generations/{submission}/images/0")
        assert image.status_code == 410


class TestRefused:
    @pytest.mark.parametrize("approves", [True, False])
    async def test_a_second_ruling(self, review: World, approves: bool) -> None:
        """A decision that was acted on is not decided again."""
        submission, hold = await picture_held(review, f"a lake, second {approves}")
        await rule(review, hold["id"], approves=False)
        size = len(await trail(review, submission))

        again = await rule(review, hold["id"], approves=approves, why="on second thoughts")

        assert again.status_code == 409
        assert len(await trail(review, submission)) == size

    async def test_a_ruling_without_a_reason(self, review: World) -> None:
        """Somebody may have to answer for it."""
        _, hold = await picture_held(review, "a lake, four")

        assert (await rule(review, hold["id"], why="  ")).status_code == 409
        assert (await rule(review, hold["id"], approves=False)).status_code == 200

    async def test_an_approval_of_what_may_show_a_child(self, review: World) -> None:
        """No person's ruling opens anything of that family."""
        submission, hold = await held(review, upload(NEAR_KNOWN, "hills, four"))
        assert hold["code"] == "CSE.KNOWN"

        ruled = await rule(review, hold["id"])

        assert ruled.status_code == 409
        assert (await state(review, submission))["state"] == "held"
        assert (await rule(review, hold["id"], approves=False)).status_code == 200

    async def test_an_approval_while_nobody_can_look_again(self, review: World) -> None:
        """The lists have the last word, so they must be able to speak: the hold stays open."""
        submission, hold = await held(review, upload(NEAR, "hills, five"))
        size = len(await trail(review, submission))
        review.sick("hash_match").touch()

        refused = [await rule(review, hold["id"]) for _ in range(2)]

        review.sick("hash_match").unlink()
        await review.house.upkeep.round()
        assert [each.status_code for each in refused] == [409, 409]
        assert len(await trail(review, submission)) == size
        assert (await rule(review, hold["id"])).json()["outcome"] == "released"

    async def test_a_ruling_when_time_is_over(self, review: World) -> None:
        """What expired is withheld, and its charge given back."""
        before = await spent(review)
        submission, hold = await held(review, upload(NEAR, "hills, six"))
        later = review.house.gate.now() + timedelta(hours=73)
        upkeep = replace(review.house.upkeep, now=lambda: later)
        records = upkeep.flow.record.projection
        record = replace(upkeep.flow.record, projection=replace(records, now=lambda: later))

        await replace(upkeep, flow=replace(upkeep.flow, record=record)).round()

        assert (await state(review, submission))["state"] == "halted"
        assert (await rule(review, hold["id"])).status_code == 409
        assert await kinds(review, submission) == ["held", "halted"]
        assert await spent(review) == before


async def test_a_picture_that_expires_is_withheld(review: World) -> None:
    """Never released because nobody had the time to look."""
    submission, _ = await picture_held(review, "a lake, five")
    later = review.house.gate.now() + timedelta(hours=73)

    await replace(review.house.upkeep, now=lambda: later).round()

    assert (await state(review, submission))["state"] == "withheld"
    assert (await kinds(review, submission))[-1] == "withhold"
    assert await verified(review)


class TestAfterARestart:
    """Approvals are judged by the lists and the policy of the day on which they are given."""

    @pytest.mark.parametrize("stage", ["screen", "examine"])
    async def test_a_list_that_grew_has_the_last_word(self, tmp_path: Path, stage: str) -> None:
        """What is listed by now stays closed, whatever was approved."""
        folder = tmp_path / "data"
        banks = write_banks(folder)
        async with world_in(folder, IMPRIMATUR_BANKS=banks) as world:
            if stage == "examine":
                await world.fault("bad-signature")
            picture = NEAR if stage == "screen" else landscape(9)
            submission, hold = await held(world, upload(picture, "hills"))
            env = world.env
        (folder / "banks" / "partner.csv").write_bytes(list_of(picture))
        async with (
            open_house(load(folder, env)) as house,
            served(house.public) as gateway,
            httpx.AsyncClient(base_url=gateway, trust_env=False) as client,
        ):
            client.headers["Authorization"] = f"Bearer {world.key}"
            again = replace(world, house=house, client=client)

            ruled = await rule(again, hold["id"])

            assert (ruled.status_code, ruled.json()["outcome"]) == (200, "withheld")
            told = await state(again, submission)
            assert told["state"] == ("halted" if stage == "screen" else "withheld")
            assert await verified(again)
