"""What NovelAI says of an account: its Anlas, whether it is subscribed, and whether it is banned.

To ask costs nothing and takes no turn (novelai-api.md 1.3, 1.9).
"""

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

import httpx

from pipeline.novelai import answers
from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.accounts_signs import NOT_BANNED
from pipeline.novelai.errors import (
    UpstreamError,
    UpstreamMalformedError,
    UpstreamUnknownError,
)

OVERALL_SECONDS: Final = 15.0
MOST_BYTES: Final = 64 * 1024
USER_AGENT: Final = "Imprimatur/0.1"
"""Stated, because NovelAI's front refuses the defaults of HTTP libraries."""
TIER_OPUS: Final = 3
_STEPS = ("fixedTrainingStepsLeft", "purchasedTrainingSteps")


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left on an account."""

    anlas: int
    active: bool
    """Whether it is subscribed."""
    tier: int = 0
    """To what; the highest includes generations that cost no Anlas."""

    @property
    def pays(self) -> bool:
        """Whether a generation can be made with it: paid for, or included."""
        return self.active and (self.anlas > 0 or self.tier >= TIER_OPUS)


@dataclass(frozen=True, slots=True)
class Balances:
    """Asks one NovelAI address about accounts."""

    base_url: str
    http: httpx.AsyncClient

    async def of(self, token: Token) -> Balance:
        """Return what is left on an account.

        Raises:
            UpstreamError: nobody knows; `UpstreamStatusError` holds NovelAI's status.
        """
        told = await self._get(token, "/user/subscription")
        left = told.get("trainingStepsLeft")
        steps = cast("dict[str, object]", left) if isinstance(left, dict) else {}
        counts = [steps.get(name) for name in _STEPS]
        whole = [each for each in counts if isinstance(each, int) and not isinstance(each, bool)]
        active = told.get("active")
        if len(whole) != len(_STEPS) or not isinstance(active, bool):
            raise UpstreamMalformedError("subscription: expected Anlas and whether it is active")
        tier = told.get("tier")
        return Balance(sum(whole), active, tier if isinstance(tier, int) else 0)

    async def is_banned(self, token: Token) -> bool:
        """Whether NovelAI says that an account is banned.

        Raises:
            UpstreamError: nobody knows.
        """
        status = (await self._get(token, "/user/information")).get("banStatus")
        if not isinstance(status, str):
            raise UpstreamMalformedError("information: expected a ban status")
        return status != NOT_BANNED

    async def look(self, accounts: Accounts, token: Token) -> None:
        """Lend an account again that could not pay, if a balance is seen on it."""
        if accounts.states()[token.label] is not AccountState.UNPAID:
            return
        try:
            balance = await self.of(token)
        except UpstreamError:
            return  # nothing was seen: it stays as it is
        if balance.pays and accounts.states()[token.label] is AccountState.UNPAID:
            accounts.resume(token.label)

    async def _get(self, token: Token, path: str) -> dict[str, object]:
        fault: UpstreamError
        url = httpx.URL(self.base_url.rstrip("/") + path)
        headers = {
            "Authorization": f"Bearer {token.secret}",
            "Accept-Encoding": "identity",
            "User-Agent": USER_AGENT,
        }
        try:
            async with (
                asyncio.timeout(OVERALL_SECONDS),
                self.http.stream("GET", url, headers=headers, follow_redirects=False) as response,
            ):
                return await _object(response)
        except (httpx.HTTPError, TimeoutError) as error:
            fault = UpstreamUnknownError(f"account: {type(error).__name__}")
        # Outside the handler: their errors hold the request, and with it the token.
        raise fault


async def _object(response: httpx.Response) -> dict[str, object]:
    if response.status_code != HTTPStatus.OK:
        raise answers.fault_of(response.status_code)
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            message = f"account: expected at most {MOST_BYTES} bytes"
            raise UpstreamMalformedError(message)
    try:
        told: object = json.loads(bytes(body))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise UpstreamMalformedError("account: expected an object in JSON")
    return cast("dict[str, object]", told)
