"""Streams through the gate: only the ends of pictures that were examined, or a plain refusal."""

import base64
import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.unit.pipeline.lookers import WHITE, Colour
from tests.unit.pipeline.streams import read_msgpack, read_sse, windows
from tests.unit.pipeline.world import BLOCK, HELD, SIDE, World, as_it_leaves, body, png

STREAM = "/ai/generate-image-stream"
_SEEN = 24
"""So many bytes in a row do not come twice in pictures by chance."""
_ALIKE = 64
"""So many at its ends every file has in common."""


def noise(corner: Colour, seed: int) -> bytes:
    """A picture whose every stretch of bytes is its own; its corner tells the viewer what it is."""
    pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    pixels[0, 0] = corner
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


async def ask(house: World, samples: int = 1, prompt: str = "a harbour", **more: Any) -> Any:
    async with house.client() as client:
        return await client.post(STREAM, json=body(prompt, samples, **more))


async def test_the_end_of_a_stream_is_told_as_sse(house: World) -> None:
    """What a client that knows NovelAI's stream reads: a final event, with an integer id."""
    answer = await ask(house, stream="sse")

    (event,) = read_sse(answer.content)
    assert answer.headers["content-type"] == "text/event-stream"
    assert isinstance(event.pop("gen_id"), int)
    assert event == {"event_type": "final", "samp_ix": 0, "image": as_it_leaves(png(WHITE))}
    assert answer.headers["x-audit-id"]


async def test_or_as_msgpack(house: World) -> None:
    """Which the official site reads: the picture as bytes."""
    answer = await ask(house, 2, stream="msgpack")

    events = read_msgpack(answer.content)
    assert answer.headers["content-type"] == "application/msgpack"
    assert [(each["event_type"], each["samp_ix"]) for each in events] == [
        ("final", 0),
        ("final", 1),
    ]
    assert [each["image"] for each in events] == [as_it_leaves(png(WHITE))] * 2
    assert all(isinstance(each["gen_id"], int) for each in events)


async def test_who_names_no_form_is_told_as_sse(house: World) -> None:
    """Clients that know nothing else send no `stream`."""
    assert len(read_sse((await ask(house)).content)) == 1


async def test_another_form_is_refused(house: World) -> None:
    """Before anything is paid."""
    answer = await ask(house, stream="mjpeg")

    assert answer.status_code == 400
    assert "parameters.stream" in answer.json()["message"]
    assert house.upstream.calls == []


@pytest.mark.parametrize("form", ["sse", "msgpack"])
async def test_a_stream_holds_no_byte_of_what_was_not_released(house: World, form: str) -> None:
    """Neither as it is nor in base64, wherever a client begins to read."""
    drawn = [noise(WHITE, 1), noise(BLOCK, 2), noise(HELD, 3), noise(WHITE, 4)]
    house.upstream.pictures = drawn

    answer = await ask(house, 4, stream=form)

    read = read_sse if form == "sse" else read_msgpack
    events = read(answer.content)
    left = [(place, as_it_leaves(drawn[place])) for place in (0, 3)]
    assert [(each["samp_ix"], each["image"]) for each in events] == left
    assert answer.headers["x-imprimatur-withheld"] == "2"
    known = {window for _, picture in left for window in windows(picture, _SEEN)}
    for secret in drawn[1:3]:
        own = {*windows(secret, _SEEN)} - known
        assert len(own) > len(secret) // 2
        assert own.isdisjoint(windows(answer.content, _SEEN))
        for offset in range(3):  # base64 writes three bytes as four characters, from any of them
            text = base64.b64encode(secret[_ALIKE + offset : -_ALIKE])[4:-4]
            assert {*windows(text, 32)}.isdisjoint(windows(answer.content, 32))


async def test_upstream_is_never_asked_for_a_stream(house: World) -> None:
    """Its stream shows pictures before they are whole: nobody could have looked at them."""
    await ask(house, stream="sse")

    assert house.upstream.paths == ["/ai/generate-image"]
    assert b'"stream"' not in house.upstream.calls[0]


@pytest.mark.parametrize("form", ["sse", "msgpack"])
async def test_a_refusal_is_a_plain_answer(house: World, form: str) -> None:
    """With its status: an event on a 200 is read by no SDK."""
    refused: httpx.Response = await ask(house, prompt="blockme", stream=form)
    house.upstream.colours = [BLOCK]
    withheld: httpx.Response = await ask(house, stream=form)

    for answer in (refused, withheld):
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json()["code"] == "CONTENT_NOT_ALLOWED"
