"""The state row: how far the log has come, and that who moved it there had the log's key.

Several processes move it, so one finds it where another left it, before a signature over that is
in the database. The seal stands in for it: without the key nobody can move the state so that the
next honest process would sign what it finds. It is no checkpoint and is shown to nobody, so a
transaction that is rolled back leaves no two statements behind.
"""

import hmac
from hashlib import sha256

from audit.checkpoint import Checkpoint
from audit.errors import UnusableError
from audit.merkle import Edge
from audit.postgres.connection import Connection
from audit.rotation import KeyChain
from audit.signer import Keyring, Signer
from audit.tables import edge_from
from audit.vkey import VerifierKey

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


class State:
    """Reads and seals the state row of one log."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys
        self._derived: dict[VerifierKey, bytes] = {}

    def seal(self, edge: Edge, chain: KeyChain) -> bytes:
        """Return the seal of a state, under the newest key that signs the log there."""
        return self._seal(edge, self._keys.signers(chain, edge.size)[-1])

    async def read(
        self, connection: Connection, seen: Checkpoint, chain: KeyChain, *, lock: bool = False
    ) -> Edge:
        """Return the state as it is now; with `lock`, keep it so until the transaction ends.

        `chain` may be behind: another process may have sealed with a key that was added since.

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
        seals = [self._seal(edge, signer) for signer in self._keys.usable(chain)]
        if not any(hmac.compare_digest(seal, each) for each in seals):
            raise UnusableError("log", "somebody without the log's key moved its state")
        if size < seen.size:
            raise UnusableError("log", f"rolled back: {seen.size} entries were there, now {size}")
        if seen.size and then != seen.root:
            raise UnusableError("log", f"forked: another tree of {seen.size} was seen before")
        return edge

    def _seal(self, edge: Edge, signer: Signer) -> bytes:
        """Seal under a key that is derived from the signer's."""
        key = self._derived.get(signer.vkey)
        if key is None:  # a signature that is never shown, over what is no note
            text = f"imprimatur: the key of the log's state\n{signer.vkey.write()}\n"
            key = self._derived[signer.vkey] = sha256(signer.sign(text).blob).digest()
        return hmac.digest(key, edge.size.to_bytes(8) + b"".join(edge.hashes), "sha256")
