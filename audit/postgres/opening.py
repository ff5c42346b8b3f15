"""What must hold before a log on PostgreSQL is appended to; anything else refuses to start.

The order is the point: nothing is signed before the state was checked.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from audit.checkpoint import open_checkpoint
from audit.errors import AuditError, UnusableError
from audit.genesis import genesis
from audit.merkle import EMPTY_ROOT, Edge, leaf_hash
from audit.postgres import rights
from audit.postgres.connection import (
    FAULTS,
    Connect,
    Connection,
    Link,
    connect_postgres,
    told,
)
from audit.postgres.questions import root_at, rows
from audit.postgres.state import State
from audit.postgres.store import PostgresStore
from audit.signer import Signer
from audit.store import MAX_BATCH, Stored


async def open_postgres(
    url: str,
    *,
    signer: Signer,
    now: Callable[[], datetime],
    known_checkpoints: Sequence[str] = (),
    connect: Connect = connect_postgres,
) -> PostgresStore:
    """Open the log in the database at `url`, whose tables `migrate` made; begin it if it is new.

    Others may have it open: each appends in its turn. `known_checkpoints` are what outsiders
    keep: the log MUST extend each of them, or it is a restored backup, a stale replica that was
    promoted, or another history.

    Raises:
        UnusableError: nobody answers, it would not be durable, who connects may do too much,
            it is of another origin or key, or its state is not consistent.
        UntrustedError: a checkpoint is not signed by this key.
    """
    link, reader = Link(url, connect), Link(url, connect)
    store = PostgresStore(link, reader, signer, now)
    try:
        connection = await link.get()
        await rights.check(connection)
        await _begin(connection, signer)
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        edge = await State.of(signer).read(connection, Edge())
        kept = await _check_state(connection, edge, signer)
        await _check_history(connection, edge, signer, known_checkpoints)
        await connection.execute("COMMIT")
        store.resume(edge, kept)
        if edge.size == 0:
            await _write_genesis(store, signer, now())
    except FAULTS as fault:
        await store.close()
        raise UnusableError("log", told(fault)) from fault
    except AuditError:
        await store.close()
        raise
    return store


async def _begin(connection: Connection, signer: Signer) -> None:
    """Say which log this is, if nobody has; another process may be about to do the same."""
    identity = (signer.vkey.name, signer.vkey.write())
    await connection.execute(
        "INSERT INTO audit.log(id, origin, vkey) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
        *identity,
    )
    found = [tuple(each) for each in await connection.fetch("SELECT origin, vkey FROM audit.log")]
    if found != [identity]:
        origins = [origin for origin, _ in found]
        raise UnusableError("log", f"it is of {origins} or of another key than the one given")
    await connection.execute(
        "INSERT INTO audit.log_state(id, size, root, edge, seal)"
        " SELECT 1, 0, $1, '', $2 WHERE NOT EXISTS (SELECT FROM audit.entry)"
        " ON CONFLICT DO NOTHING",
        EMPTY_ROOT,
        State.of(signer).seal(Edge()),
    )


async def _check_state(connection: Connection, edge: Edge, signer: Signer) -> int:
    """Hold the state to entries, hashes, head and checkpoint; return the newest signed size."""
    ((count, last),) = await connection.fetch("SELECT count(*), max(idx) FROM audit.entry")
    if count != edge.size or (count and last != count - 1):
        raise UnusableError("log", f"the state says {edge.size} entries, there are {count}")
    for row in await rows(connection, max(0, edge.size - MAX_BATCH), MAX_BATCH):
        if leaf_hash(row.leaf) != row.leaf_hash:
            raise UnusableError("log", f"entry {row.index} is not what was hashed")
    head = await connection.fetchrow("SELECT size, root FROM audit.head ORDER BY size DESC LIMIT 1")
    if tuple(head or (0, EMPTY_ROOT)) != (edge.size, edge.root()):
        raise UnusableError("log", "the newest head is not the state")
    if await root_at(connection, edge.size) != edge.root():
        raise UnusableError("log", "the stored hashes do not lead to the state's root")
    found = await connection.fetchrow(
        "SELECT size, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1"
    )
    if found is None:
        return 0
    checkpoint = open_checkpoint(found[1], signer.vkey)
    at = (checkpoint.size, checkpoint.root)
    if found[0] > edge.size or at != (found[0], await root_at(connection, found[0])):
        raise UnusableError("log", f"the checkpoint at {found[0]} is not of this history")
    return int(found[0])


async def _check_history(
    connection: Connection, edge: Edge, signer: Signer, known: Sequence[str]
) -> None:
    """Refuse a log that is older than, or another than, what was seen outside (fork guard)."""
    for note in known:
        checkpoint = open_checkpoint(note, signer.vkey)
        if checkpoint.size > edge.size:
            raise UnusableError("log", f"rolled back: {checkpoint.size} entries were seen outside")
        if await root_at(connection, checkpoint.size) != checkpoint.root:
            raise UnusableError(
                "log", f"forked: another tree of {checkpoint.size} was seen outside"
            )


async def _write_genesis(store: PostgresStore, signer: Signer, at: datetime) -> None:
    (outcome,) = await store.append([genesis(signer, at)])
    if not isinstance(outcome, Stored):
        raise outcome
