"""The verifier's own questions; what it sees of a changed log is in `tests/tamper`."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.entry import Entry
from audit.errors import MalformedError, UnusableError
from audit.log import Log
from audit.report import Check
from audit.signer import Ed25519Signer
from audit.verify import verify
from tests.tamper.database import ALONE, ONLY_WITH_MEMORY
from tests.tamper.page import tampered
from tests.tamper.scene import Scene, build

MakeEntry = Callable[..., Entry]
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Made once: each test gets its own copy of the file."""
    return build(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def scene(finished: Scene, tmp_path: Path) -> Scene:
    return finished.copied(tmp_path / "copied.db")


class TestReport:
    def test_every_step_is_named_with_what_it_found(self, scene: Scene, tmp_path: Path) -> None:
        """An auditor ticks the steps off, and sees at which the log failed."""
        dropped = next(each for each in ALONE if each.name == "state dropped")
        report = verify(tampered(scene, tmp_path / "changed.db", dropped).path, scene.vkey)

        assert [step.number for step in report.steps] == [check.value for check in Check]
        assert [step.problems for step in report.steps] == [0, 0, 0, 0, 1, 0]
        assert "(5) 1 PROBLEMS" in report.as_text()
        assert "(4) holds" in report.as_text()

    def test_whoever_waits_is_told_how_far_it_is(self, scene: Scene) -> None:
        """A log of millions takes half a minute."""
        told: list[tuple[int, int]] = []
        report = verify(scene.path, scene.vkey, watch=lambda done, size: told.append((done, size)))

        assert told[-1] == (report.entries, report.entries) != (0, 0)

    def test_without_a_memory_it_says_so_first(self, scene: Scene, tmp_path: Path) -> None:
        """What passes here may be a cut log, and the report must not hide it."""
        cut = tampered(scene, tmp_path / "changed.db", ONLY_WITH_MEMORY[0])
        report = verify(cut.path, scene.vkey)

        assert report.ok
        assert "no checkpoint from outside" in report.not_proved[0]

    def test_hashes_alone_find_every_change_of_bytes_and_say_what_they_left_out(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        """A nightly look at a large log may be quick, and must not pass for the whole."""
        whole = verify(scene.path, scene.vkey, hashes_only=True)
        edited = tampered(scene, tmp_path / "changed.db", ALONE[2])
        changed = verify(edited.path, scene.vkey, hashes_only=True)

        assert whole.ok
        assert "only hashes were checked" in whole.not_proved[0]
        assert [step.number for step in whole.steps] == [1, 2, 3, 4, 5]
        assert not changed.ok


class TestQuestions:
    def test_a_known_checkpoint_that_nobody_signed_is_its_givers_mistake(
        self, scene: Scene
    ) -> None:
        for bad in ("", scene.receipt.replace("gw.example", "gv.example")):
            with pytest.raises(MalformedError):
                verify(scene.path, scene.vkey, known_checkpoints=[bad])

    def test_a_file_that_is_no_log_cannot_be_checked(self, tmp_path: Path, scene: Scene) -> None:
        """Which is not the same as a problem found, and never the same as fine."""
        junk = tmp_path / "junk.db"
        junk.write_bytes(b"not a database" * 99)
        empty = tmp_path / "empty.db"
        empty.touch()
        for file in (junk, empty, tmp_path / "missing.db"):
            with pytest.raises(UnusableError):
                verify(file, scene.vkey)

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
        vkey = scene.vkey

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
        edited = tampered(scene, tmp_path / "changed.db", ALONE[2])
        status, output = run(edited.path, vkey)
        assert status == 1
        assert "PROBLEMS" in output
