"""Every carrier of every route is gated: a marker in any of them is seen, and nothing is sent."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, select, update

from pipeline.novelai.tags import PATH as SUGGEST
from pipeline.store.encodings import encodings
from tests.contract.carriers import (
    GENERATIONS,
    GUILTY,
    INNOCENT,
    Carried,
    Marker,
    of_encodings,
    of_generations,
    of_tools,
)
from tests.unit.pipeline.lookers import BLOCKED, Mood, Scores
from tests.unit.pipeline.world import World, encoding, open_world

TOOLS = ("/ai/augment-image", "/ai/upscale", "/ai/encode-vibe")
ROUTES = (*GENERATIONS, *TOOLS)
FORMS = ("/ai/generate-image", *TOOLS)
CARRIERS = {
    "/ai/augment-image": {"image", "prompt"},
    "/ai/upscale": {"image"},
    "/ai/encode-vibe": {"image"},
}
GENERATED = {
    "input",
    "parameters.prompt",
    "parameters.negative_prompt",
    "parameters.uc",
    "parameters.characterPrompts[0].prompt",
    "parameters.characterPrompts[0].uc",
    "parameters.v4_prompt.caption.base_caption",
    "parameters.v4_prompt.caption.char_captions[0].char_caption",
    "parameters.v4_negative_prompt.caption.base_caption",
    "parameters.v4_negative_prompt.caption.char_captions[0].char_caption",
    "parameters.image",
    "parameters.mask",
    "parameters.reference_image",
    "parameters.reference_image_multiple[0]",
    "parameters.reference_image_multiple_cached[0].data",
    "parameters.director_reference_images[0]",
    "parameters.director_reference_images_cached[0].data",
}
"""The carriers of novelai-api.md 3.4 and 3.5 that a generation is served with."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    """A whole house for one test."""
    async with open_world(tmp_path) as opened:
        yield opened


def carried(path: str, marker: Marker) -> Iterator[Carried]:
    if path not in GENERATIONS:
        return of_tools(path, marker)
    large = (
        path in FORMS
    )  # canvases of 1.5 megapixels: one of three routes with one reader is enough
    return (each for each in of_generations(marker) if large or "director" not in each.carrier)


async def answers(
    house: World, path: str, marker: Marker, *, forms: bool = False
) -> AsyncIterator[tuple[Carried, httpx.Response]]:
    """Ask with the marker in each carrier in turn; with pictures also as a form, if wanted."""
    async with house.client() as client:
        for each in carried(path, marker):
            yield each, await client.post(path, json=each.body)
            if forms and each.is_picture:
                yield each, await client.post(path, files=each.form())


def test_the_tables_name_every_carrier_of_the_reference() -> None:
    """A walk that misses a carrier would pass below."""
    found = {each.carrier.partition(": ")[2] for each in of_generations(INNOCENT)}
    assert found == GENERATED
    for path, known in CARRIERS.items():
        assert {each.carrier for each in of_tools(path, INNOCENT)} == known


@pytest.mark.parametrize("path", ROUTES)
async def test_a_marker_in_any_carrier_is_seen(house: World, path: str) -> None:
    """Refused for what it holds, in either encoding, and never sent."""
    forms = path in FORMS  # the routes of generations read by one reader
    async for each, answer in answers(house, path, GUILTY, forms=forms):
        assert answer.status_code == 403, (each.carrier, answer.text)
        assert answer.json()["code"] == "CONTENT_NOT_ALLOWED", each.carrier
    assert house.upstream.calls == []


@pytest.mark.parametrize("path", FORMS)
async def test_without_the_marker_the_same_requests_pass(house: World, path: str) -> None:
    """Otherwise they would be refused above for another reason."""
    asked = 0
    async for each, answer in answers(house, path, INNOCENT):
        asked += 1
        assert answer.status_code == 200, (each.carrier, answer.text)
    assert 0 < len(house.upstream.calls) <= asked


@pytest.mark.parametrize("path", ROUTES)
async def test_while_its_gate_fails_no_carrier_is_sent(house: World, path: str) -> None:
    """Who cannot look at a text, or at a picture, lets nothing of that kind pass."""
    async with house.client() as client:
        for each in carried(path, INNOCENT):
            house.viewer.mood = Mood.FAILS if each.is_picture else Mood.WELL
            house.reader.mood = Mood.WELL if each.is_picture else Mood.FAILS
            answer = await client.post(path, json=each.body)

            assert answer.status_code in {202, 403, 503}, (each.carrier, answer.text)
            assert house.upstream.calls == [], each.carrier


async def test_what_is_seen_in_the_picture_of_an_encoding_counts_at_each_use(house: World) -> None:
    """Nobody can look into an encoding: a marker in its picture has to be seen through it."""
    async with house.client() as client:
        minted = await client.post("/ai/encode-vibe", json=encoding())
        assert minted.status_code == 200, minted.text
        carriers = [*of_encodings(minted.content)]
        for each in carriers:
            for answer in (
                await client.post(GENERATIONS[0], json=each.body),
                await client.post(GENERATIONS[0], files=each.form()),
            ):
                assert answer.status_code == 200, (each.carrier, answer.text)

        sent = len(house.upstream.calls)
        await worsen(house, BLOCKED)
        for route in GENERATIONS:
            for each in carriers:
                answer = await client.post(route, json=each.body)
                assert answer.status_code == 403, (route, each.carrier, answer.text)
                assert answer.json()["code"] == "CONTENT_NOT_ALLOWED", (route, each.carrier)
    assert len(house.upstream.calls) == sent


async def worsen(house: World, scores: Scores) -> None:
    """Let something else have been seen in the picture of every encoding, as a new list would."""
    name, score = next(iter(scores.items()))

    def write(sql: Connection) -> None:
        (seen,) = sql.execute(select(encodings.c.seen)).scalars()
        worse = [{**each, "score": score} if each["name"] == name else each for each in seen]
        assert worse != seen
        sql.execute(update(encodings).values(seen=worse))

    await house.store.writer(write)


async def test_what_is_typed_is_seen_before_it_is_sent(house: World) -> None:
    """The only carrier that is no body: it would be the only one that nobody reads."""
    query = {"model": "nai-diffusion-3", "prompt": GUILTY.text}
    async with house.client() as client:
        refused = await client.get(SUGGEST, params=query)
        house.reader.mood = Mood.FAILS
        unread = await client.get(SUGGEST, params={**query, "prompt": INNOCENT.text})

    assert (refused.status_code, refused.json()["code"]) == (403, "CONTENT_NOT_ALLOWED")
    assert unread.status_code == 503
    assert house.upstream.paths == []
