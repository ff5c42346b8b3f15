"""Opens the ZIP of pictures that NovelAI answers with, under limits (novelai-api.md 5.1, 8)."""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from hashlib import sha256

from pipeline.novelai.errors import UpstreamMalformedError
from pipeline.novelai.limits import MEBIBYTE, AnswerLimits

_NAME = re.compile(r"image_(0|[1-9][0-9]?)\.(png|webp)", re.ASCII)
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)
"""What zipfile raises on bytes that are no sound archive."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of an answer, not yet looked at."""

    index: int
    name: str
    data: bytes = field(repr=False)
    sha256: str = field(repr=False)


def unpack(packed: bytes, samples: int, limits: AnswerLimits) -> tuple[Picture, ...]:
    """Give the pictures `image_0` to `image_{samples - 1}`, in that order.

    Raises:
        UpstreamMalformedError: it is no sound archive of exactly these, within the limits.
    """
    try:
        entries = _unpack(packed, samples, limits)
    except _FAULTS as fault:
        problem = type(fault).__name__  # its message may quote bytes
    else:
        return entries
    message = f"archive: expected {samples} sound pictures, got {problem}"
    raise UpstreamMalformedError(message)


def _unpack(packed: bytes, samples: int, limits: AnswerLimits) -> tuple[Picture, ...]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        infos = archive.infolist()
        if len(infos) != samples:
            message = f"archive: expected {samples} entries, got {len(infos)}"
            raise UpstreamMalformedError(message)
        for info in infos:
            _check(info, limits)
        if sum(info.file_size for info in infos) > limits.total_bytes:
            message = f"archive: expected at most {limits.total_bytes} bytes in all"
            raise UpstreamMalformedError(message)
        entries = tuple(sorted((_read(archive, info) for info in infos), key=lambda e: e.index))
    if [entry.index for entry in entries] != list(range(samples)):
        raise UpstreamMalformedError("archive: expected image_0 and its successors, once each")
    return entries


def _check(info: zipfile.ZipInfo, limits: AnswerLimits) -> None:
    """Hold what the directory says of an entry against the limits, before anything is unpacked."""
    if not _NAME.fullmatch(info.filename):
        raise UpstreamMalformedError("archive: expected entries named image_N.png or image_N.webp")
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _PACKINGS:
        message = f"archive: expected {info.filename} plain or deflated, and not encrypted"
        raise UpstreamMalformedError(message)
    most = max(MEBIBYTE, limits.ratio * info.compress_size)  # a small flat drawing packs well
    if info.file_size > min(limits.entry_bytes, most):
        message = f"archive: {info.filename} is beyond the limits of size or ratio"
        raise UpstreamMalformedError(message)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Picture:
    """Unpack one entry; zipfile stops at the size the directory states and checks its CRC."""
    name = _NAME.fullmatch(info.filename)
    data = archive.read(info)
    if name is None or len(data) != info.file_size:
        message = f"archive: expected {info.file_size} bytes in entry {info.filename!r}"
        raise UpstreamMalformedError(message)
    return Picture(int(name[1]), info.filename, data, sha256(data).hexdigest())
