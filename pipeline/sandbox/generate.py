"""Answers one generation request, from its bytes to its pictures."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from pipeline.sandbox import answers, body, events, fields, job, retouching, tools, vibes
from pipeline.sandbox.accounts import Accounts, Standing
from pipeline.sandbox.body import Body
from pipeline.sandbox.calls import Calls
from pipeline.sandbox.errors import DroppedError, RefusedError
from pipeline.sandbox.faults import Fault, Faults, Kind
from pipeline.sandbox.settings import SandboxSettings
from pipeline.sandbox.studio import Picture, Studio
from pipeline.sandbox.tools import Retouch

DROP = "drop"  # the key in the server's state under which it offers to cut a connection
_RETRY_AFTER = {"retry-after": "2"}


@dataclass(frozen=True, slots=True)
class _Work:
    """What a route asks for: how it is paid, and how its pictures are made."""

    pay: Callable[[Standing], object]
    make: Callable[[Kind | None], list[Picture]]


@dataclass(frozen=True, slots=True)
class _Done:
    pictures: list[Picture]
    flaw: Kind | None


@dataclass(frozen=True, slots=True)
class Generation:
    """The generation routes: one request in, pictures or a refusal out."""

    settings: SandboxSettings
    accounts: Accounts
    faults: Faults
    calls: Calls
    studio: Studio

    async def answer(self, request: Request) -> Response:
        """Answer a request with its pictures.

        A request that breaks off after it was paid stays paid, as with NovelAI.

        Raises:
            SandboxError: the request is refused; see `errors`.
        """
        return _pictured(request, await self._done(request, self._generation))

    async def augment(self, request: Request) -> Response:
        """Answer a request for a director tool."""
        return _pictured(request, await self._done(request, self._retouching(tools.read_augment)))

    async def upscale(self, request: Request) -> Response:
        """Answer a request to upscale."""
        return _pictured(request, await self._done(request, self._retouching(tools.read_upscale)))

    async def encode_vibe(self, request: Request) -> Response:
        """Answer a request to encode a picture with the bytes of the encoding."""
        done = await self._done(request, self._encoding)
        return done if isinstance(done, Response) else answers.binary(done.pictures[0].content)

    async def stream(self, request: Request) -> Response:
        """Answer a request with previews and pictures, as a stream.

        Raises:
            SandboxError: the request is refused; see `errors`.
        """
        raw, content_type = await request.body(), request.headers.get("content-type", "")
        done = await self._done(request, self._generation)
        if isinstance(done, Response):
            return done
        asked = body.read(raw, content_type)
        parameters = fields.inner(asked.fields, "parameters")
        kind = fields.choice(parameters, "stream", "sse", events.KINDS)
        breaks_off = done.flaw is Kind.STREAM_ERROR
        steps = job.read(asked).dials.steps
        return events.answer(done.pictures, steps, kind, breaks_off=breaks_off)

    def _generation(self, asked: Body, request: Request) -> _Work:
        work, from_folder = job.read(asked), self._source(request)
        make = partial(self.studio.make, work, from_folder=from_folder)
        return _Work(lambda standing: standing.pay(work), make)

    def _encoding(self, asked: Body, _: Request) -> _Work:
        vibe = vibes.read(asked)
        return _Work(
            lambda standing: standing.charge(vibes.COST),
            lambda _: [Picture(vibes.encode(vibe), 0)],
        )

    def _retouching(self, read: Callable[[Body], Retouch]) -> Callable[[Body, Request], _Work]:
        def retouch(asked: Body, _: Request) -> _Work:
            work = read(asked)
            return _Work(
                lambda standing: standing.charge(work.cost(is_opus=standing.is_opus)),
                lambda flaw: retouching.make(work, flaw, self.settings.signing_key),
            )

        return retouch

    async def _done(
        self, request: Request, read: Callable[[Body, Request], _Work]
    ) -> _Done | Response:
        """Read a request, let it be paid, and make its pictures; or give what ends it at once."""
        raw, content_type = await request.body(), request.headers.get("content-type", "")
        call = self.calls.note(raw, content_type)
        standing = self.accounts.of(request.headers.get("authorization", ""))
        fault = self.faults.meet(request.headers.get("x-sandbox-fault"), call.sha256)
        if fault is not None and fault.kind is Kind.HTML:
            return answers.cloudflare()
        _refuse_if_told(fault)
        work = await asyncio.to_thread(lambda: read(body.read(raw, content_type), request))
        with standing.locked():
            work.pay(standing)
            self.calls.pay(call)
            pictures = await self._pictures(work, fault)
        if fault is not None and fault.kind is Kind.DROP_CONNECTION:
            return await _drop(request)
        return _Done(pictures, None if fault is None else fault.kind)

    async def prerender(self, request: Request) -> Response:
        """Make and keep the pictures of a request ahead of it: free, unlocked, not noted."""
        content_type = request.headers.get("content-type", "")
        work = job.read(body.read(await request.body(), content_type))
        from_folder = self._source(request)
        made = await asyncio.to_thread(self.studio.make, work, None, from_folder=from_folder)
        return answers.json_object({"pictures": len(made)})

    async def _pictures(self, work: _Work, fault: Fault | None) -> list[Picture]:
        await asyncio.sleep(self.settings.delay_seconds + (fault.seconds if fault else 0))
        return await asyncio.to_thread(work.make, fault.kind if fault else None)

    def _source(self, request: Request) -> bool:
        """Whether the pictures come from the folder."""
        match request.headers.get("x-sandbox-pictures"):
            case None:
                return self.settings.serve_pictures and self.studio.has_folder
            case "folder":
                return True
            case "drawn":
                return False
            case _:
                raise RefusedError(400, "X-Sandbox-Pictures: expected folder or drawn")


def _pictured(request: Request, done: _Done | Response) -> Response:
    if isinstance(done, Response):
        return done
    truncated = done.flaw is Kind.TRUNCATED_ZIP
    if request.headers.get("accept") == "application/json":
        return answers.as_json(done.pictures, truncated=truncated)
    return answers.as_zip(done.pictures, truncated=truncated)


def _refuse_if_told(fault: Fault | None) -> None:
    match fault.kind if fault else None:
        case Kind.NO_ANLAS:
            raise RefusedError(402, "Not enough Anlas")
        case Kind.LOCKED:
            raise RefusedError(429, "Concurrent generation is locked", headers=_RETRY_AFTER)
        case Kind.BROKEN_ONCE:
            raise RefusedError(500, "Internal Server Error")
        case _:
            return


async def _drop(request: Request) -> Response:
    """End the connection without an answer, through what the server offers for that."""
    drop: Callable[[], None] | None = request.scope.get("state", {}).get(DROP)
    if drop is None:
        raise DroppedError
    drop()
    await asyncio.sleep(0)  # the connection is gone before the answer below is written to it
    return Response()
