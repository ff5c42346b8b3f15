"""NovelAI's account routes, as its SDKs ask: they tell of the tenant, never of the operator."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from pipeline.access.permissions import Permission
from pipeline.gateway.callers import caller_of
from pipeline.gateway.carry import counted_as
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.shapes import errors
from pipeline.items import Json
from pipeline.jobs import budgets
from pipeline.novelai.accounts_balance import TIER_OPUS

YEAR_SECONDS = 365 * 24 * 3600


def routes(gate: Gate) -> APIRouter:
    """Return the account routes, working with `gate`."""
    router = APIRouter(prefix="/user", tags=["NovelAI"])

    @router.get("/subscription", responses=errors(401, 403, 503))
    async def subscription(request: Request) -> JSONResponse:
        """Tell the tenant's budget in the shape of a subscription; never the operator's account."""
        return JSONResponse(await _subscription(request, gate))

    @router.get("/data", responses=errors(401, 403, 503))
    async def data(request: Request) -> JSONResponse:
        """Tell the same with all that clients expect around it; there are no stories here."""
        plan = await _subscription(request, gate)
        return JSONResponse(
            {
                "priority": _PRIORITY,
                "subscription": plan,
                "keystore": {"keystore": None, "changeIndex": 0},
                "settings": "{}",
                "information": _INFORMATION,
            }
        )

    @router.get("/information", responses=errors(401, 403, 503))
    async def information(request: Request) -> JSONResponse:
        """Tell of an account without a person: a key is a platform's."""
        await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        return JSONResponse(_INFORMATION)

    @router.get("/priority", responses=errors(401, 403, 503))
    async def priority(request: Request) -> JSONResponse:
        """Tell that nobody comes first."""
        await caller_of(request, gate, Permission.GENERATIONS_CREATE)
        return JSONResponse(_PRIORITY)

    @router.post("/login", status_code=401, responses=errors(401))
    async def login() -> None:
        """Refuse: a gateway key is a persistent token already, and nobody sends passwords here."""
        raise GateError(
            401,
            "There is no login here. Use your gateway key (pst-...) as a persistent token.",
        )

    return router


_PRIORITY: Mapping[str, Json] = {"maxPriorityActions": 0, "nextRefillAt": 0, "taskPriority": 0}
_INFORMATION: Mapping[str, Json] = {
    "emailVerified": True,
    "emailVerificationLetterSent": True,
    "hasPlaintextEmail": False,
    "plainTextEmail": None,
    "allowMarketingEmails": False,
    "needsAddressChange": False,
    "trialActivated": False,
    "trialActionsLeft": 0,
    "trialImagesLeft": 0,
    "accountCreatedAt": 0,
    "banStatus": "not_banned",
    "banMessage": None,
    "loginMethod": "email",
}


async def _subscription(request: Request, gate: Gate) -> Mapping[str, Json]:
    """Return old and new keys together, so that every SDK finds those it requires."""
    caller = await caller_of(request, gate, Permission.GENERATIONS_CREATE)
    left = await budgets.left(gate.store, *counted_as(gate, caller.subject))
    return {
        "tier": TIER_OPUS,
        "active": True,
        "expiresAt": int(gate.now().timestamp()) + YEAR_SECONDS,
        "isGracePeriod": False,
        "isPaypal": False,
        "accountType": 0,
        "paymentProcessor": None,
        "paymentProcessorData": None,
        "perks": {
            "maxPriorityActions": 0,
            "startPriority": 0,
            "contextTokens": 0,
            "moduleTrainingSteps": 0,
            "unlimitedMaxPriority": False,
            "voiceGeneration": False,
            "imageGeneration": True,
            "unlimitedImageGeneration": False,
            "unlimitedImageGenerationLimits": [],
        },
        "trainingStepsLeft": {"fixedTrainingStepsLeft": left, "purchasedTrainingSteps": 0},
        "usage": {"percent": 0, "isNegative": left == 0, "timeUntilNextPercent": 0},
    }
