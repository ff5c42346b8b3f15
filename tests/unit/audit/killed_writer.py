"""Appends as fast as it can and prints what was acknowledged, until it is killed.

Arguments: the log's folder, and a number that keeps this round's ids apart from the others'.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from audit.entry import Entry, Kind, entry_id
from audit.guard import FileGuard
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def main(folder: Path, round_number: int) -> None:
    """Open the log, and write with 16 writers for ever."""
    guard = folder / "guard"
    guard.touch()
    log = await Log.open(
        folder / "log.db",
        origin="gw.example/audit",
        signer=Ed25519Signer.load(folder / "key"),
        keys=DetailKeys.load(folder / "keys"),
        now=lambda: NOON,
        guard=FileGuard(guard),  # a kill may fall on any of its writes too
    )

    async def write(writer: int) -> None:
        for step in range(1_000_000):
            submission = UUID(int=(round_number << 64) + (writer << 32) + step)
            public = {"submission": str(submission)}
            at = entry_id(submission, Kind.ADMIT)
            receipt = await log.append(Entry(at, Kind.ADMIT, NOON, public, {"prompt": "x"}))
            line = json.dumps([receipt.index, str(at), receipt.checkpoint])
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    await asyncio.gather(*(write(writer) for writer in range(16)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
