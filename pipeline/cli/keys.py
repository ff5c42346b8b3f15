"""API keys of tenants: made once, shown once, revoked for good."""

from typing import Annotated
from uuid import UUID

import typer

from pipeline.cli import operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import part
from pipeline.cli.output import AsJson, note, say, say_json, say_table

app = typer.Typer(help="Make, list and revoke the API keys of tenants.", no_args_is_help=True)

TenantId = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's id.")]


@app.command()
def create(
    ctx: typer.Context,
    tenant: TenantId,
    label: Annotated[str, typer.Option(help="What it is for, in your words.")] = "command line",
    auditor: Annotated[
        bool, typer.Option("--auditor", help="It reads the log's tree, and can do nothing else.")
    ] = False,
    evidence: Annotated[
        bool,
        typer.Option("--evidence", help="It says who somebody is, or brings notices."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an API key for a tenant. Its secret is shown this once, and kept nowhere.

    Exits with 0, 1 (there is no such tenant), 2 (it could not be asked).

    Examples:
      imprimatur keys create harbour --label "web shop"
      imprimatur keys create harbour --label "their auditor" --auditor
      imprimatur keys create harbour --label "their trust team" --evidence
    """
    asked = {"tenant": tenant, "label": label, "auditor": auditor, "evidence": evidence}
    made = operator.ask(data_dir_of(ctx), "POST", "/keys", asked)
    if as_json:
        say_json({"tenant": tenant, **made})
        return
    say(made["secret"])
    note(f"key {made['id']} of {tenant!r}: keep the secret, nobody can show it again")


@app.command("list")
def list_(ctx: typer.Context, tenant: TenantId, as_json: AsJson = False) -> None:
    """List a tenant's API keys, revoked ones too; never their secrets.

    Exits with 0, or 2 (it could not be asked).

    Examples:
      imprimatur keys list harbour
    """
    keys = operator.ask(data_dir_of(ctx), "GET", f"/keys/{part(tenant)}")
    if as_json:
        say_json({"tenant": tenant, "keys": keys})
        return
    rows = [(key["id"], key["label"], key["created_at"], key["revoked_at"]) for key in keys]
    say_table(["key", "label", "created", "revoked"], rows, f"{tenant!r} has no keys.")


@app.command()
def revoke(
    ctx: typer.Context,
    tenant: TenantId,
    key: Annotated[UUID, typer.Argument(help="The key's id, as `keys list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Revoke an API key at once, and with it every subject token that it minted.

    Exits with 0, 1 (there is no such key, or it is revoked already), 2 (it could not be asked).

    Examples:
      imprimatur keys revoke harbour 0b8f3a52-7d0c-4c3e-9a57-2f6f0f1f9a11
    """
    answer = operator.ask(data_dir_of(ctx), "DELETE", f"/keys/{part(tenant)}/{key}")
    if as_json:
        say_json({"tenant": tenant, "key": str(key), **answer})
    else:
        say(f"revoked {key}")
