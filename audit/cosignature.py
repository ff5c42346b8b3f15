"""Cosignatures: C2SP tlog-cosignature v1 (Ed25519). A witness says what it saw, and when."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from audit.errors import MalformedError, UntrustedError
from audit.note import (
    KEY_ID_BYTES,
    Note,
    Signature,
    decode_base64,
    encode_base64,
    valid_name,
)
from audit.signatures import verifies

COSIGNATURE = b"\x04"
MAX_SECONDS = 200_000_000_000  # in the year 8307: what is beyond is no time, and no date either
KEY_BYTES = 32
_TIME_BYTES = 8
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The public half of a witness's key, and its name: a witness is known by both."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The short id that its lines carry."""
        return sha256(self.name.encode() + b"\n" + COSIGNATURE + self.public).digest()[
            :KEY_ID_BYTES
        ]

    def write(self) -> str:
        """Write the line that verifiers are given."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(COSIGNATURE + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> "WitnessKey":
        """Read a witness's verifier key.

        Raises:
            MalformedError: the form, the algorithm or the short id is wrong.
        """
        name, _, rest = vkey.partition("+")
        short, _, encoded = rest.partition("+")
        if not valid_name(name) or not _KEY_ID.fullmatch(short):
            raise MalformedError("witness key", "name+8 hex digits+base64", len(vkey))
        data = decode_base64(encoded, "witness key")
        if data[:1] != COSIGNATURE or len(data) != 1 + KEY_BYTES:
            raise MalformedError("witness key", "an Ed25519 cosignature key", f"{len(data)} bytes")
        key = cls(name, data[1:])
        if key.key_id.hex() != short:
            raise MalformedError("witness key", f"the id {key.key_id.hex()}", short)
        return key

    def signed(self, line: Signature) -> bool:
        """Whether a signature line says that it is by this witness."""
        return (line.name, line.key_id) == (self.name, self.key_id)

    def seen_at(self, note: Note) -> int:
        """Return when this witness cosigned the note, in seconds since 1970.

        Of several lines by it the latest counts; one that does not verify spoils the note.

        Raises:
            UntrustedError: it did not cosign it.
        """
        mine = [each.blob for each in note.signatures if self.signed(each)]
        if not mine:
            raise UntrustedError("checkpoint", f"no cosignature by {self.name}")
        return max(self._time_of(note.text, blob) for blob in mine)

    def _time_of(self, text: str, blob: bytes) -> int:
        at = int.from_bytes(blob[:_TIME_BYTES])
        if at > MAX_SECONDS or not verifies(self.public, message(text, at), blob[_TIME_BYTES:]):
            raise UntrustedError("checkpoint", f"a cosignature by {self.name} does not verify")
        return at


def message(text: str, at: int) -> bytes:
    """Return what a witness signs: the checkpoint's text, at this second."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosigned(checkpoint: str, lines: Iterable[bytes]) -> str:
    """Return the checkpoint with these cosignature lines below its signatures."""
    return checkpoint + "".join(each.decode() for each in lines)


def cosignature_line(key: WitnessKey, at: int, signature: bytes) -> Signature:
    """Return the signature line of a cosignature."""
    return Signature(key.name, key.key_id, at.to_bytes(_TIME_BYTES) + signature)
