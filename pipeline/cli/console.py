"""The console's accounts: made here, by whoever can open the operator's socket, and only here."""

from typing import Annotated

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, note, say, say_json, say_table
from pipeline.console.roles import Role

app = typer.Typer(help="The review console: who may sign in to it.", no_args_is_help=True)
accounts = typer.Typer(help="Make, list, change and disable accounts.", no_args_is_help=True)
app.add_typer(accounts, name="accounts")

Name = Annotated[str, typer.Argument(help="What its owner signs in with: an address, a word.")]
RoleOf = Annotated[Role, typer.Option(help="What it may do.")]
Tenants = Annotated[
    list[str] | None,
    typer.Option(
        "--tenant",
        help="Whose cases it may see; can be repeated.",
        show_default="every tenant's",
    ),
]

_PATH = "/console/accounts"
_COLUMNS = ("name", "pseudonym", "role", "tenants", "enrol_until", "disabled_at")


@accounts.command()
def add(
    ctx: typer.Context,
    name: Name,
    role: RoleOf,
    tenant: Tenants = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Make an account. Its owner opens the printed address within a day, and sets it up.

    Exits with 0, 1 (there is such an account, or no such tenant), 2 (it could not be asked).

    Examples:
      imprimatur console accounts add mia --role reviewer
      imprimatur console accounts add noor --role senior --tenant harbour
    """
    given = {"role": role, "tenants": tenant or [], "person": person_or_login(person)}
    made = operator.ask(data_dir_of(ctx), "POST", _PATH, {"name": name, **given})
    _say_enrolment(made, as_json=as_json)


@accounts.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the accounts: by the name of the owner, and as the log calls them.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur console accounts list
    """
    known = operator.ask(data_dir_of(ctx), "GET", _PATH)
    if as_json:
        say_json({"accounts": known})
        return
    rows = [
        [", ".join(each["tenants"]) if name == "tenants" else each[name] for name in _COLUMNS]
        for each in known
    ]
    titles = ["name", "in the log", "role", "tenants", "to be set up until", "disabled"]
    say_table(titles, rows, "There are no accounts.")


@accounts.command()
def give(
    ctx: typer.Context,
    name: Name,
    role: RoleOf,
    tenant: Tenants = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Give an account another role, and other tenants. Its owner is signed out.

    Exits with 0, 1 (there is no such account or tenant), 2 (it could not be asked).

    Examples:
      imprimatur console accounts give mia --role senior
    """
    given = {"role": role, "tenants": tenant or [], "person": person_or_login(person)}
    answer = operator.ask(data_dir_of(ctx), "POST", f"{_PATH}/give", {"name": name, **given})
    if as_json:
        say_json(answer)
    else:
        say(f"{name} is {role} of {', '.join(answer['tenants']) or 'every tenant'}")


@accounts.command()
def disable(
    ctx: typer.Context, name: Name, person: PersonName = "", as_json: AsJson = False
) -> None:
    """Disable an account, and sign its owner out. It stays listed: the log names its pseudonym.

    Exits with 0, 1 (there is no such account, or it is disabled), 2 (it could not be asked).

    Examples:
      imprimatur console accounts disable mia
    """
    answer = operator.ask(data_dir_of(ctx), "POST", f"{_PATH}/disable", _by(person, name))
    if as_json:
        say_json(answer)
    else:
        say(f"disabled {name}")


@accounts.command()
def reset(ctx: typer.Context, name: Name, person: PersonName = "", as_json: AsJson = False) -> None:
    """Have an account set up anew: a lost authenticator, a forgotten password, a disabled account.

    Exits with 0, 1 (there is no such account), 2 (it could not be asked).

    Examples:
      imprimatur console accounts reset mia
    """
    made = operator.ask(data_dir_of(ctx), "POST", f"{_PATH}/reset", _by(person, name))
    _say_enrolment(made, as_json=as_json)


def _by(person: str, name: str) -> dict[str, object]:
    return {"person": person_or_login(person), "name": name}


def _say_enrolment(made: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        say_json(made)
        return
    say(str(made["enrol"]))
    note(
        f"{made['name']} is {made['pseudonym']} in the log. Give them this address below that of "
        f"the gateway: it works once, until {made['enrol_until']}, and nobody can show it again"
    )
