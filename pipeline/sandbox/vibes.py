"""Encodes a picture for vibe transfer: opaque bytes, the same for the same picture (1.8)."""

from dataclasses import dataclass, field
from hashlib import sha256, shake_128
from typing import Final

from pipeline.sandbox import fields, uploads
from pipeline.sandbox.body import Body
from pipeline.sandbox.catalogue import MODELS, Family
from pipeline.sandbox.errors import RefusedError, broken

COST: Final = 2
_BYTES: Final = 48_000
_MAGIC: Final = b"\x93vibe\x00"
_UINT32: Final = 4_294_967_295


@dataclass(frozen=True, slots=True)
class Vibe:
    """A request that passed every check: what is encoded, for which model and how much of it."""

    model: str
    information: float
    seed: int
    image: bytes = field(repr=False)
    mask: bytes = field(repr=False)


def read(body: Body) -> Vibe:
    """Read a request to encode a picture; one client misspells a field, which is tolerated.

    Raises:
        RefusedError: 400 with its reason, or 500 for a model that has no encoder.
    """
    asked = body.fields
    name = fields.text(asked, "model")
    model = MODELS.get(name)
    if model is None:
        raise RefusedError(400, f"Validation error: model {name} doesn't exist")
    if model.family >= Family.V5:
        raise broken()
    if model.family < Family.V4:
        message = "This model does not support vibe transfer through this endpoint"
        raise RefusedError(400, message)
    key = "information_extracted" if "information_extracted" in asked else "informationExtracted"
    image = uploads.one(body, asked, "image")
    if image is None:
        raise RefusedError(400, "Error verifying request: image is required")
    uploads.decode(image, "image")
    mask = uploads.one(body, asked, "mask") or b""
    if mask:
        uploads.decode(mask, "mask")
    seed = fields.whole(asked, "info_extract_seed", 0, 0, _UINT32)
    return Vibe(name, fields.real(asked, key, 1, 0, 1), seed, image, mask)


def encode(vibe: Vibe) -> bytes:
    """The encoding: nobody can tell from it what the picture shows."""
    told = f"{vibe.model} {vibe.information} {vibe.seed} ".encode()
    digests = sha256(vibe.image).digest() + sha256(vibe.mask).digest()
    return _MAGIC + shake_128(told + digests).digest(_BYTES)
