"""Statements of reasons for the DSA's Transparency Database: made from the log, then sent."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import SecretStr

from audit.leaf import Leaf
from audit.tables import edge_of, rows
from pipeline.cli.context import data_dir_of
from pipeline.cli.log_database import log_file
from pipeline.cli.logfile import read_text, reading
from pipeline.cli.output import REFUSED, AsJson, note, say_json, say_pairs, stop, told
from pipeline.cli.transparency import transparency
from pipeline.duties.dsa.client import Database, Outcome
from pipeline.duties.dsa.errors import StatementError
from pipeline.duties.dsa.rules import Statement
from pipeline.duties.dsa.statement import Platform, statement_of

app = typer.Typer(help="Statements of reasons, and reports of them (DSA).", no_args_is_help=True)
app.command()(transparency)

_BATCH = 256
_PATIENCE_SECONDS = 60.0


@app.command()
def statements(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Option(help="The platform whose decisions they are.")],
    ground: Annotated[str, typer.Option(help="The clause of its terms.")],
    explanation: Annotated[str, typer.Option(help="What that forbids; about nobody.")],
    out: Annotated[Path, typer.Option(help="The new file, a statement a line.")],
    since: Annotated[str, typer.Option(help="From this day on (2026-10-01).")] = "",
    terms_url: Annotated[str, typer.Option(help="Where the terms can be read.")] = "",
    territory: Annotated[
        list[str] | None, typer.Option(help="Where it holds (DE); can be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    r"""Make statements of reasons from a platform's refusals, each held to the database's rules.

    They say what was decided, on which ground and that machines did it, and
    nothing of anybody. Technical refusals, where nobody could look, are none.

    Exits with 0, 1 (one breaks a rule of the database), 2 (the log cannot be read).

    Examples:
      imprimatur dsa statements --tenant harbour --ground "Terms, 4.2" \
        --explanation "Sexual content is not allowed." --out october.jsonl
    """
    platform = Platform(tenant, ground, explanation, terms_url or None, tuple(territory or ()))
    with log_file(data_dir_of(ctx)) as log, reading(log) as connection, told():
        from_day = _day(since)
        size, made = edge_of(connection).size, list[Statement]()
        for start in range(0, size, _BATCH):
            leaves = [Leaf.parse(row.leaf) for row in rows(connection, start, _BATCH)]
            made += _made(platform, [leaf for leaf in leaves if leaf.at >= from_day])
        with out.open("x", encoding="utf-8") as file:
            file.writelines(json.dumps(each) + "\n" for each in made)
    if as_json:
        say_json({"path": str(out), "statements": len(made)})
    else:
        note(f"wrote {len(made)} statements into {out}: send them with `imprimatur dsa submit`")


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="What `dsa statements` wrote.")],
    to: Annotated[str, typer.Option(help="The database, or its sandbox (https://...).")],
    token_file: Annotated[Path, typer.Option(help="The file that holds the platform's token.")],
    as_json: AsJson = False,
) -> None:
    """Send statements, a hundred at once; what is there already is not sent again.

    Exits with 0, 1 (some were not taken: each is told with its field), 2 (it
    could not be asked; sending the same file again is safe).

    Examples:
      imprimatur dsa submit october.jsonl --to https://sandbox.example --token-file dsa.token
    """
    with told():
        given = _read(file)
        outcome = asyncio.run(_submitted(to, SecretStr(read_text(token_file).strip()), given))
    said = {"filed": outcome.filed, "existed": outcome.existed, "refused": outcome.refused}
    if as_json:
        say_json(said)
    else:
        say_pairs({name: len(each) for name, each in said.items()})
        for puid, why in outcome.refused.items():
            note(f"{puid}: {', '.join(sorted(why))}")
    if outcome.refused:
        raise typer.Exit(REFUSED)


def _day(given: str) -> str:
    try:
        return datetime.fromisoformat(given).date().isoformat() if given else ""
    except ValueError:
        stop(f"--since: expected a day such as 2026-10-01, got {given!r}")


def _read(file: Path) -> list[Statement]:
    try:
        return [dict(json.loads(line)) for line in read_text(file).splitlines()]
    except (ValueError, TypeError):
        stop(f"{file}: expected a statement a line, as `dsa statements` writes them")


def _made(platform: Platform, leaves: list[Leaf]) -> list[Statement]:
    try:
        found = [statement_of(platform, leaf) for leaf in leaves]
    except StatementError as fault:
        stop(str(fault), REFUSED)
    return [each for each in found if each is not None]


async def _submitted(to: str, token: SecretStr, given: list[Statement]) -> Outcome:
    async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False) as http:
        return await Database(http, to.rstrip("/"), token).submit(given)
