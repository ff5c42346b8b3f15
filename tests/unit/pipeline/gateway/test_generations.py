"""Generations: an id, a state, and pictures by address."""

from uuid import uuid4

import pytest

from audit.entry import Kind
from pipeline.access.permissions import Permission, Person
from pipeline.jobs.rulings import Ruling
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import BLOCK, HELD, KEEP_FOR, World, as_it_leaves, body, png


async def test_released_pictures_have_addresses(house: World) -> None:
    """And the rest is counted, never shown."""
    house.upstream.colours = [WHITE, BLOCK, HELD]
    async with house.client() as client:
        made = await client.post("/v1/generations", json=body(samples=3))
        state = made.json()
        shown = [await client.get(each["url"]) for each in state["images"] if each["url"]]

    assert (made.status_code, state["state"]) == (200, "released")
    assert (state["withheld"], state["held"]) == (1, 1)
    assert [each.content for each in shown] == [as_it_leaves(png(WHITE))]
    assert [each["url"] is None for each in state["images"]] == [False, True, True]
    assert made.headers["location"] == f"/v1/generations/{state['id']}"


async def test_a_picture_says_as_what_people_want_it_shown(house: World) -> None:
    """It alone, and only once it is released."""
    house.upstream.colours = [WHITE, HELD]
    async with house.client() as client:
        made = await client.post("/v1/generations", json=body(samples=2))
        at = made.headers["location"]
        (hold,) = await house.store.holds.waiting()
        person = Person("somebody", frozenset({Permission.REVIEW_RULE}))
        ruling = Ruling(person, approves=True, reason="so", code="VIO.GORE", labels=True)
        await house.rulings.rule(hold, ruling)
        after = await client.get(at)

    assert [each["labels"] for each in made.json()["images"]] == [[], []]
    assert [(each["state"], each["labels"]) for each in after.json()["images"]] == [
        ("released", []),
        ("released", ["VIO.GORE"]),
    ]


@pytest.mark.parametrize("colour", [BLOCK, HELD])
async def test_a_picture_that_is_not_released_is_not_given(
    house: World, colour: tuple[int, int, int]
) -> None:
    """By guessing its address neither."""
    house.upstream.colours = [WHITE, colour]
    async with house.client() as client:
        made = await client.post("/v1/generations", json=body(samples=2))
        answer = await client.get(f"{made.headers['location']}/images/1")

    assert answer.status_code == 403
    assert b"PNG" not in answer.content


@pytest.mark.parametrize(("prompt", "status"), [("holdme", 202), ("blockme", 403)])
async def test_a_request_that_is_held_has_an_id_to_ask_for(
    house: World, prompt: str, status: int
) -> None:
    """One that is refused is told so at once."""
    async with house.client() as client:
        answer = await client.post("/v1/generations", json=body(prompt))

    assert answer.status_code == status
    assert answer.headers["x-audit-id"]
    if status == 202:
        assert (answer.json()["state"], answer.json()["code"]) == ("held", "HELD")


@pytest.mark.parametrize(
    "path", ["", "/images/0", "/images/-1", "/images/99999999999999999999", "/images/x"]
)
async def test_what_is_not_there_is_not_there(house: World, path: str) -> None:
    """A clear 404, whatever stands in the address."""
    async with house.client() as client:
        answers = [
            await client.get(f"/v1/generations/{each}{path}") for each in (uuid4(), "nonsense")
        ]

    assert [each.status_code for each in answers] == [404, 404]
    assert all(each.json()["statusCode"] == 404 for each in answers)


async def test_an_expired_picture_is_gone(house: World) -> None:
    """410: it was there, and is kept no longer."""
    async with house.client() as client:
        made = await client.post("/v1/generations", json=body())
        house.clock.passes(seconds=KEEP_FOR.total_seconds())
        await house.upkeep.round()
        answer = await client.get(f"{made.headers['location']}/images/0")

    assert answer.status_code == 410


async def test_each_look_is_written_down_or_refused(house: World) -> None:
    """No entry, no picture; also the second time."""
    async with house.client() as client:
        made = await client.post("/v1/generations", json=body())
        house.log.refuses = frozenset({Kind.ACCESS})
        answer = await client.get(made.json()["images"][0]["url"])

    assert answer.status_code == 503
    assert b"PNG" not in answer.content
