"""Appends to a log whose files may not grow any more, then to one whose files may again.

The limit is the kernel's own (RLIMIT_FSIZE): a write beyond it fails, as on a full disk. Prints
one line of JSON: what was acknowledged before, refused during, and acknowledged after.
"""

import asyncio
import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from audit.entry import Entry, Kind, Receipt
from audit.errors import NotDurableError
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def limit_files(size: int) -> None:
    """Let no file of this process grow beyond `size` bytes."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


async def main(folder: Path) -> None:
    """Write before, during and after the shortage."""
    log = await Log.open(
        folder / "log.db",
        origin="gw.example/audit",
        signer=Ed25519Signer.load(folder / "key"),
        keys=DetailKeys.load(folder / "keys"),
        now=lambda: NOON,
    )

    async def write(first: int) -> list[Receipt | BaseException]:
        entries = (Entry(UUID(int=n), Kind.CONFIG, NOON, {}) for n in range(first, first + 50))
        return await asyncio.gather(*map(log.append, entries), return_exceptions=True)

    before = await write(0)
    limit_files((folder / "log.db-wal").stat().st_size + 8192)
    during = await write(100)
    limit_files(resource.RLIM_INFINITY)
    after = await write(100)
    await log.close()
    answer = {
        "before": [each.index for each in before if isinstance(each, Receipt)],
        "refused": sum(isinstance(each, NotDurableError) for each in during),
        "after": [each.index for each in after if isinstance(each, Receipt)],
        "checkpoints": [each.checkpoint for each in before + after if isinstance(each, Receipt)],
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
