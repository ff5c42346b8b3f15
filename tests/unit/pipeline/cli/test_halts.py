"""The kill switch on the command line: one thing is named, or nothing is halted.

What it does beside a running server is in tests/e2e/test_cli.py.
"""

import pytest

from tests.unit.pipeline.cli.conftest import Run


@pytest.mark.parametrize("words", [[], ["--all", "--tier", "adult"], ["--subject", "a", "--all"]])
def test_nothing_and_two_things_are_refused(run: Run, words: list[str]) -> None:
    """A halt that means another thing than was meant is worse than none."""
    done = run("halt", *words, "--reason", "incident", "--person", "ana")

    assert done.exit_code == 2
    assert "name one thing" in done.output


def test_a_halt_without_a_reason_is_refused(run: Run) -> None:
    """Whoever is to lift it has to know what for it was."""
    assert run("halt", "--all").exit_code == 2
