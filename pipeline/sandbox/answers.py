"""The forms of an answer: pictures as ZIP or JSON, JSON objects, errors, Cloudflare's page."""

import json
from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from starlette.responses import Response

from pipeline.sandbox.errors import RefusedError
from pipeline.sandbox.studio import Picture

_JSON = "application/json; charset=utf-8"
_CLOUDFLARE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body><h1>Sorry, you have been blocked</h1><p>Cloudflare Ray ID: 0000000000000000</p>"
    "</body></html>"
)


def binary(content: bytes) -> Response:
    """Opaque bytes, as they are."""
    return Response(content, media_type="application/binary")


def json_object(value: object, status: int = 200) -> Response:
    """A JSON answer, escaped to ASCII as it may repeat what the caller sent."""
    return Response(_dumped(value), status, {"content-type": _JSON})


def error(refusal: RefusedError) -> Response:
    """An error in NovelAI's form."""
    body: dict[str, object] = {"statusCode": refusal.status, "message": refusal.message}
    if refusal.details is not None:
        body["details"] = dict(refusal.details)
    headers = {"content-type": _JSON, **(refusal.headers or {})}
    return Response(_dumped(body), refusal.status, headers)


def cloudflare() -> Response:
    """The page that stands in front of everything when Cloudflare does not like a caller."""
    headers = {"content-type": "text/html; charset=UTF-8", "server": "cloudflare"}
    return Response(_CLOUDFLARE, 403, {**headers, "cf-ray": "0000000000000000-FRA"})


def as_zip(pictures: Sequence[Picture], *, truncated: bool) -> Response:
    """The pictures as `image_0.png` and so on in a ZIP archive, or in the first half of one."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for index, picture in enumerate(pictures):
            suffix = "webp" if picture.content.startswith(b"RIFF") else "png"
            archive.writestr(ZipInfo(f"image_{index}.{suffix}"), picture.content)
    headers = {
        "content-type": "binary/octet-stream",
        "content-disposition": "attachment; filename=images.zip",
    }
    return Response(_cut(file.getvalue(), truncated), 200, headers)


def as_json(pictures: Sequence[Picture], *, truncated: bool) -> Response:
    """The pictures in base64 with their seeds, or the first half of that."""
    images = [
        {"image": b64encode(one.content).decode("ascii"), "index": index, "seed": one.seed}
        for index, one in enumerate(pictures)
    ]
    content = _dumped({"images": images})
    return Response(_cut(content, truncated), 200, {"content-type": _JSON})


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _cut(content: bytes, truncated: bool) -> bytes:
    return content[: len(content) // 2] if truncated else content
