import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.verify import verify

ROOT = Path(__file__).parents[3]
ROUNDS = int(os.environ.get("IMPRIMATUR_KILL_ROUNDS", "10"))


def killed_round(folder: Path, number: int, seconds: float) -> list[tuple[int, str, str]]:
    """Run a writer, kill it, and return what it acknowledged in whole lines."""
    command = [sys.executable, str(Path(__file__).with_name("killed_writer.py"))]
    with (folder / f"out{number}").open("wb") as output:
        writer = subprocess.Popen(
            [*command, str(folder), str(number)],
            stdout=output,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        deadline = time.monotonic() + 20
        while not (folder / f"out{number}").stat().st_size and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    lines = (folder / f"out{number}").read_text("utf-8").split("\n")[:-1]
    return [(index, at, note) for index, at, note in map(json.loads, lines)]


def test_what_was_acknowledged_survives_being_killed_and_every_checkpoint_still_holds(
    tmp_path: Path,
) -> None:
    """The promise of the whole log: after `append` returned, it is there, and stays there."""
    signer = Ed25519Signer.create(tmp_path / "key", "gw.example/audit")
    DetailKeys.create(tmp_path / "keys", "k1")
    chance = random.Random(20261122)  # noqa: S311 - when to kill, not a secret
    acknowledged = [
        each
        for number in range(ROUNDS)
        for each in killed_round(tmp_path, number, chance.uniform(0.02, 0.35))
    ]
    connection = sqlite3.connect(tmp_path / "log.db")
    found = dict(connection.execute("SELECT idx, entry_id FROM entry").fetchall())
    connection.close()

    assert len(acknowledged) > ROUNDS
    for index, at, _ in acknowledged:
        assert found[index] == UUID(at).bytes
    notes = list({note for _, _, note in acknowledged})
    report = verify(tmp_path / "log.db", signer.vkey.write(), known_checkpoints=notes)
    # The one thing a kill may leave: a last commit that was not signed in time.
    assert [each for each in report.problems if "no signature" not in each.what] == []
    assert report.unsigned <= 256
