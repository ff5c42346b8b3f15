"""Who calls: the bearer of a request, and on /v1 the subject that its headers state."""

from typing import Final

from fastapi import Request
from pydantic import SecretStr

from pipeline.access.callers import Caller
from pipeline.access.permissions import Permission
from pipeline.access.subjects import subject_of
from pipeline.errors import ForbiddenError, InvalidSubjectError, UnauthenticatedError
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.items import Subject, Tier

CLOSED: Final = "The adult tier is closed until your operator has completed your profile."
_HEADERS = {
    "pseudonym": "x-imprimatur-subject",
    "tier": "x-imprimatur-tier",
    "territory": "x-imprimatur-territory",
    "language": "x-imprimatur-language",
    "age_claim": "x-imprimatur-age-claim",
}


async def caller_of(request: Request, gate: Gate, permission: Permission) -> Caller:
    """Return who calls, once it is known that they may.

    Raises:
        GateError: 401 or 403.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise GateError(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})
    try:
        caller = await gate.callers.authenticate(SecretStr(secret.strip()))
        caller.require(permission)
    except UnauthenticatedError:
        raise GateError(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"}) from None
    except ForbiddenError as fault:
        raise GateError(403, f"This key lacks the permission {fault.permission}.") from None
    _refuse_closed(caller, caller.subject)
    return caller


def subject_in(request: Request, caller: Caller) -> Subject:
    """Return for whom a /v1 request is made: the token's subject, or what the headers state.

    Raises:
        GateError: 400 when a header does not parse, or contradicts a token.
    """
    headers = request.headers
    stated = {name: headers[header] for name, header in _HEADERS.items() if header in headers}
    if not stated:
        return caller.subject
    if caller.by_token:
        raise GateError(400, "A subject token states its subject: send no subject headers with it.")
    return checked(caller, stated)


def checked(caller: Caller, stated: dict[str, str]) -> Subject:
    """Return the subject that a tenant states.

    Raises:
        GateError: 400, naming the field; 403 if its tier is closed.
    """
    try:
        subject = subject_of(
            caller.tenant,
            assured=caller.subject.assured,
            pseudonym=stated.get("pseudonym"),
            tier=stated.get("tier", Tier.GENERAL),
            territory=stated.get("territory"),
            language=stated.get("language"),
            age_claim=stated.get("age_claim"),
        )
    except InvalidSubjectError as fault:
        raise GateError(400, str(fault)) from None
    _refuse_closed(caller, subject)
    return subject


def _refuse_closed(caller: Caller, subject: Subject) -> None:
    """Return if a tenant may be served this tier.

    Raises:
        GateError: 403: its profile is not complete.
    """
    if subject.tier is Tier.ADULT and not caller.serves_adults:
        raise GateError(403, CLOSED)
