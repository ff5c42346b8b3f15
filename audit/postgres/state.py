"""The state row: how far the log has come, and that who moved it there had the log's key.

Several processes move it, so one finds it where another left it, before a signature over that is
in the database. The seal stands in for it: without the key nobody can move the state so that the
next honest process would sign what it finds. It is no checkpoint and is shown to nobody, so a
transaction that is rolled back leaves no two statements behind.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from audit.errors import UnusableError
from audit.merkle import Edge
from audit.postgres.connection import Connection
from audit.signer import Signer
from audit.tables import edge_from

# The safety that was switched off since the start counts too: it is asked with every batch.
_QUESTION = """
SELECT size, root, edge, seal, (SELECT root FROM audit.head WHERE size = $1),
  concat_ws(', ',
    CASE WHEN current_setting('fsync') <> 'on' THEN 'fsync' END,
    CASE WHEN current_setting('full_page_writes') <> 'on' THEN 'full_page_writes' END,
    CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
      THEN 'synchronous_commit' END)
FROM audit.log_state
"""


@dataclass(frozen=True, slots=True)
class State:
    """Reads and seals the state row of one log."""

    key: bytes

    @classmethod
    def of(cls, signer: Signer) -> "State":
        """Derive the seal's key: a signature that is never shown, over a text that is no note."""
        secret = signer.sign(f"imprimatur: the key of the log's state\n{signer.vkey.write()}\n")
        return cls(sha256(secret.blob).digest())

    def seal(self, edge: Edge) -> bytes:
        """Return the seal of a state."""
        return hmac.digest(self.key, edge.size.to_bytes(8) + b"".join(edge.hashes), "sha256")

    async def read(self, connection: Connection, seen: Edge, *, lock: bool = False) -> Edge:
        """Return the state as it is now; with `lock`, keep it so until the transaction ends.

        Raises:
            UnusableError: the server may lose what it acknowledges, nobody with the key made
                this state, or it does not go on from `seen` (a backup, or a stale replica that
                was promoted).
        """
        # FOR UPDATE reads the row again after it waited: what is seen is what is newest.
        question = f"{_QUESTION} FOR UPDATE OF log_state" if lock else _QUESTION
        row = await connection.fetchrow(question, seen.size)
        if row is None:
            raise UnusableError("log", "expected one state row, got none")
        size, root, joined, seal, then, unsafe = row
        if unsafe:
            raise UnusableError("PostgreSQL", f"it may lose what it acknowledges: {unsafe} is off")
        edge = edge_from(size, root, joined)
        if not hmac.compare_digest(seal, self.seal(edge)):
            raise UnusableError("log", "somebody without the log's key moved its state")
        if size < seen.size:
            raise UnusableError("log", f"rolled back: {seen.size} entries were there, now {size}")
        if seen.size and then != seen.root():
            raise UnusableError("log", f"forked: another tree of {seen.size} was seen before")
        return edge
