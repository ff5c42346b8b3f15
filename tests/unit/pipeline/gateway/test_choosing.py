"""What a tenant chose: changed on record, and told in each answer that it had a part in."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from audit.entry import Kind
from audit.errors import NotDurableError
from pipeline.gateway import choosing
from pipeline.gateway.errors import GateError
from pipeline.items import Undesired
from pipeline.novelai.helping import ANATOMY, presets
from pipeline.store.profile import NO_PROFILE
from tests.unit.pipeline.world import PROFILE, TENANT, World, body

PLACE = f"/tenants/{TENANT}/choices"
NONE = {
    "released_metadata": "default",
    "anlas": 10_000,
    "subject_anlas": "none",
    "quality": False,
    "undesired": "none",
    "anatomy": False,
    "nsfw": False,
}


@pytest.fixture
async def desk(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routes alone."""
    app = FastAPI()
    app.include_router(choosing.routes(house.gate))

    async def told(_: object, fault: Exception) -> Any:
        assert isinstance(fault, GateError)
        return fault.response()

    app.exception_handler(GateError)(told)
    async with house.client(app) as client:
        yield client


async def choose(desk: httpx.AsyncClient, **choices: object) -> dict[str, object]:
    answer = await desk.patch(PLACE, json={"person": "ana", **choices})
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


async def test_each_choice_stands_alone_and_can_be_taken_back(desk: httpx.AsyncClient) -> None:
    """What is not named stays as it was."""
    assert (await desk.get(PLACE)).json() == NONE
    assert await choose(desk, quality=True) == NONE | {"quality": True}
    both = await choose(desk, released_metadata="keep", undesired="light")
    assert both == NONE | {"quality": True, "released_metadata": "keep", "undesired": "light"}
    assert await choose(desk, subject_anlas=0) == both | {"subject_anlas": 0}
    assert (await choose(desk, anlas=7))["anlas"] == 7
    assert (await choose(desk, anlas=10_000))["subject_anlas"] == 0
    assert await choose(desk, subject_anlas=500) == both | {"subject_anlas": 500}
    assert await choose(desk, **NONE) == NONE == (await desk.get(PLACE)).json()


async def test_a_change_is_an_entry_and_no_change_is_none(
    desk: httpx.AsyncClient, house: World
) -> None:
    """Who it was, what it was before and what it is now."""
    await choose(desk, nsfw=True)
    await choose(desk, nsfw=True)

    (leaf,) = [leaf for leaf in await house.leaves() if leaf.kind is Kind.CONFIG]
    assert leaf.public["event"] == choosing.CHOSEN
    assert leaf.public["tenant"] == TENANT
    opened = await house.log.detail(leaf.entry_id)
    assert opened.personal["person"] == "ana"
    assert opened.detail == {"before": NONE, "after": NONE | {"nsfw": True}}


async def test_without_its_entry_nothing_is_changed(desk: httpx.AsyncClient, house: World) -> None:
    """What leaves is not changed behind the log's back."""
    house.log.refuses = frozenset({Kind.CONFIG})
    with pytest.raises(NotDurableError):
        await choose(desk, released_metadata="keep")

    assert (await desk.get(PLACE)).json() == NONE


@pytest.mark.parametrize(
    ("choices", "status"),
    [
        ({"released_metadata": "everything"}, 422),
        ({"undesired": "no"}, 422),
        ({"subject_anlas": -1}, 422),
        ({"anlas": -1}, 422),
        ({"anlas": "none"}, 422),
        ({"subject_anlas": "many"}, 422),
        ({"subject_anlas": True}, 422),
        ({"person": ""}, 422),
        ({"more": True}, 422),
    ],
)
async def test_what_is_no_choice_is_refused(
    desk: httpx.AsyncClient, choices: dict[str, object], status: int
) -> None:
    """And nothing of it is taken."""
    answer = await desk.patch(PLACE, json={"person": "ana", "quality": True, **choices})

    assert answer.status_code == status
    assert (await desk.get(PLACE)).json() == NONE


async def test_nobodys_choices_are_not_there(desk: httpx.AsyncClient) -> None:
    """A name that is mistyped changes nobody's."""
    place = "/tenants/meadow/choices"

    assert (await desk.get(place)).status_code == 404
    assert (await desk.patch(place, json={"person": "ana", "quality": True})).status_code == 404


async def test_what_was_added_is_sent_told_and_recorded(
    desk: httpx.AsyncClient, house: World
) -> None:
    """On NovelAI's route and on /v1, and in the entry that explains the decision."""
    await choose(desk, quality=True, undesired=Undesired.LIGHT, anatomy=True, nsfw=True)
    asked = body()
    known = presets()[asked["model"]]
    async with house.client() as client:
        plain = await client.post("/ai/generate-image", json=asked)
        job = await client.post("/v1/generations", json=body(seed=7))
        leaving = await client.post(
            "/v1/generations", json=body(seed=8), headers={"Prefer": "respond-async"}
        )

    for answer in (plain, job, leaving):
        assert answer.headers["x-imprimatur-added-prompt"] == known["quality"]
        negative = answer.headers["x-imprimatur-added-negative"]
        assert negative.startswith(f"nsfw, {known['light']}")
        assert set(ANATOMY.split(", ")) <= set(negative.split(", "))
    sent = json.loads(house.upstream.calls[0])
    assert sent["input"].endswith(known["quality"])
    assert sent["parameters"]["negative_prompt"].startswith("nsfw, ")
    (admitted,) = [
        leaf
        for leaf in await house.leaves()
        if leaf.kind is Kind.ADMIT and leaf.public["submission"] == plain.headers["x-imprimatur-id"]
    ]
    detail = (await house.log.detail(admitted.entry_id)).detail
    assert detail["added"] == {
        "prompt": plain.headers["x-imprimatur-added-prompt"],
        "negative_prompt": plain.headers["x-imprimatur-added-negative"],
    }


async def test_nothing_is_told_where_nothing_was_added(house: World) -> None:
    """Nobody who did not ask for help is told of any."""
    async with house.client() as client:
        answer = await client.post("/ai/generate-image", json=body())

    assert not [name for name in answer.headers if "added" in name]


async def test_a_held_request_keeps_the_help_that_it_came_with(
    desk: httpx.AsyncClient, house: World
) -> None:
    """What a person approves is what was judged, whatever was chosen since."""
    await choose(desk, anatomy=True)
    async with house.client() as client:
        held = await client.post("/ai/generate-image", json=body("holdme"))
    await choose(desk, anatomy=False)

    assert held.json()["code"] == "HELD"
    row = await house.store.submissions.get(TENANT, UUID(held.json()["id"]))
    assert row is not None
    restored = await house.restore.submission(row)
    assert restored.work.added.negative == ANATOMY


class TestProfile:
    PLACE = f"/tenants/{TENANT}/profile"

    async def test_it_is_answered_question_by_question(
        self, desk: httpx.AsyncClient, house: World
    ) -> None:
        """Each answer is an entry; what it says is for the operator alone."""
        known = await house.store.tenants.get(TENANT)
        assert known is not None
        await house.store.tenants.change(replace(known, profile=NO_PROFILE))
        told = (await desk.get(self.PLACE)).json()
        for name, answer in PROFILE.model_dump(mode="json").items():
            assert (name in told["missing"]) == (name != "reporting_reason")
            body = {"person": "ana", "profile": {name: answer}}
            told = (await desk.patch(self.PLACE, json=body)).json()

        assert told["missing"] == []
        assert told["profile"] == PROFILE.model_dump(mode="json")
        last = [leaf for leaf in await house.leaves() if leaf.kind is Kind.CONFIG][-1]
        assert last.public["event"] == choosing.DESCRIBED
        assert last.public["count"] == 0
        assert b"harbour master" not in last.write()
        detail = (await house.log.detail(last.entry_id)).detail
        assert detail["after"] == told["profile"]

    async def test_nowhere_to_report_needs_a_reason(self, desk: httpx.AsyncClient) -> None:
        """It may be so, and somebody has written down why."""
        nowhere = {"person": "ana", "profile": {"reporting": "none"}}
        because = {"person": "ana", "profile": {"reporting_reason": "no duty in our country"}}

        assert (await desk.patch(self.PLACE, json=nowhere)).json()["missing"] == [
            "reporting_reason"
        ]
        assert (await desk.patch(self.PLACE, json=because)).json()["missing"] == []

    @pytest.mark.parametrize(
        "answer",
        [
            {"role": "king"},
            {"territories": ["Germany"]},
            {"languages": ["?"]},
            {"reporting": "the drawer"},
            {"reviews_a_day": 0},
            {"lists": [""]},
            {"colour": "red"},
        ],
    )
    async def test_what_is_no_answer_changes_nothing(
        self, desk: httpx.AsyncClient, answer: dict[str, object]
    ) -> None:
        """A tier is not opened by a word that means nothing."""
        answered = await desk.patch(self.PLACE, json={"person": "ana", "profile": answer})

        assert answered.status_code == 422
        assert (await desk.get(self.PLACE)).json()["profile"] == PROFILE.model_dump(mode="json")
