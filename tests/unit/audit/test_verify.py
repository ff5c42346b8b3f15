"""The tamper matrix: what somebody with the file can do to it, and who sees it."""
# ruff: noqa: S608 - the attacker writes SQL as he likes, with this test's own numbers in it

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Json, Kind, entry_id
from audit.errors import MalformedError, UnusableError
from audit.leaf import leaf_of
from audit.log import Log
from audit.merkle import Edge, leaf_hash
from audit.note import Note
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.verify import verify

MakeEntry = Callable[..., Entry]
ORIGIN = "gw.example/audit"
ROOT = Path(__file__).parents[3]
SIZE = 300


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXTRA = Entry(UUID(int=77), Kind.CONFIG, NOON, {"name": "x"})
UNADMITTED = Entry(
    entry_id(UUID(int=9999), Kind.RELEASE), Kind.RELEASE, NOON, {"submission": str(UUID(int=9999))}
)
LAST = entry_id(UUID(int=SIZE - 1), Kind.ADMIT)


@dataclass(frozen=True, slots=True)
class Scene:
    """A finished log, its key, and what outsiders kept: one checkpoint at 100, one at the end."""

    path: Path
    signer: Ed25519Signer
    older: str
    receipt: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Made once: each test gets its own copy of the file."""
    folder = tmp_path_factory.mktemp("finished")
    signer = Ed25519Signer.create(folder / "key", ORIGIN)
    path = folder / "log.db"

    async def build() -> Scene:
        keys = DetailKeys("k1", {"k1": bytes(32)})
        log = await Log.open(path, origin=ORIGIN, signer=signer, keys=keys, now=lambda: NOON)
        older = ""
        for start in range(1, SIZE, 23):
            entries = map(admission, range(start, min(start + 23, SIZE)))
            receipts = await asyncio.gather(*map(log.append, entries))
            older = older or (receipts[-1].checkpoint if start > 80 else "")
        receipt = log.checkpoint
        await log.close()
        return Scene(path, signer, older, receipt)

    return asyncio.run(build())


@pytest.fixture
def scene(finished: Scene, tmp_path: Path) -> Scene:
    copied = tmp_path / "copied.db"
    shutil.copy(finished.path, copied)
    return replace(finished, path=copied)


def admission(number: int) -> Entry:
    submission = UUID(int=number)
    public: dict[str, Json] = {"submission": str(submission), "action": "allow"}
    at = entry_id(submission, Kind.ADMIT)
    return Entry(at, Kind.ADMIT, NOON, public, {"prompt": f"a harbour {number}"})


@dataclass(frozen=True, slots=True)
class Tools:
    """What an attacker holds: the file without its triggers, and perhaps the log's key."""

    db: sqlite3.Connection
    signer: Ed25519Signer

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.db.execute(statement)

    def leaves(self) -> list[bytes]:
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
        return Edge().extended(map(leaf_hash, self.leaves()))[0]

    def older_size(self) -> int:
        (size,) = self.db.execute("SELECT min(size) FROM checkpoint WHERE size > 100").fetchone()
        return int(size)

    def append(self, count: int = 1) -> None:
        """Add entries as the log would, all but the signature."""
        for _ in range(count):
            index = len(self.leaves())
            extra = replace(EXTRA, entry_id=UUID(int=10_000 + index))
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
        self.run(
            f"UPDATE entry SET idx = -1 WHERE idx = {first}",
            f"UPDATE entry SET idx = {first} WHERE idx = {second}",
            f"UPDATE entry SET idx = {second} WHERE idx = -1",
        )

    def insert_in_the_middle(self) -> None:
        for index in range(SIZE - 1, 49, -1):
            self.run(f"UPDATE entry SET idx = {index + 1} WHERE idx = {index}")
        leaf = leaf_of(EXTRA, {}).write()
        row = (50, EXTRA.entry_id.bytes, leaf, leaf_hash(leaf))
        self.db.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", row)

    def close_gap(self, index: int) -> None:
        for each in range(index + 1, SIZE):
            self.run(f"UPDATE entry SET idx = {each - 1} WHERE idx = {each}")

    def put_leaf(self, index: int, leaf: bytes) -> None:
        row = (leaf, leaf_hash(leaf), index)
        self.db.execute("UPDATE entry SET leaf = ?, leaf_hash = ? WHERE idx = ?", row)


def unguarded(path: Path, signer: Ed25519Signer) -> Tools:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints = ON")
    db.execute("BEGIN")
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    return Tools(db, signer)


def leaf_edited(tools: Tools) -> None:
    tools.edit_leaf(50)


def newest_leaf_edited(tools: Tools) -> None:
    tools.edit_leaf(SIZE - 1)


def leaf_edited_and_all_hashes(tools: Tools) -> None:
    tools.edit_leaf(50)
    tools.fix_hashes()


def rewritten_and_signed_again(tools: Tools) -> None:
    leaf_edited_and_all_hashes(tools)
    tools.sign_everything()


def tail_cut(tools: Tools) -> None:
    tools.cut(tools.older_size())


def tail_cut_to_an_older_checkpoint(tools: Tools) -> None:
    size = tools.older_size()
    tools.cut(size)
    tools.run(f"DELETE FROM checkpoint WHERE size > {size}")


def released_without_admission(tools: Tools) -> None:
    tools.put_leaf(SIZE - 1, leaf_of(UNADMITTED, {}).write())
    tools.run(f"UPDATE entry SET entry_id = x'{UNADMITTED.entry_id.hex}' WHERE idx = {SIZE - 1}")
    tools.run(f"DELETE FROM detail WHERE entry_id = x'{LAST.hex}'")
    tools.fix_hashes()
    tools.sign_everything()


def respelled(tools: Tools, old: bytes, new: bytes) -> None:
    """Not canonical, and signed by the log's own key: the form itself must be refused."""
    leaf = tools.leaves()[50]
    assert old in leaf
    tools.put_leaf(50, leaf.replace(old, new))
    tools.fix_hashes()
    tools.sign_everything()


def middle_removed(tools: Tools) -> None:
    tools.run("DELETE FROM entry WHERE idx = 50")
    tools.close_gap(50)
    tools.fix_hashes()


def note_replaced(tools: Tools, old: str, new: str) -> None:
    newest = "(SELECT max(size) FROM checkpoint)"
    tools.run(f"UPDATE checkpoint SET note = replace(note, '{old}', '{new}') WHERE size = {newest}")


def signed_by_another(tools: Tools) -> None:
    stranger = Ed25519Signer.parse(
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    )
    leaf_edited_and_all_hashes(tools)
    replace(tools, signer=replace(stranger)).sign_everything()


ALONE: dict[str, Callable[[Tools], None]] = {
    "leaf edited": leaf_edited,
    "leaf and its hash edited": lambda tools: tools.put_leaf(50, tools.edit_leaf(50)),
    "leaf and all hashes edited": leaf_edited_and_all_hashes,
    "newest leaf edited": newest_leaf_edited,
    "leaf hash edited": lambda tools: tools.run(
        "UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 50"
    ),
    "deleted in the middle": lambda tools: tools.run("DELETE FROM entry WHERE idx = 50"),
    "deleted in the middle, gap closed": middle_removed,
    "genesis deleted": lambda tools: tools.run("DELETE FROM entry WHERE idx = 0"),
    "newest deleted": lambda tools: tools.run(f"DELETE FROM entry WHERE idx = {SIZE - 1}"),
    "all deleted": lambda tools: tools.run("DELETE FROM entry"),
    "inserted in the middle": lambda tools: tools.insert_in_the_middle(),
    "two swapped": lambda tools: tools.swap(50, 51),
    "tail cut, newest checkpoint kept": tail_cut,
    "appended without the key": lambda tools: tools.append(),
    "many appended without the key": lambda tools: tools.append(300),
    "tile node edited": lambda tools: tools.run("UPDATE tile_node SET hash = zeroblob(32)"),
    "tile node deleted": lambda tools: tools.run("DELETE FROM tile_node"),
    "tile node added": lambda tools: tools.run("INSERT INTO tile_node VALUES (8, 7, zeroblob(32))"),
    "head edited": lambda tools: tools.run(
        "UPDATE head SET root = zeroblob(32) WHERE size = (SELECT min(size) FROM head)"
    ),
    "newest head deleted": lambda tools: tools.run(
        "DELETE FROM head WHERE size = (SELECT max(size) FROM head)"
    ),
    "head added beyond the end": lambda tools: tools.run(
        "INSERT INTO head VALUES (9999, zeroblob(32), 'x')"
    ),
    "state size edited": lambda tools: tools.run("UPDATE log_state SET size = size - 1"),
    "state root edited": lambda tools: tools.run("UPDATE log_state SET root = zeroblob(32)"),
    "state deleted": lambda tools: tools.run("DELETE FROM log_state"),
    "checkpoint of another origin": lambda tools: note_replaced(tools, "gw.example", "gv.example"),
    "checkpoint size edited": lambda tools: note_replaced(tools, f"\n{SIZE}\n", f"\n{SIZE + 1}\n"),
    "leading zero in checkpoint size": lambda tools: note_replaced(
        tools, f"\n{SIZE}\n", f"\n0{SIZE}\n"
    ),
    "checkpoint signature cut": lambda tools: note_replaced(tools, "=\n", "\n"),
    "newest checkpoints deleted": lambda tools: tools.run(
        "DELETE FROM checkpoint WHERE size > 200"
    ),
    "all checkpoints deleted": lambda tools: tools.run("DELETE FROM checkpoint"),
    "checkpoint moved to another size": lambda tools: tools.run(
        "UPDATE checkpoint SET size = 5 WHERE size = (SELECT max(size) FROM checkpoint)"
    ),
    "signed by another key": signed_by_another,
    "names another key": lambda tools: tools.run("UPDATE log SET vkey = 'x+00000000+AA=='"),
    "names no log": lambda tools: tools.run("DELETE FROM log"),
    "entry id edited": lambda tools: tools.run(
        "UPDATE entry SET entry_id = zeroblob(16) WHERE idx = 50"
    ),
    "detail deleted without an erasure": lambda tools: tools.run(
        "DELETE FROM detail WHERE entry_id = (SELECT min(entry_id) FROM detail)"
    ),
    "detail of nobody added": lambda tools: tools.run(
        "INSERT INTO detail VALUES (zeroblob(16), 'k', x'00', zeroblob(12), x'00')"
    ),
    "signed leaf with a duplicate key": lambda tools: respelled(tools, b'"v":1', b'"v":1,"v":1'),
    "signed leaf with a blank": lambda tools: respelled(tools, b'"v":1', b'"v": 1'),
    "signed leaf with a strange key": lambda tools: respelled(
        tools, b'"public":{', b'"public":{"a":"b",'
    ),
    "signed leaf with a float": lambda tools: respelled(tools, b'"v":1', b'"v":1.0'),
    "signed release without an admission": released_without_admission,
}
ONLY_WITH_MEMORY: dict[str, Callable[[Tools], None]] = {
    "tail cut, older genuine checkpoint put back": tail_cut_to_an_older_checkpoint,
    "all rewritten and signed with the real key": rewritten_and_signed_again,
}


def tampered(scene: Scene, attack: Callable[[Tools], None]) -> None:
    tools = unguarded(scene.path, scene.signer)
    attack(tools)
    tools.run("COMMIT")
    tools.db.close()


class TestTamperMatrix:
    def test_the_untouched_log_holds(self, scene: Scene) -> None:
        report = verify(
            scene.path,
            scene.signer.vkey.write(),
            known_checkpoints=[scene.older, scene.receipt],
        )
        assert report.problems == ()
        assert (report.ok, report.entries, report.sealed) == (True, SIZE, SIZE - 1)
        assert (report.admissions, report.open_admissions) == (SIZE - 1, SIZE - 1)

    def test_dropping_the_triggers_alone_is_no_change(self, scene: Scene) -> None:
        """So each mutation below is seen for itself."""
        tampered(scene, lambda _: None)
        assert verify(scene.path, scene.signer.vkey.write()).ok

    @pytest.mark.parametrize("attack", ALONE)
    def test_the_verifier_alone_sees(self, scene: Scene, attack: str) -> None:
        tampered(scene, ALONE[attack])
        report = verify(scene.path, scene.signer.vkey.write())
        assert not report.ok
        assert report.problem_count >= len(report.problems) > 0

    @pytest.mark.parametrize("attack", ONLY_WITH_MEMORY)
    def test_only_somebody_who_remembers_sees(self, scene: Scene, attack: str) -> None:
        """These two pass without an outside memory. The docs must say so, and the report does."""
        tampered(scene, ONLY_WITH_MEMORY[attack])
        vkey = scene.signer.vkey.write()
        alone = verify(scene.path, vkey)
        assert alone.ok
        assert "no checkpoint from outside" in alone.not_proved[0]
        assert not verify(scene.path, vkey, known_checkpoints=[scene.receipt]).ok

    def test_an_older_checkpoint_sees_the_rewrite_and_not_the_cut(self, scene: Scene) -> None:
        copy = scene.path.with_name("copy.db")
        shutil.copy(scene.path, copy)
        vkey = scene.signer.vkey.write()
        tampered(scene, ONLY_WITH_MEMORY["all rewritten and signed with the real key"])
        assert not verify(scene.path, vkey, known_checkpoints=[scene.older]).ok
        tampered(
            replace(scene, path=copy),
            ONLY_WITH_MEMORY["tail cut, older genuine checkpoint put back"],
        )
        assert verify(copy, vkey, known_checkpoints=[scene.older]).ok


class TestQuestions:
    def test_a_known_checkpoint_that_nobody_signed_is_its_givers_mistake(
        self, scene: Scene
    ) -> None:
        for bad in ("", scene.receipt.replace("gw.example", "gv.example")):
            with pytest.raises(MalformedError):
                verify(scene.path, scene.signer.vkey.write(), known_checkpoints=[bad])

    def test_a_file_that_is_no_log_cannot_be_checked(self, tmp_path: Path, scene: Scene) -> None:
        """Which is not the same as a problem found, and never the same as fine."""
        junk = tmp_path / "junk.db"
        junk.write_bytes(b"not a database" * 99)
        empty = tmp_path / "empty.db"
        empty.touch()
        for file in (junk, empty, tmp_path / "missing.db"):
            with pytest.raises(UnusableError):
                verify(file, scene.signer.vkey.write())

    async def test_a_running_log_can_be_verified(
        self, log: Log, make_entry: MakeEntry, path: Path, signer: Ed25519Signer
    ) -> None:
        receipt = await log.append(make_entry(1))
        report = verify(path, signer.vkey.write(), known_checkpoints=[receipt.checkpoint])
        assert (report.ok, report.entries) == (True, 2)

    async def test_soon_after_the_last_append_its_checkpoint_is_in_the_file(
        self, log: Log, make_entry: MakeEntry, path: Path, signer: Ed25519Signer
    ) -> None:
        await log.append(make_entry(1))
        await asyncio.sleep(0.3)
        assert verify(path, signer.vkey.write()).unsigned == 0

    def test_a_stranger_needs_nothing_of_the_gateway(self, scene: Scene, tmp_path: Path) -> None:
        """The command line, in its own process: statuses 0, 1 and 2."""
        known = tmp_path / "known.txt"
        known.write_text(scene.receipt, "utf-8")
        vkey = scene.signer.vkey.write()

        def run(*arguments: object) -> tuple[int, str]:
            command = [sys.executable, "-m", "audit.verify", *map(str, arguments)]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env=environment
            )
            return done.returncode, done.stdout

        status, output = run(scene.path, vkey, "--known", known, "--json")
        assert (status, json.loads(output)["ok"]) == (0, True)
        status, output = run(scene.path, vkey)
        assert status == 0
        assert "not proved" in output
        assert run(tmp_path / "missing.db", vkey)[0] == 2
        assert run(scene.path, "nonsense")[0] == 2
        tampered(scene, leaf_edited_and_all_hashes)
        status, output = run(scene.path, vkey)
        assert status == 1
        assert "PROBLEMS" in output
