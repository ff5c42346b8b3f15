"""A client of witnesses: C2SP tlog-witness v1, `add-checkpoint`.

A witness cosigns a checkpoint once it has seen a proof that the log only grew since the last one.
It never cosigns two that contradict each other: what it cosigned cannot be rewritten unseen.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from audit.anchors import Anchor, AnchorKind
from audit.checkpoint import Checkpoint, parse_number
from audit.cosignature import WitnessKey
from audit.errors import MalformedError, UnansweredError, UntrustedError, UnusableError
from audit.log import Log
from audit.note import Note, encode_base64

SIZE_TYPE = "text/x.tlog.size"
MOST_HASHES = 63
_OK, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 200, 403, 404, 409, 422
_TRIES = 3  # a second client of the same log may be ahead in between
_WHY = {
    _FORBIDDEN: "it does not trust the log's key: give it the log's verifier key",
    _NOT_FOUND: "it does not know the log: give it the log's verifier key",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    media_type: str
    body: bytes


Post = Callable[[str, bytes, str], Awaitable[Answer]]
"""Sends a body of this type to this URL, and returns the answer, whatever its status is.

Raises:
    UnansweredError: nobody answered in time.
"""


@dataclass(frozen=True, slots=True)
class Witness:
    """One witness."""

    url: str
    key: WitnessKey
    post: Post

    async def cosign(self, log: Log, seen: int) -> Anchor:
        """Have the log's newest checkpoint cosigned; `seen` is the size it cosigned last.

        A wrong `seen` costs one more question: the witness says what it is.

        Raises:
            UnansweredError: nobody answered, or it could not do it now.
            UnusableError: it saw another history: this log was rolled back, or forked.
            UntrustedError, MalformedError: what it answered is no cosignature by its key.
        """
        old, said = seen, False
        for _ in range(_TRIES):
            checkpoint = await log.newest()  # each time: what the witness saw may be that new
            head = Checkpoint.parse(Note.parse(checkpoint).text)
            if said and old > head.size:
                raise UnusableError("log", f"rolled back: {self.key.name} saw {old} entries of it")
            old = min(old, head.size)
            proof = await log.consistency(old, head.size) if old else ()
            body = request(old, proof, checkpoint)
            address = f"{self.url.rstrip('/')}/add-checkpoint"
            answer = await self.post(address, body, "text/plain; charset=utf-8")
            if answer.status == _OK:
                return self._anchor(checkpoint, head, answer.body)
            if answer.status != _CONFLICT:
                raise self._refused(answer)
            old, said = self._said(answer, old, head.size), True
        raise UnansweredError(self.key.name, "somebody else asks it at the same time")

    def _said(self, answer: Answer, old: int, size: int) -> int:
        """Return the size that the witness cosigned last.

        Raises:
            UnusableError: it is `old`, and the witness still refuses.
        """
        if answer.media_type.partition(";")[0].strip() != SIZE_TYPE:
            if old == size:  # the specification asks for no size where only the roots differ
                raise UnusableError("log", f"forked: {self.key.name} saw another tree of {size}")
            raise MalformedError("witness", SIZE_TYPE, answer.media_type[:64])
        said = parse_number(_text(answer.body).removesuffix("\n"), "size that a witness saw")
        if said == old:
            raise UnusableError("log", f"forked: {self.key.name} saw another tree of {said}")
        return said

    def _refused(self, answer: Answer) -> Exception:
        if answer.status == _UNPROCESSABLE:
            return UnusableError(
                "log", f"forked: {self.key.name} saw what this log does not extend"
            )
        why = _WHY.get(answer.status, "it could not do it")
        return UnansweredError(self.key.name, f"{why} (status {answer.status})")

    def _anchor(self, checkpoint: str, head: Checkpoint, lines: bytes) -> Anchor:
        """Hold what came back to the witness's key; lines of others are left out."""
        note = Note.parse(checkpoint + _text(lines))
        at = self.key.seen_at(note)
        mine = [each for each in note.signatures if self.key.signed(each)]
        kept = "".join(each.line() for each in mine).encode()
        return Anchor(head.size, AnchorKind.COSIGNATURE, self.key.name, at, checkpoint, kept)


def request(old: int, proof: Sequence[bytes], checkpoint: str) -> bytes:
    """Write the body of `add-checkpoint`."""
    hashes = "".join(f"{encode_base64(each)}\n" for each in proof)
    return f"old {old}\n{hashes}\n{checkpoint}".encode()


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as fault:
        raise UntrustedError("witness", "it answered no text") from fault
