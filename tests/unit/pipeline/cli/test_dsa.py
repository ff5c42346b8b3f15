"""Statements of reasons on the command line: from the log into a file, with nothing of anybody."""

import json
from pathlib import Path
from uuid import UUID

from audit.entry import Entry, Kind, entry_id
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from tests.unit.pipeline.cli.conftest import NOON, ORIGIN, Run

WORDS = ["dsa", "statements", "--tenant", "harbour", "--ground", "Terms, 4.2"]


async def _refused(data_dir: Path) -> None:
    signer = Ed25519Signer.load(data_dir / "keys" / "log.key")
    keys = DetailKeys.load(data_dir / "keys" / "detail.key")
    log = await Log.open(
        data_dir / "log.db", origin=ORIGIN, signer=signer, keys=keys, now=lambda: NOON
    )
    for number, code in ((11, "SEX.NUDITY"), (12, "UNKNOWN")):
        submission = UUID(int=number)
        public = {"submission": str(submission), "tenant": "harbour", "code": code}
        halted = entry_id(submission, Kind.HALTED)
        await log.append(Entry(halted, Kind.HALTED, NOON, public, {"subject": "u1"}))
    await log.close()


async def test_refusals_become_statements_a_line_each(
    data_dir: Path, tmp_path: Path, run: Run
) -> None:
    """What nobody could look at is none, and what was allowed is none."""
    await _refused(data_dir)
    out = tmp_path / "statements.jsonl"
    words = [*WORDS, "--explanation", "Not allowed.", "--territory", "DE", "--out", out]

    done = run("--data-dir", data_dir, *words, "--json")

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["statements"] == 1
    (made,) = map(json.loads, out.read_text("utf-8").splitlines())
    assert (made["category_specification"], made["territorial_scope"]) == (
        ["KEYWORD_NUDITY"],
        ["DE"],
    )
    assert run("--data-dir", data_dir, *words).exit_code == 2  # it is there already
    late = [*words[:-1], tmp_path / "late.jsonl", "--since", "2032-01-01", "--json"]
    assert json.loads(run("--data-dir", data_dir, *late).stdout)["statements"] == 0


async def test_what_cannot_be_made_or_sent_is_told_in_a_line(
    data_dir: Path, tmp_path: Path, run: Run
) -> None:
    """Each with its status, and no traceback."""
    await _refused(data_dir)
    junk, token = tmp_path / "junk", tmp_path / "token"
    junk.write_text("[1", "utf-8")
    token.write_text("t", "utf-8")
    out = ["--out", tmp_path / "out"]
    named = [*WORDS, "--explanation", "ask ann@example.org", *out]
    sent = ["--to", "https://dsa.example", "--token-file", token]
    for words, status in (
        (named, 1),
        ([*WORDS, "--explanation", "Not allowed.", "--since", "yesterday", *out], 2),
        (["dsa", "submit", junk, *sent], 2),
        (["dsa", "submit", tmp_path / "missing", *sent], 2),
    ):
        done = run("--data-dir", data_dir, *words)
        assert (done.exit_code, "Traceback" in done.output) == (status, False), done.output
        assert "ann@" not in done.output
    assert not (tmp_path / "out").exists()


async def test_a_report_is_made_from_the_log_alone(
    data_dir: Path, tmp_path: Path, run: Run
) -> None:
    """With no server, as of a moment; and it shows that it adds up."""
    await _refused(data_dir)
    days = ["--from", "2031-01-01", "--to", "2031-12-31"]
    asked = [
        "dsa",
        "transparency",
        "--tenant",
        "harbour",
        "--provider",
        "H",
        "--service",
        "S",
        *days,
    ]
    out = tmp_path / "report"

    done = run("--data-dir", data_dir, *asked, "--as-of", "2032-01-15", "-o", out, "--json")

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["adds_up"]
    assert said["lines"][0]["left"] == 4
    assert (out / "Part_6_own_initiative_TC.csv").read_bytes().startswith(b"Applicability,Service")
    told = run(
        "--data-dir", data_dir, *asked, "--as-of", "2031-05-04T11:00:00", "-o", tmp_path / "b"
    )
    assert "0 released" in told.stdout
    assert "NO" not in told.stdout.split()
    again = run("--data-dir", data_dir, *asked, "--as-of", "2032-01-15", "-o", out)
    never = run("--data-dir", data_dir, *asked, "--as-of", "2030-01-15", "-o", tmp_path / "c")
    assert (again.exit_code, never.exit_code) == (2, 2)


async def test_a_report_that_does_not_add_up_says_so(
    data_dir: Path, tmp_path: Path, run: Run
) -> None:
    """A picture that was given out of a request that nobody let in."""
    signer = Ed25519Signer.load(data_dir / "keys" / "log.key")
    keys = DetailKeys.load(data_dir / "keys" / "detail.key")
    log = await Log.open(
        data_dir / "log.db", origin=ORIGIN, signer=signer, keys=keys, now=lambda: NOON
    )
    known_as = UUID(int=77)
    public = {"submission": str(known_as), "tenant": "harbour"}
    await log.append(Entry(entry_id(known_as, Kind.RELEASE), Kind.RELEASE, NOON, public))
    await log.close()
    words = ["--tenant", "harbour", "--provider", "H", "--service", "S", "-o", tmp_path / "report"]
    days = ["--from", "2031-01-01", "--to", "2031-12-31", "--as-of", "2032-01-15"]

    done = run("--data-dir", data_dir, "dsa", "transparency", *words, *days)

    assert done.exit_code == 1, done.output
    assert "NO" in done.stdout.split()
