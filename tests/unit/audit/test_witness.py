import base64
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.anchors import Anchor, AnchorKind, Anchors
from audit.checkpoint import Checkpoint
from audit.cosignature import WitnessKey, cosigned
from audit.entry import Entry
from audit.errors import (
    AuditError,
    MalformedError,
    UnansweredError,
    UntrustedError,
    UnusableError,
)
from audit.log import Log
from audit.note import Note
from audit.signer import Ed25519Signer
from audit.witness import Answer, Witness
from tests.witness import Reply, TestWitness

MakeEntry = Callable[..., Entry]
OpenLog = Callable[..., Awaitable[Log]]


@pytest.fixture
def watcher(signer: Ed25519Signer) -> TestWitness:
    """A witness that knows the log."""
    return TestWitness(logs={signer.vkey.name: [signer.vkey.write()]})


def client(watcher: TestWitness, vkey: str = "") -> Witness:
    """Return a client that reaches the witness without a network."""

    async def post(url: str, body: bytes, media_type: str) -> Answer:
        assert url == "https://witness.example/add-checkpoint"
        assert media_type.startswith("text/plain")
        reply = watcher.answer(body.decode())
        return Answer(reply.status, reply.media_type, reply.body.encode())

    return Witness("https://witness.example/", WitnessKey.parse(vkey or watcher.vkey), post)


class TestCosigning:
    async def test_each_growth_is_cosigned_and_the_cosignature_verifies(
        self, log: Log, make_entry: MakeEntry, watcher: TestWitness
    ) -> None:
        witness, seen = client(watcher), 0
        for number in range(1, 20):
            await log.append(make_entry(number))
            anchor = await witness.cosign(log, seen)
            note = Note.parse(cosigned(anchor.checkpoint, [anchor.body]))
            assert WitnessKey.parse(watcher.vkey).seen_at(note) == anchor.at == watcher.time
            assert anchor.size == Checkpoint.parse(note.text).size == number + 1
            assert len(note.signatures) == 2  # the stranger's line is left out
            seen = anchor.size

    async def test_a_witness_that_was_ahead_of_what_is_known_says_so_and_is_asked_again(
        self, log: Log, make_entry: MakeEntry, watcher: TestWitness
    ) -> None:
        """What was kept may be lost; the witness remembers."""
        witness = client(watcher)
        await witness.cosign(log, 0)
        await log.append(make_entry(1))
        assert (await witness.cosign(log, 0)).size == 2
        assert watcher.asked == 3

    async def test_a_witness_that_saw_what_was_written_just_now_raises_no_alarm(
        self, log: Log, make_entry: MakeEntry, watcher: TestWitness
    ) -> None:
        """Another process of the same log may have been there first."""
        witness = client(watcher)
        await witness.cosign(log, 0)
        raced = False

        async def post(url: str, body: bytes, media_type: str) -> Answer:
            nonlocal raced
            if not raced:
                raced = True
                await log.append(make_entry(1))
                await witness.cosign(log, 1)
            return await witness.post(url, body, media_type)

        assert (await replace(witness, post=post).cosign(log, 1)).size == 2

    async def test_the_same_checkpoint_is_cosigned_again(
        self, log: Log, watcher: TestWitness
    ) -> None:
        witness = client(watcher)
        first = await witness.cosign(log, 0)
        again = await witness.cosign(log, first.size)
        assert (again.size, again.at) == (first.size, first.at + 1)


class TestRefusals:
    async def test_a_log_that_was_rolled_back_is_told(
        self, open_log: OpenLog, make_entry: MakeEntry, watcher: TestWitness, path: Path
    ) -> None:
        """The witness is the memory that the restored machine has not."""
        log = await open_log()
        await log.close()
        kept = shutil.copy(path, path.with_suffix(".kept"))
        log = await open_log()
        await log.append(make_entry(1))
        await client(watcher).cosign(log, 0)
        await log.close()
        shutil.copy(kept, path)
        log = await open_log()
        with pytest.raises(UnusableError, match=r"rolled back: witness\.example/w1 saw 2"):
            await client(watcher).cosign(log, 1)
        await log.append(make_entry(2))
        with pytest.raises(UnusableError, match="forked"):
            await client(watcher).cosign(log, 2)
        await log.append(make_entry(3))
        with pytest.raises(UnusableError, match="forked"):
            await client(watcher).cosign(log, 2)
        await log.close()

    async def test_a_witness_that_does_not_know_the_log_or_its_key_is_told_of(
        self, log: Log, watcher: TestWitness, tmp_path: Path
    ) -> None:
        stranger = Ed25519Signer.create(tmp_path / "k", "gw.example/audit")
        watcher.logs = {stranger.vkey.name: [stranger.vkey.write()]}
        with pytest.raises(UnansweredError, match="does not trust"):
            await client(watcher).cosign(log, 0)
        watcher.logs = {}
        with pytest.raises(UnansweredError, match="does not know"):
            await client(watcher).cosign(log, 0)

    @pytest.mark.parametrize("status", [400, 418, 429, 500, 503, 204, 301])
    async def test_whatever_else_it_answers_is_no_cosignature(
        self, log: Log, watcher: TestWitness, status: int
    ) -> None:
        watcher.trouble = Reply(status, "sorry")
        with pytest.raises(UnansweredError, match=str(status)):
            await client(watcher).cosign(log, 0)

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(200, ""),
            Reply(200, "no signature line\n"),
            Reply(200, f"— witness.example/w1 {base64.b64encode(bytes(76)).decode()}\n"),
            Reply(409, "1\n"),
            Reply(409, "x\n", "text/x.tlog.size"),
            Reply(409, "01\n", "text/x.tlog.size"),
            Reply(409, "-1\n", "text/x.tlog.size"),
        ],
    )
    async def test_nonsense_is_refused(
        self, log: Log, make_entry: MakeEntry, watcher: TestWitness, reply: Reply
    ) -> None:
        await log.append(make_entry(1))
        watcher.trouble = reply
        with pytest.raises((UntrustedError, MalformedError)):
            await client(watcher).cosign(log, 0)

    async def test_another_key_under_the_same_name_is_refused(
        self, log: Log, watcher: TestWitness
    ) -> None:
        """Whoever answers at the address is not yet the witness."""
        other = TestWitness(name=watcher.name)
        with pytest.raises(UntrustedError, match="no cosignature"):
            await client(watcher, other.vkey).cosign(log, 0)

    async def test_a_size_that_changes_at_each_question_ends(
        self, log: Log, make_entry: MakeEntry, watcher: TestWitness
    ) -> None:
        for number in range(1, 6):
            await log.append(make_entry(number))
        sizes = iter(range(1, 99))

        async def post(url: str, body: bytes, media_type: str) -> Answer:
            del url, body, media_type
            return Answer(409, "text/x.tlog.size", f"{next(sizes)}\n".encode())

        with pytest.raises(UnansweredError, match="same time"):
            await replace(client(watcher), post=post).cosign(log, 0)


class TestWitnessKeys:
    def test_a_key_is_written_and_read(self, watcher: TestWitness) -> None:
        key = WitnessKey.parse(watcher.vkey)
        assert key.write() == watcher.vkey

    @pytest.mark.parametrize("spoil", ["w+00000000+AA==", "", "w", "+1+2", "w+zz+AA=="])
    def test_what_is_none_is_refused(self, spoil: str) -> None:
        with pytest.raises(MalformedError):
            WitnessKey.parse(spoil)

    @given(st.text(max_size=120) | st.from_regex(r"w\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{0,60}"))
    def test_no_text_makes_it_fail_in_another_way(self, text: str) -> None:
        with pytest.raises(MalformedError):
            WitnessKey.parse(text)

    def test_a_logs_own_key_is_no_witness(self, signer: Ed25519Signer) -> None:
        """A log that cosigns itself proves nothing."""
        with pytest.raises(MalformedError):
            WitnessKey.parse(signer.vkey.write())

    def test_the_specifications_own_cosignature_has_its_time(self) -> None:
        """The example of c2sp.org/tlog-cosignature."""
        line = (
            "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlr"
            "DJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
        )
        (signature,) = Note.parse(f"x\n1\ny\n\n{line}").signatures
        assert int.from_bytes(signature.blob[:8]) == 1679315147


class TestAnchors:
    def test_what_is_kept_is_there_again(self, tmp_path: Path) -> None:
        anchors = Anchors(tmp_path / "anchors.db")
        assert (anchors.all("a"), anchors.newest("a", AnchorKind.COSIGNATURE, "w")) == ([], None)
        first = Anchor(3, AnchorKind.COSIGNATURE, "w", 10, "a\n", b"x")
        anchors.keep(first)
        anchors.keep(replace(first, at=11))
        larger = replace(first, size=5)
        anchors.keep(larger)
        anchors.keep(replace(first, size=9, who="v"))
        assert anchors.all("a")[:2] == [
            first,
            larger,
        ]  # of two over one checkpoint the earlier stays
        assert anchors.newest("a", AnchorKind.COSIGNATURE, "w") == larger
        assert anchors.newest("a", AnchorKind.TIME_STAMP, "w") is None

    def test_another_log_that_is_begun_here_begins_anew(self, tmp_path: Path) -> None:
        """Its first entries are not witnessed because the last log's thousandth was."""
        anchors = Anchors(tmp_path / "anchors.db")
        old = Anchor(1000, AnchorKind.COSIGNATURE, "w", 10, "a\n", b"x")
        new = replace(old, checkpoint="b\n", at=20)
        anchors.keep(old)
        assert anchors.newest("b", AnchorKind.COSIGNATURE, "w") is None
        anchors.keep(new)
        assert (anchors.all("a"), anchors.all("b")) == ([old], [new])

    def test_a_file_that_is_none_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "anchors.db").write_bytes(b"nothing of that kind" * 99)
        anchors = Anchors(tmp_path / "anchors.db")
        with pytest.raises(AuditError):
            anchors.all("a")
        with pytest.raises(AuditError):
            anchors.keep(Anchor(3, AnchorKind.COSIGNATURE, "w", 10, "a\n", b"x"))
