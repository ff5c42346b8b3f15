"""Operators' own terms: sealed into packs, and counted; the words themselves are never shown."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from classifiers.term_pack import TermPack
from classifiers.vocabulary import TermList
from pipeline.cli.context import data_dir_of
from pipeline.cli.errors import UnusableError
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
