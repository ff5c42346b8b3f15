"""Runs the tamper matrix and writes its page: `make tamper`."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.errors import AuditError
from audit.export.check import verify_export
from audit.export.findings import EXPORT_TITLES
from audit.report import TITLES, Problem
from audit.verify import verify
from tests.tamper.attacker import unguarded
from tests.tamper.database import ALONE, ONLY_WITH_MEMORY, REGROWN, Mutation
from tests.tamper.exports import CHANGES, Change, Forger, changed, made
from tests.tamper.papers import FORGERIES, Forgery
from tests.tamper.scene import SIZE, Scene, build

PAGE = Path(__file__).parents[2] / "docs" / "tamper.md"
_MISSED = "**not caught**"
_INTRODUCTION = f"""# Tampering: what is caught, and by which check

Made by `make tamper`; a test holds it to what the code does. Each row changes its own copy of a
log of {SIZE} entries (or a proof, receipt, key or detail of it) as somebody could who has the file,
with every trigger and constraint dropped. The check is the step of `python -m audit.verify` (and
of `verify.pyz`) that saw it first:

"""
MEMORIES = ("verifier alone", "with an older checkpoint", "with a receipt")
_MEMORY = """\
Two ways: the cut, and the history that its own key's holder signs again (the last row is the same,
begun later). Every answer carries a receipt, and one that is newer than the change is enough.
"""
_EXPORTS = """\
An [export](exports.md) for one case: of a log of its own, with commitments opened, details erased,
entries left out. Where a row says `signed`, the manifest was signed again with the export's own
key, which is thrown away when it is made: so the check that sees it is not the signature. The
check is the step of `audit verify` on an export; `refused` is its status 2, before any step.

"""
_UNSEEN = """
## What is no evidence, so nobody checks it

Two things are outside the tree: `committed_at` of a head, and the triggers. They help the
operator, and a verifier believes neither. What was never written is not visible to any log.
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Which check saw a change first, and what it said."""

    check: str
    message: str

    @property
    def caught(self) -> bool:
        """Whether any check saw it."""
        return self.check != _MISSED


def tampered(scene: Scene, path: Path, mutation: Mutation) -> Scene:
    """Return the scene over a copy of the log that was changed."""
    copied = scene.copied(path)
    attacker = unguarded(copied.path, copied.signer)
    mutation.attack(attacker)
    attacker.run("COMMIT")
    attacker.db.close()
    return copied


def seen(scene: Scene, known: Sequence[str] = ()) -> Seen:
    """Verify a log with nothing but its key, and what somebody remembers."""
    report = verify(scene.path, scene.vkey, known_checkpoints=known)
    if report.ok:
        return Seen(_MISSED, "")
    return _first(report.problems)


def refused(scene: Scene, forgery: Forgery) -> Seen:
    """Show a forged paper to its check."""
    try:
        forgery.show(scene)
    except AuditError as fault:
        return Seen(forgery.check, str(fault))
    return Seen(_MISSED, "")


def seen_in_export(forger: Forger, change: Change, folder: Path) -> Seen:
    """Verify a changed copy of an export."""
    try:
        report = verify_export(changed(forger, change, folder), forger.scene.vkey)
    except AuditError as fault:
        return Seen("refused", str(fault))
    if report.ok:
        return Seen(_MISSED, "")
    return _first(report.problems)


def _first(problems: Sequence[Problem]) -> Seen:
    first = min(problems, key=lambda problem: problem.check)
    place = "" if first.index is None else f"entry {first.index}: "
    return Seen(f"({first.check.value})", f"{place}{first.what}")


@dataclass(frozen=True, slots=True)
class Row:
    """One mutation, and what each who looked saw of it."""

    name: str
    hope: str
    seen: tuple[Seen, ...]

    def cells(self) -> tuple[str, ...]:
        """Return the row's cells: the message is that of whoever knew the most."""
        return self.name, self.hope, *(each.check for each in self.seen), self.seen[-1].message


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every mutation with its outcome. `remembered` was shown to three: see `MEMORIES`."""

    alone: tuple[Row, ...]
    remembered: tuple[Row, ...]
    papers: tuple[Row, ...]
    exports: tuple[Row, ...]

    @property
    def count(self) -> int:
        """How many mutations there are."""
        return sum(map(len, (self.alone, self.remembered, self.papers, self.exports)))


def run(scene: Scene, folder: Path) -> Matrix:
    """Try everything, each on its own copy in `folder`."""

    def row(mutation: Mutation, *memories: Sequence[str]) -> Row:
        changed = tampered(scene, folder / "copy.db", mutation)
        return Row(mutation.name, mutation.hope, tuple(seen(changed, each) for each in memories))

    return Matrix(
        tuple(row(each, ()) for each in ALONE),
        tuple(
            row(each, (), [scene.older], [scene.receipt]) for each in (*ONLY_WITH_MEMORY, REGROWN)
        ),
        tuple(Row(each.name, each.hope, (refused(scene, each),)) for each in FORGERIES),
        tuple(_export_rows(scene, folder)),
    )


def _export_rows(scene: Scene, folder: Path) -> Iterator[Row]:
    forger = made(scene, folder / "export")
    for each in CHANGES:
        yield Row(each.name, each.hope, (seen_in_export(forger, each, folder),))


def page(matrix: Matrix) -> str:
    """Return the page of what was seen."""
    return "\n".join(_lines(matrix)) + "\n" + _UNSEEN


def _lines(matrix: Matrix) -> Iterator[str]:
    yield _INTRODUCTION + "\n".join(f"{check.value}. {title}" for check, title in TITLES.items())
    yield from ("", "## The log's file", "")
    yield from _table(["caught by"], matrix.alone)
    yield from ("", "## What only an outside memory catches", "")
    yield _MEMORY
    yield from _table(MEMORIES, matrix.remembered)
    yield from ("", "## Proofs, receipts, keys and details", "")
    yield from _table(["caught by"], matrix.papers)
    yield from ("", "## Exports", "")
    yield _EXPORTS + "\n".join(f"{check}. {title}" for check, title in EXPORT_TITLES.items())
    yield ""
    yield from _table(["caught by"], matrix.exports)


def _table(who: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    names = ("mutation", "what an attacker hopes", *who, "message")
    yield _line(names)
    yield "|" + "---|" * len(names)
    yield from (_line(row.cells()) for row in rows)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def main() -> int:
    """Write the page; say how many mutations it tells of."""
    with tempfile.TemporaryDirectory() as folder:
        matrix = run(build(Path(folder)), Path(folder))
    PAGE.write_text(page(matrix), encoding="utf-8")
    sys.stdout.write(f"{matrix.count} mutations: {PAGE.name} is written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
