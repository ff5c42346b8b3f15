"""Asking for pictures on the command line: what is typed wrong is told before anything is sent.

What it does with a gateway is in tests/e2e/test_cli.py.
"""

from pathlib import Path

import pytest

from tests.unit.pipeline.cli.conftest import Run

ID = "2fd95844-188b-4fb6-a71d-27c6b40bbe7c"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key but those that a test gives."""
    monkeypatch.delenv("IMPRIMATUR_KEY", raising=False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--size", "big"], "WIDTHxHEIGHT"),
        (["--size", "832x"], "WIDTHxHEIGHT"),
        (["--model", "nai-diffusion-9"], "expected one of nai-diffusion-5-full"),
        ([], "IMPRIMATUR_KEY"),
        (["--key-file", "nowhere"], "nowhere"),
    ],
)
def test_what_is_wrong_is_told(run: Run, words: list[str], told: str) -> None:
    """In one line that says what to type instead."""
    done = run("generate", "a hill", *words)

    assert done.exit_code == 2
    assert told in done.stderr


def test_the_key_is_in_no_message(run: Run, tmp_path: Path) -> None:
    """A terminal is scrolled back by others."""
    path = tmp_path / "key"
    path.write_text("pst-canary")

    done = run("status", ID, "--key-file", path, "--address", "ftp://gate")

    assert done.exit_code == 2
    assert "canary" not in done.output
