"""NovelAI's routes, gated: a platform changes one base URL.

What this gate does not serve is refused by name: nothing is passed through unread.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipeline.access.permissions import Permission
from pipeline.gateway import answers, carry, events
from pipeline.gateway.callers import caller_of
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import binary, errors, success
from pipeline.items import Operation, Recorded, Released

FAILURES = (400, 401, 402, 403, 409, 413, 415, 429, 502, 503)
"""What a request for pictures may end in."""


def routes(gate: Gate) -> APIRouter:
    """Return NovelAI's routes, working with `gate`."""
    router = APIRouter(tags=["NovelAI"])

    @router.post(
        "/ai/generate-image",
        response_class=Response,
        responses=binary("binary/octet-stream", "application/json") | errors(*FAILURES),
    )
    async def generate_image(request: Request) -> Response:
        """Generate pictures, as NovelAI's own route does, once every gate has passed."""
        released = await _released(request, gate)
        return answers.pictures(released, request.headers.get("accept", ""))

    @router.post(
        "/ai/generate-image-stream",
        response_class=Response,
        responses=binary(events.SSE, events.MSGPACK) | errors(*FAILURES),
    )
    async def generate_image_stream(request: Request) -> Response:
        """Generate pictures and tell only the `final` events of a stream, after every gate.

        `parameters.stream` chooses `sse` (also the default) or `msgpack`. A refusal is a plain
        answer with its status, never an event.
        """
        return events.stream(await _released(request, gate))

    @router.post(
        Operation.AUGMENT,
        response_class=Response,
        responses=binary("binary/octet-stream", "application/json") | errors(*FAILURES),
    )
    async def augment_image(request: Request) -> Response:
        """Work on a picture with a director tool; all three of `bg-removal` are examined."""
        released = await _released(request, gate, Operation.AUGMENT)
        return answers.pictures(released, request.headers.get("accept", ""))

    @router.post(
        Operation.UPSCALE,
        response_class=Response,
        responses=binary("binary/octet-stream", "application/json") | errors(*FAILURES),
    )
    async def upscale(request: Request) -> Response:
        """Double a picture's sides. The body of the older route is read too, with `scale` 2."""
        released = await _released(request, gate, Operation.UPSCALE)
        return answers.pictures(released, request.headers.get("accept", ""))

    @router.post(
        Operation.ENCODE_VIBE,
        response_class=Response,
        responses=success(200, "The encoding.", answers.ENCODING) | errors(*FAILURES),
    )
    async def encode_vibe(request: Request) -> Response:
        """Encode a picture for V4 and V4.5 models; what is given here is taken back here alone.

        The picture is examined, and what was seen in it counts at each use of the encoding.
        """
        return answers.encoding(await _released(request, gate, Operation.ENCODE_VIBE))

    for method, path, what in NOT_SERVED:
        router.add_api_route(
            path, _not_served(what), methods=[method], status_code=404, responses=errors(404)
        )
    return router


async def _released(
    request: Request, gate: Gate, operation: Operation = Operation.GENERATE
) -> Recorded[Released]:
    """Take a request to its end, and return the pictures that left.

    Raises:
        GateError: none did, or it ended before: ask for it by its id.
    """
    caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
    ticket = await carry.submit(request, gate, caller, caller.subject, operation)
    end = await carry.finish(request, gate, ticket)
    if end is None:
        raise GateError(
            409,
            "This request was made before. Ask for it by its id.",
            id=str(ticket.id),
            headers={"Location": f"/v1/generations/{ticket.id}"},
        )
    if isinstance(end.outcome, Released):
        return Recorded(end.outcome, end.receipts)
    raise carry.refusal(gate, end, carry.language_of(request, caller.subject))


_STORIES = "stories, and the keys and settings of their editor"
_MODULES = "text generation: its modules"
_ACCOUNTS = "NovelAI's accounts: a key comes from the operator of this gate"
NOT_SERVED = (
    ("POST", "/ai/annotate-image", "control net preprocessing"),
    ("POST", "/ai/generate", "text generation"),
    ("POST", "/ai/generate-stream", "text generation"),
    ("POST", "/ai/generate-prompt", "text generation"),
    ("POST", "/oa/v1/completions", "text generation"),
    ("POST", "/oa/v1/chat/completions", "text generation"),
    ("GET", "/oa/v1/models", "text generation"),
    ("POST", "/ai/generate-voice", "speech"),
    ("GET", "/ai/generate-voice", "speech"),
    ("GET", "/ai/module/{module}", _MODULES),
    ("DELETE", "/ai/module/{module}", _MODULES),
    ("POST", "/ai/module/train", _MODULES),
    ("GET", "/user/keystore", _STORIES),
    ("PUT", "/user/keystore", _STORIES),
    ("GET", "/user/clientsettings", _STORIES),
    ("PUT", "/user/clientsettings", _STORIES),
    ("GET", "/user/objects/{kind}", _STORIES),
    ("PUT", "/user/objects/{kind}", _STORIES),
    ("GET", "/user/objects/{kind}/{known_as}", _STORIES),
    ("PATCH", "/user/objects/{kind}/{known_as}", _STORIES),
    ("DELETE", "/user/objects/{kind}/{known_as}", _STORIES),
    ("POST", "/user/register", _ACCOUNTS),
    ("POST", "/user/delete", _ACCOUNTS),
    ("POST", "/user/change-access-key", _ACCOUNTS),
    ("POST", "/user/create-persistent-token", _ACCOUNTS),
    ("POST", "/user/recovery/request", _ACCOUNTS),
    ("POST", "/user/recovery/recover", _ACCOUNTS),
    ("POST", "/user/subscription/bind", _ACCOUNTS),
    ("POST", "/user/subscription/change", _ACCOUNTS),
)
"""NovelAI's routes that are not served: each says so before it reads a body."""


def _not_served(what: str) -> Callable[[], Awaitable[None]]:
    async def refuse() -> None:
        raise GateError(404, f"This gate serves pictures. It does not serve {what}.")

    refuse.__doc__ = f"Refuse: this gate does not serve {what}."
    return refuse
