"""What outsiders remember, on the command line: checkpoints, witnesses, keys."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.anchors import Anchor, AnchorKind, Anchors
from audit.checkpoint import open_checkpoint
from audit.log import Log
from audit.note import Note
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.vkey import VerifierKey
from pipeline.cli import operator
from pipeline.jobs.rotation import Rotation
from tests.unit.pipeline.cli.conftest import ORIGIN, Run, admitted
from tests.witness import TestWitness

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


def own_key(data_dir: Path) -> VerifierKey:
    return VerifierKey.parse((data_dir / "keys" / "log.vkey").read_text().split()[0])


def cosign(data_dir: Path, run: Run) -> TestWitness:
    """Have the newest checkpoint cosigned, as the server does."""
    watcher = TestWitness(logs={ORIGIN: [own_key(data_dir).write()]})
    newest = run("--data-dir", data_dir, "audit", "checkpoint").stdout
    line = watcher.answer(f"old 0\n\n{newest}").body.split("\n")[0] + "\n"
    anchor = Anchor(3, AnchorKind.COSIGNATURE, watcher.name, watcher.time, newest, line.encode())
    Anchors(data_dir / "anchors.db").keep(anchor)
    return watcher


def rotated(data_dir: Path) -> str:
    """Change the log's key from beginning to end; return an entry's proof from after that."""

    async def change() -> str:
        keys = data_dir / "keys"
        log = await Log.open(
            data_dir / "log.db",
            origin=ORIGIN,
            signer=Ed25519Signer.load(keys / "log.key"),
            keys=DetailKeys.load(keys / "detail.key"),
            now=lambda: NOON,
        )
        rotation = Rotation(log, keys, lambda: NOON)
        await rotation.add("Ada")
        await rotation.retire("Ada")
        proof = await log.proof(admitted(1).entry_id)
        await log.close()
        return proof

    return asyncio.run(change())


class TestCheckpoint:
    def test_the_newest_is_shown_as_it_was_signed(
        self, data_dir: Path, run: Run, tmp_path: Path
    ) -> None:
        """What somebody keeps must verify later."""
        done = run("--data-dir", data_dir, "audit", "checkpoint", "-o", tmp_path / "kept.txt")
        assert done.exit_code == 0
        assert open_checkpoint((tmp_path / "kept.txt").read_text(), own_key(data_dir)).size == 3
        again = run("--data-dir", data_dir, "audit", "verify", "--known", tmp_path / "kept.txt")
        assert again.exit_code == 0

    def test_cosignatures_stand_below_it(self, data_dir: Path, run: Run) -> None:
        assert run("--data-dir", data_dir, "audit", "checkpoint", "--cosigned").exit_code == 1
        watcher = cosign(data_dir, run)
        for more in ((), ("--cosigned",)):
            done = run("--data-dir", data_dir, "audit", "checkpoint", *more)
            assert [each.name for each in Note.parse(done.stdout).signatures] == [
                ORIGIN,
                watcher.name,
            ]
        said = json.loads(run("--data-dir", data_dir, "audit", "checkpoint", "--json").stdout)
        assert (said["size"], said["witnesses"]) == (3, [watcher.name])


class TestVerify:
    def test_a_witness_counts_if_it_is_named(
        self, data_dir: Path, run: Run, tmp_path: Path
    ) -> None:
        watcher = cosign(data_dir, run)
        verify = ("--data-dir", data_dir, "audit", "verify", "--json")
        assert json.loads(run(*verify).stdout)["strangers"] == 1
        (tmp_path / "w.vkey").write_text(watcher.vkey + "\n")
        for named in (watcher.vkey, tmp_path / "w.vkey"):
            report = json.loads(run(*verify, "--witness", named).stdout)
            assert report["vouched"][0]["size"] == 3
        assert run(*verify, "--witness", "nonsense").exit_code == 2

    def test_a_log_that_changed_its_key_verifies_from_any_of_them(
        self, data_dir: Path, run: Run, tmp_path: Path
    ) -> None:
        """Old proofs too, by the file with all keys."""
        before = run("--data-dir", data_dir, "audit", "prove", admitted(1).entry_id).stdout
        after = rotated(data_dir)
        for line in (data_dir / "keys" / "log.vkey").read_text().splitlines():
            assert run("--data-dir", data_dir, "audit", "verify", "--vkey", line).exit_code == 0
        leaf = json.loads(
            run("--data-dir", data_dir, "audit", "prove", admitted(1).entry_id, "--json").stdout
        )["leaf"]
        (tmp_path / "it.leaf.json").write_text(leaf)
        for proof in (before, after):
            (tmp_path / "it.proof").write_text(proof)
            done = run("--data-dir", data_dir, "audit", "check-proof", tmp_path / "it.proof")
            assert done.exit_code == 0, done.output


class TestAsking:
    """The server's answers, as the commands tell them."""

    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
        said: list[tuple[str, Any]] = []

        def ask(data_dir: Path, method: str, path: str, body: Any = None) -> Any:
            del data_dir, method
            said.append((path, body))
            if path == "/audit/anchors":
                standing = {"kind": "cosignature", "size": 3, "at": None, "behind": 0}
                return {"anchors": [{"name": "w", **standing, "fault": "status 503"}]}
            return {"vkey": "gw.example/audit+0123abcd+AAAA", "file": "keys/log.key"}

        monkeypatch.setattr(operator, "ask", ask)
        return said

    def test_a_witness_that_refused_is_shown(self, run: Run, asked: list[tuple[str, Any]]) -> None:
        done = run("audit", "witness")
        assert (done.exit_code, asked) == (1, [("/audit/anchors", None)])
        assert "status 503" in done.stdout

    def test_a_rotation_has_two_steps(self, run: Run, asked: list[tuple[str, Any]]) -> None:
        first = run("audit", "rotate", "--person", "Ada")
        second = run("audit", "rotate", "--retire", "--person", "Ada")
        assert (first.exit_code, second.exit_code) == (0, 0)
        who = {"person": "Ada"}
        assert asked == [("/audit/keys", who), ("/audit/keys/retired", who)]
        assert "delete its key" in second.stderr
