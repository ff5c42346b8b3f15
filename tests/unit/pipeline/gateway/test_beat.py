from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from starlette.types import Message, Receive, Scope, Send

from pipeline.gateway.beat import OnTheBeat

BEAT = 0.25


@dataclass
class Time:
    """A clock that stands still, but for what is waited or worked."""

    now: float = 100.0
    waited: list[float] = field(default_factory=list[float])

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


async def answered(
    time: Time, status: int, work: float, uploads: Iterable[float] = (0.0,)
) -> float:
    """Send a request in pieces, each after so long; return how long after the last it ends."""
    pieces = list(uploads)
    sent: list[float] = []

    async def works(_: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        time.now += work
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        time.now += pieces.pop(0)
        return {"type": "http.request", "body": b"", "more_body": bool(pieces)}

    async def send(_: Message) -> None:
        sent.append(time.now)

    began = time.now + sum(pieces)
    gate = OnTheBeat(works, BEAT, lambda: time.now, time.sleep)
    await gate({"type": "http"}, receive, send)
    return sent[0] - began


@pytest.mark.parametrize("work", [0.001, 0.031, 0.077, 0.249])
async def test_refusals_leave_together_however_long_they_took(work: float) -> None:
    """What is sealed for the child-safety team takes longer than a word on a list."""
    assert await answered(Time(), 403, work) == pytest.approx(BEAT)
    assert await answered(Time(), 403, work + BEAT) == pytest.approx(2 * BEAT)


@pytest.mark.parametrize("uploads", [(0.0, 0.2), (1.1, 0.03, 0.19)])
async def test_a_slow_upload_does_not_shift_the_beat(uploads: tuple[float, ...]) -> None:
    """Else whoever sends byte by byte could try where the work crosses a beat."""
    assert await answered(Time(), 403, 0.1, uploads) == pytest.approx(BEAT)


@pytest.mark.parametrize("status", [200, 201, 400, 429, 503])
async def test_no_other_answer_waits(status: int) -> None:
    """A picture is late enough, and what is wrong with a request is no secret."""
    time = Time()

    assert await answered(time, status, 0.1) == pytest.approx(0.1)
    assert time.waited == []
