"""A body is read under a limit of bytes and of time, by whoever has a place at the desk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from fastapi import Request
from starlette.types import Message

from pipeline.gateway.body import read_body
from pipeline.gateway.errors import GateError
from tests.unit.pipeline.world import World

ROUTES = [
    "/ai/generate-image",
    "/v1/generations",
    "/v1/moderate/prompt",
    "/v1/moderate/image",
]


class Sender:
    """Sends a body in pieces, and remembers how many requests were in progress meanwhile."""

    def __init__(self, house: World) -> None:
        self.house = house
        self.seen: list[int] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Send what is no request."""
        for piece in (b"{", b"]"):
            self.seen.append(self.house.gate.desk.in_flight)
            yield piece


@pytest.mark.parametrize("route", ROUTES)
class TestAPlaceAtTheDesk:
    async def test_is_taken_before_the_body_is_read(self, house: World, route: str) -> None:
        """Bodies are memory: only so many are held at once, dry runs among them."""
        sender = Sender(house)

        async with house.client() as client:
            answer = await client.post(route, content=sender)

        assert answer.status_code in {400, 415}
        assert sender.seen == [1, 1]
        assert house.gate.desk.in_flight == 0

    async def test_that_there_is_not_leaves_the_body_unread(self, house: World, route: str) -> None:
        """Who finds the house full is told so before a byte is taken."""
        sender = Sender(house)
        with ExitStack() as others:
            for _ in range(house.gate.desk.limit):
                others.enter_context(house.gate.desk.entering())
            async with house.client() as client:
                answer = await client.post(route, content=sender)

        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
        assert sender.seen == []
        assert house.gate.desk.in_flight == 0

    async def test_is_given_to_nobody_while_the_server_stops(
        self, house: World, route: str
    ) -> None:
        """A client is told to come back, and sends its body to the next process."""
        sender = Sender(house)
        await house.gate.desk.drain(1)

        async with house.client() as client:
            answer = await client.post(route, content=sender)

        assert answer.status_code == 503
        assert sender.seen == []


async def test_a_body_that_does_not_come_in_time_is_not_waited_for() -> None:
    """A slow sender would keep its place for ever."""

    async def receive() -> Message:
        await asyncio.sleep(30)
        return {"type": "http.request", "body": b"{}"}

    request = Request({"type": "http", "headers": []}, receive)

    with pytest.raises(GateError) as refused:
        await read_body(request, 100, longest_seconds=0.01)

    assert refused.value.status == 400
