"""A receiver of webhooks on a real socket of this machine, with the faults that they have."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Got:
    """One request as it came."""

    line: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers each request by the next word: a status, `hang`, `cut`, or `inside` (a redirect)."""

    answers: Sequence[str] = ("200",)
    got: list[Got] = field(default_factory=list)
    url: str = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (each.split(": ", 1) for each in rest if each)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        answer = self.answers[min(len(self.got), len(self.answers) - 1)]
        self.got.append(Got(line, headers, body))
        if answer == "hang":
            await reader.read()  # until the other side gives up
        elif answer == "inside":
            writer.write(_answer("302", f"location: {self.url}/again\r\n"))
        elif answer == "cut":
            writer.write(b"HTTP/1.1 200 O")
        else:
            writer.write(_answer(answer, ""))
        writer.close()


def _answer(status: str, more: str) -> bytes:
    phrase = HTTPStatus(int(status)).phrase
    return f"HTTP/1.1 {status} {phrase}\r\n{more}content-length: 0\r\n\r\n".encode()


@asynccontextmanager
async def receiving(*answers: str) -> AsyncGenerator[Receiver]:
    """Run a receiver."""
    receiver = Receiver(answers)
    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    async with server:
        yield receiver
