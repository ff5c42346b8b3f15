"""Verifies an export offline, packed or not, for somebody who trusts neither its giver nor us.

The log's verifier key is all that is believed. The checkpoint is signed by it; the entries hash to
the checkpoint; one of them names the key that signed the manifest; the manifest names every file.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from audit.anchors import Anchor
from audit.entry import Kind
from audit.errors import AuditError, MalformedError, UntrustedError
from audit.export.disclosed import Disclosed
from audit.export.files import Files
from audit.export.findings import EXPORT_TITLES, ExportCheck, ExportReport
from audit.export.folder import MANIFEST, SIGNATURE, Source, open_source
from audit.export.heads import Heads, keys_of
from audit.export.manifest import MAX_BYTES, Manifest, key_name
from audit.export.names import CHECKPOINT, DISCLOSED, TABLE, WITHHELD
from audit.export.profile import WITH_TILES
from audit.export.tiles import Tiler, tiles_of
from audit.export.unproved import not_proved, vouching
from audit.export.views import HEADING, Figures, policies_of, table_row
from audit.export.withheld import Ranges
from audit.leaf import Leaf
from audit.merkle import HASH_BYTES, leaf_hash
from audit.note import Note
from audit.outsiders import NOBODY, Outsiders
from audit.pairing import Pairing
from audit.proof import Proof
from audit.report import Findings
from audit.verification import Watch
from audit.vkey import VerifierKey

_TOLD = 1024
"""After so many entries of all whoever waits is told how far it is."""


def verify_export(
    path: Path,
    vkey: str,
    *,
    known_checkpoints: Sequence[str] = (),
    anchors: Sequence[Anchor] = (),
    trusted: Outsiders = NOBODY,
    watch: Watch = lambda _done, _size: None,
) -> ExportReport:
    """Check the whole export, in the order of `ExportCheck`.

    Raises:
        UnusableError: a time stamp was to be looked at, and there is no way to.
        MalformedError: `vkey` is no verifier key, a known checkpoint is none of this log, or what
            lies at `path` is no export that can be read.
    """
    key = VerifierKey.parse(vkey)
    with open_source(path) as source:
        manifest = Manifest.parse(_manifest(source))
        return _Checking(source, manifest, key, watch).run(known_checkpoints, anchors, trusted)


class _Checking:
    def __init__(self, source: Source, manifest: Manifest, key: VerifierKey, watch: Watch) -> None:
        self._manifest, self._key, self._watch = manifest, key, watch
        self._tiled = manifest.scope.profile in WITH_TILES
        self._findings = Findings(EXPORT_TITLES)
        self._files = Files(source, self._findings)
        self._readable = not self._tiled or self._has_its_tiles()
        placed = self._placed() if self._readable else ()
        chain, self._shards = keys_of(placed, key, self._findings)
        self._chain, self._heads = chain, Heads(manifest, chain, self._findings)
        self._disclosed = Disclosed(manifest, self._files.lines(DISCLOSED), self._findings)
        self._table = sha256(HEADING)
        self._figures = Figures()
        self._policies: set[str] = set()
        self._entries, self._latest = 0, ""
        self._own: Leaf | None = None

    def run(
        self, known: Sequence[str], anchors: Sequence[Anchor], trusted: Outsiders
    ) -> ExportReport:
        manifest, heads = self._manifest, self._heads
        self._files.check(manifest.files)
        heads.read(self._files)
        heads.know(known)
        heads.trust(self._files, anchors, trusted)
        heads.check_vouched()
        if not self._tiled:
            self._walk_proofs()
        elif self._readable:
            self._walk_tiles()
        else:
            self._add(ExportCheck.TREE, "the tiles are not those of a log of this size")
        self._check_own_entry()
        self._disclosed.finish(self._shards.border)
        self._check_views()
        return ExportReport(
            origin=self._key.name,
            profile=manifest.scope.profile.value,
            export=str(manifest.export),
            entries=manifest.size,
            root=manifest.root,
            disclosed=self._entries,
            withheld=manifest.withheld,
            values=self._disclosed.count,
            erased=manifest.erased,
            checkpoints=len(heads.good),
            known_checkpoints=len(known),
            steps=self._findings.steps,
            problem_count=self._findings.count,
            problems=tuple(self._findings.first),
            not_proved=tuple(not_proved(manifest, heads)),
            vouched=vouching(heads.vouched),
            strangers=heads.strangers,
        )

    def _has_its_tiles(self) -> bool:
        """Whether the tiles are those of a log of the manifest's size, so that it is believed."""
        sizes, size = self._files.sizes, self._manifest.size
        there = {name for name in sizes if name.startswith("log/tile/")}
        given = sum(sizes[name] for name in there if name.startswith("log/tile/0/"))
        return given == size * HASH_BYTES and there == {f"log/{name}" for name, _ in tiles_of(size)}

    def _placed(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line with the index that it claims; nothing of it is checked yet."""
        return zip(self._claimed(), self._files.entries(), strict=False)

    def _claimed(self) -> Iterator[int]:
        if not self._tiled:
            yield from self._proved()
            return
        unheard = Findings(EXPORT_TITLES)  # the walk reads them again, and tells
        size = self._manifest.size
        ranges = Ranges(self._manifest, self._files.lines(WITHHELD), unheard, size)
        for index in range(size):
            if not ranges.leaves_out(index):
                yield index

    def _walk_tiles(self) -> None:
        """Go over every hash of the log, and hold every entry and every tile to it."""
        border = self._shards.border
        ranges = Ranges(self._manifest, self._files.lines(WITHHELD), self._findings, border)
        pairing = Pairing(self._findings, ExportCheck.COMPLETE)
        lines, tiler = self._files.entries(), Tiler(self._hold_tile)
        for index, hashed in enumerate(self._leaf_hashes()):
            tiler.add(hashed)
            if not ranges.leaves_out(index):
                leaf = self._take_next(index, hashed, lines)
                if leaf is not None and not ranges.any:
                    pairing.take(index, leaf.glance())
            if self._heads.expects(index + 1):
                self._heads.compare(index + 1, tiler.edge.root(), self._latest)
            if not (index + 1) % _TOLD or index + 1 == self._manifest.size:
                self._watch(index + 1, self._manifest.size)
        tiler.finish()
        ranges.finish()
        self._heads.finish()
        for _ in lines:
            self._add(ExportCheck.COMPLETE, "a line is no entry that the log has a place for")

    def _take_next(self, index: int, hashed: bytes, lines: Iterator[bytes]) -> Leaf | None:
        """Take the next line as the entry with this hash, if it is that."""
        line = next(lines, None)
        if line is None:
            self._add(ExportCheck.COMPLETE, "it is neither here nor left out", index)
            return None
        if leaf_hash(line) != hashed:
            self._add(ExportCheck.ENTRIES, "its bytes are not what was hashed", index)
            return None
        return self._take(index, line)

    def _walk_proofs(self) -> None:
        """Hold every entry to a proof of its own; nothing is known of the others."""
        lines = self._files.entries()
        signed = self._files.text(CHECKPOINT)
        for index in self._proved():
            line = next(lines, None)
            if line is None:
                self._add(ExportCheck.COMPLETE, "its proof is here, and it is not", index)
                continue
            try:
                self._prove(index, line, signed)
            except AuditError as fault:
                self._add(ExportCheck.TREE, str(fault), index)
                continue
            self._take(index, line)
        for _ in lines:
            self._add(ExportCheck.COMPLETE, "a line has no proof")
        self._heads.compare(self._manifest.size, bytes.fromhex(self._manifest.root))
        if self._heads.expects(self._manifest.size):
            self._add(ExportCheck.TREE, "a checkpoint of this size has another root")

    def _proved(self) -> list[int]:
        return sorted(_index_of(name) for name in self._files.sizes if name.startswith("proofs/"))

    def _prove(self, index: int, line: bytes, signed: str) -> None:
        """Check that this line is the entry at `index`, under the export's own checkpoint."""
        proof = Proof.parse(self._files.text(_proof_of(index)))
        if proof.index != index or proof.checkpoint != signed:
            raise UntrustedError("proof", "it is of another entry or checkpoint")
        for key in self._chain.at(self._manifest.size):
            proof.verify(line, key)

    def _take(self, index: int, line: bytes) -> Leaf | None:
        """Take one entry whose place is proved."""
        manifest, self._entries = self._manifest, self._entries + 1
        try:
            leaf = Leaf.parse(line)
        except MalformedError as fault:
            self._add(ExportCheck.ENTRIES, str(fault), index)
            return None
        if (index == 0) != (leaf.kind is Kind.GENESIS):
            self._add(ExportCheck.ENTRIES, "the first entry, and no other, is the genesis", index)
        self._latest = max(self._latest, leaf.at)
        if index == manifest.index:
            self._own = leaf
        elif self._tiled and manifest.scope.withholds(leaf, manifest.root) is not None:
            self._add(ExportCheck.COMPLETE, "it is outside of the scope", index)
        self._table.update(table_row(index, leaf))
        self._figures.take(leaf)
        self._policies.update(policies_of(leaf))
        self._disclosed.take(index, leaf)
        return leaf

    def _hold_tile(self, name: str, tile: bytes) -> None:
        above = not name.startswith("tile/0/")  # those of level 0 are where the hashes come from
        if above and self._files.bytes(f"log/{name}", len(tile) + 1) != tile:
            self._add(ExportCheck.TREE, f"log/{name} is not what the entries lead to")

    def _check_own_entry(self) -> None:
        """Hold the manifest to the log's entry of this export, and to the key that it names."""
        manifest, leaf = self._manifest, self._own
        if leaf is None or (leaf.entry_id, leaf.kind) != (manifest.export, Kind.EXPORT):
            self._add(ExportCheck.SIGNATURE, "the log's entry of this export is not in it")
            return
        said = (leaf.public.get("name"), leaf.public.get("digest"), leaf.at)
        if said != (manifest.scope.profile.value, manifest.scope.digest(), manifest.made_at):
            self._add(ExportCheck.SIGNATURE, "the log's entry tells of another export")
        try:
            key = VerifierKey.parse(str(leaf.public.get("vkey")))
            text = key.open(Note.parse(self._files.text(SIGNATURE)))
        except AuditError as fault:
            self._add(ExportCheck.SIGNATURE, str(fault))
            return
        if text != manifest.text() or key.name != key_name(manifest.export):
            self._add(ExportCheck.SIGNATURE, "another manifest was signed")

    def _check_views(self) -> None:
        """Make again what only repeats the entries, and compare."""
        manifest = self._manifest
        views = {TABLE: self._table.hexdigest()}
        if self._tiled:
            made = self._figures.write().items()
            views |= {name: sha256(data).hexdigest() for name, data in made}
        for name, digest in views.items():
            if name not in manifest.files or manifest.files[name].sha256 != digest:
                self._add(ExportCheck.VIEWS, f"{name} says something else than the entries")
        policies = {n: f.sha256 for n, f in manifest.files.items() if n.startswith("policies/")}
        for name, digest in policies.items():
            if name != f"policies/{digest}.jsonl":
                self._add(ExportCheck.VIEWS, f"{name} has another digest than its name")
        if sorted(self._policies - {*policies.values()}) != [*manifest.policies_missing]:
            self._add(ExportCheck.VIEWS, "other policies are missing than the manifest says")
        if self._entries != manifest.disclosed:
            self._add(ExportCheck.COMPLETE, "the manifest counts other entries")

    def _leaf_hashes(self) -> Iterator[bytes]:
        for name, width in tiles_of(self._manifest.size):
            if not name.startswith("tile/0/"):
                return
            tile = self._files.bytes(f"log/{name}", width * HASH_BYTES)
            yield from (tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES))

    def _add(self, check: ExportCheck, what: str, index: int | None = None) -> None:
        self._findings.add(check, what, index)


def _manifest(source: Source) -> bytes:
    if source.sizes.get(MANIFEST, MAX_BYTES + 1) > MAX_BYTES:
        raise MalformedError("export", f"a {MANIFEST}", "none, or one that is too large")
    with source.open(MANIFEST) as file:
        return file.read(MAX_BYTES + 1)


def _proof_of(index: int) -> str:
    return f"proofs/{index}.tlog-proof"


def _index_of(name: str) -> int:
    number = name.removeprefix("proofs/").removesuffix(".tlog-proof")
    if not (number.isascii() and number.isdecimal()) or name != _proof_of(int(number)):
        raise MalformedError("export", "proofs named for their index", name)
    return int(number)
