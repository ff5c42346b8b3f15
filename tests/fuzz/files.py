"""Picture files of every kind that is read, the hostile ones too, and what chance makes of them."""

import io
import random
import struct
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import Literal

import numpy as np
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

_PNG = b"\x89PNG\r\n\x1a\n"
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_EDGES = (0, 1, 0x7F, 0x80, 0xFF)
_MOST_CHANGES = 6
_MEND = 0.7


def _picture() -> Image.Image:
    dice = np.random.default_rng(1)
    blocks = dice.integers(0, 256, (8, 12, 3), np.uint8)
    return Image.fromarray(np.kron(blocks, np.ones((8, 8, 1), np.uint8)))


def _saved(kind: str, picture: Image.Image | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    (picture or _picture()).save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """Make a chunk of a PNG, with a check sum that holds."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixels: bytes, *others: bytes) -> bytes:
    """Make a PNG of 8-bit RGB that claims a size, whatever its pixels are."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"".join((_PNG, head, *others, chunk(b"IDAT", pixels), chunk(b"IEND", b"")))


def _exif(thumbnail: bytes = b"") -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a harbour"
    whole = exif.tobytes()
    return whole + thumbnail


def _texts() -> PngInfo:
    texts = PngInfo()
    texts.add_text("Comment", "a harbour at dawn")
    texts.add_itxt("Title", "ein Hafen", zip=True)
    texts.add_text("Description", "a" * 2000, zip=True)
    return texts


def _digits(thumbnail: bytes) -> PngInfo:
    texts = PngInfo()
    texts.add_text(
        "Raw profile type exif", f"\nexif\n{len(thumbnail)}\n{thumbnail.hex()}", zip=True
    )
    texts.add_itxt("XML:com.adobe.xmp", f"<x>{b64encode(thumbnail).decode()}</x>")
    return texts


def _alpha() -> Image.Image:
    picture = _picture()
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture


def _ordinary() -> dict[str, bytes]:
    grey = np.asarray(_picture().convert("L"))
    return {
        "PNG": _saved("PNG"),
        "PNG with alpha": _saved("PNG", _alpha()),
        "PNG of a palette": _saved("PNG", _picture().quantize(16), transparency=bytes(range(16))),
        "PNG of 16 bits": _saved("PNG", Image.fromarray(grey.astype(np.uint16) * 257)),
        "PNG of one bit": _saved("PNG", _picture().convert("1")),
        "PNG with texts": _saved("PNG", pnginfo=_texts(), exif=_exif()),
        "PNG with a profile": _saved("PNG", icc_profile=_SRGB),
        "JPEG": _saved("JPEG"),
        "JPEG, progressive": _saved("JPEG", progressive=True),
        "JPEG, grey": _saved("JPEG", _picture().convert("L")),
        "JPEG, CMYK": _saved("JPEG", _picture().convert("CMYK")),
        "JPEG with a profile": _saved("JPEG", icc_profile=_SRGB),
        "JPEG with a thumbnail": _saved("JPEG", exif=_exif(_saved("JPEG"))),
        "PNG with a thumbnail in digits": _saved("PNG", pnginfo=_digits(_saved("JPEG"))),
        "WebP behind a JPEG": _saved("JPEG") + bytes(7) + _saved("WEBP"),
        "WebP": _saved("WEBP"),
        "WebP without loss": _saved("WEBP", _alpha(), lossless=True),
        "WebP with alpha": _saved("WEBP", _alpha(), quality=40, exif=_exif(), icc_profile=_SRGB),
    }


def _hostile() -> dict[str, bytes]:
    row = b"\x00" + bytes(3)
    bomb = zlib.compress(bytes(40_000_000), 9)
    whole, gif = _saved("PNG"), _saved("GIF")
    frames: list[Image.Image] = [_picture().rotate(90), _picture().rotate(180)]
    return {
        "1 x 1": png(1, 1, zlib.compress(row)),
        "65,535 wide": png(65_535, 1, zlib.compress(b"\x00" + bytes(3 * 65_535))),
        "65,535 each way": png(65_535, 65_535, bomb),
        "more pixels than it says": png(8, 8, bomb),
        "no pixels": png(0, 0, zlib.compress(b"")),
        "profile bomb": png(1, 1, zlib.compress(row), chunk(b"iCCP", b"a\x00\x00" + bomb)),
        "text bomb": png(1, 1, zlib.compress(row), chunk(b"zTXt", b"a\x00\x00" + bomb)),
        "EXIF that leads to itself": png(1, 1, zlib.compress(row), chunk(b"eXIf", _looping_exif())),
        "animated PNG": _saved("PNG", save_all=True, append_images=frames),
        "animated WebP": _saved("WEBP", save_all=True, append_images=frames),
        "animation of no frames": png(
            1, 1, zlib.compress(row), chunk(b"acTL", struct.pack(">II", 0, 0))
        ),
        "GIF": gif,
        "GIF behind a PNG": whole + gif,
        "animation behind a PNG": whole + _saved("WEBP", save_all=True, append_images=frames),
        "65,535 wide behind a PNG": whole + png(65_535, 1, zlib.compress(bytes(3 * 65_536))),
        "nine beginnings behind a PNG": whole + b"\xff\xd8\xff\xe0" * 9,
        "countless segments": b"\xff\xd8" + b"\xff\xe1\x00\x02" * 100_000,
        "PNG behind a GIF": gif + whole,
        "ZIP behind a JPEG": _saved("JPEG") + b"PK\x03\x04" + bytes(64),
        "nothing": b"",
        "magic alone": _PNG,
    }


def _looping_exif() -> bytes:
    """A folder of 65,535 tags, each of which leads back to it."""
    tag = struct.pack("<HHII", 0x8769, 4, 1, 8)
    return b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", 0xFFFF) + tag * 200


FILES = {**_ordinary(), **_hostile()}
"""By name: eighteen that are whole, and the hostile ones of the issue."""

Change = Callable[[bytearray, random.Random], None]


def changed(whole: bytes, chance: random.Random) -> bytes:
    """Change a file as chance has it; most PNGs get check sums that hold."""
    data = bytearray(whole)
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        chance.choice(_CHANGES)(data, chance)
    if data.startswith(_PNG) and chance.random() < _MEND:
        return mended(bytes(data))
    return bytes(data)


def mended(data: bytes) -> bytes:
    """Give each chunk of a PNG the check sum that it needs to be looked into."""
    out, at = bytearray(data), len(_PNG)
    while at + 12 <= len(out):
        length = int.from_bytes(out[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(out):
            break
        out[end : end + 4] = struct.pack(">I", zlib.crc32(bytes(out[at + 4 : end])))
        at = end + 4
    return bytes(out)


def _set(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8)):
        if data:
            data[chance.randrange(len(data))] = chance.choice((*_EDGES, chance.randrange(256)))


def _set_a_number(data: bytearray, chance: random.Random) -> None:
    """Write a length or a size where one may stand: two or four bytes, at the front most often."""
    width = chance.choice((2, 4))
    order: Literal["big", "little"] = "big" if chance.random() < _MEND else "little"
    value = chance.choice((0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, chance.getrandbits(32)))
    at = chance.randrange(min(len(data), chance.choice((64, 4096))) + 1)
    data[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, order)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _remove(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    del data[at : at + chance.randint(1, 64)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = data[at : at + chance.randint(1, 512)] * chance.randint(1, 4)


def _splice(data: bytearray, chance: random.Random) -> None:
    """Put a piece of another file into it."""
    other = chance.choice(list(FILES.values()))
    start = chance.randrange(len(other) + 1)
    at = chance.randrange(len(data) + 1)
    data[at:at] = other[start : start + chance.randint(1, 512)]


_CHANGES: tuple[Change, ...] = (_set, _set, _set_a_number, _cut, _remove, _repeat, _splice)
