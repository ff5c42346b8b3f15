"""The heads that an export's entries have to lead to, and the keys that signed them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from audit.anchors import Anchor
from audit.checkpoint import Checkpoint
from audit.entry import Kind
from audit.errors import MalformedError, UntrustedError
from audit.export.anchoring import read_anchor
from audit.export.files import Files
from audit.export.findings import ExportCheck
from audit.export.manifest import Manifest
from audit.export.names import ANCHORS, CHECKPOINT, CHECKPOINTS
from audit.leaf import Leaf, read_object
from audit.outsiders import CLOCK_SECONDS, Outsiders, Vouched, held, utc
from audit.report import Findings
from audit.rotation import KeyChain, follow
from audit.shards import Shards, shards_of
from audit.vkey import VerifierKey

_FRAME = (b'"kind":"genesis"', b'"kind":"key_change"', b'"kind":"shard"')


class Heads:
    """Every checkpoint that somebody holds against the export."""

    def __init__(self, manifest: Manifest, chain: KeyChain, findings: Findings) -> None:
        self._manifest, self._chain, self._findings = manifest, chain, findings
        self._expected: dict[int, set[bytes]] = {}  # size -> the roots somebody says it had
        self._seen: dict[int, int] = {}  # size -> the second by which an outsider had seen it
        self.good: list[int] = []
        self.vouched: list[Vouched] = []
        self.strangers = 0
        self.outside: list[Checkpoint] = []

    def read(self, files: Files) -> None:
        """Read the export's own head, and those before it."""
        head = self._open(files.text(CHECKPOINT), CHECKPOINT)
        said = (self._manifest.size, self._manifest.root)
        if head is not None and (head.size, head.root.hex()) != said:
            self._add("the manifest names another head than is signed")
        for line in files.lines(CHECKPOINTS):
            try:
                stored = read_object(line, "line")
            except MalformedError as fault:
                self._add(f"{CHECKPOINTS}: {fault}")
                continue
            size = stored.get("size")
            checkpoint = self._open(str(stored.get("note")), f"the one of size {size}")
            if checkpoint is not None and checkpoint.size != size:
                self._add(f"the one of size {size} is of size {checkpoint.size}")

    def know(self, notes: Sequence[str]) -> None:
        """Take checkpoints from outside; one that is not signed is its giver's mistake.

        Raises:
            MalformedError: one is none of this log.
        """
        for note in notes:
            try:
                checkpoint = self._chain.open(note)
            except UntrustedError as fault:
                what = "known checkpoint"
                raise MalformedError(what, "one the log signed", str(fault)) from fault
            self.outside.append(checkpoint)
            if checkpoint.size <= self._manifest.size:
                self._expect(checkpoint)

    def trust(self, files: Files, beside: Sequence[Anchor], trusted: Outsiders) -> None:
        """Hold what outsiders said, in the export and beside it, to those whom the verifier names.

        Raises:
            UnusableError: a time stamp was to be looked at, and there is no way to.
        """
        anchors = [*beside]
        for line in files.lines(ANCHORS):
            try:
                anchors.append(read_anchor(line))
            except MalformedError as fault:
                self._add(f"{ANCHORS}: {fault}")
        good, problems, self.strangers = held(anchors, self._chain, trusted)
        for problem in problems:
            self._add(problem)
        for each in good:
            size = each.checkpoint.size
            if size <= self._manifest.size:
                self._expect(each.checkpoint)
                self._seen[size] = min(each.at, self._seen.get(size, each.at))
                self.vouched.append(each)

    def check_vouched(self) -> None:
        """Find a retired key whose successor nobody but itself speaks for."""
        sizes = [*self.good, *(each.size for each in self.outside)]
        for change in self._chain.unvouched(sizes):
            what = "a key was retired, and nobody vouched for its successor: no checkpoint by both"
            self._findings.add(ExportCheck.CHECKPOINTS, what, change.index)

    def compare(self, size: int, root: bytes, latest: str = "") -> None:
        """Hold what is expected of a size to what the entries lead to.

        `latest` is the latest time of an entry so far: an outsider who saw the tree before bounds
        it, within what two clocks may differ.
        """
        if self._expected.get(size) == {root}:
            del self._expected[size]
        seen = self._seen.get(size)
        if seen is not None and latest > utc(seen + CLOCK_SECONDS):
            what = "an entry is dated after an outsider had seen it"
            self._findings.add(ExportCheck.TREE, what, size - 1)

    def expects(self, size: int) -> bool:
        """Whether somebody says what root the log had at this size."""
        return size in self._expected

    def finish(self) -> None:
        """Find the heads that the entries did not lead to."""
        for size in sorted(self._expected):
            what = f"a checkpoint of size {size} has another root"
            self._findings.add(ExportCheck.TREE, what)

    def _open(self, note: str, what: str) -> Checkpoint | None:
        try:
            checkpoint = self._chain.open(note)
        except (MalformedError, UntrustedError) as fault:
            self._add(f"{what}: {fault}")
            return None
        self._expect(checkpoint)
        self.good.append(checkpoint.size)
        return checkpoint

    def _expect(self, checkpoint: Checkpoint) -> None:
        self._expected.setdefault(checkpoint.size, set()).add(checkpoint.root)

    def _add(self, what: str) -> None:
        self._findings.add(ExportCheck.CHECKPOINTS, what)


def keys_of(
    entries: Iterable[tuple[int, bytes]], key: VerifierKey, findings: Findings
) -> tuple[KeyChain, Shards]:
    """Follow the log's keys through its entries, from the first one on; `key` MUST be among them.

    None of the entries is believed for it: whoever makes one up lacks the signature of `key`.
    Return its shards as well, as far as they can be followed.
    """
    found: dict[UUID, tuple[int, bytes]] = {}
    first = key
    try:
        for index, line in entries:
            if any(each in line for each in _FRAME):
                leaf = Leaf.parse(line)
                found[leaf.entry_id] = (index, line)
                if leaf.kind is Kind.GENESIS:
                    first = VerifierKey.parse(str(leaf.public.get("vkey")))
        chain, shards = follow(first, found.get), shards_of(first.name, found.get)
    except (MalformedError, UntrustedError) as fault:
        what = f"its keys or shards cannot be followed: {fault}"
        findings.add(ExportCheck.CHECKPOINTS, what)
        return KeyChain(key), Shards(key.name)
    if first.name == key.name and chain.names(key):
        return chain, shards
    findings.add(ExportCheck.CHECKPOINTS, "it is of another log or key")
    return KeyChain(key), Shards(key.name)
