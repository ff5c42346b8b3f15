"""Writes into a picture's file that a machine made it (EU AI Act, Art. 50(2)), as IPTC names it.

The packet is the same in every picture: it tells of no user, no prompt and no time. No pixel is
touched: the file gets one more chunk, and what it becomes is compared with what it was.
"""

import zlib
from typing import Final

from pipeline.errors import MarkingError
from pipeline.marking.parts import AFTER, Part, joined, taken_apart, unmarked

SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PACKET: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about=""'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
).encode()
_ALPHA: Final = 0x10
_LOSSLESS_ALPHA: Final = 12  # the byte of a VP8L chunk whose bit 4 says that alpha is used


def _chunk() -> Part:
    """Return the packet as PNG has it: iTXt, not compressed, of no language."""
    body = b"iTXt" + b"XML:com.adobe.xmp" + bytes(5) + PACKET
    checked = body + zlib.crc32(body).to_bytes(4, "big")
    return Part(b"iTXt", memoryview((len(body) - 4).to_bytes(4, "big") + checked))


_IN_PNG: Final = _chunk()
_PADDED: Final = PACKET + bytes(len(PACKET) % 2)
_IN_WEBP: Final = Part(b"XMP ", memoryview(b"XMP " + len(PACKET).to_bytes(4, "little") + _PADDED))


def marked(data: bytes, width: int, height: int) -> bytes:
    """Return a file with the packet, in the place of any other XMP and any C2PA manifest in it.

    Raises:
        MarkingError: it cannot be marked, or is not what it was but for the packet.
    """
    plain = unmarked(data)
    parts = taken_apart(plain)
    if plain.startswith(b"RIFF"):
        parts = _extended(parts, width, height)
        plain = joined(parts)
        after = [part for part in parts if part.kind == AFTER]
        leaves = joined([*parts[: len(parts) - len(after)], _IN_WEBP, *after])
    else:
        leaves = joined([*parts[:2], _IN_PNG, *parts[2:]])  # after the head and IHDR
    check(leaves, plain)
    return leaves


def check(leaves: bytes, plain: bytes) -> None:
    """Hold a file that leaves to be `plain` but for marks, and the packet to be in it once.

    Raises:
        MarkingError: it is not so, and MUST NOT leave.
    """
    ours = [part for part in taken_apart(leaves) if part in (_IN_PNG, _IN_WEBP)]
    if len(ours) != 1 or unmarked(leaves) != unmarked(plain):
        raise MarkingError("the file as it was, with one packet more", "another")


def _extended(parts: tuple[Part, ...], width: int, height: int) -> tuple[Part, ...]:
    """Return a WebP with the header that other chunks than the picture's need."""
    head, first = parts[:2]
    if first.kind == b"VP8X":
        return parts
    alpha = first.kind == b"VP8L" and first.whole[_LOSSLESS_ALPHA] & _ALPHA
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    header = b"VP8X" + (10).to_bytes(4, "little") + bytes([alpha or 0, 0, 0, 0]) + sides
    return (head, Part(b"VP8X", memoryview(header)), *parts[1:])
