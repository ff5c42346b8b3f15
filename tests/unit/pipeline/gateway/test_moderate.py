"""Dry runs: the same judge, coarse words, an entry each, and a budget of refusals."""

from typing import Any

import httpx
import pytest

from audit.entry import Kind
from tests.unit.pipeline.lookers import CANARY, WHITE, Mood
from tests.unit.pipeline.world import HELD, TAINTED, World, png


async def prompt(house: World, asked: Any, **headers: str) -> httpx.Response:
    async with house.client(**headers) as client:
        return await client.post("/v1/moderate/prompt", json=asked)


async def picture(house: World, data: bytes) -> httpx.Response:
    async with house.client() as client:
        return await client.post("/v1/moderate/image", content=data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a harbour", (True, False, None)),
        ("labelme", (True, False, None)),
        ("holdme", (False, True, "CONTENT_NOT_ALLOWED")),
        ("blockme", (False, False, "CONTENT_NOT_ALLOWED")),
        ("graveword", (False, False, "CONTENT_NOT_ALLOWED")),
        ("suggestive", (False, False, "AGE_CLAIM_REQUIRED")),
    ],
)
async def test_it_says_what_the_gates_would(
    house: World, text: str, said: tuple[bool, bool, str | None]
) -> None:
    """Coarsely: a harm of the worst kind looks like any other."""
    told = (await prompt(house, {"prompt": text})).json()

    assert (told["allowed"], told["held"], told["code"]) == said
    assert (told["message"] is None) is told["allowed"]


@pytest.mark.parametrize("field", ["prompt", "negative_prompt", "characters"])
async def test_every_field_is_read(house: World, field: str) -> None:
    """A character's text counts like the prompt."""
    asked: Any = {field: ["a", "blockme"] if field == "characters" else "blockme"}

    assert (await prompt(house, asked)).json()["allowed"] is False


@pytest.mark.parametrize(("colour", "allowed"), [(WHITE, True), (HELD, False), (TAINTED, False)])
async def test_a_picture_is_judged_as_an_upload(
    house: World, colour: tuple[int, int, int], allowed: bool
) -> None:
    """What it says of a picture holds for img2img."""
    assert (await picture(house, png(colour))).json()["allowed"] is allowed


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.SILENT])
async def test_not_knowing_is_never_allowed(house: World, mood: Mood) -> None:
    """The dry run fails closed like the gates."""
    house.reader.mood = mood

    assert (await prompt(house, {"prompt": "a harbour"})).json()["allowed"] is False


async def test_each_has_an_entry_without_content(house: World) -> None:
    """Whoever maps the rules leaves a trace; what they asked is not in it."""
    answer = await prompt(house, {"prompt": CANARY}, **{"x-imprimatur-subject": f"{CANARY}-u"})

    (leaf,) = [each for each in await house.leaves() if each.kind is Kind.DRY_RUN]
    assert str(leaf.entry_id) == answer.headers["x-audit-id"]
    assert CANARY.encode() not in leaf.write()


async def test_without_its_entry_there_is_no_answer(house: World) -> None:
    """503, and not a word on what was judged."""
    house.log.refuses = frozenset({Kind.DRY_RUN})

    answer = await prompt(house, {"prompt": "blockme"})

    assert answer.status_code == 503
    assert "allowed" not in answer.json()


async def test_refusals_are_counted_by_subject_and_day(house: World) -> None:
    """Three in this house: then nobody answers until tomorrow; others are not kept waiting."""
    mine, other = {"x-imprimatur-subject": "u1"}, {"x-imprimatur-subject": "u2"}
    for _ in range(3):
        assert (await prompt(house, {"prompt": "blockme"}, **mine)).status_code == 200

    assert (await prompt(house, {"prompt": "a harbour"}, **mine)).status_code == 429
    assert (await prompt(house, {"prompt": "a harbour"}, **other)).status_code == 200
    house.clock.passes(days=1)
    assert (await prompt(house, {"prompt": "a harbour"}, **mine)).status_code == 200


async def test_what_is_allowed_costs_nothing(house: World) -> None:
    """Only refusals are counted."""
    for _ in range(5):
        assert (await prompt(house, {"prompt": "a harbour"})).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [[], {"surprise": CANARY}, {"prompt": 7}, {"characters": "a"}, {"characters": [7]},
     {"prompt": "a" * 16_001}, {"prompt": None}],
)  # fmt: skip
async def test_what_is_no_question_is_refused(house: World, asked: Any) -> None:
    """And makes no entry."""
    answer = await prompt(house, asked)

    assert answer.status_code == 400
    assert CANARY not in answer.text
    assert Kind.DRY_RUN not in {leaf.kind for leaf in await house.leaves()}


async def test_what_is_no_picture_is_refused(house: World) -> None:
    """Without showing a byte of it."""
    answer = await picture(house, CANARY.encode())

    assert answer.status_code in {400, 415}
    assert CANARY not in answer.text


async def test_nothing_of_it_goes_upstream(house: World) -> None:
    """It is a question, and costs nothing."""
    await prompt(house, {"prompt": "a harbour"})
    await picture(house, png(WHITE))

    assert house.upstream.calls == []
