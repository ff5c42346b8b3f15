"""Only a token that a provider signed for this journey proves who somebody is."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr
from starlette.responses import JSONResponse, RedirectResponse, Response

from pipeline.openid import asking
from pipeline.openid.asking import MOST_BYTES
from pipeline.openid.errors import UnprovenError, UnreachableError
from pipeline.openid.journey import Journey
from pipeline.openid.provider import AGAIN, KEPT, Client, OpenIdProvider
from tests.unit.pipeline.openid.provider_there import (
    BACK,
    CLIENT_ID,
    ISSUER,
    SECRET,
    There,
    unsigned,
)
from tests.unit.pipeline.world import Clock

JOURNEY = Journey("a state", "a nonce", "a verifier of forty-three letters or more, so it is")


@pytest.fixture
def there() -> There:
    """A provider."""
    return There(Clock())


@pytest.fixture
async def provider(there: There) -> AsyncIterator[OpenIdProvider]:
    """What asks it."""
    async with there.client() as http:
        client = Client(CLIENT_ID, SecretStr(SECRET), BACK)
        yield OpenIdProvider("Acme", ISSUER, client, http, there.now)


async def proven(provider: OpenIdProvider, there: There, journey: Journey = JOURNEY) -> str:
    """Go there, and come back."""
    back = await there.goes(await provider.sends(JOURNEY))
    assert back["state"] == JOURNEY.state
    return await provider.proves(journey, back["code"], back["iss"])


async def test_who_signs_in_there_is_who_the_provider_says(
    provider: OpenIdProvider, there: There
) -> None:
    """And nobody asks it again what it says of itself, until that is old."""
    assert await proven(provider, there) == there.subject
    assert await proven(provider, there) == there.subject
    assert there.asked.count("/keys") == 1

    there.now.passes(seconds=KEPT.total_seconds())

    assert await proven(provider, there) == there.subject
    assert there.asked.count("/keys") == 2


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "and another"]},
        {"aud": [CLIENT_ID, "another"], "azp": None},
        {"azp": "another"},
        {"nonce": "of another journey"},
        {"nonce": None},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
    ids=str,
)
async def test_a_token_of_something_else_proves_nothing(
    provider: OpenIdProvider, there: There, claims: dict[str, Any]
) -> None:
    """Of another provider, for another client, of another journey, too old, or of nobody."""
    there.claims = claims

    with pytest.raises(UnprovenError):
        await proven(provider, there)


async def test_a_token_that_somebody_else_signed_proves_nothing(
    provider: OpenIdProvider, there: There
) -> None:
    """Under the name of the provider's key or under one of its own."""
    for kid in ("one", "two"):
        there.signs_with = ECKey.generate_key("P-256", {"kid": kid})
        with pytest.raises(UnprovenError):
            await proven(provider, there)


async def test_a_token_without_a_signature_proves_nothing(
    provider: OpenIdProvider, there: There
) -> None:
    """Whoever writes `none` has signed nothing."""
    at = round(there.now().timestamp())
    claims = {"iss": ISSUER, "sub": "1", "aud": CLIENT_ID, "nonce": "a nonce"}
    forged = unsigned(claims | {"exp": at + 300, "iat": at})
    there.answer = lambda path: JSONResponse({"id_token": forged}) if path == "/token" else None

    with pytest.raises(UnprovenError):
        await proven(provider, there)


async def test_a_new_key_is_asked_for_but_not_for_every_token(
    provider: OpenIdProvider, there: There
) -> None:
    """Providers turn their keys; made-up names of keys must not have it asked each time."""
    await proven(provider, there)
    there.key = ECKey.generate_key("P-256", {"kid": "two"})
    with pytest.raises(UnprovenError):
        await proven(provider, there)
    assert there.asked.count("/keys") == 1

    there.now.passes(seconds=AGAIN.total_seconds())

    assert await proven(provider, there) == there.subject


@pytest.mark.parametrize("issuer", ["https://other.example", None])
async def test_an_answer_that_another_provider_gave_is_not_asked_about(
    provider: OpenIdProvider, there: There, issuer: str | None
) -> None:
    """Else its code would be handed to the wrong one (RFC 9207)."""
    back = await there.goes(await provider.sends(JOURNEY))

    with pytest.raises(UnprovenError):
        await provider.proves(JOURNEY, back["code"], issuer)
    assert "/token" not in there.asked


@pytest.mark.parametrize("changed", [{"verifier": "another"}, {"nonce": "another"}])
async def test_a_code_of_another_journey_proves_nothing(
    provider: OpenIdProvider, there: There, changed: dict[str, str]
) -> None:
    """Whoever stole a code has not what its owner was sent away with."""
    with pytest.raises(UnprovenError):
        await proven(provider, there, replace(JOURNEY, **changed))


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://id.example/token"},
        {"token_endpoint": "https://[oh"},
        {"jwks_uri": None},
        {"authorization_endpoint": 7},
        {"jwks_uri": f"{ISSUER}/nowhere"},
    ],
    ids=str,
)
async def test_a_provider_that_contradicts_itself_is_not_asked(
    provider: OpenIdProvider, there: There, said: dict[str, Any]
) -> None:
    """Nobody is sent anywhere, and nothing secret goes in the clear."""
    there.said = said

    with pytest.raises(UnreachableError):
        await provider.sends(JOURNEY)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response("no JSON"),
        lambda: Response("[" * 100_000),
        lambda: JSONResponse([]),
        lambda: JSONResponse({"keys": "none"}),
        lambda: JSONResponse({}),
        lambda: Response(status_code=500),
        lambda: RedirectResponse("https://elsewhere.example/keys"),
        lambda: Response(b" " * (MOST_BYTES + 1)),
        lambda: Response(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}),
    ],
)
async def test_whatever_it_answers_has_an_end(
    provider: OpenIdProvider, there: There, answer: Callable[[], Response]
) -> None:
    """Too long, elsewhere, or in no form that anybody asked for: later it may do better."""
    there.answer = lambda path: answer() if path == "/keys" else None

    with pytest.raises(UnreachableError):
        await provider.sends(JOURNEY)
    there.answer = lambda _: None

    assert (await provider.sends(JOURNEY)).startswith(f"{ISSUER}/authorize?")


async def test_one_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of ours must not hang because theirs does."""
    monkeypatch.setattr(asking, "SECONDS", 0.05)

    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(hangs)) as http:
        with pytest.raises(UnreachableError):
            await asking.asked(http, ISSUER)


async def test_one_that_never_ends_is_not_read_to_its_end() -> None:
    """What is too long is given up where it becomes so."""
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 65_536
            yield b" " * 65_536

    def answers(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=endless())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answers)) as http:
        with pytest.raises(UnreachableError):
            await asking.asked(http, ISSUER)
    assert given <= MOST_BYTES + 2 * 65_536


async def test_a_refused_client_and_a_missing_token_prove_nothing(
    provider: OpenIdProvider, there: There
) -> None:
    """The first is a matter for the operator, and no reason to let anybody in."""
    provider.client = Client(CLIENT_ID, SecretStr("another"), BACK)
    with pytest.raises(UnprovenError):
        await proven(provider, there)

    provider.client = Client(CLIENT_ID, SecretStr(SECRET), BACK)
    there.answer = lambda path: JSONResponse({}) if path == "/token" else None
    with pytest.raises(UnprovenError):
        await proven(provider, there)


def test_nothing_secret_is_shown() -> None:
    """A repr ends in logs."""
    shown = repr(Client(CLIENT_ID, SecretStr(SECRET), BACK)) + repr(JOURNEY)

    assert SECRET not in shown
    assert "a nonce" not in shown
