"""Proofs that leave the house: C2SP tlog-proof, `c2sp.org/tlog-proof@v1`, offline-verifiable."""

from dataclasses import dataclass

from audit.checkpoint import Checkpoint, open_checkpoint, parse_number
from audit.errors import MalformedError
from audit.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from audit.note import Note, decode_base64, encode_base64
from audit.vkey import VerifierKey

_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_STEPS = 63  # tree sizes are below 2^63


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry's index, the hashes up to the root, and the signed checkpoint, verbatim.

    `extra` is not authenticated by anything and MUST NOT be trusted; `None` is no line at all.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def write(self) -> str:
        """Write the proof; files of it SHOULD end in `.tlog-proof`."""
        extra = [] if self.extra is None else [f"extra {encode_base64(self.extra)}"]
        path = [encode_base64(step) for step in self.path]
        return "\n".join([_HEADER, *extra, f"index {self.index}", *path, "", self.checkpoint])

    @classmethod
    def parse(cls, proof: str) -> "Proof":
        """Read a proof; its checkpoint is a signed note, not verified yet.

        Raises:
            MalformedError: it is not exactly one proof.
        """
        head, separator, checkpoint = proof.partition("\n\n")
        if not separator:
            raise MalformedError("proof", "an empty line before the checkpoint", len(proof))
        lines = head.split("\n")
        if lines.pop(0) != _HEADER:
            raise MalformedError("proof", _HEADER, "another first line")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "), "extra")
        if not lines or not lines[0].startswith("index "):
            raise MalformedError("proof", "an index line", len(lines))
        index = parse_number(lines.pop(0).removeprefix("index "), "index")
        path = tuple(_step(line) for line in lines)
        if len(path) > _MAX_STEPS:
            raise MalformedError("proof", f"at most {_MAX_STEPS} hashes", len(path))
        Checkpoint.parse(Note.parse(checkpoint).text)
        return cls(index, path, checkpoint, extra)

    def verify(self, leaf: bytes, vkey: VerifierKey) -> Checkpoint:
        """Check that exactly these leaf bytes are in the log of `vkey`; return the checkpoint.

        Size and root are taken from the verified checkpoint and from nowhere else.

        Raises:
            MalformedError, UntrustedError: it does not hold.
        """
        checkpoint = open_checkpoint(self.checkpoint, vkey)
        verify_inclusion(leaf_hash(leaf), self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint


def _step(line: str) -> bytes:
    step = decode_base64(line, "proof hash")
    if len(step) != HASH_BYTES:
        raise MalformedError("proof hash", f"{HASH_BYTES} bytes", len(step))
    return step
