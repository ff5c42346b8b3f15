import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from audit.anchors import Anchor, AnchorKind, Anchors
from audit.cosignature import WitnessKey
from audit.entry import Entry, Kind
from audit.errors import UnusableError
from audit.log import Log
from audit.no_stamps import stamped_at
from audit.outsiders import Outsiders
from audit.report import Check, Report
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from audit.time_stamper import TimeStamper
from audit.verifier import packed
from audit.verify import main, verify
from audit.witness import Answer, Witness
from tests import time_stamp_authority
from tests.time_stamp_authority import Authority
from tests.witness import TestWitness

THEN = datetime(2027, 1, 15, 8, tzinfo=UTC)  # the witness's clock stands a little later
ORIGIN = "gw.example/audit"


@dataclass(frozen=True, slots=True)
class Scene:
    """A closed log of six entries; a witness spoke of two and four of them, a stamper of four."""

    path: Path
    signer: Ed25519Signer
    watcher: TestWitness
    authority: Authority
    anchors: list[Anchor]

    @property
    def trusted(self) -> Outsiders:
        key = WitnessKey.parse(self.watcher.vkey)
        return Outsiders((key,), self.authority.certificates)

    def verify(self, *anchors: Anchor, trusted: Outsiders | None = None) -> Report:
        return verify(
            self.path,
            self.signer.vkey.write(),
            anchors=anchors or self.anchors,
            trusted=trusted or self.trusted,
        )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    signer = Ed25519Signer.create(folder / "log.key", ORIGIN)
    watcher = TestWitness(logs={ORIGIN: [signer.vkey.write()]})
    authority = time_stamp_authority.made(folder / "tsa")

    async def ask(_: str, body: bytes, media_type: str) -> Answer:
        if media_type == "application/timestamp-query":
            return Answer(200, "application/timestamp-reply", authority.reply(body))
        reply = watcher.answer(body.decode())
        return Answer(reply.status, reply.media_type, reply.body.encode())

    async def build() -> list[Anchor]:
        keys, path = DetailKeys("k1", {"k1": bytes(32)}), folder / "log.db"
        log = await Log.open(path, origin=ORIGIN, signer=signer, keys=keys, now=lambda: THEN)
        witness = Witness("https://w.example", WitnessKey.parse(watcher.vkey), ask)
        stamper = TimeStamper("tsa.example", "https://t.example", authority.certificates, ask)
        said: list[Anchor] = []
        for number in range(1, 6):
            await log.append(Entry(UUID(int=number), Kind.CONFIG, THEN, {}))
            if number in {1, 3}:
                said.append(await witness.cosign(log, 0))
            if number == 3:
                said.append(replace(await stamper.stamp(log.checkpoint)))
        await log.close()
        return said

    return Scene(folder / "log.db", signer, watcher, authority, asyncio.run(build()))


class TestVerify:
    def test_what_holds_is_counted_and_named(self, scene: Scene) -> None:
        report = scene.verify(*scene.anchors[:2])
        assert (report.problems, report.strangers) == ((), 0)
        (vouched,) = report.vouched
        assert (vouched.kind, vouched.who, vouched.size) == ("cosignature", scene.watcher.name, 4)
        assert "after size 4" in report.not_proved[0]
        assert "cosignature by witness.example/w1, 2027-01-15T08:00:0" in report.as_text()

    def test_strangers_prove_nothing_and_are_counted(self, scene: Scene) -> None:
        """A witness that comes with the log is the log's own word."""
        report = scene.verify(trusted=Outsiders())
        assert (report.ok, report.strangers, report.vouched) == (True, 3, ())
        assert "at all" in report.not_proved[0]

    def test_a_cosignature_by_another_key_of_that_name_is_a_problem(self, scene: Scene) -> None:
        other = WitnessKey.parse(TestWitness(name=scene.watcher.name).vkey)
        report = scene.verify(*scene.anchors[:2], trusted=Outsiders((other,)))
        assert {each.check for each in report.problems} == {Check.CHECKPOINTS}
        assert "no cosignature" in report.problems[0].what

    def test_a_witness_that_changed_its_key_is_trusted_under_both(self, scene: Scene) -> None:
        other = WitnessKey.parse(TestWitness(name=scene.watcher.name).vkey)
        trusted = Outsiders((other, WitnessKey.parse(scene.watcher.vkey)))
        assert scene.verify(*scene.anchors[:2], trusted=trusted).problems == ()

    @pytest.mark.parametrize("place", [0, 2])
    def test_a_word_moved_under_another_checkpoint_is_a_problem(
        self, scene: Scene, place: int
    ) -> None:
        moved = replace(scene.anchors[place], checkpoint=scene.anchors[1 - place // 2].checkpoint)
        if place == 2:
            moved = replace(moved, checkpoint=scene.anchors[0].checkpoint)
        report = scene.verify(moved)
        assert [each.check for each in report.problems] == [Check.CHECKPOINTS]

    @pytest.mark.parametrize("spoil", [b"", b"\xff", b"nonsense\n"])
    def test_a_spoilt_word_is_a_problem(self, scene: Scene, spoil: bytes) -> None:
        for anchor in scene.anchors:
            report = scene.verify(replace(anchor, body=spoil))
            assert [each.check for each in report.problems] == [Check.CHECKPOINTS]

    def test_a_log_that_was_cut_below_a_cosigned_size_is_seen(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        """The one change that the log alone cannot show."""
        path = tmp_path / "log.db"
        asyncio.run(shorter(path, scene.signer))
        key = scene.signer.vkey.write()
        assert verify(path, key).ok
        report = verify(path, key, anchors=scene.anchors[:2], trusted=scene.trusted)
        assert Check.END in {each.check for each in report.problems}

    def test_an_entry_that_is_later_than_who_saw_it_is_a_problem(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        """The log's clock was wrong, or somebody dated ahead."""
        path = tmp_path / "log.db"
        late = asyncio.run(shorter(path, scene.signer, THEN + timedelta(minutes=6)))
        early = asyncio.run(cosigned_of(late, scene.watcher))
        report = verify(path, scene.signer.vkey.write(), anchors=[early], trusted=scene.trusted)
        assert [each.check for each in report.problems] == [Check.ENTRIES]
        assert "an outsider saw 2 entries" in report.problems[0].what

    def test_a_stamp_holds_and_bounds_the_times(self, scene: Scene) -> None:
        """The stamper's clock is this machine's: the entries' times must not be after it."""
        report = scene.verify(scene.anchors[2])
        (vouched,) = report.vouched
        assert (vouched.kind, vouched.size) == ("time_stamp", 4)
        stamped = datetime.fromisoformat(vouched.at)
        assert report.ok is (stamped + timedelta(minutes=5) >= THEN)


async def shorter(path: Path, signer: Ed25519Signer, at: datetime = THEN) -> str:
    """Make another log of two entries under the key; return its checkpoint."""
    keys = DetailKeys("k1", {"k1": bytes(32)})
    log = await Log.open(path, origin=ORIGIN, signer=signer, keys=keys, now=lambda: THEN)
    await log.append(Entry(UUID(int=1), Kind.CONFIG, at, {}))
    await log.close()
    return log.checkpoint


async def cosigned_of(checkpoint: str, watcher: TestWitness) -> Anchor:
    """Have a checkpoint cosigned by a witness that saw nothing before, and has this key."""
    fresh = TestWitness(key=watcher.key, logs=watcher.logs)
    reply = fresh.answer(f"old 0\n\n{checkpoint}")
    line = reply.body.split("\n")[0] + "\n"
    return Anchor(2, AnchorKind.COSIGNATURE, fresh.name, fresh.time, checkpoint, line.encode())


class TestCommandLine:
    @pytest.fixture
    def given(self, scene: Scene, tmp_path: Path) -> list[str]:
        anchors = Anchors(tmp_path / "anchors.db")
        for each in scene.anchors:
            anchors.keep(each)
        (tmp_path / "w.vkey").write_text(scene.watcher.vkey + "\n")
        (tmp_path / "tsa.pem").write_bytes(scene.authority.certificates)
        key = scene.signer.vkey.write()
        return [str(scene.path), key, "--json", "--anchors", str(tmp_path / "anchors.db")]

    def test_it_takes_witnesses_and_anchors(
        self, given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([*given, "--witness", str(tmp_path / "w.vkey")]) == 0
        report = json.loads(capsys.readouterr().out)
        assert (len(report["vouched"]), report["strangers"]) == (1, 1)

    def test_verify_pyz_holds_cosignatures_and_refuses_to_pass_over_stamps(
        self, given: list[str], tmp_path: Path
    ) -> None:
        """Not to have looked is no answer."""
        (tmp_path / "verify.pyz").write_bytes(packed())
        command = [sys.executable, "-I", str(tmp_path / "verify.pyz"), *given]
        command += ["--witness", str(tmp_path / "w.vkey")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert len(json.loads(done.stdout)["vouched"]) == 1
        command += ["--stamps", str(tmp_path / "tsa.pem")]
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (refused.returncode, "openssl ts -verify" in refused.stderr) == (2, True)


def test_what_stands_for_stamps_refuses() -> None:
    with pytest.raises(UnusableError):
        stamped_at(b"", b"", b"")
