"""Walks over a whole log and holds everything in it to everything else, step by step.

`audit.verify` says what the steps are, and what each of them proves.
"""

import sqlite3
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import TypeAlias, cast
from uuid import UUID

from audit.anchors import Anchor
from audit.checkpoint import Checkpoint
from audit.entry import Kind
from audit.errors import MalformedError, UntrustedError
from audit.fields import write_time
from audit.glance import glance
from audit.leaf import Leaf
from audit.merkle import EMPTY_ROOT, Edge, verify_inclusion
from audit.outsiders import CLOCK_SECONDS, Outsiders, held, newest_of_each, utc
from audit.pairing import Pairing
from audit.proof import Proof
from audit.report import HASHED, TITLES, Check, Dropped, Findings, Report, Vouching
from audit.rotation import KeyChain, follow
from audit.shards import Shard, Shards, shards_of
from audit.vkey import VerifierKey

_ID_BYTES = 16
_TOGETHER = 1024  # so many entries at most are hashed into the tree at once
_READ_WHOLE = frozenset({Kind.GENESIS, Kind.KEY_CHANGE, Kind.ERASE, Kind.SHARD})
"""Kinds that say more than a glance holds."""
_UNREAD = "that entries have their form, their ids and their details: only hashes were checked"
_ENTRIES = """
SELECT idx, ifnull(CAST(entry_id AS BLOB), x''), ifnull(CAST(leaf AS BLOB), x''),
  CAST(leaf_hash AS BLOB) FROM entry
"""
_DROPPED = "UNION ALL SELECT idx, x'', NULL, ifnull(CAST(leaf_hash AS BLOB), x'') FROM dropped"
Watch: TypeAlias = Callable[[int, int], None]
"""Is told how many entries were looked at, and how many there are by what nobody has proved yet."""
_Row: TypeAlias = tuple[int, bytes, bytes | None, bytes]  # index, id, leaf, hash


class Verification:
    """One verification of one snapshot of a log; see `audit.verify.verify`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        key: VerifierKey,
        *,
        hashes_only: bool,
        watch: Watch = lambda _done, _size: None,
    ) -> None:
        self._hashes_only = hashes_only
        self._watch = watch
        self._connection = connection
        self._key = key
        self._chain = KeyChain(key)
        self._findings = Findings(HASHED if hashes_only else TITLES)
        self._pairing = Pairing(self._findings)
        self._expected: dict[int, set[bytes]] = {}  # size -> the roots somebody says it had
        self._seen: dict[int, int] = {}  # size -> when an outsider saw that much, the earliest
        self._ids: set[bytes] = set()
        self._shards = Shards(key.name)
        self._dropped = 0  # how many of the entries have only a hash
        self._latest = ""  # the latest time that any entry so far says

    def run(
        self,
        known: Sequence[str],
        receipts: Sequence[Proof],
        anchors: Sequence[Anchor],
        trusted: Outsiders,
    ) -> Report:
        """Take every step in order, and return what was found.

        Raises:
            MalformedError: what was known outside is not signed by the log.
            sqlite3.Error: the file is no log that can be read.
        """
        self._check_identity()
        self._read_shards()
        signed = self._read_checkpoints()
        notes = [*known, *(each.checkpoint for each in receipts)]
        outside = [self._known(note) for note in notes]
        vouched, strangers = self._read_anchors(anchors, trusted)
        self._check_vouched([*signed, *outside])
        heads = self._read_heads()
        edge = self._walk()
        for receipt in receipts:
            self._check_receipt(receipt)
        self._check_ends(edge, max([0, *signed, *outside]))
        if not self._hashes_only:
            self._check_details()
        sealed, erased, admissions, waiting = self._pairing.counts
        return Report(
            origin=self._key.name,
            entries=edge.size,
            root=edge.root().hex(),
            heads=heads,
            checkpoints=len(signed),
            known_checkpoints=len(outside),
            unsigned=max(0, edge.size - max([0, *signed, *outside])),
            sealed=sealed,
            erased=erased,
            admissions=admissions,
            open_admissions=waiting,
            steps=self._findings.steps,
            problem_count=self._findings.count,
            problems=tuple(self._findings.first),
            not_proved=(
                *([_UNREAD] if self._hashes_only else []),
                *_not_proved(edge.size, outside, vouched, self._dropped),
            ),
            vouched=vouched,
            strangers=strangers,
            dropped=self._dropped,
            shards=tuple(map(_told, self._shards.dropped)),
        )

    def _check_identity(self) -> None:
        """Follow the keys from the first one on; the key that was given MUST be among them."""
        found = self._connection.execute("SELECT origin, vkey FROM log").fetchall()
        what = "the file names another log or key, or not exactly one"
        try:
            first = VerifierKey.parse(str(found[0][1]) if len(found) == 1 else "")
        except MalformedError:
            self._findings.add(Check.IDENTITY, what)
            return
        try:
            chain = follow(first, self._find)
        except (MalformedError, UntrustedError) as fault:
            self._findings.add(Check.CHECKPOINTS, f"its keys cannot be followed: {fault}")
            return
        if found[0][0] != self._key.name or not chain.names(self._key):
            self._findings.add(Check.IDENTITY, what)
        else:
            self._chain = chain

    def _read_shards(self) -> None:
        """Follow what was closed and dropped, and hold the tree to what closings say of it."""
        try:
            self._shards = shards_of(self._chain.first.name, self._find)
        except (MalformedError, UntrustedError) as fault:
            self._findings.add(Check.CHECKPOINTS, f"its shards cannot be followed: {fault}")
        for shard in self._shards.all:
            self._expected.setdefault(shard.size, set()).add(shard.root)

    def _find(self, entry_id: UUID) -> tuple[int, bytes] | None:
        found = self._connection.execute(
            "SELECT idx, CAST(leaf AS BLOB) FROM entry WHERE entry_id = ?", (entry_id.bytes,)
        ).fetchone()
        return None if found is None else (found[0], found[1] or b"")

    def _check_vouched(self, sizes: Sequence[int]) -> None:
        for change in self._chain.unvouched(sizes):
            what = "a key was retired, and nobody vouched for its successor: no checkpoint by both"
            self._findings.add(Check.CHECKPOINTS, what, change.index)

    def _read_checkpoints(self) -> list[int]:
        good: list[int] = []
        for size, note in self._connection.execute("SELECT size, note FROM checkpoint"):
            try:
                checkpoint = self._chain.open(str(note))
            except (MalformedError, UntrustedError) as fault:
                self._findings.add(
                    Check.CHECKPOINTS, f"the stored checkpoint at size {size}: {fault}"
                )
                continue
            if checkpoint.size != size:
                self._findings.add(
                    Check.CHECKPOINTS,
                    f"the stored checkpoint at {size} is of size {checkpoint.size}",
                )
            self._expect(checkpoint)
            good.append(checkpoint.size)
        return good

    def _known(self, note: str) -> int:
        """Take a checkpoint from outside; one that is not signed is its giver's mistake.

        Raises:
            MalformedError: it is no checkpoint of this log.
        """
        try:
            checkpoint = self._chain.open(note)
        except UntrustedError as fault:
            raise MalformedError("known checkpoint", "one the log signed", str(fault)) from fault
        self._expect(checkpoint)
        return checkpoint.size

    def _read_anchors(
        self, anchors: Sequence[Anchor], trusted: Outsiders
    ) -> tuple[tuple[Vouching, ...], int]:
        """Hold what outsiders said to their keys, and the log to what they said."""
        good, problems, strangers = held(anchors, self._chain, trusted)
        for problem in problems:
            self._findings.add(Check.CHECKPOINTS, problem)
        for each in good:
            self._expect(each.checkpoint)
            size = each.checkpoint.size
            self._seen[size] = min(each.at, self._seen.get(size, each.at))
        told = (
            Vouching(each.kind, each.who, each.checkpoint.size, utc(each.at))
            for each in newest_of_each(good)
        )
        return tuple(told), strangers

    def _expect(self, checkpoint: Checkpoint) -> None:
        self._expected.setdefault(checkpoint.size, set()).add(checkpoint.root)

    def _read_heads(self) -> int:
        heads = self._connection.execute(
            "SELECT ifnull(CAST(size AS INTEGER), -1), CAST(root AS BLOB) FROM head"
        ).fetchall()
        for size, root in heads:
            self._expected.setdefault(size, set()).add(root)
        return len(heads)

    def _walk(self) -> Edge:
        """Go over every entry in order, and hold every hash on the way to what was said."""
        tiles: dict[tuple[int, int], bytes] = {
            (level, index): node
            for level, index, node in self._connection.execute(
                "SELECT level, idx, hash FROM tile_node"
            )
        }
        edge, stops = Edge(), sorted({*self._expected, *self._seen})
        self._compare(edge)
        (size,) = self._connection.execute("SELECT ifnull(max(size), 0) FROM head").fetchone()
        found = self._connection.execute(self._question())
        while rows := found.fetchmany(_TOGETHER):
            first = edge.size
            inside = stops[bisect(stops, first) : bisect(stops, first + len(rows))]
            for start, end in pairwise([first, *inside, first + len(rows)]):
                hashes = self._hashed(start, rows[start - first : end - first])
                edge = self._extended(edge, hashes, tiles)
            self._watch(edge.size, max(edge.size, size if isinstance(size, int) else 0))
        for level, index in tiles:
            self._findings.add(
                Check.TREE, f"a tile node at level {level}, index {index}, belongs to no entries"
            )
        return edge

    def _hashed(self, first: int, rows: Sequence[_Row]) -> list[bytes]:
        """Return the hashes of these entries, which MUST be the next from `first` on; look at each.

        A hash is of an entry's bytes, whatever the table says; what was dropped has none.
        """
        hashes = [
            stored if leaf is None else sha256(b"\0" + leaf).digest() for _, _, leaf, stored in rows
        ]
        places = range(first, first + len(rows))
        if [row[0] for row in rows] != [*places] or hashes != [row[3] for row in rows]:
            for place, hashed, (index, _, _, stored) in zip(places, hashes, rows, strict=True):
                self._misplaced(index, place, hashed=hashed == stored)
        if self._hashes_only and all(row[2] is not None for row in rows):
            return hashes
        for place, (index, entry_id, leaf, _) in zip(places, rows, strict=True):
            if leaf is None:
                self._pass_over(index)
            elif not self._hashes_only:
                self._look(index, place, entry_id, leaf)
        return hashes

    def _question(self) -> str:
        """Ask for entries alone where none was dropped: to merge two tables takes its time."""
        return f"{_ENTRIES} {_DROPPED if self._has_dropped() else ''} ORDER BY idx"

    def _has_dropped(self) -> bool:
        try:
            found = self._connection.execute("SELECT EXISTS (SELECT 1 FROM dropped)").fetchone()
        except sqlite3.OperationalError:  # tables of a version that knew no shards
            return False
        return bool(found[0])

    def _pass_over(self, index: int) -> None:
        """Count an entry whose bytes are gone, if it says somewhere that they may be."""
        self._dropped += 1
        if index >= self._shards.border:
            what = "its bytes are gone, and the log does not say that its shard was dropped"
            self._findings.add(Check.ENTRIES, what, index)

    def _extended(
        self, edge: Edge, hashes: Sequence[bytes], tiles: dict[tuple[int, int], bytes]
    ) -> Edge:
        """Return the edge after these entries; every hash that they lead to MUST be there."""
        longer, nodes = edge.extended(hashes)
        for node in nodes:
            if tiles.pop((node.level, node.index), None) != node.hash:
                what = f"the tile node at level {node.level} is missing or wrong"
                self._findings.add(Check.TREE, what, (node.index + 1 << node.level) - 1)
        self._compare(longer)
        return longer

    def _misplaced(self, index: int, expected: int, *, hashed: bool) -> None:
        if index != expected:
            self._findings.add(Check.ENTRIES, f"it stands where {expected} was expected", index)
        if not hashed:
            self._findings.add(Check.ENTRIES, "its bytes are not what was hashed", index)

    def _look(self, index: int, expected: int, entry_id: bytes, leaf: bytes) -> None:
        """Check one entry by itself, and follow what it says of others."""
        if entry_id in self._ids:
            self._findings.add(Check.ENTRIES, "its id is in the log twice", index)
        self._ids.add(entry_id)
        said = glance(leaf)
        if said is None or said.kind in _READ_WHOLE:
            try:
                read = Leaf.parse_slowly(leaf)
            except MalformedError as fault:
                self._findings.add(Check.ENTRIES, str(fault), index)
                return
            said = read.glance()
            self._follow(index, read)
        if said.entry_id != entry_id:
            self._findings.add(Check.ENTRIES, "its id is not the id in its leaf", index)
        if (expected == 0) != (said.kind is Kind.GENESIS):
            self._findings.add(
                Check.ENTRIES, "the first entry, and no other, is the genesis", index
            )
        self._latest = max(self._latest, said.at)
        self._pairing.take(index, said)

    def _follow(self, index: int, leaf: Leaf) -> None:
        """Follow what names other entries, and hold changes of keys to those that were found."""
        if leaf.kind is Kind.ERASE:
            entries = cast("Sequence[str]", leaf.public.get("entries", ()))
            self._pairing.erase(UUID(each).bytes for each in entries)
        if leaf.kind is Kind.GENESIS and leaf.public.get("vkey") != self._chain.first.write():
            self._findings.add(Check.ENTRIES, "the genesis names another key", index)
        changes = [change.index for change in self._chain.changes]
        if leaf.kind is Kind.KEY_CHANGE and index not in changes:
            self._findings.add(Check.ENTRIES, "it changes a key out of turn", index)
        if leaf.kind is Kind.SHARD and not self._shards.knows(index):
            self._findings.add(Check.ENTRIES, "it closes or drops a shard out of turn", index)

    def _compare(self, edge: Edge) -> None:
        said = self._expected.pop(edge.size, None)
        if said is not None and said != {edge.root()}:
            self._findings.add(
                Check.TREE, f"a head or checkpoint of size {edge.size} has another root"
            )
        seen = self._seen.pop(edge.size, None)
        if seen is not None and self._latest > utc(seen + CLOCK_SECONDS):
            what = f"an outsider saw {edge.size} entries at {utc(seen)}: one says that it is later"
            self._findings.add(Check.ENTRIES, what)

    def _check_receipt(self, receipt: Proof) -> None:
        """Hold the entry at a receipt's index, or the hash that stands for it, to the receipt."""
        signed = self._chain.open(receipt.checkpoint)
        size, root = signed.size, signed.root
        tables = ("entry", "dropped") if self._has_dropped() else ("entry",)
        found = [
            hashed
            for table in tables
            for (hashed,) in self._connection.execute(
                f"SELECT CAST(leaf_hash AS BLOB) FROM {table} WHERE idx = ?",  # noqa: S608 - ours
                (receipt.index,),
            )
        ]
        try:
            verify_inclusion(b"".join(found), receipt.index, size, receipt.path, root)
        except UntrustedError as fault:
            what = f"a receipt says otherwise: {fault}"
            self._findings.add(Check.TREE, what, receipt.index)

    def _check_ends(self, edge: Edge, signed: int) -> None:
        for size in sorted(self._expected):
            self._findings.add(
                Check.END, f"a head or checkpoint says {size} entries: the log was cut"
            )
        state = self._connection.execute(
            "SELECT CAST(size AS INTEGER), CAST(root AS BLOB), CAST(edge AS BLOB) FROM log_state"
        ).fetchall()
        if state != [(edge.size, edge.root(), b"".join(edge.hashes))]:
            self._findings.add(Check.END, "the state row is not what the entries lead to")
        newest = self._connection.execute("SELECT max(size) FROM head").fetchone()
        if newest != (edge.size,) and edge.root() != EMPTY_ROOT:
            self._findings.add(Check.END, "the newest head is not the end of the log")
        if signed < edge.size:
            what = f"{edge.size - signed} entries are covered by no signature"
            self._findings.add(
                Check.END, f"{what}: a log that was killed signs them at its next start"
            )

    def _check_details(self) -> None:
        found = self._connection.execute("SELECT CAST(entry_id AS BLOB) FROM detail").fetchall()
        present = {each for (each,) in found if len(each) == _ID_BYTES}
        if len(present) != len(found):
            self._findings.add(Check.PAIRS, "a detail has no proper id")
        self._pairing.check_details(present, self._shards.border)


def _told(shard: Shard) -> Dropped:
    closed, dropped = map(write_time, (shard.closed_at, shard.dropped_at or shard.due_at))
    return Dropped(shard.number, shard.first, shard.size, closed, dropped, shard.days)


def _not_proved(
    size: int, known: Sequence[int], vouched: Sequence[Vouching], dropped: int
) -> Iterator[str]:
    outside = max([0, *known, *(each.size for each in vouched)])
    if outside < size:
        after = f"after size {outside}" if outside else "at all: no checkpoint from outside given"
        yield f"that nothing was cut off or rewritten by the key's holder {after}"
    if dropped:
        yield f"what {dropped} entries said: their shards were dropped, and their hashes stayed"
    yield "that everybody is shown this same log: compare checkpoints with others, or ask a witness"
    yield "that what happened was written: compare with the upstream bill and the pictures' marks"
    if vouched:
        yield f"that the times after size {max(each.size for each in vouched)} are true"
        yield "that no entry is older than it says: outsiders tell only what was there by when"
    else:
        yield "that the times are true: the log states them, nobody outside has stamped them"
    yield "that the encrypted details match their commitments: that needs the detail keys"
