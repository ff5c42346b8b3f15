"""The operator's accounts at NovelAI: one by default, more by declaration."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, part, person_or_login
from pipeline.cli.output import AsJson, note, say, say_json, say_table, stop, told

app = typer.Typer(help="List, add and rotate accounts at NovelAI.", no_args_is_help=True)

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="As `accounts list` shows it.")]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        help="A file that holds the token. Without one it is asked for, or read from stdin: on "
        "the command line others would see it."
    ),
]

_COLUMNS = ("account", "state", "since", "rotate", "declared_by")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the accounts, what each does or why it does nothing, and the cases that are open.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur accounts list
    """
    answer = operator.ask(data_dir_of(ctx), "GET", "/accounts")
    if as_json:
        say_json(answer)
        return
    _table(answer["accounts"], _COLUMNS, ["account", "state", "since", "rotate it", "declared by"])
    for case in answer["cases"]:
        about = case["submission"] or "the account alone"
        note(f"case {case['id']} of {case['account']}: {case['cause']}, about {about}")


@app.command()
def balance(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Ask NovelAI what is left on each account, and compare it with what was counted.

    One that could not pay is used again if it can. A drift is written into the log.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur accounts balance --json
    """
    accounts = operator.ask(data_dir_of(ctx), "POST", "/accounts/balance")
    if as_json:
        say_json({"accounts": accounts})
        return
    columns = ["account", "state", "anlas", "drift", "low", "active"]
    titles = ["account", "state", "Anlas", "drift", "runs low", "subscribed"]
    _table(accounts, columns, titles)


@app.command()
def add(
    ctx: typer.Context,
    entitlement: Annotated[
        str, typer.Option(help="Why you may use it beside the others; it goes into the log.")
    ],
    token_file: TokenFile = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Declare that an account may be used beside the others, and use it at once.

    Its token is asked for and written into `upstream.tokens_file`; one that is configured already
    is only declared.

    Exits with 0, 1 (NovelAI does not accept it, or it has no place), 2 (it could not be done).

    Examples:
      imprimatur accounts add --entitlement "second seat, contract 7"
      imprimatur accounts add --entitlement "contract 7" --token-file /run/secrets/second
    """
    body = {
        "token": _token(token_file),
        "entitlement": entitlement,
        "person": person_or_login(person),
    }
    added = operator.ask(data_dir_of(ctx), "POST", "/accounts", body)
    if as_json:
        say_json(added)
    else:
        say(f"{added['account']} is declared: {added['state']}")


@app.command()
def rotate(
    ctx: typer.Context,
    account: Account,
    token_file: TokenFile = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Use a new token of the same account from the next generation on, without a restart.

    Exits with 0, 1 (NovelAI does not accept it, or there is no such account), 2 (it could not be
    done).

    Examples:
      imprimatur accounts rotate account-1
    """
    body = {"token": _token(token_file), "person": person_or_login(person)}
    path = f"/accounts/{part(account)}/rotate"
    answer = operator.ask(data_dir_of(ctx), "POST", path, body)
    if as_json:
        say_json({"account": account, **answer})
        return
    say(f"{account} uses its new token")
    if not answer["kept"]:
        note("put it into the environment as well: the next start reads it from there")


@app.command()
def resume(
    ctx: typer.Context,
    account: Account,
    reason: Annotated[str, typer.Option(help="What you found; it goes into the log.")],
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Use an account again that was paused for a case; its cases are closed.

    Exits with 0, 1 (it is not paused for one), 2 (it could not be done).

    Examples:
      imprimatur accounts resume account-1 --reason "asked NovelAI: a mistake of theirs"
    """
    body = {"reason": reason, "person": person_or_login(person)}
    path = f"/accounts/{part(account)}/resume"
    answer = operator.ask(data_dir_of(ctx), "POST", path, body)
    if as_json:
        say_json(answer)
    else:
        say(f"{account} is used again")


def _token(path: Path | None) -> str:
    """Return a token from a file, the keyboard or stdin; it is shown nowhere."""
    with told():
        if path is not None:
            text = path.read_text(encoding="ascii")
        elif sys.stdin.isatty():
            text = typer.prompt("token", hide_input=True, err=True)
        else:
            text = sys.stdin.readline()
    if not text.strip():
        stop("expected a token: type it, pipe it, or name a --token-file")
    return text.strip()


def _table(
    accounts: list[dict[str, Any]], columns: tuple[str, ...] | list[str], titles: list[str]
) -> None:
    rows = [[account[column] for column in columns] for account in accounts]
    say_table(titles, rows, "There are no accounts.")
