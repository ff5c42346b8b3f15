"""What is printed can be read by people and by programs, and steers no terminal."""

import json

import pytest
import typer

from audit.errors import UnusableError
from pipeline.cli.output import plain, plain_lines, say_json, say_pairs, say_table, stop, told
from pipeline.errors import SettingsError


def test_nothing_that_is_printed_can_steer_the_terminal() -> None:
    """A tenant's name or a reason is written by somebody else: it may hold escape codes."""
    assert "\x1b" not in plain("\x1b]0;owned\x07")
    assert plain_lines("one\x1b[2J\n\ntwo\n") == "one\N{REPLACEMENT CHARACTER}[2J\n\ntwo"


def test_values_are_written_for_people() -> None:
    """A column of `None` and `True` is for programmers."""
    assert [plain(value) for value in (None, "", True, False, [], ["a", "b"], 0)] == [
        *("-", "-", "yes", "no", "-", "a, b", "0")
    ]


def test_markup_in_a_value_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Rich would take `[red]` for a colour, and hide it."""
    say_table(["name"], [["[red]harbour[/red]"]], "none")
    say_pairs({"reason": "[bold]x"})

    shown = capsys.readouterr().out
    assert "[red]harbour[/red]" in shown
    assert "[bold]x" in shown


def test_an_empty_table_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """A lone header leaves open whether something went wrong."""
    say_table(["name"], [], "There are no tenants.")

    assert capsys.readouterr().out == "There are no tenants.\n"


def test_a_problem_is_told_on_stderr_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout is for results: a program that reads it must not read problems."""
    with pytest.raises(typer.Exit) as ended, told():
        raise SettingsError(["banks: missing", "policies: wrong"])

    said = capsys.readouterr()
    assert ended.value.exit_code == 2
    assert said.out == ""
    assert said.err == "imprimatur: banks: missing\nimprimatur: policies: wrong\n"


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (UnusableError("log.db", "it was cut"), "imprimatur: log.db: it was cut\n"),
        (FileNotFoundError(2, "No such file", "kept.txt"), "imprimatur: kept.txt: No such file\n"),
    ],
)
def test_a_fault_with_a_name_is_one_line(
    fault: Exception, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A traceback tells an operator nothing about what to change."""
    with pytest.raises(typer.Exit), told():
        raise fault

    assert capsys.readouterr().err == line


def test_a_bug_is_not_told_as_if_it_were_a_mistake() -> None:
    """What nobody foresaw must be seen as what it is."""
    with pytest.raises(ZeroDivisionError), told():
        raise ZeroDivisionError


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is in it, it parses."""
    say_json({"name": "\x1b[31m", "none": None})

    assert json.loads(capsys.readouterr().out) == {"name": "\x1b[31m", "none": None}


def test_the_status_is_the_callers_choice() -> None:
    """Scripts tell a refusal from a failure by it."""
    with pytest.raises(typer.Exit) as ended:
        stop("no", 1)

    assert ended.value.exit_code == 1
