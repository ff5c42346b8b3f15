"""What answers look like, for OpenAPI: every route lists every error that it can give."""

from typing import Any

from pydantic import BaseModel

MEANING = {
    400: "The request is malformed; `message` says what to change.",
    401: "There is no valid key or token.",
    402: "The tenant has spent its budget of Anlas, or the end user what each may spend in a day.",
    403: "Refused, or held for a review; `code` is one of the public codes.",
    404: "There is no such thing, or this gate does not serve it.",
    409: "An identical request was made before, or an idempotency key came with another body.",
    410: "It is kept no longer.",
    413: "The body, or an image in it, is larger than the limit.",
    415: "The body, or an image in it, is of a type that is not read.",
    429: "Too many requests are in progress, or too many were refused today.",
    502: "The image service did not accept or finish the request; it may have been paid for.",
    503: "The checks or the log are not available: no picture. Try again after `Retry-After`.",
}


class Failure(BaseModel):
    """How every failure is told."""

    statusCode: int  # noqa: N815 - NovelAI's own name, which the community SDKs read
    message: str
    code: str | None = None
    retry: bool | None = None
    help: str | None = None
    id: str | None = None
    details: dict[str, list[str]] | None = None


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of these errors.

    They point to `Failure`, which the application describes once: as a model of each route,
    FastAPI would build it two hundred times at each start.
    """
    told = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
    return {status: {"description": MEANING[status], "content": told} for status in statuses}


def success(status: int, description: str, *media_types: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of a success in one of these types, or as the route says."""
    said: dict[str, Any] = {"description": description}
    if media_types:
        said["content"] = {each: {} for each in media_types}
    return {status: said}


def binary(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of a success that is pictures, in one of these types."""
    return success(200, "Pictures.", *media_types)
