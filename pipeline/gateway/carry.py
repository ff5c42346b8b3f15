"""From a request's bytes to its end: what both image routes do, in order."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from fastapi import Request

from audit.entry import Receipt
from audit.errors import AuditError
from classifiers.errors import Unreadable, UnreadableError
from pipeline.access.callers import Caller
from pipeline.access.subjects import fingerprint
from pipeline.errors import StoreError, VaultError
from pipeline.flow import End
from pipeline.gateway.answers import receipt_headers
from pipeline.gateway.body import read_body
from pipeline.gateway.errors import STATUS, GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.troubles import note
from pipeline.items import (
    Examined,
    Halted,
    Held,
    Operation,
    PublicCode,
    Released,
    Subject,
    Tier,
    Work,
)
from pipeline.jobs.desk import Ticket
from pipeline.jobs.errors import (
    BusyError,
    ClosingError,
    KeyReusedError,
    LongWaitError,
    OverBudgetError,
    RefusedOftenError,
    SubjectSpentError,
)
from pipeline.jobs.received import Received
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.price import quote
from policies.errors import PolicyError

_say = structlog.get_logger("gateway")

BUSY_RETRY_SECONDS = 5
SICK_RETRY_SECONDS = 30
LONGEST_KEY = 255
_SHORT = 16 * 1024
"""Bytes of a body that holds no picture: it is parsed in a fraction of a millisecond."""


@contextmanager
def entering(gate: Gate) -> Generator[None]:
    """Keep a place at the desk. It MUST be taken before a body is read.

    Raises:
        GateError: there is none.
    """
    try:
        with gate.desk.entering():
            yield
    except BusyError:
        raise GateError(
            429,
            "Too many requests are in progress.",
            retry_after_seconds=BUSY_RETRY_SECONDS,
        ) from None
    except ClosingError:
        raise unavailable(gate, "") from None


async def submit(
    request: Request,
    gate: Gate,
    caller: Caller,
    subject: Subject,
    operation: Operation = Operation.GENERATE,
    *,
    is_job: bool = False,
) -> Ticket:
    """Read a request, admit it, and return its ticket. Nothing is read before it has a place.

    Raises:
        GateError: what is wrong with it, or why it is not admitted.
    """
    with entering(gate):
        return await _submit(request, gate, caller, subject, operation, is_job=is_job)


async def _submit(
    request: Request,
    gate: Gate,
    caller: Caller,
    subject: Subject,
    operation: Operation,
    *,
    is_job: bool,
) -> Ticket:
    subject = await as_they_stand(request, gate, subject)
    body = await read_body(request, gate.limits.body_bytes)
    kind = request.headers.get("content-type", "")
    routed = await routes_for(gate, subject)
    received = Received(kind, body, subject, operation, caller.wanted, routed)
    who = fingerprint(gate.subject_key, subject)
    idempotency_key = _key_of(request, who if caller.by_token else "")
    try:
        work = await _work(received, gate)
        if gate.halts.stops_request(subject, work.model, request.scope["route"].path):
            raise unavailable(gate, subject.language or "")
        price = quote(work, gate.plan).total
        return await gate.desk.submit(
            received, work, caller.key_id, price, who, idempotency_key, is_job=is_job
        )
    except RequestRefusedError as fault:
        raise GateError(fault.status, fault.message, details=fault.details) from None
    except UnreadableError as fault:
        raise unreadable(fault) from None
    except KeyReusedError:
        raise GateError(409, "This Idempotency-Key came with another body before.") from None
    except LongWaitError as fault:
        raise GateError(
            429, "It would wait too long for its turn.", retry_after_seconds=fault.seconds
        ) from None
    except RefusedOftenError as fault:
        raise GateError(
            429, "Too many requests were refused.", retry_after_seconds=fault.seconds
        ) from None
    except OverBudgetError:
        raise GateError(402, "Not enough Anlas in this tenant's budget.") from None
    except SubjectSpentError:
        raise GateError(402, "Not enough Anlas left for this end user today.") from None
    except (VaultError, StoreError, PolicyError, TimeoutError) as fault:
        raise unavailable(gate, subject.language or "", fault) from None


async def routes_for(gate: Gate, subject: Subject) -> Mapping[str, str]:
    """Return what names that are no model's stand for now.

    Raises:
        GateError: what is left of the tenant's budget, which decides, cannot be told.
    """
    if not gate.routing.routes:
        return {}
    try:
        tenant = await gate.store.tenants.get(subject.tenant)
    except StoreError as fault:
        raise unavailable(gate, subject.language or "", fault) from None
    left = 0 if tenant is None else tenant.anlas_budget - tenant.anlas_spent
    return gate.routing.table(subject, gate.desk.in_flight, left)


async def _work(received: Received, gate: Gate) -> Work:
    """Return what a request asks for; what is read sooner than a thread is found, at once.

    Raises:
        RequestRefusedError, UnreadableError: as `Received.work`.
    """
    if len(received.body) <= _SHORT:
        return received.work(gate.limits)
    return await asyncio.to_thread(received.work, gate.limits)


async def as_they_stand(request: Request, gate: Gate, subject: Subject) -> Subject:
    """Return the end user as what was confirmed of them leaves it.

    Raises:
        GateError: nothing is made for them now, or nobody knows whether it may be.
    """
    try:
        stands = await gate.enforcing.standing(subject)
    except StoreError as fault:
        raise unavailable(gate, subject.language or "", fault) from None
    if stands.step is not None and stands.stops:
        ladder = gate.enforcing.ladder_of(subject.tenant)
        text = ladder.text(stands.step, language_of(request, subject))
        until = "" if stands.until is None else stands.until.isoformat(" ", "minutes")
        raise GateError(403, f"{text} ({until})")
    return replace(subject, tier=Tier.GENERAL) if stands.safe_only else subject


async def finish(request: Request, gate: Gate, ticket: Ticket) -> End | None:
    """Wait for a ticket's end, as long as the client does.

    None if the client left, or if it ended before this request came.

    Raises:
        GateError: 503 when the log could not be written: then there is no picture.
    """
    if ticket.end is None:
        return None
    left = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({ticket.end, left}, return_when=asyncio.FIRST_COMPLETED)
        return await asyncio.shield(ticket.end) if ticket.end.done() else None
    except (AuditError, StoreError) as fault:
        _say.error("not recorded", submission=str(ticket.id), fault=type(fault).__name__)
        raise unavailable(gate, "", fault) from None
    except asyncio.CancelledError:
        if not ticket.end.cancelled():
            raise
        raise unavailable(gate, "") from None  # cut off by the end of the server, which recovers it
    finally:
        left.cancel()
        ticket.leave()


def counted_as(gate: Gate, subject: Subject) -> tuple[str, str, datetime]:
    """Return under what a subject's refusals of today are counted."""
    return subject.tenant, fingerprint(gate.subject_key, subject), gate.now()


async def _left(request: Request) -> None:
    """Return once the client is gone: after the body there is nothing else to receive."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def refusal(gate: Gate, end: End, language: str) -> GateError:
    """Return how an end without pictures is told."""
    receipt = end.receipts[-1]
    match end.outcome:
        case Halted() as halted:
            wait = halted.retry_after_seconds
            return told(gate, halted.code, language, receipt, halted.submission, wait)
        case Held() as held:
            return told(gate, PublicCode.HELD, language, receipt, held.submission)
        case Examined() as examined:
            waits = any(isinstance(each, Held) for each in examined.outcomes)
            code = PublicCode.HELD if waits else PublicCode.CONTENT_NOT_ALLOWED
            return told(gate, code, language, receipt, examined.generated.screened.submission.id)
        case Released():
            message = "an end with pictures is no refusal"
            raise TypeError(message)


def told(
    gate: Gate,
    code: PublicCode,
    language: str,
    receipt: Receipt,
    submission: UUID,
    retry_after_seconds: int | None = None,
) -> GateError:
    """Return a public code as an answer, in the caller's language, with its receipt."""
    return GateError(
        STATUS[code],
        gate.texts.say(code, language),
        code=code,
        id=str(submission),
        retry_after_seconds=retry_after_seconds,
        headers={**receipt_headers(receipt), "X-Imprimatur-Id": str(submission)},
    )


def unavailable(gate: Gate, language: str, fault: Exception | None = None) -> GateError:
    """Return the answer when the installation cannot do its work: no picture, try again."""
    if fault is not None:
        note(gate, fault)
    code = PublicCode.TEMPORARILY_UNAVAILABLE
    return GateError(
        STATUS[code],
        gate.texts.say(code, language),
        code=code,
        retry_after_seconds=SICK_RETRY_SECONDS,
    )


_UNREADABLE: Mapping[Unreadable, int] = {
    Unreadable.UNSUPPORTED_FORMAT: 415,
    Unreadable.ANIMATED: 415,
    Unreadable.TOO_LARGE: 413,
}


def unreadable(fault: UnreadableError) -> GateError:
    """Return what is wrong with an image, as far as it can be said without showing it."""
    return GateError(_UNREADABLE.get(fault.kind, 400), str(fault))


def language_of(request: Request, subject: Subject) -> str:
    """Return the language in which to answer: the subject's, or what the client accepts."""
    return subject.language or request.headers.get("accept-language", "")


def _key_of(request: Request, who: str) -> str | None:
    """Return the idempotency key; each end user has keys of its own."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY:
        raise GateError(400, f"Idempotency-Key: expected up to {LONGEST_KEY} characters.")
    return f"{who}:{key}"
