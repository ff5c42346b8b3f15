"""What must hold before a log on PostgreSQL is appended to; anything else refuses to start.

The order is the point: nothing is signed before the state was checked.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from audit.checkpoint import MAX_SIZE, Checkpoint
from audit.errors import AuditError, UnusableError
from audit.genesis import genesis
from audit.guard import Guard, MemoryGuard
from audit.merkle import EMPTY_ROOT, Edge, leaf_hash
from audit.opening import first_key, require_reached, require_root
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
from audit.postgres.store import PostgresStore, followed
from audit.rotation import KeyChain
from audit.signer import Keyring, Signer
from audit.store import MAX_BATCH, Stored
from audit.vkey import VerifierKey


async def open_postgres(
    url: str,
    *,
    signer: Signer,
    more_signers: Sequence[Signer] = (),
    guard: Guard | None = None,
    now: Callable[[], datetime],
    known_checkpoints: Sequence[str] = (),
    connect: Connect = connect_postgres,
) -> PostgresStore:
    """Open the log in the database at `url`, whose tables `migrate` made; begin it if it is new.

    Others may have it open: each appends in its turn. `signer` and `more_signers` hold the keys
    that the log says sign it. `guard` and `known_checkpoints` are what is remembered outside: the
    log MUST extend each of them, or it is a restored backup, a stale replica that was promoted, or
    another history.

    Raises:
        UnusableError: nobody answers, it would not be durable, who connects may do too much,
            it is of another origin or key, or its state is not consistent.
        UntrustedError: a checkpoint is not signed by this key.
    """
    guard = MemoryGuard() if guard is None else guard
    guarded = guard.newest()  # asked first: without it nothing is made
    keys, link, reader = Keyring([signer, *more_signers]), Link(url, connect), Link(url, connect)
    try:
        connection = await link.get()
        await rights.check(connection)
        first = await _begin(connection, signer, keys)
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        chain = await followed(connection, KeyChain(first))
        keys.require(chain, MAX_SIZE)
        nothing = Checkpoint(first.name, 0, EMPTY_ROOT)
        edge = await State(keys).read(connection, nothing, chain)
        kept = await _check_state(connection, edge, chain)
        seen = [*map(chain.open, known_checkpoints), *([guarded] if guarded else ())]
        require_reached(seen, first.name, edge.size)
        for checkpoint in seen:
            require_root(checkpoint, await root_at(connection, checkpoint.size))
        await connection.execute("COMMIT")
        store = PostgresStore(link, reader, keys, chain, guard, now)
        await store.resume(edge, kept, guarded)
        if edge.size == 0:
            await _write_genesis(store, signer, now())
    except FAULTS as fault:
        await link.close()
        await reader.close()
        raise UnusableError("log", told(fault)) from fault
    except AuditError:
        await link.close()
        await reader.close()
        raise
    return store


async def _begin(connection: Connection, signer: Signer, keys: Keyring) -> VerifierKey:
    """Say which log this is, if nobody has; another process may be about to do the same.

    Return its first key.
    """
    await connection.execute(
        "INSERT INTO audit.log(id, origin, vkey) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
        signer.vkey.name,
        signer.vkey.write(),
    )
    found = await connection.fetch("SELECT origin, vkey FROM audit.log")
    first = first_key([(str(origin), str(vkey)) for origin, vkey in found], signer)
    if keys.holds(first):
        await connection.execute(
            "INSERT INTO audit.log_state(id, size, root, edge, seal)"
            " SELECT 1, 0, $1, '', $2 WHERE NOT EXISTS (SELECT FROM audit.entry)"
            " ON CONFLICT DO NOTHING",
            EMPTY_ROOT,
            State(keys).seal(Edge(), KeyChain(first)),
        )
    return first


async def _check_state(connection: Connection, edge: Edge, chain: KeyChain) -> int:
    """Hold the state to entries, hashes, head and checkpoint; return the newest signed size."""
    ((count, last, gone),) = await connection.fetch(
        "SELECT count(*), max(idx), (SELECT count(*) FROM audit.dropped) FROM audit.entry"
    )
    count += gone
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
    checkpoint = chain.open(str(found[1]))
    at = (checkpoint.size, checkpoint.root)
    if found[0] > edge.size or at != (found[0], await root_at(connection, found[0])):
        raise UnusableError("log", f"the checkpoint at {found[0]} is not of this history")
    return int(found[0])


async def _write_genesis(store: PostgresStore, signer: Signer, at: datetime) -> None:
    (outcome,) = await store.append([genesis(signer, at)])
    if not isinstance(outcome, Stored):
        raise outcome
