"""A body is read under a limit of bytes and of time, by whoever has a place at the desk."""

import asyncio
from collections.abc import AsyncIterator, Sequence
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


class Pieces:
    """Sends a body in pieces, and counts how many were taken."""

    def __init__(self, pieces: Sequence[bytes], declared: str | None = None) -> None:
        self.pieces = list(pieces)
        self.taken = 0
        headers = [] if declared is None else [(b"content-length", declared.encode())]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
        self.request = Request(scope, self.receive)

    async def receive(self) -> Message:
        """Give the next piece."""
        piece = self.pieces[self.taken] if self.taken < len(self.pieces) else b""
        self.taken += 1
        return {
            "type": "http.request",
            "body": piece,
            "more_body": self.taken < len(self.pieces),
        }


async def test_a_body_in_pieces_is_put_together() -> None:
    """As it came, byte for byte."""
    assert await read_body(Pieces([b"a", b"", b"bc"]).request, 3) == b"abc"


async def test_a_declared_length_beyond_the_limit_is_refused_unread() -> None:
    """Nothing is taken in that will not be used."""
    sender = Pieces([b"x" * 100], declared="100")

    with pytest.raises(GateError) as fault:
        await read_body(sender.request, 99)

    assert (fault.value.status, sender.taken) == (413, 0)


@pytest.mark.parametrize("declared", [None, "3", "-1", "nonsense"])
async def test_a_length_that_lies_changes_nothing(declared: str | None) -> None:
    """What counts is what comes; reading stops where the limit is reached."""
    sender = Pieces([b"x" * 50] * 10, declared)

    with pytest.raises(GateError) as fault:
        await read_body(sender.request, 99)

    assert (fault.value.status, sender.taken) == (413, 2)


@pytest.mark.parametrize("pieces", [[], [b""], [b"", b""]])
async def test_an_empty_body_is_told_as_such(pieces: list[bytes]) -> None:
    """Some servers lose the body of an upgrade request: the client must learn why it failed."""
    with pytest.raises(GateError) as fault:
        await read_body(Pieces(pieces).request, 99)

    assert fault.value.status == 400
    assert "empty" in fault.value.message
