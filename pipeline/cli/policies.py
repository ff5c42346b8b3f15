"""Policy sets: check them before they run, and read those that are shipped."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.changes import activate, pending, propose, rollback, shadow
from pipeline.cli.explaining import explain
from pipeline.cli.output import REFUSED, AsJson, plain_lines, say, say_json, say_table, told
from pipeline.cli.policy_sets import SHIPPED, load_set, path_of, stacked, text_of
from pipeline.cli.replay import replay
from policies import load
from policies.errors import PolicyError, Problem
from policies.facts import Rating
from policies.layers import Layer, PolicySet
from policies.rule import Rule

app = typer.Typer(help="Check policy sets, and ask what they decide.", no_args_is_help=True)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policy sets.")],
    on: Annotated[
        list[str] | None,
        typer.Option(help="A set or file that lies below as well; can be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load each file strictly, and lay it on the shipped floor and default sets.

    All that is wrong is told at once: file, line, column, and a hint.

    Exits with 0 (each file can be used), 1 (one cannot), 2 (one cannot be read).

    Examples:
      imprimatur policies check tenant.yaml
      imprimatur policies check tenant.yaml --on jurisdiction.yaml
    """
    with told():
        below = [load_set(name) for name in on or ()]
        checked = [_check(path, below) for path in files]
    good = all(each["ok"] for each in checked)
    if as_json:
        say_json({"ok": good, "files": checked})
    else:
        for each in checked:
            _say_checked(each)
    if not good:
        raise typer.Exit(REFUSED)


app.command()(explain)
app.command()(replay)
app.command()(propose)
app.command()(pending)
app.command()(shadow)
app.command()(activate)
app.command()(rollback)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The name of a shipped set, or a .yaml file.")],
    as_json: AsJson = False,
) -> None:
    """Print a policy set as it is written.

    Exits with 0, or 2 (there is no such set, or it cannot be used).

    Examples:
      imprimatur policies show floor
      imprimatur policies show default --json
    """
    with told():
        shown = load_set(name)
        text = text_of(path_of(name))
    if as_json:
        say_json({**_summary(shown), "rules": [_rule(rule) for rule in shown.rules], "text": text})
    else:
        typer.echo(plain_lines(text))


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the policy sets that come with the program.

    Exits with 0.

    Examples:
      imprimatur policies list
    """
    with told():
        sets = [_summary(load_set(path.stem)) for path in sorted(SHIPPED.glob("*.yaml"))]
    sets.sort(key=lambda each: Layer(each["layer"]).height)
    if as_json:
        say_json({"sets": sets})
        return
    rows = [(each["set"], each["layer"], each["rule_count"]) for each in sets]
    say_table(["set", "layer", "rules"], rows, "None were shipped.")


def _check(path: Path, below: Sequence[PolicySet]) -> dict[str, Any]:
    try:
        own = load(text_of(path), str(path))
        policy = stacked([*below, own])
    except PolicyError as fault:
        problems = [_problem(each) for each in fault.problems]
        return {"file": str(path), "ok": False, "problems": problems}
    return {"file": str(path), "ok": True, **_summary(own), "digest": policy.digest}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "name": problem.name,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
        "rendered": problem.render(),
    }


def _say_checked(checked: dict[str, Any]) -> None:
    if checked["ok"]:
        about = f"set {checked['set']} of layer {checked['layer']}, {checked['rule_count']} rules"
        say(f"{checked['file']}: can be used: {about}, digest {checked['digest'][:12]}")
        return
    for problem in checked["problems"]:
        typer.echo(plain_lines(problem["rendered"]) + "\n", err=True)


def _summary(shown: PolicySet) -> dict[str, Any]:
    return {
        "set": shown.name,
        "layer": shown.layer.value,
        "rule_count": len(shown.rules),
        "requires": {
            rating.value: sorted(map(str, shown.requirement.at(rating))) for rating in Rating
        },
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "on": sorted(rule.surfaces),
        "at": sorted(rule.moments),
        "action": rule.reaction.action,
        "code": rule.reaction.code,
        "unknown": rule.unknown.action,
        "shadow": rule.shadow,
    }
