"""Tag suggestion: what is typed is judged before it is sent, and what comes back before it is told.

It is judged as a dry run is, on the same budget of refusals: whoever types what is refused maps the
rules as well.
"""

import json
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from classifiers.content import Polarity, Prompt, Text
from pipeline.access.callers import Caller
from pipeline.access.permissions import Permission
from pipeline.errors import StoreError
from pipeline.gateway import carry, trying
from pipeline.gateway.answers import receipt_headers
from pipeline.gateway.callers import caller_of
from pipeline.gateway.errors import STATUS, GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors
from pipeline.gateway.trying import Tried
from pipeline.items import PublicCode, public_code
from pipeline.novelai import tags
from pipeline.novelai.catalogue import MODELS
from pipeline.novelai.errors import RequestRefusedError, UpstreamError
from pipeline.novelai.tags import Suggestion, Typed
from pipeline.stages.screen import could_not_look
from policies.errors import PolicyError
from policies.policy import Moment

KIND = "suggest-tags"


def routes(gate: Gate) -> APIRouter:
    """Return the route of tag suggestion, working with `gate`."""
    router = APIRouter(tags=["NovelAI"])

    @router.get(tags.PATH, responses=errors(400, 401, 403, 429, 502, 503))
    async def suggest_tags(
        request: Request, model: str = "", prompt: str = "", lang: str = "en"
    ) -> JSONResponse:
        """Tell which tags the text may be going to be; what is not allowed here is left out."""
        caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        stands = await carry.as_they_stand(request, gate, caller.subject)
        caller = replace(caller, subject=stands)
        try:
            typed = tags.parse(model, prompt, lang, gate.limits)
        except RequestRefusedError as fault:
            raise GateError(fault.status, fault.message) from None
        language = carry.language_of(request, caller.subject)
        if gate.halts.stops_request(caller.subject, typed.model, tags.PATH):
            raise carry.unavailable(gate, language)
        headers = await _passed(gate, caller, typed, language)
        try:
            suggested = await gate.suggest(typed)
            allowed = [each for each in suggested if await _may_be_told(gate, caller, typed, each)]
        except UpstreamError as fault:
            raise _failed(gate, fault, language) from None
        except (StoreError, PolicyError, TimeoutError) as fault:
            raise carry.unavailable(gate, language, fault) from None
        return JSONResponse(tags.answer(typed, allowed), headers=headers)

    return router


async def _passed(gate: Gate, caller: Caller, typed: Typed, language: str) -> dict[str, str]:
    """Return the headers of the receipt, once what was typed is allowed.

    Raises:
        GateError: it is not.
    """

    async def read() -> Tried:
        body = json.dumps({"model": typed.model, "prompt": typed.text}).encode()
        texts = (Text("prompt", typed.text, Polarity.POSITIVE),)
        grammar = MODELS[typed.model].family.grammar
        return Tried(KIND, texts, (), "application/json", body, grammar)

    judged, receipt = await trying.judged(gate, caller, caller.subject, read)
    headers = dict(receipt_headers(receipt))
    if judged.decision.allows:
        return headers
    later = could_not_look(judged)
    code = PublicCode.TEMPORARILY_UNAVAILABLE if later else public_code(judged.decision)
    wait = carry.SICK_RETRY_SECONDS if code is PublicCode.TEMPORARILY_UNAVAILABLE else None
    raise GateError(
        STATUS[code],
        gate.texts.say(code, language),
        code=code,
        retry_after_seconds=wait,
        headers=headers,
    )


async def _may_be_told(gate: Gate, caller: Caller, typed: Typed, told: Suggestion) -> bool:
    """Whether a tag is one that the caller might use; who cannot look says no."""
    texts = tuple(Text(key, text, Polarity.POSITIVE) for key, text in told.texts.items())
    prompt = Prompt(texts, MODELS[typed.model].family.grammar)
    subject = caller.subject
    contents = await gate.desk.prepare(subject.tenant, prompt, ())
    policy = await gate.tenancy.policy_of(subject.tenant)
    judged = await gate.judge.judge(contents, policy, Moment.REQUEST, subject.facts)
    return judged.decision.allows


def _failed(gate: Gate, fault: UpstreamError, language: str) -> GateError:
    """Say that nobody suggests anything now; it is free, so it may be asked again."""
    unpaid = isinstance(fault, tags.NOT_NOW)
    code = PublicCode.TEMPORARILY_UNAVAILABLE if unpaid else PublicCode.UPSTREAM_REFUSED
    wait = carry.SICK_RETRY_SECONDS if unpaid else None
    return GateError(
        STATUS[code], gate.texts.say(code, language), code=code, retry_after_seconds=wait
    )
