"""Suggested tags: what the text that somebody types may be going to be (novelai-api.md 1.3).

It costs nothing, and takes no account's turn.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, cast

import httpx

from pipeline.items import Json
from pipeline.novelai import answers, catalogue
from pipeline.novelai.accounts import Accounts
from pipeline.novelai.client import headers
from pipeline.novelai.errors import (
    NoAccountError,
    RequestRefusedError,
    UpstreamBusyError,
    UpstreamError,
    UpstreamMalformedError,
    UpstreamUnknownError,
)
from pipeline.novelai.limits import Limits
from pipeline.novelai.reader import is_unicode

PATH: Final = "/ai/generate-image/suggest-tags"
OVERALL_SECONDS: Final = 15.0
MOST_BYTES: Final = 256 * 1024
MOST_TAGS: Final = 64
MOST_CHARACTERS: Final = 256
NOT_NOW: Final = (UpstreamBusyError, UpstreamUnknownError, NoAccountError)
"""What goes wrong by itself, and may be well a moment later."""
_RETRY_SECONDS = 5
_TEXTS: Mapping[str, tuple[str, ...]] = {"en": ("tag",), "jp": ("jp_tag", "en_tag")}
_NUMBERS: Mapping[str, tuple[str, ...]] = {"en": ("count", "confidence"), "jp": ("power",)}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody has typed so far, and for which model and in which language."""

    model: str
    text: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One tag, in one language or in both, and how likely it is."""

    texts: Mapping[str, str]
    numbers: Mapping[str, float]

    def written(self) -> dict[str, Json]:
        """Return it as NovelAI writes it."""
        return {**self.texts, **self.numbers}


def parse(model: str, prompt: str, language: str, limits: Limits) -> Typed:
    """Give what is asked for.

    Raises:
        RequestRefusedError: it asks for something that this gate does not serve.
    """
    if not 0 < len(prompt) <= limits.text_characters:
        message = f"prompt: expected 1 to {limits.text_characters} characters"
        raise RequestRefusedError(400, message)
    if language not in _TEXTS:
        raise RequestRefusedError(400, f"lang: expected one of {', '.join(_TEXTS)}")
    return Typed(catalogue.find(model).id, prompt, language)


def answer(typed: Typed, suggestions: Sequence[Suggestion]) -> Json:
    """Return suggestions in the shape that clients of that language expect."""
    written: list[Json] = [each.written() for each in suggestions]
    return written if typed.language == "jp" else {"tags": written}


@dataclass(frozen=True, slots=True)
class Suggesting:
    """Asks one NovelAI address, with any token that it still accepts."""

    base_url: str
    accounts: Accounts
    http: httpx.AsyncClient

    async def __call__(self, typed: Typed) -> tuple[Suggestion, ...]:
        """Give what NovelAI suggests. MUST NOT be asked before the text was judged.

        Raises:
            UpstreamError: there is no answer, or none that can be used.
        """
        return read(await self._get(typed), typed.language)

    async def _get(self, typed: Typed) -> bytes:
        url = httpx.URL(self.base_url.rstrip("/") + PATH)
        asked = {"model": typed.model, "prompt": typed.text, "lang": typed.language}
        token = self.accounts.accepted()
        fault: UpstreamError
        try:
            async with (
                asyncio.timeout(OVERALL_SECONDS),
                self.http.stream(
                    "GET", url, params=asked, headers=headers(token), follow_redirects=False
                ) as response,
            ):
                return await _body(response)
        except (httpx.HTTPError, TimeoutError) as error:
            fault = UpstreamUnknownError(f"suggest-tags: {type(error).__name__}")
        # Outside the handler: their errors hold the request, and with it the text and the token.
        raise fault


async def _body(response: httpx.Response) -> bytes:
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise UpstreamBusyError("suggest-tags: too many", _RETRY_SECONDS)
    if response.status_code not in answers.SUCCESSES:
        raise answers.fault_of(response.status_code)
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            message = f"tags: expected at most {MOST_BYTES} bytes"
            raise UpstreamMalformedError(message)
    return bytes(body)


def read(body: bytes, language: str) -> tuple[Suggestion, ...]:
    """Read the tags: their known fields, each of its type, and as many as anybody wants to see.

    Raises:
        UpstreamMalformedError: it is no list of tags.
    """
    try:
        told: object = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if language == "en":
        told = cast("dict[str, object]", told).get("tags") if isinstance(told, dict) else None
    if not isinstance(told, list):
        raise UpstreamMalformedError("tags: expected a list in JSON")
    some = cast("list[object]", told)[:MOST_TAGS]
    return tuple(_suggestion(each, language) for each in some)


def _suggestion(told: object, language: str) -> Suggestion:
    said = cast("dict[str, object]", told) if isinstance(told, dict) else {}
    texts = {key: said.get(key) for key in _TEXTS[language]}
    numbers = {key: said.get(key) for key in _NUMBERS[language]}
    words = {
        key: text
        for key, text in texts.items()
        if isinstance(text, str) and 0 < len(text) <= MOST_CHARACTERS and is_unicode(text)
    }
    values = {
        key: value
        for key, value in numbers.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < float("inf")
    }
    if words.keys() != texts.keys() or values.keys() != numbers.keys():
        expected = ", ".join((*texts, *numbers))
        message = f"tags: expected {expected} in each"
        raise UpstreamMalformedError(message)
    return Suggestion(words, values)
