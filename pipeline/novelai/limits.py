"""How much a request and an answer may hold."""

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one request; what is beyond them is refused, never cut."""

    body_bytes: int = 24 * MEBIBYTE
    depth: int = 32
    """Nested objects and lists."""
    marks: int = 16_384
    """Strings, brackets and commas in the whole document: few bytes can become a large tree."""
    parts: int = 12
    image_bytes: int = 16 * MEBIBYTE
    """One image, decoded from base64. 3,145,728 uncompressed pixels of four bytes fit."""
    pixels: int = 4 * 3_145_728
    """Those of all images of a request: each stays decoded as long as its request is carried."""
    text_characters: int = 16_000
    """All text fields together: what the text gate promises to read within its budget."""


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """The bounds of what NovelAI may send back."""

    body_bytes: int = 64 * MEBIBYTE
    entry_bytes: int = 48 * MEBIBYTE
    """One picture, unpacked."""
    total_bytes: int = 64 * MEBIBYTE
    ratio: int = 64
    """Unpacked to packed, of an entry beyond a mebibyte; a PNG hardly shrinks at all."""
