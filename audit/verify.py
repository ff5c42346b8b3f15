"""Verifies a log file or an export offline, for somebody who trusts neither the operator nor us.

Needs the file and the log's verifier key; nothing of the gateway, no network, no secret. Every
entry's bytes are hashed again: comparing stored roots alone proves nothing.

    python -m audit.verify log.db 'gw.example/audit+0123abcd+AAAA...' --known receipt.txt --json
    python -m audit.verify export.zip log.vkey
    python -m audit.verify log.db log.vkey --anchors anchors.db --witness witness.vkey

Exits with 0 (everything checked holds), 1 (problems), 2 (it could not be checked).
"""

import argparse
import sqlite3
import sys
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from audit.anchors import Anchor, Anchors
from audit.connection import connect_reader
from audit.cosignature import WitnessKey
from audit.errors import AuditError, UnusableError
from audit.export.check import verify_export
from audit.export.findings import ExportReport
from audit.outsiders import NOBODY, Outsiders
from audit.proof import Proof
from audit.report import Report
from audit.verification import Verification, Watch
from audit.vkey import VerifierKey


def verify(
    path: Path,
    vkey: str,
    *,
    known_checkpoints: Sequence[str] = (),
    receipts: Sequence[Proof] = (),
    anchors: Sequence[Anchor] = (),
    trusted: Outsiders = NOBODY,
    hashes_only: bool = False,
    watch: Watch = lambda _done, _size: None,
) -> Report:
    """Check the whole log, in one snapshot, in this order.

    (1) the file says it is the log that `vkey` names
    (2) every checkpoint, stored or from outside, is of this log, and signed by every key that
        it had by then: `vkey`, and those that its entries lead to; and what outsiders whom the
        verifier trusts said of checkpoints holds
    (3) every entry: next index, bytes and hash agree, canonical form, known keys, its own id
    (4) every tile node, head and checkpoint is what those entries lead to
    (5) the state row is the newest head, and a signature covers every entry
    (6) nothing was released without an admission; no detail is missing without an erasure

    A receipt is a known checkpoint, and (4) holds the entry at its index to it as well.

    Of an entry whose shard was dropped only the hash is there: (4) and (5) hold it to the others,
    and it MUST lie below where an entry says that the log was dropped, no earlier than published.

    With `hashes_only` the form of entries in (3) and all of (6) are left out, and the report says
    so: what is there is what was signed, and nobody looked at what it says.

    Raises:
        MalformedError: `vkey` is no verifier key, or a known checkpoint or that of a receipt is
            not signed by the log.
        UnusableError: the file is no log that can be read.
    """
    key = VerifierKey.parse(vkey)
    try:
        with closing(connect_reader(path)) as connection:
            connection.execute("BEGIN")
            verification = Verification(connection, key, hashes_only=hashes_only, watch=watch)
            return verification.run(known_checkpoints, receipts, anchors, trusted)
    except sqlite3.Error as fault:
        raise UnusableError(path.name, f"it cannot be read as a log: {fault}") from fault


def verify_any(
    path: Path,
    vkey: str,
    *,
    known_checkpoints: Sequence[str] = (),
    receipts: Sequence[Proof] = (),
    anchors: Sequence[Anchor] = (),
    trusted: Outsiders = NOBODY,
    hashes_only: bool = False,
    watch: Watch = lambda _done, _size: None,
) -> Report | ExportReport:
    """Check a log's file, or an export (always whole): a directory, or a file that is a zip file.

    Of a receipt an export is held to the checkpoint alone.

    Raises:
        MalformedError, UnusableError: it cannot be checked; see `verify` and `verify_export`.
    """
    if path.is_dir() or zipfile.is_zipfile(path):
        known = [*known_checkpoints, *(each.checkpoint for each in receipts)]
        return verify_export(
            path, vkey, known_checkpoints=known, anchors=anchors, trusted=trusted, watch=watch
        )
    return verify(
        path,
        vkey,
        known_checkpoints=known_checkpoints,
        receipts=receipts,
        anchors=anchors,
        trusted=trusted,
        hashes_only=hashes_only,
        watch=watch,
    )


def _key(given: str) -> str:
    """Return the key as given, or the first that a file holds: the others follow from any one."""
    path = Path(given)
    return path.read_bytes().decode().partition("\n")[0].strip() if path.is_file() else given


def _show(done: int, size: int) -> None:
    """Say on a terminal how far it is; a report takes the place of that."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done:,} of {size:,} entries\x1b[K" if done < size else "\r\x1b[K")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        description="Verify a log or an export, offline.",
        epilog="Exits with 0 (what was checked holds), 1 (problems), 2 (it could not be checked).",
    )
    parser.add_argument(
        "path", type=Path, help="the log's SQLite file, or an export: a zip file or its directory"
    )
    parser.add_argument("vkey", help="the log's verifier key, name+id+base64, or its file")
    parser.add_argument(
        "--known", type=Path, action="append", default=[], help="a file with a checkpoint you kept"
    )
    parser.add_argument(
        "--receipt", type=Path, action="append", default=[], help="a file with a proof you kept"
    )
    parser.add_argument(
        "--anchors", type=Path, help="the file with what outsiders said of the log: anchors.db"
    )
    parser.add_argument(
        "--witness", action="append", default=[], help="the key of a witness you trust, or its file"
    )
    parser.add_argument(
        "--stamps", type=Path, help="PEM: a time-stamp authority's certificate, then those above it"
    )
    parser.add_argument(
        "--hashes-only", action="store_true", help="a log: hash every entry, and read none"
    )
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    given = parser.parse_args(arguments)
    try:
        known = [each.read_bytes().decode() for each in given.known]
        vkey = _key(given.vkey)
        origin = vkey.partition("+")[0]
        report = verify_any(
            given.path,
            vkey,
            known_checkpoints=known,
            receipts=[Proof.parse(each.read_bytes().decode()) for each in given.receipt],
            anchors=Anchors(given.anchors).all(origin) if given.anchors else (),
            trusted=Outsiders(
                tuple(WitnessKey.parse(_key(each)) for each in given.witness),
                given.stamps.read_bytes() if given.stamps else None,
            ),
            hashes_only=given.hashes_only,
            watch=_show,
        )
    except (AuditError, OSError, UnicodeDecodeError) as fault:
        sys.stderr.write(f"cannot verify: {fault}\n")
        return 2
    sys.stdout.write(report.as_json() + "\n" if given.json else report.as_text())
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
