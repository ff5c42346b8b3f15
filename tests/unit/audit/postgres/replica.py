"""One process that appends to the log on PostgreSQL and prints what was acknowledged.

Arguments: the database's URL, the folder with the keys, a number that keeps its ids apart from
the others', and how many entries each of its 16 writers appends. What was not durable is tried
again with the same id, as a flow that is resumed would.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from audit.entry import Entry, Kind, Receipt, entry_id
from audit.errors import NotDurableError
from audit.log import Log
from audit.postgres.opening import open_postgres
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WRITERS = 16
PAUSE_SECONDS = 0.02


async def main(url: str, folder: Path, process: int, steps: int) -> None:
    """Open the log, and write."""
    signer = Ed25519Signer.load(folder / "log.key")
    store = await open_postgres(url, signer=signer, now=lambda: NOON)
    log = Log(store, DetailKeys.load(folder / "detail.keys"))

    async def append(entry: Entry) -> Receipt:
        while True:
            try:
                return await log.append(entry)
            except NotDurableError:
                if log.fault is not None:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)

    async def write(writer: int) -> None:
        for step in range(steps):
            submission = UUID(int=(process << 64) + (writer << 32) + step)
            public = {"submission": str(submission)}
            known = entry_id(submission, Kind.ADMIT)
            receipt = await append(Entry(known, Kind.ADMIT, NOON, public, {"prompt": "x"}))
            line = json.dumps([receipt.index, str(known), receipt.checkpoint])
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    await asyncio.gather(*map(write, range(WRITERS)))
    await log.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
