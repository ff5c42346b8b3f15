"""Operators' own terms: sealed into packs, and counted; the words themselves are never shown."""

import base64
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from classifiers.term_pack import TermPack
from classifiers.vocabulary import TermList
from pipeline.cli import changes, operator
from pipeline.cli.changes import Why
from pipeline.cli.context import data_dir_of
from pipeline.cli.errors import UnusableError
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import AsJson, note, say, say_json, say_table, told
from pipeline.files import write_once
from pipeline.settings.values import KEYS
from pipeline.term_packs import digest_of, key_for_sealing, seal, unseal

app = typer.Typer(help="Seal packs of your own terms, and count them.", no_args_is_help=True)
FOLDER, SUFFIX = "packs", ".terms"


@app.command("seal")
def seal_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV file: id,list,mode,text.")],
    name: Annotated[
        str | None, typer.Option(help="What it is called in findings.", show_default="as FILE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seal a list of terms, under a key of this installation, into DATA_DIR/packs.

    A list is one of those that ship; a mode is word, prefix or substring. An id
    is all that anybody will see of its term, so let it tell nothing.

    What it prints belongs into imprimatur.yaml, under term_packs. FILE is left
    as it is: delete it, or keep it where you keep secrets.

    Exits with 0, or 2 (it is no such list, or there is a pack of that name).

    Examples:
      imprimatur terms seal partner.csv
      imprimatur terms seal 2026-11.csv --name partner --json
    """
    data_dir = data_dir_of(ctx)
    with told():
        called = _name(name or file.stem)
        path = data_dir / FOLDER / f"{called}{SUFFIX}"
        if path.exists():
            raise UnusableError(str(path), "no pack of that name", "one: seal it under another")
        data = file.read_bytes()
        key = key_for_sealing(data_dir / KEYS, _packs(data_dir), os.urandom)
        sealed = seal(called, data, key, os.urandom)
        pack = unseal(called, sealed, key)
        write_once(path, sealed)
    shown = {"name": called, "file": f"{FOLDER}/{path.name}", "digest": digest_of(sealed)}
    if as_json:
        say_json({**shown, "terms": pack.counts})
        return
    say("term_packs:")
    say(f"  - {json.dumps(shown)}")
    note(f"{len(pack.terms)} terms: {_counted(pack)}")


@app.command()
def propose(
    ctx: typer.Context,
    pack: Annotated[Path, typer.Argument(metavar="PACK.terms", help="A pack that was sealed.")],
    reason: Why,
    name: Annotated[
        str | None, typer.Option(help="The name of the pack it stands for.", show_default="PACK")
    ] = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Propose a sealed pack: recent texts are read by it, and a second person activates it.

    It takes the place of the pack of its name, in the settings or activated before;
    a name that nobody has is laid on top. It needs no restart.

    Exits with 0, 1 (it cannot be used, and why), 2 (it could not be done).

    Examples:
      imprimatur terms propose var/packs/2026-11.terms --name partner --reason "ticket 12"
    """
    with told():
        called, sealed = _name(name or pack.stem), base64.b64encode(pack.read_bytes()).decode()
    new = json.dumps({"name": called, "sealed": sealed})
    body = {"kind": "terms", "body": new, "reason": reason, "person": person_or_login(person)}
    changes.say_proposed(operator.ask(data_dir_of(ctx), "POST", "/changes", body), as_json=as_json)


@app.command()
def rollback(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PACK", help="The pack's name.")],
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Go back to the version of a pack before the one that two people activated.

    It is in force at once if no term is lost by it. Else it waits for a second
    person: `imprimatur policies activate`.

    Exits with 0, 1 (there is no way back, and why), 2 (it could not be done).

    Examples:
      imprimatur terms rollback partner --reason "it stopped half of the tags"
    """
    body = {"kind": "terms", "name": name, "reason": reason, "person": person_or_login(person)}
    done = operator.ask(data_dir_of(ctx), "POST", "/changes/rollback", body)
    changes.say_rolled_back(done, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    ids: Annotated[bool, typer.Option("--ids", help="Also the ids of all terms.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the packs in DATA_DIR/packs: their digests, how many terms of which list, their ids.

    Exits with 0, or 2 (one does not open).

    Examples:
      imprimatur terms list
      imprimatur terms list --ids --json
    """
    data_dir = data_dir_of(ctx)
    with told():
        paths = _packs(data_dir)
        key = key_for_sealing(data_dir / KEYS, paths, os.urandom) if paths else b""
        packs = [unseal(path.name.removesuffix(SUFFIX), path.read_bytes(), key) for path in paths]
    if as_json:
        say_json({"packs": [_shown(pack, ids=ids) for pack in packs]})
        return
    columns = ["pack", "digest", "terms"]
    say_table(columns, [(one.name, one.digest, _counted(one)) for one in packs], "No packs.")
    if ids:
        rows = [(one.name, name, one.ids(name)) for one in packs for name in _lists(one)]
        say_table(["pack", "list", "ids"], rows, "No terms.")


def _name(text: str) -> str:
    if not text.isascii() or not text.replace("-", "").isalnum() or text != text.lower():
        expected = "small letters, digits and dashes"
        raise UnusableError("--name", expected, "another")
    return text


def _packs(data_dir: Path) -> list[Path]:
    return sorted((data_dir / FOLDER).glob(f"*{SUFFIX}"))


def _lists(pack: TermPack) -> list[TermList]:
    return [TermList(name) for name in pack.counts]


def _shown(pack: TermPack, *, ids: bool) -> dict[str, object]:
    shown: dict[str, object] = {"name": pack.name, "digest": pack.digest, "terms": pack.counts}
    return shown | ({"ids": {name: pack.ids(name) for name in _lists(pack)}} if ids else {})


def _counted(pack: TermPack) -> str:
    return ", ".join(f"{name} {count}" for name, count in pack.counts.items())
