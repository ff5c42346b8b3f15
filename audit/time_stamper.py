"""A client of time-stamp authorities: RFC 3161 over HTTP (its section 3.4)."""

from dataclasses import dataclass

from audit import stamps
from audit.anchors import Anchor, AnchorKind
from audit.checkpoint import Checkpoint
from audit.errors import UnansweredError
from audit.note import Note
from audit.witness import Post

QUERY_TYPE, REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"
_OK = 200


@dataclass(frozen=True, slots=True)
class TimeStamper:
    """One time-stamp authority, and the certificates that its stamps are held to."""

    name: str
    url: str
    certificates: bytes
    post: Post

    async def stamp(self, checkpoint: str) -> Anchor:
        """Have a checkpoint stamped, with its signatures: what is stamped was signed by then.

        Raises:
            UnansweredError: nobody answered, or not with a stamp.
            UntrustedError, MalformedError: it is not a stamp of this, by that authority.
            UnusableError: what is needed to ask is not installed.
        """
        message = checkpoint.encode()
        query, nonce = stamps.request(message)
        answer = await self.post(self.url, query, QUERY_TYPE)
        kind = answer.media_type.partition(";")[0].strip()
        if answer.status != _OK or kind != REPLY_TYPE:
            raise UnansweredError(self.name, f"no stamp (status {answer.status}, {kind[:64]!r})")
        at = stamps.stamped_at(answer.body, message, self.certificates, nonce)
        size = Checkpoint.parse(Note.parse(checkpoint).text).size
        return Anchor(size, AnchorKind.TIME_STAMP, self.name, at, checkpoint, answer.body)
