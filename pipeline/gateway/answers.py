"""Answers that are pictures: they take `Recorded[Released]`, so none is without its receipt."""

import base64
import io
import zipfile
from collections.abc import Mapping

from fastapi.responses import JSONResponse, Response

from audit.entry import Receipt
from pipeline.items import Added, Json, Marked, Recorded, Released, seed_of

ENCODING = "application/binary"
"""A picture encoded, as NovelAI names it."""
WITHHELD = "X-Imprimatur-Withheld"
ADDED_PROMPT = "X-Imprimatur-Added-Prompt"
ADDED_NEGATIVE = "X-Imprimatur-Added-Negative"


def receipt_headers(receipt: Receipt) -> Mapping[str, str]:
    """Return the receipt as headers: the entry's id, its index, and the signed checkpoint."""
    return {
        "X-Audit-Id": str(receipt.entry_id),
        "X-Audit-Index": str(receipt.index),
        "X-Audit-Checkpoint": base64.b64encode(receipt.checkpoint.encode()).decode(),
    }


def added_headers(added: Added) -> Mapping[str, str]:
    """Return what was added to the texts of a request, as far as anything was."""
    told = {ADDED_PROMPT: added.prompt, ADDED_NEGATIVE: added.negative}
    return {name: text for name, text in told.items() if text}


def released_headers(released: Recorded[Released]) -> Mapping[str, str]:
    """Return what every answer with pictures says beside them."""
    return {
        **receipt_headers(released.receipts[-1]),
        "X-Imprimatur-Id": str(released.outcome.submission.id),
        WITHHELD: str(released.outcome.withheld),
        **added_headers(released.outcome.submission.work.added),
    }


def pictures(released: Recorded[Released], accept: str) -> Response:
    """Answer as NovelAI does: a ZIP, or JSON if `accept` is exactly that."""
    outcome, headers = released.outcome, released_headers(released)
    if accept == "application/json":
        seed = seed_of(outcome.submission.work)
        images = [_inline(picture, seed) for picture in outcome.pictures]
        return JSONResponse({"images": images}, headers=headers)
    return Response(
        _zip({_name(picture): picture.data for picture in outcome.pictures}),
        headers={**headers, "Content-Disposition": "attachment; filename=images.zip"},
        # exactly this type: two of the three community SDKs refuse application/zip
        media_type="binary/octet-stream",
    )


def encoding(released: Recorded[Released]) -> Response:
    """Answer as NovelAI does with what it encoded: the bytes as they are."""
    return Response(
        released.outcome.pictures[0].data,
        headers=released_headers(released),
        media_type=ENCODING,
    )


def media_type(picture: bytes) -> str:
    """Return what a picture is, by its first bytes: NovelAI makes PNG, WebP and encodings."""
    if picture.startswith(b"RIFF"):
        return "image/webp"
    return "image/png" if picture.startswith(b"\x89PNG") else ENCODING


def _name(picture: Marked) -> str:
    return f"image_{picture.sealed.index}.{media_type(picture.data).removeprefix('image/')}"


def _inline(picture: Marked, seed: int) -> dict[str, Json]:
    return {
        "image": base64.b64encode(picture.data).decode(),
        "index": picture.sealed.index,
        "seed": seed + picture.sealed.index,
    }


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Pack pictures, stored: they are compressed already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()
