"""Starting to serve: what is unsafe is refused in lines, before anything listens."""

import stat
from pathlib import Path

import pytest

from pipeline.cli.listening import listen
from tests.unit.pipeline.cli.conftest import Run

_LOOPBACK = "127.0.0.1"
_ANYWHERE = "0.0.0.0"  # noqa: S104 - it is refused


def test_a_first_start_makes_everything_and_says_what_is_missing(tmp_path: Path, run: Run) -> None:
    """One line for each thing to change; the folder is ready for the next try."""
    folder = tmp_path / "var"

    done = run("--data-dir", folder, "serve")

    assert done.exit_code == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert f"imprimatur: made {folder / 'imprimatur.yaml'}" in lines
    assert any("no NovelAI token: set IMPRIMATUR_NOVELAI_TOKENS" in line for line in lines)
    assert any("child_safety_public_key: missing" in line for line in lines)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(key.stat().st_mode) for key in (folder / "keys").iterdir()} == {0o600}


@pytest.mark.enable_socket
def test_a_sandbox_is_not_served_to_the_world(tmp_path: Path, run: Run) -> None:
    """Development serves this machine only."""
    done = run("--data-dir", tmp_path / "var", "serve", "--sandbox", "--host", _ANYWHERE)

    assert done.exit_code == 2
    assert "listen.host: development serves this machine only" in done.stderr


@pytest.mark.enable_socket
def test_a_taken_port_is_told_by_both_servers(tmp_path: Path, run: Run) -> None:
    """In one line, with exit 2, and before models are loaded."""
    with listen(_LOOPBACK, 0) as taken:
        port = taken.getsockname()[1]
        for words in (["--data-dir", tmp_path / "var", "serve", "--sandbox"], ["sandbox"]):
            done = run(*words, "--port", port)
            assert done.exit_code == 2
            assert f"{_LOOPBACK}:{port} to be free, got one that is taken" in done.stderr


def test_a_sandbox_that_cannot_be_is_refused(tmp_path: Path, run: Run) -> None:
    """A fault that nobody knows, a folder without pictures."""
    unknown = run("sandbox", "--fault", "430")
    empty = run("sandbox", "--pictures", tmp_path)

    assert (unknown.exit_code, empty.exit_code) == (2, 2)
    assert "fault: expected 402, 429" in unknown.stderr
    assert "pictures: expected a folder with at least one" in empty.stderr
