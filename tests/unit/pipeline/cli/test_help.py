"""Every command explains itself: what it does, with what it exits, and how it is typed."""

from collections.abc import Iterator

import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from pipeline.cli.main import app
from tests.unit.pipeline.cli.conftest import Run


def _paths(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Walk down to every command that has none below it."""
    if not isinstance(command, TyperGroup):
        yield path
        return
    here = typer.Context(command)
    for name in command.list_commands(here):
        yield from _paths(command.get_command(here, name), (*path, name))


_ALL = list(_paths(typer.main.get_command(app)))


def test_the_commands_are_those_that_the_manual_names() -> None:
    """A command that vanishes breaks somebody's script: it takes a decision, not an accident."""
    names = {" ".join(path) for path in _ALL if path[0] != "demo"}

    assert names == {
        "serve",
        "sandbox",
        "doctor",
        "generate",
        "status",
        "examine",
        "rehearse",
        "quality",
        "thresholds suggest",
        "screen",
        *(f"audit {name}" for name in ("verify", "tail", "show", "prove", "check-proof", "detail")),
        *(f"audit {name}" for name in ("copy", "export", "migrate", "verifier")),
        *(f"audit {name}" for name in ("checkpoint", "witness", "rotate", "erase", "erasures")),
        *(f"audit hold {name}" for name in ("place", "lift", "list")),
        *(f"retention {name}" for name in ("show", "run", "end-period")),
        *(f"dsa {name}" for name in ("statements", "submit", "transparency")),
        *(f"policies {name}" for name in ("check", "explain", "show", "list", "replay")),
        *(f"policies {name}" for name in ("propose", "pending", "shadow", "activate")),
        "policies rollback",
        *(f"reports {name}" for name in ("list", "show", "file", "pack", "handed-over")),
        *(f"reports {name}" for name in ("copy", "destroy")),
        *(f"takedowns {name}" for name in ("add", "list", "complete", "decide")),
        *(f"review {name}" for name in ("list", "show", "approve", "reject")),
        "halt",
        *(f"halts {name}" for name in ("list", "lift")),
        *(f"strikes {name}" for name in ("list", "lift")),
        *(f"console accounts {name}" for name in ("add", "list", "give", "disable", "reset")),
        *(f"accounts {name}" for name in ("list", "add", "rotate", "balance", "resume")),
        *(f"tenants {name}" for name in ("add", "init", "list", "set")),
        *(f"webhooks {name}" for name in ("set", "list", "dead", "retry")),
        *(f"keys {name}" for name in ("create", "list", "revoke")),
        *(f"terms {name}" for name in ("seal", "list", "propose", "rollback")),
        *(f"loras {name}" for name in ("propose", "rollback")),
        *(f"models {name}" for name in ("list", "pull", "verify", "card", "remove")),
        *(f"models {name}" for name in ("propose", "rollback")),
        *(f"banks {name}" for name in ("import", "list", "show", "stats", "sync")),
        *(f"banks {name}" for name in ("export", "retract", "match", "propose", "rollback")),
    }


@pytest.mark.parametrize("path", _ALL, ids=" ".join)
def test_a_command_shows_how_it_is_typed_and_with_what_it_exits(
    path: tuple[str, ...], run: Run
) -> None:
    """Nobody should have to read the source to use a command, or to script it."""
    shown = run(*path, "--help")

    assert shown.exit_code == 0
    after = shown.output.partition("Examples:")[2]
    assert f"imprimatur {' '.join(path)}" in " ".join(after.split()).replace(
        "imprimatur --data-dir /srv/imprimatur ", "imprimatur "
    )
    assert "Exits with 0" in shown.output
    assert "--json" in shown.output


def test_the_program_itself_tells_its_exit_codes(run: Run) -> None:
    """They are the same everywhere, so they are said once, in front."""
    shown = run("--help")

    assert "Exit codes: 0" in shown.output
    assert "Examples:" in shown.output


def test_a_word_that_is_no_command_is_refused(run: Run) -> None:
    """A typing mistake must not look like success."""
    assert run("adit").exit_code == 2


def test_a_shell_completes_commands() -> None:
    """Also those that are only imported when they are asked for."""
    asks = {"_IMPRIMATUR_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    shown = CliRunner().invoke(
        app, env={**asks, "COMP_WORDS": "imprimatur review "}, prog_name="imprimatur"
    )

    assert shown.stdout.split() == ["list", "show", "approve", "reject"]
