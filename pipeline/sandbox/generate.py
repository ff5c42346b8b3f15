"""Answers one generation request, from its bytes to its pictures."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from pipeline.sandbox import answers, body, events, fields, job
from pipeline.sandbox.accounts import Accounts
from pipeline.sandbox.body import Body
from pipeline.sandbox.calls import Calls
from pipeline.sandbox.errors import DroppedError, RefusedError
from pipeline.sandbox.faults import Fault, Faults, Kind
from pipeline.sandbox.job import Job
from pipeline.sandbox.settings import SandboxSettings
from pipeline.sandbox.studio import Picture, Studio

DROP = "drop"  # the key in the server's state under which it offers to cut a connection
_RETRY_AFTER = {"retry-after": "2"}


@dataclass(frozen=True, slots=True)
class _Done:
    work: Job
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
        done = await self._done(request, job.read)
        if isinstance(done, Response):
            return done
        truncated = done.flaw is Kind.TRUNCATED_ZIP
        if request.headers.get("accept") == "application/json":
            return answers.as_json(done.pictures, truncated=truncated)
        suffix = "webp" if done.work.webp else "png"
        return answers.as_zip(done.pictures, suffix, truncated=truncated)

    async def stream(self, request: Request) -> Response:
        """Answer a request with previews and pictures, as a stream.

        Raises:
            SandboxError: the request is refused; see `errors`.
        """
        raw, content_type = await request.body(), request.headers.get("content-type", "")
        done = await self._done(request, job.read)
        if isinstance(done, Response):
            return done
        parameters = fields.inner(body.read(raw, content_type).fields, "parameters")
        kind = fields.choice(parameters, "stream", "sse", events.KINDS)
        breaks_off = done.flaw is Kind.STREAM_ERROR
        return events.answer(done.pictures, done.work.dials.steps, kind, breaks_off=breaks_off)

    async def _done(self, request: Request, read: Callable[[Body], Job]) -> _Done | Response:
        """Read a request, let it be paid, and make its pictures; or give what ends it at once."""
        raw, content_type = await request.body(), request.headers.get("content-type", "")
        call = self.calls.note(raw, content_type)
        standing = self.accounts.of(request.headers.get("authorization", ""))
        fault = self.faults.meet(request.headers.get("x-sandbox-fault"), call.sha256)
        if fault is not None and fault.kind is Kind.HTML:
            return answers.cloudflare()
        _refuse_if_told(fault)
        work = await asyncio.to_thread(lambda: read(body.read(raw, content_type)))
        from_folder = self._source(request)
        with standing.locked():
            standing.pay(work)
            self.calls.pay(call)
            pictures = await self._pictures(work, fault, from_folder=from_folder)
        if fault is not None and fault.kind is Kind.DROP_CONNECTION:
            return await _drop(request)
        return _Done(work, pictures, None if fault is None else fault.kind)

    async def prerender(self, request: Request) -> Response:
        """Make and keep the pictures of a request ahead of it: free, unlocked, not noted."""
        content_type = request.headers.get("content-type", "")
        work = job.read(body.read(await request.body(), content_type))
        from_folder = self._source(request)
        made = await asyncio.to_thread(self.studio.make, work, None, from_folder=from_folder)
        return answers.json_object({"pictures": len(made)})

    async def _pictures(
        self, work: Job, fault: Fault | None, *, from_folder: bool
    ) -> list[Picture]:
        await asyncio.sleep(self.settings.delay_seconds + (fault.seconds if fault else 0))
        flaw = fault.kind if fault else None
        return await asyncio.to_thread(self.studio.make, work, flaw, from_folder=from_folder)

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
