"""The log's commands: what they print and exit with, on a real log, sound and tampered with."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

from tests.unit.pipeline.cli.conftest import NOON, Run, admitted

ENTRY = str(admitted(1).entry_id)


def _tamper(path: Path) -> None:
    """Change an entry as somebody would who can drop the triggers."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER entry_update")
        connection.execute(
            "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'allow', 'block') AS BLOB)"
            " WHERE idx = 1"
        )
        connection.commit()


class TestShow:
    def test_an_entry_is_shown_with_those_of_its_submission_and_nothing_is_decrypted(
        self, data_dir: Path, run: Run
    ) -> None:
        """What everybody may see, and whether more is there: to look at that is on record."""
        shown = run("--data-dir", data_dir, "audit", "show", ENTRY)
        said = json.loads(run("--data-dir", data_dir, "audit", "show", ENTRY, "--json").stdout)

        assert (shown.exit_code, "harbour" in shown.stdout, "u1" in shown.stdout) == (
            0,
            True,
            False,
        )
        assert (said["index"], said["detail"], said["leaf"]["id"]) == (1, "here", ENTRY)
        assert [each["kind"] for each in said["submission"]] == ["admit"]

    def test_an_erased_detail_and_an_unknown_entry_are_told(self, data_dir: Path, run: Run) -> None:
        """Erased is not the same as never there."""
        with closing(sqlite3.connect(data_dir / "log.db")) as connection:
            connection.execute("DELETE FROM detail")
            connection.commit()
        told = run("--data-dir", data_dir, "audit", "show", ENTRY, "--json")
        assert json.loads(told.stdout)["detail"] == "erased"
        unknown = run("--data-dir", data_dir, "audit", "show", UUID(int=9))
        assert (unknown.exit_code, "holds no such entry" in unknown.stderr) == (1, True)


class TestVerify:
    def test_a_sound_log_verifies_without_a_server(self, data_dir: Path, run: Run) -> None:
        """The log proves itself, and says what it does not prove."""
        done = run("--data-dir", data_dir, "audit", "verify")

        assert done.exit_code == 0, done.output
        assert "everything checked holds" in done.stdout
        assert "not proved:" in done.stdout

    def test_json_is_one_object_and_nothing_else(self, data_dir: Path, run: Run) -> None:
        """A program reads it."""
        report = json.loads(run("--data-dir", data_dir, "audit", "verify", "--json").stdout)

        assert (report["ok"], report["entries"]) == (True, 3)
        assert report["not_proved"]

    def test_a_copy_verifies_anywhere_with_the_key_itself(
        self, data_dir: Path, tmp_path: Path, run: Run
    ) -> None:
        """Whoever checks needs the file and the key, and nothing of the installation."""
        copy = shutil.copy(data_dir / "log.db", tmp_path / "copy.db")
        key = (data_dir / "keys" / "log.vkey").read_text().strip()

        assert run("audit", "verify", copy, "--vkey", key).exit_code == 0
        assert run("audit", "verify", copy, "--vkey", data_dir / "keys/log.vkey").exit_code == 0

    def test_a_changed_entry_is_found(self, data_dir: Path, run: Run) -> None:
        """This is what it is for."""
        _tamper(data_dir / "log.db")

        done = run("--data-dir", data_dir, "audit", "verify")

        assert done.exit_code == 1
        assert "entry 1: its bytes are not what was hashed" in done.stdout

    def test_an_older_log_is_found_by_a_kept_checkpoint(
        self, data_dir: Path, tmp_path: Path, run: Run
    ) -> None:
        """A restored backup is sound in itself; only what was kept elsewhere shows what is gone."""
        with closing(sqlite3.connect(data_dir / "log.db")) as connection:
            (note,) = connection.execute("SELECT note FROM checkpoint WHERE size = 3").fetchone()
        kept = tmp_path / "kept.txt"
        kept.write_text(note, newline="")
        words = ["--data-dir", data_dir, "audit", "verify", data_dir / "older.db"]

        assert run(*words).exit_code == 0
        for option in ("--known", "--known-checkpoint"):
            done = run(*words, option, kept)
            assert done.exit_code == 1
            assert "the log was cut" in done.stdout

    def test_entries_that_nobody_ever_signs_are_a_problem(self, data_dir: Path, run: Run) -> None:
        """A running server signs them a moment later, a killed one at its next start."""
        with closing(sqlite3.connect(data_dir / "log.db")) as connection:
            connection.execute("DROP TRIGGER checkpoint_delete")
            connection.execute("DELETE FROM checkpoint WHERE size = 3")
            connection.commit()

        done = run("--data-dir", data_dir, "audit", "verify")
        unproved = run("--data-dir", data_dir, "audit", "prove", admitted(2).entry_id)

        assert done.exit_code == 1
        assert "1 entries are covered by no signature" in done.stdout
        assert unproved.exit_code == 2
        assert "no signature covers entry 2" in unproved.stderr

    def test_what_cannot_be_checked_says_what_to_change(
        self, data_dir: Path, tmp_path: Path, run: Run
    ) -> None:
        """Two, not one: nobody must take it for a log that was checked and is bad."""
        key = data_dir / "keys" / "log.vkey"
        for words, told in (
            (["audit", "verify", tmp_path / "no.db", "--vkey", key], "there is no such log"),
            (["audit", "verify", data_dir / "log.db", "--vkey", "nonsense"], "verifier key"),
            (["--data-dir", tmp_path, "audit", "verify"], "there is no verifier key"),
            (["audit", "verify", key, "--vkey", key], "cannot be read as a log"),
        ):
            done = run(*words)
            assert done.exit_code == 2, words
            assert told in done.stderr
            assert done.stdout == ""
            assert len(done.stderr.splitlines()) == 1


class TestTail:
    def test_the_newest_entries_stand_in_order(self, data_dir: Path, run: Run) -> None:
        """What just happened is what one looks for."""
        tail = json.loads(run("--data-dir", data_dir, "audit", "tail", "-n", 2, "--json").stdout)

        assert tail["size"] == 3
        assert [entry["index"] for entry in tail["entries"]] == [1, 2]
        assert tail["entries"][0]["public"]["code"] == "OK"

    def test_people_get_a_table(self, data_dir: Path, run: Run) -> None:
        """Index, time, kind, submission, action, code."""
        shown = run("--data-dir", data_dir, "audit", "tail").stdout

        (line,) = [line for line in shown.splitlines() if str(UUID(int=2)) in line]
        assert line.split() == [
            *("2", f"{NOON:%Y-%m-%dT%H:%M:%S.%fZ}", "admit", str(UUID(int=2)), "allow", "OK")
        ]

    def test_it_reads_without_writing(self, data_dir: Path, run: Run) -> None:
        """The server may be writing: a reader must not stand in its way."""
        before = (data_dir / "log.db").read_bytes()

        assert run("--data-dir", data_dir, "audit", "tail").exit_code == 0

        assert (data_dir / "log.db").read_bytes() == before

    def test_a_file_that_is_no_log_is_told(self, data_dir: Path, run: Run) -> None:
        """A wrong path is the likeliest mistake."""
        (data_dir / "log.db").write_bytes(b"not a database, but long enough to be read as one")

        done = run("--data-dir", data_dir, "audit", "tail")

        assert done.exit_code == 2
        assert "cannot be read as a log" in done.stderr


class TestProofs:
    def test_a_proof_goes_round(self, data_dir: Path, tmp_path: Path, run: Run) -> None:
        """Who has proof, leaf and key needs nobody's word."""
        proof = tmp_path / "it.proof"
        key = data_dir / "keys" / "log.vkey"
        assert run("--data-dir", data_dir, "audit", "prove", ENTRY, "-o", proof).exit_code == 0
        held = run("--data-dir", data_dir, "audit", "verify", "--receipt", proof)
        assert (held.exit_code, "checkpoints from outside" in held.stdout) == (0, True)

        done = run("audit", "check-proof", proof, "--vkey", key, "--json")

        assert done.exit_code == 0, done.stderr
        checked = json.loads(done.stdout)
        assert (checked["ok"], checked["index"], checked["size"]) == (True, 1, 3)
        assert checked["entry"]["id"] == ENTRY

    def test_a_proof_on_stdout_is_the_proof_and_nothing_else(
        self, data_dir: Path, tmp_path: Path, run: Run
    ) -> None:
        """It is piped into a file as it is."""
        proof = tmp_path / "it.proof"
        run("--data-dir", data_dir, "audit", "prove", ENTRY, "-o", proof)

        printed = run("--data-dir", data_dir, "audit", "prove", ENTRY)

        assert printed.stdout == proof.read_text(encoding="utf-8")
        assert printed.stderr == ""

    def test_another_leaf_is_not_proved(self, data_dir: Path, tmp_path: Path, run: Run) -> None:
        """One letter is enough."""
        proof, leaf = tmp_path / "it.proof", tmp_path / "it.leaf.json"
        run("--data-dir", data_dir, "audit", "prove", ENTRY, "-o", proof)
        leaf.write_bytes(leaf.read_bytes().replace(b"allow", b"block"))

        done = run("--data-dir", data_dir, "audit", "check-proof", proof)

        assert done.exit_code == 1
        assert "does not hold" in done.stderr

    def test_what_is_no_proof_cannot_be_checked(
        self, data_dir: Path, tmp_path: Path, run: Run
    ) -> None:
        """It neither holds nor fails."""
        proof = tmp_path / "it.proof"
        for content in (b"", b"\xff", b"c2sp.org/tlog-proof@v1\nindex 0\n"):
            proof.write_bytes(content)
            assert run("--data-dir", data_dir, "audit", "check-proof", proof).exit_code == 2

    def test_an_entry_that_is_not_there_has_no_proof(self, data_dir: Path, run: Run) -> None:
        """A refusal, not a failure."""
        done = run("--data-dir", data_dir, "audit", "prove", UUID(int=9))

        assert done.exit_code == 1
        assert "no such entry" in done.stderr
