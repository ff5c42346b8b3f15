"""A stand-in for the Transparency Database, from its documentation: it shares no rule with ours."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

TOKEN = "a platform's token"
_PUID = re.compile(r"[a-zA-Z0-9_-]{1,500}")
_NEEDED = {
    "decision_ground", "content_type", "category", "content_date", "application_date",
    "decision_facts", "source_type", "automated_detection", "automated_decision", "puid",
}  # fmt: skip


@dataclass
class StandIn:
    """What it holds, and how it is to fail: `breaks` is asked before each answer to a batch."""

    held: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    batches: list[int] = field(default_factory=list[int])
    dislikes: set[str] = field(default_factory=set[str])
    breaks: Callable[[int], str | None] = lambda _: None

    def app(self) -> FastAPI:
        """Return its application."""
        app = FastAPI()

        @app.middleware("http")
        async def known(request: Request, go_on: Any) -> Response:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return JSONResponse({"message": "Unauthenticated."}, 401)
            answer: Response = await go_on(request)
            return answer

        @app.post("/api/v1/statements")
        async def batch(request: Request) -> Response:
            given = (await request.json())["statements"]
            self.batches.append(len(given))
            trouble = self.breaks(len(self.batches))
            if trouble == "before":
                return JSONResponse({}, 503)
            errors = {
                f"statement_{n}": why for n, each in enumerate(given) if (why := self._wrong(each))
            }
            if errors or not 1 <= len(given) <= 100:
                return JSONResponse({"message": "invalid", "errors": errors}, 422)
            self.held |= {each["puid"]: each for each in given}
            if trouble == "after":
                raise httpx.ReadTimeout("the answer is lost")
            return JSONResponse({"statements": given}, 201)

        @app.get("/api/v1/statement/existing-puid/{puid}")
        async def existing(puid: str) -> Response:
            if puid not in self.held:
                return JSONResponse({"message": "not found"}, 404)
            return JSONResponse(self.held[puid], 302, {"Location": "http://elsewhere.example/"})

        return app

    def _wrong(self, given: dict[str, Any]) -> dict[str, list[str]]:
        missing = {name: ["is required"] for name in _NEEDED - given.keys()}
        puid = str(given.get("puid"))
        if puid in self.held:
            return {"puid": ["has already been taken"]}
        if puid in self.dislikes:
            return {"category": ["is invalid"]}
        return missing if _PUID.fullmatch(puid) else {"puid": ["format is invalid"]}
