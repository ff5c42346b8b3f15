"""A provider of OpenID Connect: the authorisation code flow, with PKCE, state and nonce.

OpenID Connect Core 1.0 sections 3.1 and 10, Discovery 1.0, RFC 7636, RFC 9207. Authlib builds what
is sent and checks the claims; joserfc checks signatures. Tokens are read once, and kept nowhere.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr

from pipeline.items import Json
from pipeline.openid.asking import asked
from pipeline.openid.errors import UnprovenError, UnreachableError
from pipeline.openid.journey import Journey

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures with a key that the provider alone has. Never a shared secret, never `none`."""
KEPT: Final = timedelta(hours=1)
"""How long what a provider says of itself is used."""
AGAIN: Final = timedelta(minutes=1)
"""How soon its keys are asked for again, when a token is signed with one that nobody knows."""
LEEWAY_SECONDS: Final = 60
LONGEST_SUBJECT: Final = 255
"""OpenID Connect Core 1.0, section 2."""


@dataclass(frozen=True, slots=True)
class Client:
    """What a provider knows this installation as."""

    client_id: str
    secret: SecretStr
    back: str
    """The address that people come back to, as it is registered with the provider."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a provider said of itself, and when."""

    at: datetime
    said: dict[str, Json]
    keys: KeySet = field(repr=False)

    def address(self, name: str) -> str:
        return str(self.said[name])


@dataclass(slots=True)
class OpenIdProvider:
    """A provider, as `journey.Provider` says. `http` is closed by whoever made it."""

    name: str
    issuer: str
    client: Client
    http: httpx.AsyncClient
    now: Callable[[], datetime]
    _known: _Known | None = field(default=None, repr=False)

    async def sends(self, journey: Journey) -> str:
        """Return the address to send somebody to; see `journey.Provider`."""
        known = await self._knows(KEPT)
        sent: str = prepare_grant_uri(
            known.address("authorization_endpoint"),
            self.client.client_id,
            "code",
            redirect_uri=self.client.back,
            scope="openid",
            state=journey.state,
            nonce=journey.nonce,
            code_challenge=create_s256_code_challenge(journey.verifier),
            code_challenge_method="S256",
        )
        return sent

    async def proves(self, journey: Journey, code: str, issuer: str | None) -> str:
        """Return who came back; see `journey.Provider`."""
        known = await self._knows(KEPT)
        says_who = known.said.get("authorization_response_iss_parameter_supported") is True
        if issuer != self.issuer and (says_who or issuer is not None):
            raise UnprovenError("the answer is of another provider")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.back,
            "code_verifier": journey.verifier,
        }
        secret = self.client.secret.get_secret_value()  # RFC 6749, 2.3.1: each part is quoted
        auth = quote(self.client.client_id, safe=""), quote(secret, safe="")
        answer = await asked(self.http, known.address("token_endpoint"), form, auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise UnprovenError("the provider gave no token")
        return await self._subject(token, journey.nonce)

    async def _subject(self, token: str, nonce: str) -> str:
        try:
            read = await self._read(token)
            options: Any = {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client.client_id},
            }
            params = {"nonce": nonce, "client_id": self.client.client_id}
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(round(self.now().timestamp()), LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            message = f"the provider's token proves nothing: {type(fault).__name__}"
            raise UnprovenError(message) from None
        subject: object = claims["sub"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT:
            raise UnprovenError("the provider's token names nobody")
        return subject

    async def _read(self, token: str) -> jwt.Token:
        known = await self._knows(KEPT)
        try:
            return jwt.decode(token, known.keys, ALGORITHMS)
        except InvalidKeyIdError:  # it may have new ones
            return jwt.decode(token, (await self._knows(AGAIN)).keys, ALGORITHMS)

    async def _knows(self, kept: timedelta) -> _Known:
        """Return what the provider says of itself, no older than `kept`."""
        if self._known is None or not timedelta() <= self.now() - self._known.at < kept:
            self._known = await self._asked()
        return self._known

    async def _asked(self) -> _Known:
        said = await asked(self.http, get_well_known_url(self.issuer, external=True))
        if said.get("issuer") != self.issuer:
            raise UnreachableError("the provider calls itself by another address")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_safe(said.get(name), self.issuer):
                message = f"the provider names no address for {name}"
                raise UnreachableError(message)
        keys = await asked(self.http, str(said["jwks_uri"]))
        try:
            return _Known(self.now(), said, KeySet.import_key_set(cast("Any", _public(keys))))
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            message = f"the provider's keys cannot be read: {type(fault).__name__}"
            raise UnreachableError(message) from None


def _public(keys: dict[str, Json]) -> dict[str, Json]:
    """Return the keys without those of kinds that no signature is checked with here."""
    listed = keys["keys"]
    return {"keys": [each for each in _objects(listed) if each.get("kty") in {"RSA", "EC", "OKP"}]}


def _objects(listed: Json) -> Collection[dict[str, Json]]:
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _is_safe(address: object, issuer: str) -> bool:
    """Whether it is an address, and no less guarded on the way than the issuer's."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and parts.scheme in {"https", urlsplit(issuer).scheme}
