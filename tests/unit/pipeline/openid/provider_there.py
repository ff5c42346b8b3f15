"""A provider of OpenID Connect, written from its specifications: it signs, and can lie."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.unit.pipeline.world import Clock

ISSUER = "https://id.example"
CLIENT_ID, SECRET = "imprimatur/1", "s3cret: with a colon"
BACK = "https://gate.example/console/sign-in/back"


@dataclass
class Granted:
    """A code that was given out, and to what question."""

    challenge: str
    nonce: str
    redirect: str


@dataclass
class There:
    """The provider. Whoever it is asked about is `subject`; what it claims can be changed."""

    now: Clock
    subject: object = "248289761001"
    claims: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    signs_with: ECKey | None = None
    answer: Callable[[str], Response | None] = lambda _: None
    """Given the path that is asked for: another answer than the right one."""
    codes: dict[str, Granted] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        """What asks it."""
        routes = [
            Route("/.well-known/openid-configuration", self._configuration),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/keys", self._keys),
        ]
        app = Starlette(routes=routes)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), follow_redirects=False)

    async def goes(self, address: str) -> dict[str, str]:
        """Go where somebody is sent, sign in there, and return what comes back with them."""
        async with self.client() as browser:
            answer = await browser.get(address)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
        return {name: value for name, (value,) in parse_qs(back.query).items()}

    async def _configuration(self, request: Request) -> Response:
        said: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "authorization_response_iss_parameter_supported": True,
        }
        return self._told(request, JSONResponse(said | self.said))

    async def _authorize(self, request: Request) -> Response:
        query = request.query_params
        asked = query["client_id"], query["response_type"], query["scope"]
        assert (*asked, query["code_challenge_method"]) == (CLIENT_ID, "code", "openid", "S256")
        code = f"code-{len(self.codes)}"
        self.codes[code] = Granted(query["code_challenge"], query["nonce"], query["redirect_uri"])
        back = httpx.URL(query["redirect_uri"]).copy_merge_params(
            {"code": code, "state": query["state"], "iss": ISSUER}
        )
        return RedirectResponse(str(back), 302)

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        scheme, _, encoded = request.headers["authorization"].partition(" ")
        known_as, _, secret = base64.b64decode(encoded).decode().partition(":")
        if (scheme, unquote(known_as), unquote(secret)) != ("Basic", CLIENT_ID, SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        granted = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if granted is None or (granted.challenge, granted.redirect) != (
            proof,
            form["redirect_uri"],
        ):
            return self._told(request, JSONResponse({"error": "invalid_grant"}, 400))
        given = {
            "access_token": "unused",
            "token_type": "Bearer",
            "id_token": self._signed(granted),
        }
        return self._told(request, JSONResponse(given))

    def _signed(self, granted: Granted) -> str:
        at = round(self.now().timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": self.subject,
            "aud": CLIENT_ID,
            "exp": at + 300,
            "iat": at,
            "nonce": granted.nonce,
        }
        claims = {
            name: value for name, value in (claims | self.claims).items() if value is not None
        }
        key = self.signs_with or self.key
        return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)

    async def _keys(self, request: Request) -> Response:
        keys = KeySet([self.key]).as_dict(private=False)
        odd = {"kty": "oct", "k": "bm90IGZvciBzaWduYXR1cmVz", "kid": "odd"}
        return self._told(request, JSONResponse({"keys": [*keys["keys"], odd, {"kty": "new"}]}))

    def _told(self, request: Request, right: Response) -> Response:
        self.asked.append(request.url.path)
        return self.answer(request.url.path) or right


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says that it needs no signature."""
    parts = ({"alg": "none", "kid": "one"}, claims)
    written = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(part.rstrip("=") for part in written) + "."
