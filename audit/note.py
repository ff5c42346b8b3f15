"""Signed notes: C2SP signed-note v1.0.0 (c2sp.org/signed-note), read and written strictly.

There is one way to write a note: whatever `Note.parse` accepts, `Note.write` gives back.
"""

import base64
import binascii
from dataclasses import dataclass

from audit.errors import MalformedError

MAX_CHARACTERS = 1_000_000
MAX_SIGNATURES = 100  # verifiers MUST accept 16; post-quantum lines are long, so bound both
KEY_ID_BYTES = 4
_DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says it signed, and the signature itself."""

    name: str
    key_id: bytes
    blob: bytes

    def line(self) -> str:
        """Write the line, with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures below it; nothing here is verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def write(self) -> str:
        """Write the note as C2SP has it."""
        return f"{self.text}\n{''.join(each.line() for each in self.signatures)}"

    @classmethod
    def parse(cls, note: str) -> "Note":
        """Read a note.

        Raises:
            MalformedError: it is not exactly one signed note.
        """
        if len(note) > MAX_CHARACTERS:
            raise MalformedError("note", f"at most {MAX_CHARACTERS} characters", len(note))
        _require_text(note)
        border = note.rfind("\n\n")  # the *last* empty line: the text may hold others
        if border < 0 or not note.endswith("\n"):
            raise MalformedError("note", "a text, an empty line, signature lines", len(note))
        text, lines = note[: border + 1], note[border + 2 :].split("\n")[:-1]
        if not 1 <= len(lines) <= MAX_SIGNATURES:
            raise MalformedError("note", f"1 to {MAX_SIGNATURES} signatures", len(lines))
        return cls(text, tuple(_signature(line) for line in lines))


def valid_name(name: str) -> bool:
    """Say whether a key may have this name: not empty, no Unicode space, plus or control."""
    return bool(name) and not any(each.isspace() or each == "+" or each < " " for each in name)


def encode_base64(data: bytes) -> str:
    """Write standard base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str, what: str) -> bytes:
    """Read standard base64 that is written in the one canonical way.

    Raises:
        MalformedError: other letters, wrong padding, or bits after the end.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as fault:
        raise MalformedError(what, "standard base64", len(text)) from fault
    if encode_base64(data) != text:
        raise MalformedError(what, "base64 in its canonical form", len(text))
    return data


def _require_text(note: str) -> None:
    try:
        note.encode("utf-8")
    except UnicodeEncodeError as fault:
        raise MalformedError("note", "text that UTF-8 can carry", fault.start) from fault
    for place, each in enumerate(note):
        if each < " " and each != "\n":
            raise MalformedError("note", "no control character but newline", f"one at {place}")


def _signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise MalformedError("signature line", "em dash, space", len(line))
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not separator or not valid_name(name):
        raise MalformedError("signature line", "a key name, a space, base64", len(line))
    data = decode_base64(encoded, "signature")
    if len(data) <= KEY_ID_BYTES:
        raise MalformedError("signature", "a key id and a signature", f"{len(data)} bytes")
    return Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])
