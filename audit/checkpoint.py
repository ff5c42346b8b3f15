"""Checkpoints: C2SP tlog-checkpoint v1.0.0, a signed note over one tree head.

Ours have three lines. Extension lines are NOT RECOMMENDED by the specification, because nobody
can audit them; here they are refused.
"""

import re
from dataclasses import dataclass

from audit.errors import MalformedError, UntrustedError
from audit.merkle import HASH_BYTES
from audit.note import Note, decode_base64, encode_base64
from audit.vkey import VerifierKey

MAX_SIZE = 2**63 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One head of one log's tree."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Write the note text that gets signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a note text.

        Raises:
            MalformedError: it is not exactly origin, size and root.
        """
        lines = text.split("\n")
        if len(lines) != _LINES + 1 or lines[-1] or not lines[0]:
            raise MalformedError("checkpoint", "three lines", len(lines))
        root = decode_base64(lines[2], "root")
        if len(root) != HASH_BYTES:
            raise MalformedError("root", f"{HASH_BYTES} bytes", len(root))
        return cls(lines[0], parse_number(lines[1], "tree size"), root)


def parse_number(text: str, what: str) -> int:
    """Read an ASCII decimal without leading zeroes, below 2^63.

    Raises:
        MalformedError: `int()` would take it, but a specification would not.
    """
    if not _SIZE.fullmatch(text) or int(text) > MAX_SIZE:
        raise MalformedError(what, "a decimal without leading zeroes", text[:32])
    return int(text)


def open_checkpoint(note: str, vkey: VerifierKey) -> Checkpoint:
    """Return the checkpoint in `note`, which MUST be of the log that `vkey` names.

    Raises:
        MalformedError: it is no signed checkpoint.
        UntrustedError: the key did not sign it, or it is another log's.
    """
    checkpoint = Checkpoint.parse(vkey.open(Note.parse(note)))
    if checkpoint.origin != vkey.name:
        raise UntrustedError("checkpoint", f"it is of {checkpoint.origin!r}, not of {vkey.name!r}")
    return checkpoint
