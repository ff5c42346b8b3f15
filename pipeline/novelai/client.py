"""Asks NovelAI for pictures, once: a generation is paid for and has no idempotency key.

Only what is certain not to have been generated is tried again: a busy account (429), and a token
that is not accepted (401). Whatever goes wrong after the request was sent is unknown to us, is
told so, and is never repeated.
"""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import perf_counter

import httpx

from pipeline.items import Begin, Operation, Work, at_once
from pipeline.novelai import answers, archive, encodings
from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.accounts_balance import USER_AGENT, Balances
from pipeline.novelai.accounts_signs import MOST_READ, Objection, may_object, objection
from pipeline.novelai.answers import Reply
from pipeline.novelai.archive import Picture
from pipeline.novelai.errors import (
    UpstreamAbandonedError,
    UpstreamBusyError,
    UpstreamError,
    UpstreamMalformedError,
    UpstreamObjectedError,
    UpstreamUnknownError,
    UpstreamUnreachableError,
)
from pipeline.novelai.limits import AnswerLimits
from pipeline.novelai.request import Place, serialise

OVERALL_SECONDS = 300.0
_TIMEOUT = httpx.Timeout(connect=10.0, read=180.0, write=60.0, pool=10.0)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Answer:
    """What NovelAI generated: as many pictures as were asked for, in their order."""

    pictures: tuple[Picture, ...]
    account: str
    """The label of the account that paid."""
    elapsed_seconds: float


class Client:
    """Calls one NovelAI address with the tokens of `accounts`.

    `http` is closed by whoever made it, and SHOULD be made without proxies from the environment.
    """

    def __init__(
        self,
        base_url: str,
        accounts: Accounts,
        http: httpx.AsyncClient,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
        limits: AnswerLimits | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._accounts = accounts
        self._http = http
        self._now = now
        self._sleep = sleep
        self._random = random
        self._limits = limits or AnswerLimits()
        self._balances = Balances(base_url, http)

    async def generate(
        self,
        work: Work,
        images: Mapping[Place, bytes],
        begin: Begin = at_once,
        tenant: str = "",
        *,
        is_job: bool = False,
    ) -> Answer:
        """Give the pictures of `work`, its images taken from `images`, by carrier and place.

        `begin` is awaited with each account, as soon as that is free. Tenants take turns, and
        jobs let others go first.

        Raises:
            UpstreamUnknownError: it was sent and may be paid for. MUST NOT be called again.
            UpstreamMalformedError: it was paid for, and the answer cannot be used.
            UpstreamError: another of its kinds, each of which says whether it may be paid.
            ValueError: `images` are not those of `work`.
        """
        started = perf_counter()
        content = json.dumps(serialise(work, images), allow_nan=False).encode("ascii")
        url = httpx.URL(self._base_url + work.operation)
        account, packed = await self._fetch(url, content, begin, tenant, is_job)
        pictures = await asyncio.to_thread(_came, work, packed, self._limits)
        return Answer(pictures, account, perf_counter() - started)

    async def _fetch(
        self, url: httpx.URL, content: bytes, begin: Begin, tenant: str, is_job: bool
    ) -> tuple[str, bytes]:
        """Ask with one account after the other, until NovelAI accepts the token of one."""
        while True:
            async with self._accounts.lease(tenant, is_job=is_job) as token:
                if reason := await begin(token.digest):
                    raise UpstreamAbandonedError(reason)
                try:
                    reply = await self._ask(token, url, content)
                    _raise_for(reply, token)
                except UpstreamError as fault:
                    self._accounts.failed(token, fault)
                    await self._balances.look(self._accounts, token)
                    raise
                if reply.status in answers.SUCCESSES:
                    self._accounts.worked(token)
                    return token.label, reply.body
                self._accounts.pause(token.label, AccountState.REFUSED)

    async def _ask(self, token: Token, url: httpx.URL, content: bytes) -> Reply:
        """Ask with one account, again while it is busy: such an answer is given before any work."""
        deadline = asyncio.get_running_loop().time() + OVERALL_SECONDS
        attempt = 0
        while True:
            reply = await self._post(token, url, content, deadline)
            if reply.status != HTTPStatus.TOO_MANY_REQUESTS:
                return reply
            seconds = answers.wait_seconds(reply, attempt, self._now, self._random)
            if attempt == answers.MOST_RETRIES or not answers.is_worth_waiting(seconds):
                message = f"generate-image: still busy after {attempt + 1} tries"
                raise UpstreamBusyError(message, max(1, math.ceil(seconds)))
            await self._sleep(seconds)
            attempt += 1

    async def _post(self, token: Token, url: httpx.URL, content: bytes, deadline: float) -> Reply:
        fault: UpstreamError
        try:
            async with (
                asyncio.timeout_at(deadline),
                self._http.stream(
                    "POST",
                    url,
                    content=content,
                    headers=headers(token),
                    timeout=_TIMEOUT,
                    follow_redirects=False,
                ) as response,
            ):
                return await self._read(response)
        except _NOT_SENT as error:
            fault = UpstreamUnreachableError(f"generate-image: {type(error).__name__}, not sent")
        except (httpx.HTTPError, TimeoutError) as error:
            fault = UpstreamUnknownError(f"generate-image: {type(error).__name__} after sending")
        # Outside the handler: their errors hold the request, and with it the prompt and the token.
        raise fault

    async def _read(self, response: httpx.Response) -> Reply:
        if response.status_code not in answers.SUCCESSES:
            return Reply(
                response.status_code,
                retry_after=response.headers.get("Retry-After"),
                objection=await _objection(response),
            )
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise UpstreamMalformedError("answer: expected no content encoding: none was asked for")
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._limits.body_bytes:
                message = f"answer: expected at most {self._limits.body_bytes} bytes"
                raise UpstreamMalformedError(message)
        return Reply(response.status_code, bytes(body))


def _raise_for(reply: Reply, token: Token) -> None:
    """Return if pictures came, or if another account may have them.

    Raises:
        UpstreamStatusError: neither is so.
    """
    if reply.objection is not Objection.NONE:
        banned = reply.objection is Objection.ACCOUNT
        raise UpstreamObjectedError(reply.status, token.label, banned=banned)
    if reply.status not in {*answers.SUCCESSES, HTTPStatus.UNAUTHORIZED}:
        raise answers.fault_of(reply.status)


async def _objection(response: httpx.Response) -> Objection:
    """Say whether a refusal is one of content: it is read as far as that needs, and not kept."""
    if not may_object(response.status_code, response.headers.get("Content-Type", "")):
        return Objection.NONE
    body = bytearray()
    async for chunk in response.aiter_bytes(MOST_READ):
        body += chunk
        if len(body) >= MOST_READ:
            break
    return objection(response.status_code, bytes(body[:MOST_READ]))


def _came(work: Work, body: bytes, limits: AnswerLimits) -> tuple[Picture, ...]:
    if work.operation is Operation.ENCODE_VIBE:
        return (encodings.received(body),)
    return archive.unpack(body, work.samples, limits)


def headers(token: Token) -> dict[str, str]:
    """Give what every request to NovelAI says of itself."""
    return {
        "Authorization": f"Bearer {token.secret}",
        "Content-Type": "application/json",
        "Accept": "*/*",  # pictures in a ZIP, an encoding as it is
        "Accept-Encoding": "identity",  # nothing to inflate before the size is known
        "User-Agent": USER_AGENT,
    }
