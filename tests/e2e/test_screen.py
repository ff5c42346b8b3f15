"""Texts judged in processes of their own, as from a shell: no server, no folder, no network."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = [sys.executable, "-c", "from pipeline.cli.main import main; main()", "screen"]
_SECONDS = 120
_LINES = 40


def screen(*words: str, asked: str = "", folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_PROGRAM, *words],
        capture_output=True,
        check=False,
        cwd=folder,
        input=asked,
        text=True,
        timeout=_SECONDS,
    )


def line(number: int) -> str:
    text = "a statue, nude" if number % 7 == 0 else f"a lighthouse, night {number}"
    return json.dumps({"id": number, "text": text})


def answers(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(each) for each in done.stdout.splitlines()]


def test_many_lines_are_answered_in_order_by_two_processes(tmp_path: Path) -> None:
    """And exactly as one process answers them; nothing is left behind."""
    asked = "\n".join(map(line, range(_LINES)))

    two = screen("--jsonl", "-", "--processes", "2", asked=asked, folder=tmp_path)
    one = screen("--jsonl", "-", "--processes", "1", asked=asked, folder=tmp_path)

    assert (two.returncode, one.returncode) == (0, 0), two.stderr
    assert [each["id"] for each in answers(two)] == list(range(_LINES))
    assert [each["action"] == "block" for each in answers(two)] == [
        number % 7 == 0 for number in range(_LINES)
    ]
    assert [each | {"ms": 0} for each in answers(two)] == [
        each | {"ms": 0} for each in answers(one)
    ]
    assert list(tmp_path.iterdir()) == []


def test_one_bad_line_among_many_is_in_its_place_and_in_the_exit_code(tmp_path: Path) -> None:
    """A script that looks at neither would go on as if all had been judged."""
    asked = "\n".join([*map(line, range(19)), "nonsense", *map(line, range(19))])

    done = screen("--jsonl", "-", "--processes", "2", asked=asked, folder=tmp_path)

    assert done.returncode == 1
    assert [place for place, each in enumerate(answers(done)) if "error" in each] == [19]
    assert "39 lines" in done.stderr
    assert "1 could not be judged" in done.stderr


def test_nothing_of_an_installation_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs no server and no secret, so it takes none."""
    for name in ("IMPRIMATUR_DATA_DIR", "IMPRIMATUR_NOVELAI_TOKENS"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))

    done = screen("a lighthouse", "--json", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["action"] == "allow"
    assert list(tmp_path.iterdir()) == []


def test_what_is_typed_is_not_in_what_is_logged(tmp_path: Path) -> None:
    """Prompts are content: they belong in no terminal log."""
    done = screen("--jsonl", "-", asked='{"id": 1, "text": "a secret harbour"', folder=tmp_path)

    assert done.returncode == 1
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.usefixtures("interruptible")
def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a large file leaves no process behind and no pretence of an end."""
    asked = tmp_path / "asked.jsonl"
    asked.write_text("\n".join(map(line, range(20_000))))
    words = ["--jsonl", str(asked), "--processes", "2"]
    with subprocess.Popen([*_PROGRAM, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["id"] == 0
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()

        assert process.wait(_SECONDS) != 0
    assert rest.count("\n") < 19_999
