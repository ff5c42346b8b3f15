"""How a failure is told to a caller: one shape, NovelAI's, with our fields beside it.

    {"statusCode": 403, "message": "...", "code": "HELD", "retry": false, "id": "...", "help": ".."}

The community SDKs show `message` of 400 and 403; they retry 429 and 5xx, so a refusal is never
one of those. The help link is the same for all refusals: it tells nothing about the reason.
"""

from collections.abc import Mapping

from fastapi.responses import JSONResponse

from pipeline.items import Json, PublicCode

HELP = "/help/refusals"
"""A page of the gateway itself."""

STATUS: Mapping[PublicCode, int] = {
    PublicCode.CONTENT_NOT_ALLOWED: 403,
    PublicCode.HELD: 403,
    PublicCode.UNREADABLE: 403,
    PublicCode.LANGUAGE_NOT_SUPPORTED: 403,
    PublicCode.AGE_CLAIM_REQUIRED: 403,
    PublicCode.CAPABILITY_MISSING: 403,
    PublicCode.UPSTREAM_REFUSED: 502,
    PublicCode.TEMPORARILY_UNAVAILABLE: 503,
}


class GateError(Exception):
    """An answer that is no picture. `message` may be shown to anybody: it MUST NOT hold content."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        id: str | None = None,  # noqa: A002 - it is the name of the field in the answer
        retry_after_seconds: int | None = None,
        details: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.id = id
        self.retry_after_seconds = retry_after_seconds
        self.details = details
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """Render it; every refusal links to the same page."""
        body: dict[str, Json] = {"statusCode": self.status, "message": self.message}
        if self.code is not None:
            body |= {
                "code": self.code,
                "retry": self.retry_after_seconds is not None,
                "help": HELP,
            }
        if self.id is not None:
            body["id"] = self.id
        if self.details is not None:
            body["details"] = {key: list(values) for key, values in self.details.items()}
        headers = self.headers
        if self.retry_after_seconds is not None:
            headers = headers | {"Retry-After": str(self.retry_after_seconds)}
        return JSONResponse(
            body, self.status, headers, media_type="application/json; charset=utf-8"
        )
