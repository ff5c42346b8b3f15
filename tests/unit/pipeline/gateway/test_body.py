"""The body is read under a limit, before anything parses it."""

import asyncio
from collections.abc import Sequence

import pytest
from fastapi import Request
from starlette.types import Message

from pipeline.gateway.body import read_body
from pipeline.gateway.errors import GateError
from tests.unit.pipeline.lookers import CANARY


class Sender:
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
    assert await read_body(Sender([b"a", b"", b"bc"]).request, 3) == b"abc"


async def test_a_declared_length_beyond_the_limit_is_refused_unread() -> None:
    """Nothing is taken in that will not be used."""
    sender = Sender([b"x" * 100], declared="100")

    with pytest.raises(GateError) as fault:
        await read_body(sender.request, 99)

    assert (fault.value.status, sender.taken) == (413, 0)


@pytest.mark.parametrize("declared", [None, "3", "-1", "nonsense"])
async def test_a_length_that_lies_changes_nothing(declared: str | None) -> None:
    """What counts is what comes; reading stops where the limit is reached."""
    sender = Sender([b"x" * 50] * 10, declared)

    with pytest.raises(GateError) as fault:
        await read_body(sender.request, 99)

    assert (fault.value.status, sender.taken) == (413, 2)


@pytest.mark.parametrize("pieces", [[], [b""], [b"", b""]])
async def test_an_empty_body_is_told_as_such(pieces: list[bytes]) -> None:
    """Some servers lose the body of an upgrade request: the client must learn why it failed."""
    with pytest.raises(GateError) as fault:
        await read_body(Sender(pieces).request, 99)

    assert fault.value.status == 400
    assert "empty" in fault.value.message


async def test_a_body_that_does_not_come_in_time_is_given_up() -> None:
    """Nobody keeps a place by sending slowly."""

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError(CANARY)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}

    with pytest.raises(GateError) as fault:
        await read_body(Request(scope, never), 99, longest_seconds=0.01)

    assert fault.value.status == 400
