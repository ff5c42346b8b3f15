"""Reads a block of plain lines of the canonical CSV into arrays, without an object for each row."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifiers.hash_bank import (
    BYTES_OF,
    HEADER,
    LEAST_BITS_SET,
    NEAR,
    OF_NOTHING,
    Entry,
    HashType,
    Status,
)

NOTED = {Status.ACTIVE: "a", Status.DISPUTED: "d", Status.OWN_NEGATIVE: "n"}
"""The letter at the end of a note."""
_COMMAS = len(HEADER) - 1
_COMMA, _END, _ZERO, _DISPUTED = b",\n0d"
_TYPES = tuple(HashType)
_CODES = {(ord(kind[0]), len(kind)): code for code, kind in enumerate(_TYPES)}
"""No two types begin alike and are as long."""
_NIBBLE = np.zeros(256, np.uint8)
_NIBBLE[list(b"0123456789abcdef")] = np.arange(16)
_LABEL = r"[A-Za-z0-9][A-Za-z0-9 ._:/+()-]{0,63}"
_HASH = "|".join(f"{kind},[0-9a-f]{{{2 * size}}}" for kind, size in BYTES_OF.items())
_DAY = (
    r"(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
_TIME = r"(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}Z"


@cache
def plain_lines(source: str) -> re.Pattern[bytes]:
    """Return what matches lines that are surely entries of a source, in their one written form.

    What it does not match may be an entry still: one with a comma in a label, a long id, another
    status, the 29th of February.
    """
    line = (
        rf"{re.escape(source)},[A-Za-z0-9][A-Za-z0-9._:/+-]{{0,30}},(?:{_HASH}),(?:{_LABEL})?,[0-4],"
        rf"(?:{_LABEL}(?:\|{_LABEL})*+)?,(?:active|disputed),{_DAY}T{_TIME}\n"
    )
    return re.compile(f"(?>{line})*+".encode())


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of some rows that are not retracted."""

    types: NDArray[np.int64]
    """Where in `HashType` each row's stands."""
    hashes: Mapping[HashType, NDArray[np.uint8]] = field(repr=False)
    notes: Mapping[HashType, NDArray[np.uint8]] = field(repr=False)
    lengths: Mapping[HashType, NDArray[np.int64]] = field(repr=False)
    disputed: int
    severities: NDArray[np.int64] = field(repr=False)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Self:
        """Return the columns of entries."""
        by_type = {kind: [entry for entry in entries if entry.type is kind] for kind in HashType}
        said = {
            kind: [f"{e.entry_id}{NOTED[e.status]}".encode() for e in rows]
            for kind, rows in by_type.items()
        }
        return cls(
            np.asarray([_TYPES.index(entry.type) for entry in entries], np.int64),
            {
                kind: np.frombuffer(b"".join(e.hash for e in rows), np.uint8).reshape(
                    -1, BYTES_OF[kind]
                )
                for kind, rows in by_type.items()
            },
            {kind: np.frombuffer(b"".join(notes), np.uint8) for kind, notes in said.items()},
            {kind: np.asarray([*map(len, notes)], np.int64) for kind, notes in said.items()},
            0,
            np.asarray([], np.int64),
        )

    def of_type(
        self, kind: HashType
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]:
        """Return the hashes of one type (n x its length), the notes, and how long each is."""
        return self.hashes[kind], self.notes[kind], self.lengths[kind]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Count the rows by type, status and severity."""
        types = np.bincount(self.types, minlength=len(_TYPES)).tolist()
        severities = np.bincount(self.severities).tolist()
        active = len(self.types) - self.disputed
        return {
            "type": {kind: n for kind, n in zip(_TYPES, types, strict=True) if n},
            "severity": {str(level): n for level, n in enumerate(severities) if n},
            "status": {
                status: n
                for status, n in ((Status.ACTIVE, active), (Status.DISPUTED, self.disputed))
                if n
            },
        }


def columns_of(data: bytes) -> Columns | None:
    """Cut lines that `plain_lines` matches; None if one has a flat hash, or that of nothing."""
    signs = np.frombuffer(data, np.uint8)
    commas = np.flatnonzero(signs == _COMMA).reshape(-1, _COMMAS).T
    types = _types(signs, commas)
    status = signs[commas[6] + 1]
    hashes: dict[HashType, NDArray[np.uint8]] = {}
    notes: dict[HashType, NDArray[np.uint8]] = {}
    lengths: dict[HashType, NDArray[np.int64]] = {}
    for code, kind in enumerate(_TYPES):
        rows = np.flatnonzero(types == code)
        hashes[kind] = _hashes(signs, commas[2][rows] + 1, BYTES_OF[kind])
        notes[kind], lengths[kind] = _notes(signs, commas[:, rows], status[rows])
        if kind in NEAR and _flat(hashes[kind]):
            return None
    if any(digest.hex().encode() in data for digest in OF_NOTHING):
        return None
    disputed = int((status == _DISPUTED).sum())
    severities = signs[commas[4] + 1].astype(np.int64) - _ZERO
    return Columns(types, hashes, notes, lengths, disputed, severities)


def _types(signs: NDArray[np.uint8], commas: NDArray[np.int64]) -> NDArray[np.int64]:
    first, length = signs[commas[1] + 1], commas[2] - commas[1] - 1
    types = np.zeros(len(first), np.int64)
    for (letter, size), code in _CODES.items():
        types[(first == letter) & (length == size)] = code
    return types


def _hashes(signs: NDArray[np.uint8], starts: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    nibbles = _NIBBLE[signs[starts[:, None] + np.arange(2 * size)]]
    hashes: NDArray[np.uint8] = (nibbles[:, ::2] << np.uint8(4)) | nibbles[:, 1::2]
    return hashes


def _notes(
    signs: NDArray[np.uint8], commas: NDArray[np.int64], status: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return each id and, in the place of the comma behind it, the letter of the status."""
    starts, lengths = commas[0] + 1, commas[1] - commas[0]
    ends = np.cumsum(lengths)
    places = np.repeat(starts - ends + lengths, lengths)
    places += np.arange(len(places))
    notes = signs[places]
    notes[ends - 1] = status
    return notes, lengths


def _flat(hashes: NDArray[np.uint8]) -> bool:
    counts = np.bitwise_count(hashes.view(np.uint64)).sum(axis=1, dtype=np.uint16)
    return bool((counts < LEAST_BITS_SET).any())
