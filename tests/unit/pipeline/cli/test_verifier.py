"""The verifier in one file, as an operator hands it out."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.unit.pipeline.cli.conftest import Run


def test_what_is_written_verifies_the_log_of_this_installation(
    data_dir: Path, tmp_path: Path, run: Run
) -> None:
    """The operator gives away three files, and the other side needs no more."""
    given = tmp_path / "given"
    given.mkdir()
    done = run("audit", "verifier", "-o", given / "verify.pyz")
    shutil.copy(data_dir / "log.db", given)
    shutil.copy(data_dir / "keys" / "log.vkey", given)

    checked = subprocess.run(
        [sys.executable, "-I", "-S", "verify.pyz", "log.db", "log.vkey"],
        cwd=given, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "everything checked holds" in checked.stdout


def test_it_prints_the_digest_of_what_it_wrote(tmp_path: Path, run: Run) -> None:
    """The other side compares it, by another way than the file came."""
    path = tmp_path / "verify.pyz"
    said = json.loads(run("audit", "verifier", "-o", path, "--json").stdout)

    assert said["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert said["sha256"] in run("audit", "verifier", "-o", path).stdout


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, run: Run) -> None:
    """Status 2, and no traceback."""
    done = run("audit", "verifier", "-o", tmp_path / "missing" / "verify.pyz")

    assert done.exit_code == 2
    assert "missing" in done.output
