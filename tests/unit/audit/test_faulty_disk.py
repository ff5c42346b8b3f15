"""Each write and each sync of one append fails, or ends the process: nothing acknowledged is lost.

`faulty_writer.py` says how. A write that fails has written half of its bytes before.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.verify import verify
from tests.unit.audit.faulty_writer import HOWS

ROOT = Path(__file__).parents[3]
FEWEST = 8
"""Steps of an append: pages of entry, detail, head and state with their headers, and a sync."""


def rounds(folder: Path) -> list[dict[str, Any]]:
    """Run the writer to its end, in processes of its own."""
    command = [sys.executable, str(Path(__file__).with_name("faulty_writer.py")), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_whatever_step_of_an_append_fails_it_is_refused_and_the_log_goes_on(tmp_path: Path) -> None:
    """The same entry is taken afterwards, once, and everything that was signed still holds."""
    signer = Ed25519Signer.create(tmp_path / "key", "gw.example/audit")
    DetailKeys.create(tmp_path / "keys", "k1")

    done = rounds(tmp_path)

    reached = Counter(each["how"] for each in done if each["told"]["reached"])
    assert reached.keys() == HOWS.keys()
    assert min(reached.values()) >= FEWEST
    for each in done:
        told = each["told"]
        if not told["reached"]:  # the first append of this kind that no fault struck
            assert told["index"] == each["again"]["index"]
        else:
            assert told == {"killed" if each["how"] == "kill" else "refused": True, "reached": True}
    connection = sqlite3.connect(tmp_path / "log.db")
    found = dict(connection.execute("SELECT entry_id, idx FROM entry WHERE idx > 0").fetchall())
    connection.close()
    assert found == {UUID(int=each["id"]).bytes: each["again"]["index"] for each in done}
    notes = [each["again"]["checkpoint"] for each in done]
    report = verify(tmp_path / "log.db", signer.vkey.write(), known_checkpoints=notes)
    assert (report.ok, report.entries, report.unsigned) == (True, len(done) + 1, 0)
