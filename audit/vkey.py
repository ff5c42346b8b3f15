"""Verifier keys: the `name+id+key` line that says whom to trust (C2SP signed-note, Ed25519)."""

import re
from dataclasses import dataclass
from hashlib import sha256

from audit.errors import MalformedError, UntrustedError
from audit.note import KEY_ID_BYTES, Note, decode_base64, encode_base64, valid_name
from audit.signatures import verifies

ED25519 = b"\x01"
KEY_BYTES = 32
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


def key_id(name: str, public: bytes) -> bytes:
    """Return the short id of an Ed25519 key under this name: an address, not a proof."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a log's key, and the name it signs under."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The short id that signature lines carry."""
        return key_id(self.name, self.public)

    def write(self) -> str:
        """Write the line that verifiers are given."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(ED25519 + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> "VerifierKey":
        """Read a verifier key.

        Raises:
            MalformedError: the form, the algorithm or the short id is wrong.
        """
        name, _, rest = vkey.partition("+")
        short, _, encoded = rest.partition("+")
        if not valid_name(name) or not _KEY_ID.fullmatch(short):
            raise MalformedError("verifier key", "name+8 hex digits+base64", len(vkey))
        data = decode_base64(encoded, "verifier key")
        if data[:1] != ED25519 or len(data) != 1 + KEY_BYTES:
            raise MalformedError("verifier key", "an Ed25519 key", f"{len(data)} bytes")
        key = cls(name, data[1:])
        if key.key_id.hex() != short:
            raise MalformedError("verifier key", f"the id {key.key_id.hex()}", short)
        return key

    def open(self, note: Note) -> str:
        """Return the note's text, which this key has signed.

        Lines of other keys are ignored, as the specification demands; a line that names this
        key and does not verify spoils the note.

        Raises:
            UntrustedError: this key did not sign the text.
        """
        mine = [
            each.blob
            for each in note.signatures
            if (each.name, each.key_id) == (self.name, self.key_id)
        ]
        if not mine:
            raise UntrustedError("note", f"no signature by {self.name}+{self.key_id.hex()}")
        if not all(verifies(self.public, note.text.encode(), blob) for blob in mine):
            raise UntrustedError("note", f"a signature by {self.name} does not verify")
        return note.text
