"""What the audit log says of the demonstration, read as a stranger would: from the file alone."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from audit.connection import connect_reader
from audit.entry import OUTCOMES, STEPS, Kind
from audit.leaf import Leaf
from audit.merkle import inclusion_spans, span_root
from audit.proof import Proof
from audit.report import Report
from audit.store import Row
from audit.tables import nodes, rows
from audit.verify import verify
from audit.vkey import VerifierKey
from pipeline.cli.logfile import LOG, VKEY, newest

T = TypeVar("T")
_ALL = 1 << 32


@dataclass(frozen=True, slots=True)
class Step:
    """One entry, as anybody may read it."""

    index: int
    entry_id: UUID
    kind: Kind
    at: datetime
    public: Mapping[str, Any]
    leaf: bytes = field(repr=False)

    @property
    def submission(self) -> UUID | None:
        """The submission that it is about."""
        named = self.public.get("submission")
        return None if named is None else UUID(named)

    @property
    def stage(self) -> str:
        """The stage that took this step."""
        taken = {Kind.ADMIT: "screen", Kind.GENERATED: "generate", Kind.EXAMINED: "examine"}
        return str(self.public.get("stage", taken.get(self.kind, self.kind.value)))


@dataclass(frozen=True, slots=True)
class Ledger:
    """The log's file, and the key with which it is checked."""

    data_dir: Path

    @property
    def key(self) -> str:
        """The verifier key, as the operator publishes it."""
        return (self.data_dir / VKEY).read_text(encoding="ascii").strip()

    def steps(self, start: int = 0) -> Sequence[Step]:
        """Return every entry from an index on. Its signature is in the file a moment later."""
        return self._read(lambda log: [*map(_step, rows(log, start, _ALL))])

    def trail(self, submission: UUID | None) -> Sequence[Step]:
        """Return what the log says of one submission, in order."""
        return [step for step in self.steps() if submission and step.submission == submission]

    def unsigned(self) -> int:
        """Return how many entries wait for the file's next signature."""
        return len(self.steps(self._read(newest)[0]))

    def proof(self, step: Step) -> str:
        """Return the proof that an entry is in the log, after checking it.

        Raises:
            UntrustedError: it does not hold.
        """
        written = self._read(lambda log: _proof(log, step.index))
        Proof.parse(written).verify(step.leaf, VerifierKey.parse(self.key))
        return written

    def verified(self, kept: Sequence[str]) -> Report:
        """Verify the whole log, also against the checkpoints that its callers kept."""
        return verify(self.data_dir / LOG, self.key, known_checkpoints=kept)

    def _read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with closing(connect_reader(self.data_dir / LOG)) as connection:
            return question(connection)


def deciding(trail: Sequence[Step]) -> Step | None:
    """Return the step that decided: the outcome, or else the last one taken."""
    taken = [step for step in trail if step.kind in STEPS]
    ended = [step for step in taken if step.kind in OUTCOMES]
    return next(reversed(ended or taken), None)


def _step(row: Row) -> Step:
    leaf = Leaf.parse(row.leaf)
    public = json.loads(json.dumps(leaf.public))
    at = datetime.fromisoformat(leaf.at)
    return Step(row.index, leaf.entry_id, leaf.kind, at, public, row.leaf)


def _proof(log: sqlite3.Connection, index: int) -> str:
    size, checkpoint = newest(log)
    node_at = nodes(log)
    path = tuple(span_root(span, node_at) for span in inclusion_spans(index, size))
    return Proof(index, path, checkpoint).write()
