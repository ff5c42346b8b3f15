"""Speaks HTTP with a self-hosted engine: questions as often as needed, a generation once."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

from pipeline.items import Json
from pipeline.novelai.answers import fault_of
from pipeline.novelai.errors import (
    UpstreamError,
    UpstreamMalformedError,
    UpstreamUnknownError,
    UpstreamUnreachableError,
)
from pipeline.novelai.limits import AnswerLimits

QUESTION_SECONDS = 10.0
GENERATION_SECONDS = 300.0
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Wire:
    """One engine's address. `http` is closed by whoever made it."""

    address: str
    http: httpx.AsyncClient
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    generation_seconds: float = GENERATION_SECONDS
    limits: AnswerLimits = field(default_factory=AnswerLimits)

    async def ask(self, path: str, **query: str) -> Json:
        """Give what the engine says there; nothing is generated.

        Raises:
            UpstreamUnreachableError: it does not say: nothing was sent that anybody pays for.
        """
        try:
            said: Json = json.loads(await self._said("GET", path, None, QUESTION_SECONDS, query))
        except (UpstreamError, ValueError, RecursionError):
            message = f"{path}: the engine does not answer"
        else:
            return said
        raise UpstreamUnreachableError(message)

    async def fetch(self, path: str, seconds: float, **query: str) -> bytes:
        """Give bytes of what was generated.

        Raises:
            UpstreamError: they cannot be had.
        """
        return await self._said("GET", path, None, seconds, query)

    async def generate(self, path: str, body: Mapping[str, Json]) -> Json:
        """Ask once for what is drawn. MUST NOT be called again unless nothing was sent.

        Raises:
            UpstreamUnreachableError: no byte was sent.
            UpstreamUnknownError: it was sent, and no answer came in time.
            UpstreamStatusError, UpstreamMalformedError: the answer is no JSON, or a refusal.
        """
        content = json.dumps(body, allow_nan=False).encode("ascii")
        body_said = await self._said("POST", path, content, self.generation_seconds, {})
        try:
            said: Json = json.loads(body_said)
        except (ValueError, RecursionError):
            message = f"{path}: expected JSON"  # not theirs, which quotes the answer
        else:
            return said
        raise UpstreamMalformedError(message)

    async def _said(
        self, method: str, path: str, content: bytes | None, seconds: float, query: dict[str, str]
    ) -> bytes:
        fault: UpstreamError
        body, status = bytearray(), 0
        try:
            async with (
                asyncio.timeout(seconds),
                self.http.stream(
                    method,
                    self.address.rstrip("/") + path,
                    content=content,
                    params=query,
                    headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
                    auth=self.credentials,
                    timeout=httpx.Timeout(seconds, connect=QUESTION_SECONDS),
                    follow_redirects=False,
                ) as response,
            ):
                status = response.status_code
                if status == HTTPStatus.OK:
                    async for chunk in response.aiter_raw():
                        body += chunk
                        if len(body) > self.limits.body_bytes:
                            message = f"{path}: expected at most {self.limits.body_bytes} bytes"
                            raise UpstreamMalformedError(message)
        except _NOT_SENT as error:
            fault = UpstreamUnreachableError(f"{path}: {type(error).__name__}, not sent")
        except (httpx.HTTPError, TimeoutError) as error:
            fault = UpstreamUnknownError(f"{path}: {type(error).__name__} after sending")
        else:
            if status == HTTPStatus.OK:
                return bytes(body)
            fault = fault_of(status)
        # Outside the handler: their errors hold the request, and with it the prompt.
        raise fault
