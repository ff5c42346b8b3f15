"""/v1/subject-tokens: short-lived keys that carry for whom an unmodified SDK speaks."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from pipeline.access.permissions import Permission
from pipeline.access.tokens import DEFAULT_LIFETIME
from pipeline.errors import ForbiddenError, InvalidSubjectError
from pipeline.gateway.body import read_body
from pipeline.gateway.callers import caller_of, checked
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.reader import read_json

MAX_BODY_BYTES = 16_384
_FIELDS = frozenset({"pseudonym", "tier", "territory", "language", "age_claim", "lifetime_seconds"})


def routes(gate: Gate) -> APIRouter:
    """Return the route that mints tokens, working with `gate`."""
    router = APIRouter(prefix="/v1/subject-tokens", tags=["Subject tokens"])

    @router.post("", status_code=201, responses=errors(400, 401, 403, 413, 503))
    async def mint(request: Request) -> JSONResponse:
        """Mint a token for one end user; an SDK sends it as its bearer.

        `age_claim` is the id of a verified age-assurance claim; only the id is recorded.
        """
        caller = await caller_of(request, gate, Permission.SUBJECT_TOKENS_CREATE)
        body = await read_body(request, MAX_BODY_BYTES)
        try:
            asked = read_json(body, gate.limits)
            lifetime = asked.pop("lifetime_seconds", None)
            stated = {name: value for name, value in asked.items() if isinstance(value, str)}
            if asked.keys() != stated.keys() or stated.keys() - _FIELDS:
                raise GateError(400, f"expected strings for some of {sorted(_FIELDS)}")
            if lifetime is not None and (
                isinstance(lifetime, bool) or not isinstance(lifetime, int)
            ):
                raise GateError(400, "lifetime_seconds: expected a whole number")
            seconds = DEFAULT_LIFETIME if lifetime is None else timedelta(seconds=lifetime)
            token = await gate.tokens.mint(caller, checked(caller, stated), seconds)
        except RequestRefusedError as fault:
            raise GateError(fault.status, fault.message) from None
        except (InvalidSubjectError, OverflowError) as fault:
            raise GateError(400, str(fault)) from None
        except ForbiddenError as fault:
            raise GateError(403, f"This key lacks the permission {fault.permission}.") from None
        return JSONResponse(
            {
                "token": token.secret.get_secret_value(),
                "expires_at": token.expires_at.isoformat(),
            },
            201,
            {"Cache-Control": "no-store"},
        )

    return router
