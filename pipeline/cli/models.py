"""Models on demand: what may be fetched, what is here, and whether it is still what was pinned."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from classifiers.errors import ModelError
from classifiers.pins import Pin, parse_registry, shipped_registry
from pipeline.cli import changes, operator
from pipeline.cli.changes import Why
from pipeline.cli.context import data_dir_of
from pipeline.cli.errors import UnusableError
from pipeline.cli.modelling.fetching import fetch, take
from pipeline.cli.modelling.shelf import FOLDER, Shelf
from pipeline.cli.operator import PersonName, person_or_login
from pipeline.cli.output import REFUSED, AsJson, note, say, say_json, say_table, told

app = typer.Typer(help="Fetch pinned models, and check them.", no_args_is_help=True)

Registry = Annotated[
    Path | None, typer.Option("--registry", help="A registry file of your own.", dir_okay=False)
]
Name = Annotated[str, typer.Argument(help="A model's name.")]


@app.command("list")
def list_(ctx: typer.Context, registry: Registry = None, as_json: AsJson = False) -> None:
    """List the models that can be fetched, and those that are here.

    A model that is not pinned has no revision, or a file without a sha256: it
    cannot be fetched. One that is not measured raises evidence and opens no tier.

    Exits with 0, or 2 (the registry cannot be read).

    Examples:
      imprimatur models list
      imprimatur models list --registry models.yaml --json
    """
    with told():
        shelf, known = _shelf(ctx), _known(registry)
        here = {name: shelf.card(name) for name in shelf.names()}
    rows = [_row(pin, here=name in here) for name, pin in sorted({**known, **here}.items())]
    if as_json:
        say_json({"models": rows})
        return
    say_table(list(rows[0]) if rows else [], [list(row.values()) for row in rows], "No models.")


@app.command("pull")
def pull(
    ctx: typer.Context,
    name: Name,
    registry: Registry = None,
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="A folder or an archive of this machine.", exists=True),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a pinned model into DATA_DIR/models, and check every byte of it.

    The hub is HF_ENDPOINT, or Hugging Face's. Pull again to go on after a
    failure: files that are whole are not fetched anew. Of a classifier that comes
    as weights for torch a graph is made, and compared with the original first.

    Exits with 0, 1 (a file is not what was pinned, and nothing of it was kept, or
    a graph cannot be made that answers as its weights do), or 2 (it is not pinned,
    not there, or is here already).

    Examples:
      imprimatur models pull wd_vit_tagger_v3 --registry models.yaml
      imprimatur models pull wd_vit_tagger_v3 --registry models.yaml --from backup.tar --json
    """
    with told():
        shelf, pin = _shelf(ctx), _pinned(_known(registry), name)
        if name in shelf.names():
            raise UnusableError(name, "no model of that name", "one: remove it first")
        place = shelf.partial(pin)
        if from_ is None:
            fetch(pin, place)
        else:
            take(pin, from_, place)
        pin = _or_refused(lambda: shelf.put(pin, place))
    _say(pin, "is here", as_json=as_json)


@app.command("verify")
def verify(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A model's name; else all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check every byte of the models that are here against their cards.

    Exits with 0, 1 (one is not what was pinned), or 2 (there is no such model).

    Examples:
      imprimatur models verify
      imprimatur models verify wd_vit_tagger_v3 --json
    """
    with told():
        shelf = _shelf(ctx)
        pins = [shelf.card(each) for each in ([name] if name else shelf.names())]
        faults = {pin.name: shelf.faults(pin) for pin in pins}
    if as_json:
        say_json({"models": faults})
    else:
        say_table(["model", "what is wrong"], [*faults.items()], "No models.")
    if any(faults.values()):
        raise typer.Exit(REFUSED)


@app.command("card")
def card(
    ctx: typer.Context, name: Name, registry: Registry = None, as_json: AsJson = False
) -> None:
    """Show all that is known about a model: the card of one that is here, else the registry's.

    Exits with 0, or 2 (there is no such model).

    Examples:
      imprimatur models card wd_vit_tagger_v3
      imprimatur models card wd_vit_tagger_v3 --json
    """
    with told():
        shelf = _shelf(ctx)
        pin = shelf.card(name) if name in shelf.names() else _of(_known(registry), name)
    if as_json:
        say_json(pin.model_dump(mode="json"))
        return
    for line in pin.write().decode().splitlines():
        say(line)


@app.command("remove")
def remove(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Delete a model, or what is left of a try to fetch it. What it opened is closed at next start.

    Exits with 0, or 2 (there is no such model).

    Examples:
      imprimatur models remove wd_vit_tagger_v3
      imprimatur models remove wd_vit_tagger_v3 --json
    """
    with told():
        _shelf(ctx).remove(name)
    if as_json:
        say_json({"removed": name})
    else:
        say(f"{name}: removed")


@app.command("propose")
def propose(
    ctx: typer.Context,
    new: Annotated[Path, typer.Argument(metavar="CARD.json", help="Its card.", dir_okay=False)],
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Propose another card of a model: its files, its label map, its measured thresholds.

    Once a second person has activated it, a model of that name looks only with this
    very card: pull it and start anew. Until then what it should say is unavailable.

    Exits with 0, 1 (it is no whole card), 2 (it could not be done).

    Examples:
      imprimatur models propose card.json --reason "measured on drawings, ticket 12"
    """
    with told():
        text = new.read_text(encoding="utf-8")
    who = person_or_login(person)
    body = {"kind": "thresholds", "body": text, "reason": reason, "person": who}
    change = operator.ask(data_dir_of(ctx), "POST", "/changes", body)
    if not as_json:
        say(f"other than before: {', '.join(change['report']['changed'])}")
    changes.say_proposed(change, as_json=as_json)


@app.command("rollback")
def rollback(
    ctx: typer.Context,
    name: Name,
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Go back to the card before the one in force; a model that still has it looks again at once.

    It waits for a second person: `imprimatur policies activate`. Where there was no
    card before, the model looks no more, at once.

    Exits with 0, 1 (there is no way back, and why), 2 (it could not be done).

    Examples:
      imprimatur models rollback wd_vit_tagger_v3 --reason "it misses half"
    """
    who = person_or_login(person)
    body = {"kind": "thresholds", "name": name, "reason": reason, "person": who}
    done = operator.ask(data_dir_of(ctx), "POST", "/changes/rollback", body)
    changes.say_rolled_back(done, as_json=as_json)


def _shelf(ctx: typer.Context) -> Shelf:
    return Shelf(data_dir_of(ctx) / FOLDER)


def _known(registry: Path | None) -> Mapping[str, Pin]:
    return parse_registry(shipped_registry() if registry is None else registry.read_bytes())


def _of(known: Mapping[str, Pin], name: str) -> Pin:
    if name not in known:
        raise UnusableError(name, f"one of {', '.join(known) or 'none'}", "another")
    return known[name]


def _pinned(known: Mapping[str, Pin], name: str) -> Pin:
    pin = _of(known, name)
    if not pin.pinned:
        expected = "a revision and the sha256 of every file"
        raise UnusableError(name, expected, "not pinned: give --registry (docs/models.md)")
    return pin


def _or_refused(put: Callable[[], Pin]) -> Pin:
    try:
        return put()
    except ModelError as fault:
        note(str(fault))
        raise typer.Exit(REFUSED) from None


def _row(pin: Pin, *, here: bool) -> dict[str, object]:
    return {
        "model": pin.name,
        "here": here,
        "pinned": pin.pinned,
        "measured": pin.calibration is not None,
        "repository": pin.repository,
        "licence": pin.licence.spdx,
    }


def _say(pin: Pin, what: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"id": pin.id, "files": dict(pin.files)})
        return
    say(f"{pin.id} {what}")
