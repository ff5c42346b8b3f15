"""Proofs of single entries: made from the log's file, checked without it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from audit.errors import UntrustedError
from audit.leaf import Leaf
from audit.merkle import inclusion_spans, span_root
from audit.note import Note
from audit.proof import Proof
from audit.tables import nodes, row_of
from audit.vkey import VerifierKey
from pipeline.cli.context import data_dir_of
from pipeline.cli.logfile import LOG, Key, read_keys, read_text, reading, signed_beyond
from pipeline.cli.output import REFUSED, AsJson, note, say_json, say_pairs, stop, told

EntryId = Annotated[UUID, typer.Argument(metavar="ENTRY_ID", help="The entry's id: X-Audit-Id.")]


def prove(
    ctx: typer.Context,
    entry_id: EntryId,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the proof here, its leaf beside it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the proof that an entry is in the log, as c2sp.org/tlog-proof@v1.

    The proof is about the entry's exact bytes, its leaf: with -o they are
    written beside the proof, as .leaf.json, where check-proof looks for them.

    Exits with 0, 1 (the log holds no such entry), 2 (the log cannot be read).

    Examples:
      imprimatur audit prove 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa
      imprimatur audit prove 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa -o it.proof
    """
    with reading(data_dir_of(ctx) / LOG) as connection:
        row = row_of(connection, entry_id)
        if row is None:
            stop(f"{entry_id}: the log holds no such entry", REFUSED)
        size, checkpoint = signed_beyond(connection, row.index)
        node_at = nodes(connection)
        path = tuple(span_root(span, node_at) for span in inclusion_spans(row.index, size))
    proof = Proof(row.index, path, checkpoint).write()
    if output is not None:
        with told():
            output.write_text(proof, encoding="utf-8", newline="")
            _leaf_beside(output).write_bytes(row.leaf)
        note(f"wrote {output} and {_leaf_beside(output)}")
    if as_json:
        said = {"id": str(entry_id), "index": row.index, "size": size, "proof": proof}
        say_json({**said, "leaf": row.leaf.decode()})
    elif output is None:
        typer.echo(proof, nl=False)


def check_proof(
    ctx: typer.Context,
    proof: Annotated[Path, typer.Argument(metavar="FILE", help="The proof.")],
    leaf: Annotated[
        Path | None,
        typer.Option(help="The entry's exact bytes.", show_default="FILE as .leaf.json"),
    ] = None,
    vkey: Key = "",
    as_json: AsJson = False,
) -> None:
    """Check a proof offline: that exactly this leaf is in the log that the key signs.

    Exits with 0 (it is), 1 (it is not), 2 (it could not be checked).

    Examples:
      imprimatur audit check-proof it.proof
      imprimatur audit check-proof it.proof --leaf leaf.json --vkey log.vkey
    """
    with told():
        claimed = Proof.parse(read_text(proof))
        key = signing_key(read_keys(ctx, vkey), claimed.checkpoint)
        leaf_bytes = (leaf or _leaf_beside(proof)).read_bytes()
        try:
            checkpoint = claimed.verify(leaf_bytes, key)
        except UntrustedError as fault:
            stop(f"the proof does not hold: {fault}", REFUSED)
        entry = Leaf.parse(leaf_bytes)
    said = {"index": claimed.index, "size": checkpoint.size, "log": key.name}
    if as_json:
        say_json({"ok": True, **said, "entry": json.loads(leaf_bytes)})
        return
    about = {"entry": entry.entry_id, "kind": entry.kind.value, "at": entry.at}
    say_pairs({"holds": "this entry is in the log", **said, **about, **entry.public})


def signing_key(keys: Sequence[VerifierKey], checkpoint: str) -> VerifierKey:
    """Return the key among those of one log that signed the checkpoint; any, if none did."""
    signed = {each.key_id for each in Note.parse(checkpoint).signatures}
    return next((each for each in keys if each.key_id in signed), keys[0])


def _leaf_beside(proof: Path) -> Path:
    return proof.with_suffix(".leaf.json")
