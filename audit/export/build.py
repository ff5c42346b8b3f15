"""Makes an export: one snapshot of the log, read once or twice, written into a new directory."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from audit import tables, verifier
from audit.canonical_json import canonical
from audit.checkpoint import Checkpoint
from audit.errors import UnusableError
from audit.export import page, schemas
from audit.export.anchoring import anchor_line
from audit.export.disclosed import openable
from audit.export.folder import MANIFEST, SIGNATURE, Folder, Writing
from audit.export.manifest import Manifest
from audit.export.names import ANCHORS, CHECKPOINT, CHECKPOINTS, DISCLOSED, ENTRIES, WITHHELD
from audit.export.order import Details, Order, Tell, nothing
from audit.export.profile import KEYS, PUBLIC_PAPERS, WITH_DETAILS, WITH_TILES, Profile, Withheld
from audit.export.subject import entries_of_subject
from audit.export.table import open_table
from audit.export.tiles import Tiler
from audit.export.views import FEWEST, Figures, policies_of
from audit.export.withheld import RangeWriter
from audit.leaf import Leaf
from audit.merkle import leaf_hash
from audit.note import Note
from audit.proof import Proof
from audit.store import Row

MOST_CHECKPOINTS = 1000
_BATCH = 256


def build(
    connection: sqlite3.Connection,
    folder: Path,
    order: Order,
    *,
    details: Details = nothing,
    tell: Tell = lambda _: None,
) -> Manifest:
    """Write the export into `folder`, which MUST be new and empty; say how far it is on the way.

    Raises:
        UnusableError: the log has no signed entry of this export, or does not hold together.
    """
    connection.execute("BEGIN")
    try:
        building = _Building(connection, Folder(folder), order, details, tell)
        if order.scope.profile in WITH_TILES:
            building.write_with_tiles()
        else:
            building.write_with_proofs()
        return building.finish()
    finally:
        connection.execute("ROLLBACK")


class _Building:
    def __init__(
        self,
        connection: sqlite3.Connection,
        folder: Folder,
        order: Order,
        details: Details,
        tell: Tell,
    ) -> None:
        self._connection, self._folder, self._order = connection, folder, order
        self._details, self._tell = details, tell
        self._scope = order.scope
        self._head, self._checkpoint, self._index, self._at = _head(connection, order)
        self._figures = Figures()
        self._policies: set[str] = set()
        self._withheld = Counter[Withheld]()
        self._key_changes: list[int] = []
        self._disclosed = self._erased = 0

    def write_with_tiles(self) -> None:
        """Write the hash of every entry, and every entry that is in scope."""
        tiler = Tiler(lambda name, tile: self._folder.write(f"log/{name}", tile))
        folder = self._folder
        with (
            folder.open(ENTRIES) as entries,
            open_table(folder, parquet=self._order.parquet) as tabled,
            folder.open(WITHHELD) as withheld,
            folder.open(DISCLOSED) as disclosed,
        ):
            left_out = RangeWriter(withheld)
            for start in range(0, self._head.size, _BATCH):
                kept: list[tuple[int, Leaf]] = []
                for row in self._whole(start, min(start + _BATCH, self._head.size)):
                    if isinstance(row, bytes):
                        left_out.take(tiler.edge.size, Withheld.DROPPED)
                        self._withheld[Withheld.DROPPED] += 1
                        tiler.add(row)
                        continue
                    tiler.add(leaf_hash(row.leaf))
                    leaf = Leaf.parse(row.leaf)
                    why = self._withholds(row.index, leaf)
                    left_out.take(row.index, why)
                    if why is not None:
                        self._withheld[why] += 1
                        continue
                    kept.append((row.index, leaf))
                    entries.write(row.leaf + b"\n")
                    tabled(row.index, leaf)
                    self._figures.take(leaf)
                    self._note(row.index, leaf)
                self._disclose(disclosed, kept)
            left_out.close()
        tiler.finish()
        if tiler.edge.root() != self._head.root:
            raise UnusableError(
                "log", "its entries do not lead to its newest checkpoint: verify it"
            )

    def write_with_proofs(self) -> None:
        """Write what a subject may see, or nobody but the export's own entry, each with a proof."""
        mine: set[UUID] = set()
        if self._scope.profile is Profile.DATA_SUBJECT:
            mine = entries_of_subject(self._batches, self._scope, self._details)
        else:
            self._count_all()
        folder = self._folder
        with (
            folder.open(ENTRIES) as entries,
            open_table(folder, parquet=self._order.parquet) as tabled,
            folder.open(DISCLOSED) as disclosed,
        ):
            for batch in self._batches():
                kept: list[tuple[int, Leaf]] = []
                for row in batch:
                    leaf = Leaf.parse(row.leaf)
                    own = row.index == self._index or leaf.kind in KEYS
                    if own or leaf.entry_id in mine:
                        kept.append((row.index, leaf))
                        entries.write(row.leaf + b"\n")
                        tabled(row.index, leaf)
                        self._prove(row.index)
                        self._note(row.index, leaf)
                self._disclose(disclosed, kept)

    def finish(self) -> Manifest:
        """Write what every export has, and at last the manifest and its signature."""
        self._write_checkpoints()
        self._write_figures()
        folder, order = self._folder, self._order
        given = {
            name: data
            for name, data in order.papers.items()
            if self._scope.profile in WITH_TILES or name in PUBLIC_PAPERS
        }
        papers = {**given, **schemas.files(), CHECKPOINT: self._checkpoint.encode()}
        papers["verify.pyz"] = verifier.packed()
        papers["VERIFY.md"] = page.text(self._scope, self._head.origin).encode()
        for name, data in papers.items():
            digest = _policy_digest(name)
            if digest is None or digest in self._policies:
                folder.write(name, data)
        there = {_policy_digest(name) for name in papers}
        manifest = Manifest(
            export=order.export,
            index=self._index,
            origin=self._head.origin,
            size=self._head.size,
            root=self._head.root.hex(),
            made_at=self._at,
            tool=order.tool,
            scope=self._scope,
            disclosed=self._disclosed,
            withheld={why.value: count for why, count in sorted(self._withheld.items())},
            erased=self._erased,
            policies_missing=tuple(sorted(self._policies - there)),
            files=dict(sorted(folder.files.items())),
        )
        folder.write(MANIFEST, manifest.write())
        folder.write(SIGNATURE, order.sign(manifest).encode())
        return manifest

    def _withholds(self, index: int, leaf: Leaf) -> Withheld | None:
        if index == self._index:
            return None
        return self._scope.withholds(leaf, self._head.root.hex())

    def _batches(self) -> Iterator[Sequence[Row]]:
        """Yield the entries that are there."""
        for start in range(0, self._head.size, _BATCH):
            end = min(start + _BATCH, self._head.size)
            found = tables.rows(self._connection, start, end - start)
            yield [row for row in found if row.index < end]
            self._tell(end)

    def _whole(self, start: int, end: int) -> Iterator[Row | bytes]:
        """Yield every entry of a range in order; one that was dropped, as its hash."""
        there = {row.index: row for row in tables.rows(self._connection, start, end - start)}
        gone = dict(tables.dropped(self._connection, start, end))
        for index in range(start, end):
            each = there.get(index, gone.get(index))
            if each is None:
                raise UnusableError("log", f"the entry {index} is not there: verify it")
            yield each
        self._tell(end)

    def _note(self, index: int, leaf: Leaf) -> None:
        self._disclosed += 1
        if leaf.kind in KEYS:
            self._key_changes.append(index)
        self._policies.update(policies_of(leaf))

    def _disclose(self, file: Writing, kept: Sequence[tuple[int, Leaf]]) -> None:
        """Open the commitments that the profile opens; an erased detail is counted."""
        if self._scope.profile not in WITH_DETAILS:
            return
        sealed = [(index, leaf) for index, leaf in kept if openable(self._scope, leaf)]
        found = self._details([leaf.entry_id for _, leaf in sealed]) if sealed else {}
        for index, leaf in sealed:
            opened = found.get(leaf.entry_id)
            if opened is None:
                self._erased += 1
            for each in opened or ():
                file.write(canonical({"index": index, **each}) + b"\n")

    def _count_all(self) -> None:
        tenant = self._scope.tenant
        for batch in self._batches():
            for leaf in (Leaf.parse(row.leaf) for row in batch):
                of_tenant = tenant is None or leaf.public.get("tenant") == tenant
                if of_tenant and self._scope.spans(leaf.at):
                    self._figures.take(leaf)

    def _prove(self, index: int) -> None:
        path = tables.path_of(self._connection, index, self._head.size)
        proof = Proof(index, path, self._checkpoint).write().encode()
        self._folder.write(f"proofs/{index}.tlog-proof", proof)

    def _write_checkpoints(self) -> None:
        """Write the log's checkpoints, and what outsiders said of them.

        Of many checkpoints, some, spread evenly, the newest among them. The first after each change
        of a key is among them as well: it vouches for the new one.
        """
        sizes = [
            size
            for (size,) in self._connection.execute(
                "SELECT size FROM checkpoint WHERE size <= ? ORDER BY size", (self._head.size,)
            )
        ]
        tiled = self._scope.profile in WITH_TILES
        every = len(sizes) // MOST_CHECKPOINTS + 1
        spread = sizes[::-1][::every] if tiled else []
        firsts = {next((size for size in sizes if size > at), 0) for at in self._key_changes}
        with self._folder.open(CHECKPOINTS) as file:
            for size in sorted(firsts.intersection(sizes).union(spread)):
                (note,) = self._connection.execute(
                    "SELECT note FROM checkpoint WHERE size = ?", (size,)
                ).fetchone()
                file.write(json.dumps({"size": size, "note": note}).encode() + b"\n")
        if tiled:
            with self._folder.open(ANCHORS) as file:
                for anchor in self._order.anchors:
                    if anchor.origin == self._head.origin and anchor.size <= self._head.size:
                        file.write(anchor_line(anchor) + b"\n")

    def _write_figures(self) -> None:
        if self._scope.profile is Profile.DATA_SUBJECT:
            return
        fewest = FEWEST if self._scope.profile is Profile.TRANSPARENCY else 0
        for name, data in self._figures.write(fewest=fewest).items():
            self._folder.write(name, data)


def _head(connection: sqlite3.Connection, order: Order) -> tuple[Checkpoint, str, int, str]:
    """Return the newest signed head, its note, and the index and time of the export's entry."""
    found = connection.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    row = tables.row_of(connection, order.export)
    if found is None or row is None:
        raise UnusableError("log", f"it has no entry of the export {order.export}")
    head = Checkpoint.parse(Note.parse(found[0]).text)
    if row.index >= head.size:
        raise UnusableError("log", f"no signature covers the entry of the export {order.export}")
    return head, found[0], row.index, Leaf.parse(row.leaf).at


def _policy_digest(name: str) -> str | None:
    """Return the digest that a policy's file is named for."""
    folder, _, file = name.partition("/")
    return file.partition(".")[0] if folder == "policies" else None
