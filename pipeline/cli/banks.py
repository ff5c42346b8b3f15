"""Banks of known hashes: imported, tried, retracted, counted. Nobody is shown others' hashes."""

import base64
import csv
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from classifiers import hash_bank_changes
from classifiers.hash_bank import HEADER, MOST_SEVERE, Entry, HashType, Kind
from classifiers.hash_bank_catalogue import BankState, Terms, Version
from classifiers.hash_bank_formats import Format
from classifiers.hash_bank_given import Given
from classifiers.hash_bank_lookup import Use
from classifiers.hash_bank_rows import BankFormatError
from classifiers.hash_bank_store import SealedBanks
from classifiers.hash_bank_trial import MOST_MATCHED
from pipeline.banks import FOLDER, naming, open_banks, staged
from pipeline.cli import bank_sync, changes, operator
from pipeline.cli.context import data_dir_of
from pipeline.cli.errors import UnusableError
from pipeline.cli.operator import PersonName, part, person_or_login
from pipeline.cli.output import (
    REFUSED,
    AsJson,
    note,
    say,
    say_json,
    say_pairs,
    say_table,
    stop,
    told,
)
from pipeline.settings.values import KEYS

app = typer.Typer(help="Import lists of known hashes, and look after them.", no_args_is_help=True)
app.command()(bank_sync.sync)

BankName = Annotated[str, typer.Argument(metavar="BANK", help="The bank's name.")]
Why = Annotated[str, typer.Option(help="Why; it is kept in the log. Required.")]
_MOST_SHOWN = 50
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The list.", dir_okay=False)],
    bank: Annotated[str, typer.Option(help="The bank's name, such as its source's.")],
    kind: Annotated[
        Kind | None, typer.Option(help="What a match means; for the first version.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How the file is written.")] = (
        Format.CANONICAL
    ),
    columns: Annotated[
        str, typer.Option(help="For csv: ours=theirs, with commas: md5=MD5,id=Image ID.")
    ] = "",
    delimiter: Annotated[
        str, typer.Option(help="For csv: comma, semicolon, tab or pipe.")
    ] = "comma",
    type_: Annotated[
        HashType | None, typer.Option("--type", help="What the hashes are, if the file is silent.")
    ] = None,
    severity: Annotated[int, typer.Option(help="Of rows that tell none.", max=MOST_SEVERE)] = 0,
    own: Annotated[bool, typer.Option("--own", help="The entries are yours to be shown.")] = False,
    licensee: Annotated[str, typer.Option(help="Whose licence it is used under.")] = "",
    terms: Annotated[
        Path | None, typer.Option(help="The text of its terms, of which the digest is kept.")
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(help="From when on it may not be used (UTC).")
    ] = None,
    tenant: Annotated[
        list[str] | None, typer.Option(help="For whose requests it may be used.")
    ] = None,
    use: Annotated[list[Use] | None, typer.Option(help="What it may be used for.")] = None,
    most_matched: Annotated[
        float, typer.Option(help="The share of harmless pictures it may match.", min=0, max=1)
    ] = MOST_MATCHED,
    wait: Annotated[
        bool, typer.Option("--wait", help="Do not use it: two people do (banks propose).")
    ] = False,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Import a list as the new version of a bank, whole or not at all, and use it at once.

    Every bad line is told by its number and what was expected, never by what
    it holds. The new version is first tried on drawn patterns and on pictures
    that were released last. If it matches too many it is set aside, and the
    version before it stays. With --wait it is not used, and waits to be
    proposed; once two people have activated a version of a bank, all come so.

    Exits with 0, 1 (it is set aside), 2 (bad lines, or it could not be done).

    Examples:
      imprimatur banks import hotline.csv --bank hotline --kind csam
      imprimatur banks import md5.txt --bank partner --kind blocked --format plain
      imprimatur banks import icse.csv --bank police --kind csam --format csv
        --delimiter semicolon --columns "md5=MD5,sha1=SHA1,id=Image ID"
    """
    data_dir, who = data_dir_of(ctx), person_or_login(person)
    with told():
        if delimiter not in _DELIMITERS:
            raise UnusableError("--delimiter", ", ".join(_DELIMITERS), "another")
        banks = _opened(data_dir)
        given = Given(
            bank,
            _now(),
            naming(banks),
            severity=severity,
            type=type_,
            columns=_columns(columns),
            delimiter=_DELIMITERS[delimiter],
        )
        agreed = Terms(
            licensee=licensee,
            digest=None if terms is None else sha256(terms.read_bytes()).hexdigest(),
            expires_at=None if expires is None else expires.replace(tzinfo=UTC),
            tenants=None if tenant is None else frozenset(tenant),
            uses=frozenset(Use) if use is None else frozenset(use),
        )
        meant = kind or _kind_of(banks, bank)
        rows = _read(banks, file, form, given, meant, agreed, own=own, as_json=as_json)
    if wait:
        shown = {"name": bank, "rows": rows, "skipped": dict(given.skipped), "used": False}
        say_json(shown) if as_json else say(f"{rows} rows of {bank} wait: banks propose {bank}")
        return
    body = {"person": who, "most_matched": most_matched}
    end = operator.ask(data_dir, "POST", f"/banks/{part(bank)}/use", body)
    shown = {**end, "rows": rows, "skipped": dict(given.skipped)}
    if as_json:
        say_json(shown)
    else:
        for name, count in given.skipped.items():
            note(f"skipped {count} of {name}: no picture can be compared with it")
        _say_end(shown)
    if not end["used"]:
        raise typer.Exit(REFUSED)


@app.command()
def propose(
    ctx: typer.Context,
    bank: BankName,
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Propose the version of a bank that waits: it is tried, and a second person activates it.

    It is compared with drawn patterns, and with pictures that were released last:
    how many it matches that are not matched today, and the other way round.

    Exits with 0, 1 (none waits, or it cannot be tried), 2 (it could not be asked).

    Examples:
      imprimatur banks propose hotline --reason "their list of this week"
    """
    body = {"kind": "bank", "body": bank, "reason": reason, "person": person_or_login(person)}
    changes.say_proposed(operator.ask(data_dir_of(ctx), "POST", "/changes", body), as_json=as_json)


@app.command()
def rollback(
    ctx: typer.Context,
    bank: BankName,
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Go back to the version of a bank before the one that two people activated.

    It is used at once if nothing is lost by it. Else it waits for a second
    person: `imprimatur policies activate`. What was retracted stays retracted.

    Exits with 0, 1 (there is no way back), 2 (it could not be asked).

    Examples:
      imprimatur banks rollback hotline --reason "half of it was another list"
    """
    body = {"kind": "bank", "name": bank, "reason": reason, "person": person_or_login(person)}
    done = operator.ask(data_dir_of(ctx), "POST", "/changes/rollback", body)
    changes.say_rolled_back(done, as_json=as_json)


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the banks, their versions, and what waits or was set aside.

    Exits with 0, 1 (there are none yet), 2 (they do not open).

    Examples:
      imprimatur banks list
      imprimatur banks list --json
    """
    with told():
        catalogue = _begun(data_dir_of(ctx)).catalogue()
    waiting = [_version(each.name, each.kind, each.version) for each in catalogue.staged]
    used = [_version(bank.name, bank.kind, bank.current) for bank in catalogue.banks]
    if as_json:
        say_json({"banks": used, "waiting": waiting})
        return
    columns = ["bank", "kind", "entries", "version", "fetched", "expires", "state"]
    rows = [
        (
            one["name"],
            one["kind"],
            one["entries"],
            one["version"][:16],
            one["fetched_at"],
            one["expires_at"],
            state,
        )
        for shown, state in ((used, "used"), (waiting, "set aside"))
        for one in shown
    ]
    say_table(columns, rows, "No banks.")


@app.command()
def show(
    ctx: typer.Context,
    bank: BankName,
    entry: Annotated[str | None, typer.Argument(help="An entry of your own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a bank's versions and terms, or an entry of a bank of your own.

    Exits with 0, 1 (there is no such bank or entry, or it is not yours), 2 (they do not open).

    Examples:
      imprimatur banks show hotline
      imprimatur banks show ours 417
    """
    with told():
        banks = _begun(data_dir_of(ctx))
        state = _bank(banks, bank)
        if entry is not None:
            _require_own(state)
        found = [] if entry is None else [*hash_bank_changes.entries(banks, state.current, entry)]
    if entry is None:
        shown = _shown(state)
        say_json(shown) if as_json else say_pairs(shown)
        return
    if not found:
        stop(f"bank {bank}: there is no entry of this id", REFUSED)
    rows = [dict(zip(HEADER, one.row(), strict=True)) for one in found]
    if as_json:
        say_json({"entries": rows})
    else:
        say_table(list(HEADER), [list(row.values()) for row in rows], "No rows.")


@app.command()
def stats(ctx: typer.Context, bank: BankName, as_json: AsJson = False) -> None:
    """Count a bank's rows by type, status and severity.

    Exits with 0, 1 (there is no such bank), 2 (they do not open).

    Examples:
      imprimatur banks stats hotline --json
    """
    with told():
        state = _bank(_begun(data_dir_of(ctx)), bank)
    counts = {**state.current.counts, "retracted here": {"rows": len(state.retracted)}}
    if as_json:
        say_json({"name": state.name, "entries": state.current.entries, "counts": counts})
        return
    rows = [(what, name, n) for what, each in counts.items() for name, n in each.items()]
    say_table(["by", "which", "rows"], rows, "No rows.")


@app.command()
def export(
    ctx: typer.Context,
    bank: BankName,
    to: Annotated[Path, typer.Option(help="The file to write; it must not exist.")],
    as_json: AsJson = False,
) -> None:
    """Write a bank of your own as canonical CSV, for its owner alone (0600).

    Exits with 0, 1 (there is no such bank, or it is not yours), 2 (it could not be done).

    Examples:
      imprimatur banks export ours --to ours.csv
    """
    with told():
        banks = _begun(data_dir_of(ctx))
        state = _bank(banks, bank)
        _require_own(state)
        gone = {(row.entry_id, row.type, row.hash) for row in state.retracted}
        rows = [
            one
            for one in hash_bank_changes.entries(banks, state.current)
            if (one.entry_id, one.type, one.hash.hex()) not in gone
        ]
        _write(to, rows)
    shown = {"file": str(to), "rows": len(rows)}
    say_json(shown) if as_json else say(f"{len(rows)} rows: {to}")


@app.command()
def retract(
    ctx: typer.Context,
    bank: BankName,
    reason: Why,
    entry: Annotated[
        str | None, typer.Argument(help="The entry's id; without one, the whole bank.")
    ] = None,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Take an entry out of a bank, and out of its later versions; or take the whole bank out.

    It matches nothing any more in any process, at once.

    Exits with 0, 1 (there is no such bank or entry), 2 (it could not be asked).

    Examples:
      imprimatur banks retract hotline 417 --reason "a postcard: the hotline was told"
      imprimatur banks retract partner --reason "the agreement ended"
    """
    body = {"person": person_or_login(person), "reason": reason, "entry": entry}
    end = operator.ask(data_dir_of(ctx), "POST", f"/banks/{part(bank)}/retract", body)
    if as_json:
        say_json(end)
    else:
        say(f"retracted {end['rows']} rows of {bank}")


@app.command()
def match(
    ctx: typer.Context,
    picture: Annotated[Path, typer.Argument(help="A picture: PNG, JPEG or WebP.")],
    reason: Why,
    person: PersonName = "",
    as_json: AsJson = False,
) -> None:
    """Ask all banks about a picture. The log says who asked, and why.

    Only for those whom child_safety_people names in the settings.

    Exits with 0 (something matches), 1 (nothing does, or you may not ask), 2 (it could not be
    asked).

    Examples:
      imprimatur banks match found.png --reason "case 7" --person anna
    """
    with told():
        data = picture.read_bytes()
    body = {
        "person": person_or_login(person),
        "reason": reason,
        "picture": base64.b64encode(data).decode(),
    }
    matches: Sequence[Mapping[str, Any]] = operator.ask(
        data_dir_of(ctx), "POST", "/banks/match", body
    )["matches"]
    if as_json:
        say_json({"matches": matches})
    else:
        columns = ["source", "entry", "kind", "type", "distance", "status"]
        say_table(columns, [[one[name] for name in columns] for one in matches], "No match.")
    if not matches:
        raise typer.Exit(REFUSED)


def _now() -> datetime:
    from pipeline.app import now  # noqa: PLC0415 - it loads every model: not for `--help`

    return now()


def _begun(data_dir: Path) -> SealedBanks:
    """Open the banks; a command that only looks makes none."""
    if not (data_dir / FOLDER).exists():
        stop("there are no banks yet: run `imprimatur banks import`", REFUSED)
    return _opened(data_dir)


def _opened(data_dir: Path) -> SealedBanks:
    return open_banks(data_dir, data_dir / KEYS, _now, os.urandom)


def _read(
    banks: SealedBanks,
    file: Path,
    form: Format,
    given: Given,
    kind: Kind,
    terms: Terms,
    *,
    own: bool,
    as_json: bool,
) -> int:
    """Read and stage a list; tell every bad line, and end, if it has any."""
    data = file.read_bytes()
    lines = data.count(b"\n") + 1
    try:
        with Progress(transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(file.name, total=lines)
            return staged(
                banks,
                data,
                form,
                given,
                kind,
                terms,
                own=own,
                told=lambda rows: bar.update(task, completed=rows),
            )
    except BankFormatError as fault:
        if as_json:
            bad = [{"line": line.number, "expected": line.what} for line in fault.lines]
            say_json({"bank": given.source, "bad_lines": bad})
        for line in fault.lines[:_MOST_SHOWN]:
            note(line.shown)
        stop(f"{file}: {len(fault.lines)} bad lines: nothing was imported")


def _columns(text: str) -> Mapping[str, str]:
    pairs = [each.partition("=") for each in next(csv.reader([text]), []) if each]
    if any(not ours or not theirs for ours, _, theirs in pairs):
        raise UnusableError("--columns", "ours=theirs, with commas between", "another")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def _kind_of(banks: SealedBanks, name: str) -> Kind:
    known = banks.catalogue().bank(name)
    if known is None:
        raise UnusableError("--kind", f"one of {', '.join(Kind)} for a new bank", "none")
    return known.kind


def _bank(banks: SealedBanks, name: str) -> BankState:
    state = banks.catalogue().bank(name)
    if state is None:
        stop(f"bank {name}: there is no such bank", REFUSED)
    return state


def _require_own(state: BankState) -> None:
    if not state.own:
        stop(f"bank {state.name}: its entries are not yours to be shown (--own)", REFUSED)


def _version(name: str, kind: Kind, version: Version) -> dict[str, Any]:
    expires_at = version.terms.expires_at
    return {
        "name": name,
        "kind": kind.value,
        "entries": version.entries,
        "version": version.list_version,
        "fetched_at": version.fetched_at.isoformat(timespec="seconds"),
        "expires_at": None if expires_at is None else expires_at.isoformat(timespec="seconds"),
        "trial": None if version.trial is None else version.trial.model_dump(),
    }


def _shown(state: BankState) -> dict[str, Any]:
    version = state.current
    terms = version.terms.model_dump(mode="json")
    return {
        **_version(state.name, state.kind, version),
        "own": state.own,
        "format": version.format,
        "file_digest": version.file_digest,
        "previous": None if state.previous is None else state.previous.list_version,
        "retracted": sorted({row.entry_id for row in state.retracted}),
        **{name: terms[name] for name in ("licensee", "tenants", "uses")},
        "terms_digest": terms["digest"],
    }


def _say_end(end: Mapping[str, Any]) -> None:
    trial = end["trial"]
    say(
        f"{end['name']}: {end['entries']} entries, version {end['version'][:16]}: "
        f"matches {trial['benign_matched']} of {trial['benign']} patterns and "
        f"{trial['recent_matched']} of {trial['recent']} released pictures"
    )
    say("it is used from now on" if end["used"] else "it is set aside: the version before it stays")


def _write(path: Path, rows: Sequence[Entry]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        out.writerows(one.row() for one in rows)
