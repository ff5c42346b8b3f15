"""How a policy set comes in force: proposed by one person, activated by another, and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, note, say, say_json, say_pairs, say_table, told
from pipeline.cli.policy_sets import text_of

Why = Annotated[str, typer.Option(help="Why; it is kept in the log. Required.")]


def propose(
    ctx: typer.Context,
    new: Annotated[
        Path, typer.Argument(metavar="NEW.yaml", help="The policy set.", dir_okay=False)
    ],
    reason: Why,
    days: Annotated[
        float, typer.Option(help="Decide again what was decided in so many days.", min=1)
    ] = 7,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Propose a policy set: it is checked, history is decided again by it, and it waits.

    It takes the place of the set of its name, wherever that stands; a name that
    nobody has is laid on top for all. Nothing changes until a second person
    activates it. The floor cannot be changed.

    Exits with 0, 1 (it cannot be used, and why), 2 (it could not be done).

    Examples:
      imprimatur policies propose stricter.yaml --reason "ticket 12"
      imprimatur policies propose stricter.yaml --reason "ticket 12" --days 30 --json
    """
    with told():
        text = text_of(new)
    body = {"body": text, "reason": reason, "days": days, "person": person_or_login(person)}
    say_proposed(operator.ask(data_dir_of(ctx), "POST", "/changes", body), as_json=as_json)


def pending(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List what is proposed, sets and banks, and waits for a second person, oldest first.

    What was tried against something else than is in force today is not listed:
    it has to be proposed again.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur policies pending
      imprimatur policies pending --json
    """
    waiting = operator.ask(data_dir_of(ctx), "GET", "/changes")
    if as_json:
        say_json({"pending": waiting})
        return
    rows = [
        (
            each["id"],
            each["kind"],
            each["name"],
            _short(each["before"]),
            _short(each["after"]),
            each["report"].get("decided"),
            each["report"].get("turned"),
            each["report"].get("milder"),
            each["report"].get("holds"),
            each["person"],
            each["reason"],
        )
        for each in waiting
    ]
    titles = [
        "change",
        "kind",
        "name",
        "from",
        "to",
        "decided",
        "turned",
        "milder",
        "holds",
        "by",
        "reason",
    ]
    say_table(titles, rows, "Nothing waits.")


def shadow(
    ctx: typer.Context,
    change: Annotated[UUID, typer.Argument(metavar="CHANGE", help="Its id, as `pending` says.")],
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Say what a proposed set would have made of the traffic since it was proposed.

    Everything that was decided since is decided beside it by the proposed set,
    over the same findings. Nothing of it has any effect.

    Exits with 0, 1 (there is no such proposal), 2 (it could not be asked).

    Examples:
      imprimatur policies shadow 5f0c2f1e-93a3-4d6e-8f7b-0a4c41d2b0aa
      imprimatur policies shadow 5f0c2f1e-93a3-4d6e-8f7b-0a4c41d2b0aa --json
    """
    body = {"person": person_or_login(person)}
    report = operator.ask(data_dir_of(ctx), "POST", f"/changes/{change}/shadow", body)
    if as_json:
        say_json(report)
    else:
        say(f"since {report['since']}:")
        say_pairs(_figures(report))
        _say_rules(report)


def activate(
    ctx: typer.Context,
    change: Annotated[UUID, typer.Argument(metavar="CHANGE", help="Its id, as `pending` says.")],
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Put a proposed set or bank in force, as a second person: at once, and after every restart.

    Exits with 0, 1 (it may not be, and why), 2 (it could not be done).

    Examples:
      imprimatur policies activate 5f0c2f1e-93a3-4d6e-8f7b-0a4c41d2b0aa --person ben
    """
    body = {"person": person_or_login(person)}
    done = operator.ask(data_dir_of(ctx), "POST", f"/changes/{change}/activate", body)
    if as_json:
        say_json(done)
    else:
        say(f"in force: {done['name']} {_short(done['after'])}")


def rollback(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="SET", help="The name that the set has inside.")],
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Go back to the version before the one in force.

    It is in force at once where it is surely nowhere milder. Else it waits, with
    a report, for a second person: `imprimatur policies activate`.

    Exits with 0, 1 (there is no way back, and why), 2 (it could not be done).

    Examples:
      imprimatur policies rollback harbour --reason "holds doubled"
    """
    body = {"name": name, "reason": reason, "person": person_or_login(person)}
    change = operator.ask(data_dir_of(ctx), "POST", "/changes/rollback", body)
    say_rolled_back(change, as_json=as_json)


def say_proposed(change: Mapping[str, Any], *, as_json: bool) -> None:
    """Tell what was proposed, and what trying it came to."""
    if as_json:
        say_json(change)
        return
    _say(change)
    say(f"a second person activates it: imprimatur policies activate {change['id']}")


def say_rolled_back(change: Mapping[str, Any], *, as_json: bool) -> None:
    """Tell what is in force again, or waits for a second person."""
    if as_json:
        say_json(change)
    elif change["activated_at"] is not None:
        say(f"in force again: {change['name']} {_short(change['after'])}")
    else:
        _say(change)
        note("it may be milder than what is in force, so that one person is not enough")
        say(f"a second person activates it: imprimatur policies activate {change['id']}")


def _say(change: Mapping[str, Any]) -> None:
    report = cast("Mapping[str, Any]", change["report"])
    say_pairs(
        {
            change["kind"]: change["name"],
            "from": _short(change["before"]),
            "to": _short(change["after"]),
            "laid on top for all": change["everywhere"],
            "may be milder": change["milder"],
            **_figures(report),
        }
    )
    _say_rules(report)


def _figures(report: Mapping[str, Any]) -> dict[str, object]:
    return {
        "decided again": report.get("decided"),
        "would turn": report.get("turned"),
        "of these milder": report.get("milder"),
        "more holds": report.get("holds"),
    }


def _say_rules(report: Mapping[str, Any]) -> None:
    rules = [(each["rule"], each["way"], each["count"]) for each in report.get("rules", ())]
    if rules:
        say_table(["rule", "way", "how many"], rules, "")
    for why, count in report.get("not_decided", {}).items():
        note(f"{count} could not be decided again: {why}")


def _short(digest: str | None) -> str:
    return "nothing" if digest is None else digest[:12]
