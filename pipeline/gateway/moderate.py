"""/v1/moderate: what the gates would say, without a generation.

A dry run goes through the same judge. It has a permission of its own, coarse codes, an entry in
the log, and a budget of refusals a day (`trying`), so that nobody maps the rules by trying.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from classifiers.content import Image, Polarity, Purpose, Text
from pipeline.access.permissions import Permission
from pipeline.gateway import carry, trying
from pipeline.gateway.answers import receipt_headers
from pipeline.gateway.body import read_body
from pipeline.gateway.callers import caller_of, subject_in
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors
from pipeline.gateway.trying import Tried
from pipeline.items import Json, Judged, public_code
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.reader import read_json
from policies.decision import Action

ERRORS = (400, 401, 403, 413, 429, 503)
_FIELDS = frozenset({"prompt", "negative_prompt", "characters"})


def routes(gate: Gate) -> APIRouter:
    """Return the dry-run routes, working with `gate`."""
    router = APIRouter(prefix="/v1/moderate", tags=["Moderation"])

    @router.post("/prompt", responses=errors(*ERRORS))
    async def prompt(request: Request) -> JSONResponse:
        """Judge texts: `{"prompt": ..., "negative_prompt": ..., "characters": [...]}`."""
        return await _dry_run(request, gate, "prompt")

    @router.post("/image", responses=errors(*ERRORS, 415))
    async def image(request: Request) -> JSONResponse:
        """Judge one picture, sent as the body itself, as if it were uploaded for img2img."""
        return await _dry_run(request, gate, "image")

    return router


async def _dry_run(request: Request, gate: Gate, kind: str) -> JSONResponse:
    caller = await caller_of(request, gate, Permission.MODERATION_DRY_RUN)
    subject = await carry.as_they_stand(request, gate, subject_in(request, caller))

    async def read() -> Tried:
        body = await read_body(request, gate.limits.body_bytes)
        texts, images = (_texts(body, gate), ()) if kind == "prompt" else ((), (_image(body),))
        return Tried(kind, texts, images, request.headers.get("content-type", ""), body)

    judged, receipt = await trying.judged(gate, caller, subject, read)
    return JSONResponse(
        _said(gate, judged, carry.language_of(request, subject)), headers=receipt_headers(receipt)
    )


def _texts(body: bytes, gate: Gate) -> tuple[Text, ...]:
    try:
        asked = read_json(body, gate.limits)
    except RequestRefusedError as fault:
        raise GateError(fault.status, fault.message) from None
    if unknown := asked.keys() - _FIELDS:
        raise GateError(400, f"unknown keys: {len(unknown)}; expected {sorted(_FIELDS)}")
    characters = asked.get("characters", [])
    if not isinstance(characters, list):
        raise GateError(400, "characters: expected a list of strings")
    named = [
        ("prompt", asked.get("prompt", ""), Polarity.POSITIVE),
        ("negative_prompt", asked.get("negative_prompt", ""), Polarity.NEGATIVE),
        *((f"characters[{i}]", text, Polarity.POSITIVE) for i, text in enumerate(characters)),
    ]
    texts = tuple(
        Text(path, text, polarity) for path, text, polarity in named if isinstance(text, str)
    )
    if len(texts) != len(named):
        raise GateError(400, "prompt, negative_prompt and characters: expected strings")
    if sum(len(text.text) for text in texts) > gate.limits.text_characters:
        raise GateError(400, f"at most {gate.limits.text_characters} characters over all fields")
    return texts


def _image(body: bytes) -> Image:
    return Image("image", 0, Purpose.SOURCE, body)


def _said(gate: Gate, judged: Judged, language: str) -> dict[str, Json]:
    decision = judged.decision
    if decision.allows:
        return {"allowed": True, "held": False, "code": None, "message": None}
    code = public_code(decision)
    return {
        "allowed": False,
        "held": decision.action is Action.HOLD,
        "code": code,
        "message": gate.texts.say(code, language),
    }
