"""Troubles: which parts failed, until something can be written to them again.

No store can be asked whether it will take the next entry. So what failed is remembered, and
`/ready` tries it with a write of its own before it says that all is well again. Anybody may ask
`/ready`, so one try a second is made, whoever asks, and all are given what it found.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, insert

from audit.entry import Entry, Kind
from audit.errors import AuditError
from pipeline.errors import StoreError, VaultError
from pipeline.gateway.gate import Gate

SHARED_FOR = timedelta(seconds=1)
"""For how long everybody is given what the last try found."""
_ADMISSION = "admission"
_NOBODY = UUID(int=0)
_ROOM_BYTES = 32_768
"""What is written to see whether there is room: a full disk still takes a small entry or two."""
_ROOM = Table("room", MetaData(), Column("taken", LargeBinary))
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (AuditError, "log"),
    (StoreError, "store"),
    (VaultError, "vault"),
)


def note(gate: Gate, fault: Exception) -> None:
    """Remember which store failed, if one did."""
    for kind, part in _KINDS:
        if isinstance(fault, kind):
            gate.troubles.failed[part] = type(fault).__name__


def close(gate: Gate) -> None:
    """Say from now on that nothing more is admitted: the server is stopping."""
    gate.troubles.failed[_ADMISSION] = "closed"


def is_closed(gate: Gate) -> bool:
    """Whether the server is stopping."""
    return _ADMISSION in gate.troubles.failed


async def still(gate: Gate) -> dict[str, str]:
    """Return what still fails, with the kind of its fault, as of a second ago at most."""
    troubles = gate.troubles
    async with troubles.trying:  # whoever asks meanwhile is given what this finds
        at, now = troubles.tried_at, gate.now()
        if at is None or not timedelta() <= now - at < SHARED_FOR:  # a clock may be set back
            await _try(gate)
            troubles.tried_at = gate.now()
    return dict(troubles.failed)


async def _try(gate: Gate) -> None:
    """Write to each store that failed before."""
    tries: dict[str, Callable[[Gate], Awaitable[None]]] = {
        "log": _log,
        "store": _store,
        "vault": _vault,
    }
    for part in tries.keys() & gate.troubles.failed.keys():
        try:
            await tries[part](gate)
        except (AuditError, StoreError, VaultError) as fault:
            gate.troubles.failed[part] = type(fault).__name__
        else:
            gate.troubles.failed.pop(part, None)


async def _log(gate: Gate) -> None:
    detail = {"room": "." * _ROOM_BYTES}
    entry = Entry(gate.new_id(), Kind.ERROR, gate.now(), {"event": "log.back"}, {}, detail)
    await gate.log.append(entry)


async def _store(gate: Gate) -> None:
    def write(sql: Connection) -> None:
        _ROOM.create(sql)
        sql.execute(insert(_ROOM).values(taken=bytes(_ROOM_BYTES)))
        _ROOM.drop(sql)

    await gate.store.writer(write)


async def _vault(gate: Gate) -> None:
    vault = gate.desk.vault
    await vault.destroy(await vault.put(b"", _NOBODY))
