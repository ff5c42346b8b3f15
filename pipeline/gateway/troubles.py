"""Troubles: which of the stores failed, until something can be written to it again.

None of them can be asked whether it will take the next entry. So what failed is remembered, and
`/ready` tries it with a write of its own before it says that all is well again.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import Connection

from audit.entry import Entry, Kind
from audit.errors import AuditError
from pipeline.errors import StoreError, VaultError
from pipeline.gateway.gate import Gate

_NOBODY = UUID(int=0)
_ROOM_BYTES = 32_768
"""What is written to see whether there is room: a full disk still takes a small entry or two."""
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (AuditError, "log"),
    (StoreError, "store"),
    (VaultError, "vault"),
)


def note(gate: Gate, fault: Exception) -> None:
    """Remember which store failed, if one did."""
    for kind, part in _KINDS:
        if isinstance(fault, kind):
            gate.troubles[part] = type(fault).__name__


async def still(gate: Gate) -> dict[str, str]:
    """Try what failed before; return what still does, with the kind of its fault."""
    tries: dict[str, Callable[[Gate], Awaitable[None]]] = {
        "log": _log,
        "store": _store,
        "vault": _vault,
    }
    for part in [*gate.troubles]:
        try:
            await tries[part](gate)
        except (AuditError, StoreError, VaultError) as fault:
            gate.troubles[part] = type(fault).__name__
        else:
            gate.troubles.pop(part, None)
    return dict(gate.troubles)


async def _log(gate: Gate) -> None:
    detail = {"room": "." * _ROOM_BYTES}
    entry = Entry(gate.new_id(), Kind.ERROR, gate.now(), {"event": "log.back"}, {}, detail)
    await gate.log.append(entry)


async def _store(gate: Gate) -> None:
    def write(sql: Connection) -> None:
        sql.exec_driver_sql("CREATE TABLE room (taken BLOB)")
        sql.exec_driver_sql("INSERT INTO room VALUES (zeroblob(?))", (_ROOM_BYTES,))
        sql.exec_driver_sql("DROP TABLE room")

    await gate.store.writer(write)


async def _vault(gate: Gate) -> None:
    vault = gate.desk.vault
    await vault.destroy(await vault.put(b"", _NOBODY))
