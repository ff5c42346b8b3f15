"""/v1/moderate: what the gates would say, without a generation.

A dry run goes through the same judge. It has a permission of its own, coarse codes, an entry in
the log, and a budget of refusals a day, so that nobody maps the rules by trying. It is taken from
the budget before it is judged, and given back if it is allowed: trying many at once gains nothing.
It keeps no content, but what only the child-safety team may open: that is seized.
"""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from audit.entry import Entry, Kind, Receipt
from audit.errors import AuditError
from classifiers.content import Grammar, Image, Polarity, Prompt, Purpose, Text
from classifiers.errors import UnreadableError
from pipeline.access.callers import Caller
from pipeline.access.permissions import Permission
from pipeline.errors import StoreError, VaultError
from pipeline.gateway import carry
from pipeline.gateway.answers import receipt_headers
from pipeline.gateway.body import read_body
from pipeline.gateway.callers import caller_of, subject_in
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.preserving import preserve
from pipeline.gateway.shapes import errors
from pipeline.items import Json, Judged, Subject, public_code
from pipeline.jobs.received import Received
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.reader import read_json
from pipeline.projection import gravity
from policies.decision import Action
from policies.errors import PolicyError
from policies.policy import Moment

ERRORS = (400, 401, 403, 413, 429, 503)
_FIELDS = frozenset({"prompt", "negative_prompt", "characters"})
TOMORROW_SECONDS = 24 * 3600


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
    subject = subject_in(request, caller)
    counted, refusals, refused = carry.counted_as(gate, subject), gate.store.refusals, False
    with carry.entering(gate):
        if not await refusals.reserve(*counted, gate.refusals_a_day):
            raise GateError(429, "Too many refusals today.", retry_after_seconds=TOMORROW_SECONDS)
        try:
            judged, receipt = await _judged(request, gate, caller, subject, kind)
            refused = not judged.decision.allows
        finally:
            if not refused:
                await refusals.give_back(*counted)
    return JSONResponse(
        _said(gate, judged, carry.language_of(request, subject)), headers=receipt_headers(receipt)
    )


async def _judged(
    request: Request, gate: Gate, caller: Caller, subject: Subject, kind: str
) -> tuple[Judged, Receipt]:
    body = await read_body(request, gate.limits.body_bytes)
    texts, images = (_texts(body, gate), ()) if kind == "prompt" else ((), (_image(body),))
    try:
        policy = await gate.tenancy.policy_of(subject.tenant)
        prompt = Prompt(texts, Grammar.V4)
        contents = await gate.desk.prepare(subject.tenant, prompt, images)
        judged = await gate.judge.judge(contents, policy, Moment.REQUEST, subject.facts)
        preserved, code = None, gravity(judged.decision)
        if code is not None:  # kept first: its entry may fail, or the process die
            received = Received(request.headers.get("content-type", ""), body, subject)
            preserved = await preserve(gate, caller, received, code)
        receipt = await gate.log.append(_entry(gate, subject, kind, judged, preserved))
    except UnreadableError as fault:
        raise carry.unreadable(fault) from None
    except (AuditError, StoreError, VaultError, PolicyError, TimeoutError) as fault:
        raise carry.unavailable(gate, "", fault) from None
    return judged, receipt


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


def _entry(
    gate: Gate, subject: Subject, kind: str, judged: Judged, preserved: UUID | None
) -> Entry:
    return Entry(
        gate.new_id(),
        Kind.DRY_RUN,
        gate.now(),
        {
            "tenant": subject.tenant,
            "work": kind,
            "action": judged.decision.action.value,
            "code": judged.decision.code.value,
            "policy_digest": judged.decision.policy_digest,
            "banks": [],
            "duration_us": judged.milliseconds * 1000,
            **({} if preserved is None else {"submission": str(preserved)}),
        },
        {} if subject.pseudonym is None else {"subject": subject.pseudonym},
    )


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
