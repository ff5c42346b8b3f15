"""One entry of the log, as everybody may see it, and what came before and after it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import typer

from audit.leaf import Leaf
from audit.store import Row
from audit.tables import of_submission, row_of, sealed_of
from pipeline.cli.context import data_dir_of
from pipeline.cli.logfile import LOG, reading
from pipeline.cli.output import REFUSED, AsJson, say_json, say_pairs, say_table, stop
from pipeline.cli.proofs import EntryId


def show(ctx: typer.Context, entry_id: EntryId, as_json: AsJson = False) -> None:
    """Show an entry: its leaf, whether its detail is still there, and its submission's others.

    Nothing is decrypted: for that, and on record, there is `imprimatur audit detail`.

    Exits with 0, 1 (the log holds no such entry, or it went with its shard), 2 (the log cannot be
    read).

    Examples:
      imprimatur audit show 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa
      imprimatur audit show 5f0c2f1e-93a3-5d6e-8f7b-0a4c41d2b0aa --json
    """
    with reading(data_dir_of(ctx) / LOG) as connection:
        row = row_of(connection, entry_id)
        if row is None:
            stop(f"{entry_id}: the log holds no such entry", REFUSED)
        leaf = Leaf.parse(row.leaf)
        there = sealed_of(connection, entry_id) is not None
        submission = leaf.public.get("submission")
        found = of_submission(connection, UUID(submission)) if isinstance(submission, str) else ()
    detail = ("here" if there else "erased") if leaf.sealed else "none"
    others = [_step(each) for each in found]
    if as_json:
        said = {"index": row.index, "leaf_hash": row.leaf_hash.hex(), "detail": detail}
        say_json({**said, "leaf": _as_read(leaf), "submission": others})
        return
    say_pairs({"index": row.index, "time": leaf.at, "kind": leaf.kind.value, **leaf.public})
    say_pairs({"detail": detail, "commits to": [*leaf.personal], "hash": row.leaf_hash.hex()})
    _say_others(others)


def _as_read(leaf: Leaf) -> Mapping[str, Any]:
    return {
        "id": str(leaf.entry_id),
        "kind": leaf.kind.value,
        "at": leaf.at,
        "public": leaf.public,
        "personal": leaf.personal,
        "detail": leaf.detail,
    }


def _step(row: Row) -> Mapping[str, Any]:
    leaf = Leaf.parse(row.leaf)
    said = {name: leaf.public.get(name) for name in ("sample", "action", "code")}
    return {
        "index": row.index,
        "at": leaf.at,
        "kind": leaf.kind.value,
        "id": str(leaf.entry_id),
        **said,
    }


def _say_others(others: Sequence[Mapping[str, Any]]) -> None:
    if others:
        titles = [*others[0]]
        say_table(titles, [[each[name] for name in titles] for each in others], "")
