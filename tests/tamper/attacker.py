"""What somebody who has the log's file can do to it."""
# ruff: noqa: S608 - the attacker writes SQL as he likes, with this module's own numbers in it

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Kind
from audit.leaf import leaf_of
from audit.merkle import Edge, leaf_hash
from audit.note import Note
from audit.signer import Ed25519Signer
from tests.tamper.scene import NOON, SIZE

EXTRA = Entry(UUID(int=77), Kind.CONFIG, NOON, {"name": "x"})


@dataclass(frozen=True, slots=True)
class Attacker:
    """Somebody with the file, without its triggers, and perhaps with the log's keys."""

    db: sqlite3.Connection
    signer: Ed25519Signer

    def run(self, *statements: str) -> None:
        """Run statements, with no trigger left to refuse them."""
        for statement in statements:
            self.db.execute(statement)

    def leaves(self) -> list[bytes]:
        """Return every entry as it lies there now."""
        return [leaf for (leaf,) in self.db.execute("SELECT leaf FROM entry ORDER BY idx")]

    def edit_leaf(self, index: int) -> bytes:
        """Turn an `allow` into a `block`, in bytes that stay canonical."""
        leaf = self.leaves()[index].replace(b'"action":"allow"', b'"action":"block"')
        self.db.execute("UPDATE entry SET leaf = ? WHERE idx = ?", (leaf, index))
        return leaf

    def fix_hashes(self) -> Edge:
        """Make every stored hash agree with the leaves, as far as that goes without the key."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves()]
        edge, nodes = Edge().extended(hashes)
        for index, each in enumerate(hashes):
            self.db.execute("UPDATE entry SET leaf_hash = ? WHERE idx = ?", (each, index))
        self.db.execute("DELETE FROM tile_node")
        for node in nodes:
            row = (node.level, node.index, node.hash)
            self.db.execute("INSERT INTO tile_node VALUES (?, ?, ?)", row)
        for (size,) in self.db.execute("SELECT size FROM head").fetchall():
            if size <= edge.size:
                root = Edge().extended(hashes[:size])[0].root()
                self.db.execute("UPDATE head SET root = ? WHERE size = ?", (root, size))
        self.set_state(edge)
        return edge

    def set_state(self, edge: Edge) -> None:
        """Say in the state row that this is the end."""
        row = (edge.size, edge.root(), b"".join(edge.hashes))
        self.db.execute("UPDATE log_state SET size = ?, root = ?, edge = ?", row)

    def cut(self, size: int) -> None:
        """Remove the newest entries and everything that tells of them, but for checkpoints."""
        self.run(
            "DELETE FROM detail WHERE entry_id IN"
            f" (SELECT entry_id FROM entry WHERE idx >= {size})",
            f"DELETE FROM entry WHERE idx >= {size}",
            f"DELETE FROM head WHERE size > {size}",
            f"DELETE FROM tile_node WHERE (idx + 1) << level > {size}",
        )
        self.set_state(self.edge())

    def edge(self) -> Edge:
        """Return the right edge that the entries lead to."""
        return Edge().extended(map(leaf_hash, self.leaves()))[0]

    def older_size(self) -> int:
        """Return the size of a genuine checkpoint that is not the newest."""
        (size,) = self.db.execute("SELECT min(size) FROM checkpoint WHERE size > 100").fetchone()
        return int(size)

    def append(self, count: int = 1, entry: Entry | None = None) -> None:
        """Add entries as the log would, all but the signature."""
        for _ in range(count):
            index = len(self.leaves())
            extra = entry or replace(EXTRA, entry_id=UUID(int=10_000 + index))
            leaf = leaf_of(extra, {}).write()
            row = (index, extra.entry_id.bytes, leaf, leaf_hash(leaf))
            self.db.execute(
                "INSERT INTO entry(idx, entry_id, leaf, leaf_hash) VALUES (?,?,?,?)", row
            )
        edge = self.edge()
        self.db.execute("INSERT INTO head VALUES (?, ?, 'x')", (edge.size, edge.root()))
        self.set_state(edge)

    def sign_everything(self) -> None:
        """What only the holder of the log's key can do."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves()]
        for (size,) in self.db.execute("SELECT size FROM head").fetchall():
            root = Edge().extended(hashes[:size])[0].root()
            text = Checkpoint(self.signer.vkey.name, size, root).text()
            note = Note(text, (self.signer.sign(text),)).write()
            self.db.execute("REPLACE INTO checkpoint VALUES (?, ?)", (size, note))

    def swap(self, first: int, second: int) -> None:
        """Let two entries change places."""
        self.run(
            f"UPDATE entry SET idx = -1 WHERE idx = {first}",
            f"UPDATE entry SET idx = {first} WHERE idx = {second}",
            f"UPDATE entry SET idx = {second} WHERE idx = -1",
        )

    def insert_in_the_middle(self) -> None:
        """Move everything up from 50 on, and put an entry there."""
        for index in range(SIZE - 1, 49, -1):
            self.run(f"UPDATE entry SET idx = {index + 1} WHERE idx = {index}")
        leaf = leaf_of(EXTRA, {}).write()
        row = (50, EXTRA.entry_id.bytes, leaf, leaf_hash(leaf))
        self.db.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", row)

    def close_gap(self, index: int) -> None:
        """Move everything above down by one."""
        for each in range(index + 1, SIZE):
            self.run(f"UPDATE entry SET idx = {each - 1} WHERE idx = {each}")

    def put_leaf(self, index: int, leaf: bytes) -> None:
        """Put other bytes in the place of an entry, with their own hash."""
        row = (leaf, leaf_hash(leaf), index)
        self.db.execute("UPDATE entry SET leaf = ?, leaf_hash = ? WHERE idx = ?", row)


def unguarded(path: Path, signer: Ed25519Signer) -> Attacker:
    """Open the file as its owner can: no trigger, no constraint, one transaction."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints = ON")
    db.execute("BEGIN")
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    return Attacker(db, signer)
