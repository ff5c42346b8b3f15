"""LoRAs: proposed with their manifest, activated by a second person, taken back by one."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import changes, operator
from pipeline.cli.changes import Why
from pipeline.cli.context import data_dir_of
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, say_pairs, told

app = typer.Typer(no_args_is_help=True, help="LoRAs of engines of your own.")


@app.command()
def propose(
    ctx: typer.Context,
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST.yaml", help="What is said of it.", dir_okay=False)
    ],
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Propose a LoRA by its manifest: a second person reads it and activates it.

    From then on the prompts of its tenant may name it. docs/engines.md says what a
    manifest holds.

    Exits with 0, 1 (the manifest lacks something), 2 (it could not be done).

    Examples:
      imprimatur loras propose lighthouse.yaml --reason "ticket 12"
    """
    with told():
        said = manifest.read_text(encoding="utf-8")
    body = {"kind": "model", "body": said, "reason": reason, "person": person_or_login(person)}
    change = operator.ask(data_dir_of(ctx), "POST", "/changes", body)
    if not as_json:
        say_pairs(change["report"]["manifest"])
    changes.say_proposed(change, as_json=as_json)


@app.command()
def rollback(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TENANT/NAME", help="Whose, and its name.")],
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Go back to what was in force before a LoRA was activated: mostly, that it is not there.

    Taking one away is in force at once. Going back to another version of it waits
    for a second person: `imprimatur policies activate`.

    Exits with 0, 1 (there is no way back, and why), 2 (it could not be done).

    Examples:
      imprimatur loras rollback harbour/lighthouse --reason "its sources are disputed"
    """
    body = {"kind": "model", "name": name, "reason": reason, "person": person_or_login(person)}
    done = operator.ask(data_dir_of(ctx), "POST", "/changes/rollback", body)
    changes.say_rolled_back(done, as_json=as_json)
