"""A server whose upkeep ends by a bug does not go on as if nothing had happened."""

import json
import subprocess
import sys
from pathlib import Path

from tests.unit.pipeline.lookers import CANARY

_PROGRAM = f"""
import sys
from pipeline.cli.main import app
from pipeline.jobs.upkeep import Upkeep

async def broken(self, *, sweeps):
    raise ZeroDivisionError("{CANARY}")

Upkeep.round = broken
app(sys.argv[1:])
"""


def test_a_bug_in_upkeep_stops_the_server_with_a_status_and_a_line(tmp_path: Path) -> None:
    """Whoever runs it starts it again, and has a line to report; nothing of content is in it."""
    words = ["--data-dir", str(tmp_path / "var"), "serve", "--sandbox", "--port", "0"]

    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ended.returncode == 2
    assert "serving: http://" in ended.stdout
    *before, last = ended.stderr.splitlines()
    assert last.startswith("imprimatur: stopped: upkeep ended of itself (ZeroDivisionError at ")
    (told,) = [json.loads(line) for line in before if line.startswith("{")]
    assert (told["event"], told["level"]) == ("upkeep ended", "critical")
    assert told["exception"][0]["type"] == "ZeroDivisionError"
    assert CANARY not in ended.stdout + ended.stderr
    assert not (tmp_path / "var" / "operator.sock").exists()
