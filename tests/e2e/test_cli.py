"""The command line beside a running server, after it, and against it."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner, Result

from audit.errors import AbsentError
from audit.log import Log
from audit.periods import PeriodKeys
from audit.signer import Ed25519Signer
from pipeline.cli.main import app
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from tests.e2e.asking import v4

_PROGRAM = [sys.executable, "-c", "from pipeline.cli.main import main; main()"]
_SICK = "nsfw_mobilenet_v2"
_SECONDS = 60
_CLOSED = """
set: closed
layer: jurisdiction
rules:
  - rule: everything
    on: [whole]
    when: {always: true}
    action: block
    code: IP.MARK
"""


@dataclass
class Server:
    """`imprimatur serve --sandbox` in a process of its own, and what it said at its first start."""

    data_dir: Path
    process: subprocess.Popen[str]
    start: dict[str, Any]

    @property
    def key(self) -> str:
        """The first API key, which is shown once."""
        (notice,) = [line for line in self.start["notices"] if "shown once" in line]
        return str(notice).rpartition(" ")[2]

    def typed(self, *words: object, said: str | None = None) -> Result:
        """Run a command on the same data, with this on stdin."""
        return typed("--data-dir", self.data_dir, *words, said=said)

    def asked(self, *words: object) -> dict[str, Any]:
        """Run a command that must succeed, and read its JSON."""
        done = self.typed(*words, "--json")
        assert done.exit_code == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def post(self, prompt: str, key: str) -> httpx.Response:
        """Ask the gateway for a picture, as a client does."""
        with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
            return client.post(
                f"{self.start['address']}/ai/generate-image",
                json=v4(prompt),
                headers={"Authorization": f"Bearer {key}"},
            )

    def token(self, subject: str) -> str:
        """Mint the token of an end user."""
        answer = httpx.post(
            f"{self.start['address']}/v1/subject-tokens",
            json={"pseudonym": subject},
            headers={"Authorization": f"Bearer {self.key}"},
            trust_env=False,
        )
        return str(answer.json()["token"])

    @property
    def switch(self) -> Path:
        """The file that makes the picture's classifier fail while it lies there."""
        return self.data_dir / "faults" / _SICK


def typed(*words: object, said: str | None = None) -> Result:
    """Run a command here: what it prints and how it ends is the same."""
    return CliRunner().invoke(app, [*map(str, words)], input=said)


def apart(*words: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    return subprocess.run(
        [*_PROGRAM, *map(str, words)],
        capture_output=True,
        check=False,
        env=_environment(**env),
        text=True,
        timeout=_SECONDS,
    )


def _environment(**more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("IMPRIMATUR")}
    return {**ours, **more}


def _object(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Read one JSON object from a program that goes on running."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            break
    read: dict[str, Any] = json.loads("".join(lines))
    return read


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server at its first start."""
    data_dir = tmp_path_factory.mktemp("cli") / "var"
    words = ["--data-dir", str(data_dir), "serve", "--sandbox", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*_PROGRAM, *words],
        env=_environment(IMPRIMATUR_FAULTS_DIR="faults"),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Server(data_dir, process, _object(process))
        process.kill()


@pytest.fixture
def held(server: Server) -> Iterator[str]:
    """A paid picture that nobody could look at, waiting."""
    server.switch.parent.mkdir(exist_ok=True)
    before = {hold["id"] for hold in server.asked("review", "list")["holds"]}
    server.switch.touch()
    answer = server.post("a quiet lake", server.key)
    assert (answer.status_code, answer.json()["code"]) == (403, "HELD"), answer.text
    (hold,) = {each["id"] for each in server.asked("review", "list")["holds"]} - before
    yield str(hold)
    server.switch.unlink()
    with httpx.Client(trust_env=False) as client:
        while client.get(f"{server.start['address']}/ready").json()["sick"]:
            pass


def test_the_first_start_says_what_was_made_and_what_is_served(server: Server) -> None:
    """An operator needs the address, the first key, and what cannot be served."""
    start = server.start

    assert start["ready"]["ready"] is True
    assert start["ready"]["serves"]["general"]["served"] is True
    assert start["ready"]["serves"]["mature"]["missing"]
    assert str(server.data_dir / "imprimatur.yaml") in start["made"]
    assert Path(start["operator"]).is_socket()


def test_a_picture_is_on_record_and_provable_beside_the_server(
    server: Server, tmp_path: Path
) -> None:
    """From the answer's header to a proof that needs nobody's word."""
    answer = server.post("a lighthouse, sea, sky", server.key)
    assert answer.status_code == 200, answer.text
    entry = answer.headers["x-audit-id"]

    tail = server.asked("audit", "tail", "-n", 4)["entries"]
    assert [each["kind"] for each in tail] == ["admit", "generated", "examined", "release"]
    assert tail[-1]["id"] == entry
    proof, key = tmp_path / "it.proof", server.data_dir / "keys" / "log.vkey"
    assert server.typed("audit", "prove", entry, "-o", proof).exit_code == 0
    assert typed("audit", "check-proof", proof, "--vkey", key).exit_code == 0
    assert server.asked("audit", "verify")["ok"] is True


def test_a_key_works_until_it_is_revoked(server: Server) -> None:
    """And its secret is nowhere but in the answer that made it."""
    made = server.asked("keys", "create", "default", "--label", "shop")
    assert server.post("a hill", made["secret"]).status_code == 200

    listed = server.typed("keys", "list", "default", "--json").stdout
    assert made["id"] in listed
    assert made["secret"] not in listed
    assert server.typed("keys", "revoke", "default", made["id"]).exit_code == 0

    assert server.post("a hill", made["secret"]).status_code == 401
    again = server.typed("keys", "revoke", "default", made["id"])
    assert (again.exit_code, again.stdout) == (1, "")
    assert server.typed("keys", "create", "nobody").exit_code == 1


def test_one_person_halts_and_two_let_it_go_on(server: Server) -> None:
    """At once, beside the running server; a name that nobody has halts nothing."""
    why = ["--reason", "incident 12", "--person", "ana"]
    assert server.typed("halt", "--route", "/ai/generate-imag", *why).exit_code == 1
    halt = server.asked("halt", "--route", "/ai/generate-image", *why)["id"]

    assert server.post("a hill", server.key).status_code == 503
    assert "incident 12" in server.typed("halts", "list").stdout
    assert server.asked("halts", "lift", halt, "--person", "ana") == {"lifted": False}
    assert server.typed("halts", "lift", halt, "--person", "ana").exit_code == 1
    assert server.post("a hill", server.key).status_code == 503
    assert server.asked("halts", "lift", halt, "--person", "ben") == {"lifted": True}
    assert server.asked("halts", "list") == {"halts": []}
    assert server.post("a hill", server.key).status_code == 200


def test_history_is_decided_again_by_a_stricter_set(server: Server, tmp_path: Path) -> None:
    """By the installation's own set nothing turns; a set that blocks all turns what was allowed."""
    assert server.post("a windmill, field", server.key).status_code == 200
    same, stricter = tmp_path / "default.yaml", tmp_path / "closed.yaml"
    same.write_text(server.typed("policies", "show", "default").stdout)
    stricter.write_text(_CLOSED)

    unchanged = server.asked("policies", "replay", same)
    turned = server.asked("policies", "replay", stricter, "--since", "2020-01-01")

    assert (unchanged["turned"], unchanged["not_decided"]) == (0, {})
    assert unchanged["decided"] == turned["decided"] >= 2
    assert {"rule": "everything", "way": "stricter"}.items() <= turned["rules"][0].items()
    assert turned["turned"] >= 2
    broken = server.typed("policies", "replay", tmp_path / "none.yaml")
    assert broken.exit_code == 2


def test_a_policy_comes_in_force_by_two_people_and_goes_again_by_two(
    server: Server, tmp_path: Path
) -> None:
    """At once, beside the running server; to take it away is milder, so it takes two as well."""
    closed = tmp_path / "closed.yaml"
    closed.write_text(_CLOSED)
    why = ["--reason", "ticket 12", "--person", "ana"]
    made = server.asked("policies", "propose", closed, *why)
    assert made["report"]["stricter"] == made["report"]["turned"] >= 1
    assert server.post("a windmill, sea", server.key).status_code == 200

    assert server.typed("policies", "activate", made["id"], "--person", "ana").exit_code == 1
    server.asked("policies", "activate", made["id"], "--person", "ben")
    refused = server.post("a windmill, hills", server.key)
    back = server.asked("policies", "rollback", made["name"], *why)
    assert [each["id"] for each in server.asked("policies", "pending")["pending"]] == [back["id"]]
    server.asked("policies", "activate", back["id"], "--person", "ben")

    assert refused.status_code == 403
    assert server.post("a windmill, dunes", server.key).status_code == 200


def test_pictures_are_asked_for_and_asked_after(server: Server, tmp_path: Path) -> None:
    """As a platform would, with its key; what is refused says so and writes nothing."""
    key = tmp_path / "key"
    key.write_text(server.key)
    gate = ["--address", server.start["address"], "--key-file", key]
    made = server.asked("generate", "a hill, sea", "--size", "512x768", "--out", tmp_path, *gate)

    assert made["state"] == "released"
    assert Path(made["files"]["0"]).read_bytes().startswith(b"\x89PNG")
    again = tmp_path / "again"
    known = server.asked("status", made["id"], "--out", again, *gate)
    assert (known["state"], len(list(again.iterdir()))) == ("released", 1)
    refused = server.typed("generate", "kot śpi na starym oknie", "--out", again, *gate)
    assert (refused.exit_code, len(list(again.iterdir()))) == (1, 1)
    assert "language" in refused.stderr
    wrong = server.typed("status", made["id"], "--address", server.start["address"])
    assert wrong.exit_code == 2


def test_the_doctor_finds_a_server_well_and_names_what_could_be_better(server: Server) -> None:
    """Beside the server, by its own word; a first start has no banks and no outside memory."""
    told = server.asked("doctor")
    found = {check["part"]: check for check in told["checks"]}

    assert {found[part]["state"] for part in ("settings", "keys", "log", "models")} == {"well"}
    assert found["banks"]["state"] == found["outside memory"]["state"] == "warning"
    assert "import" in found["banks"]["mend"]


def test_an_account_at_novelai_is_listed_rotated_and_asked_for_its_balance(
    server: Server, tmp_path: Path
) -> None:
    """Without a restart; what cannot be done is told, and no token is shown."""
    new, other = ("pst-" + sign * 64 for sign in "xy")
    secret = tmp_path / "token"
    secret.write_text(new)
    (before,) = server.asked("accounts", "list")["accounts"]
    rotated = server.asked("accounts", "rotate", before["account"], "--token-file", secret)
    (left,) = server.asked("accounts", "balance")["accounts"]
    shown = server.typed("accounts", "balance")
    piped = server.typed("accounts", "add", "--entitlement", "a second seat", said=f"{other}\n")
    refused = [
        server.typed("accounts", "rotate", "account-9", said=f"{other}\n"),
        server.typed("accounts", "rotate", "account-1", said="hello\n"),
        server.typed("accounts", "resume", "account-1", "--reason", "looked"),
        piped,
    ]

    assert (before["account"], before["state"], before["rotate"]) == ("account-1", "free", False)
    assert rotated == {"account": "account-1", "kept": False}
    assert isinstance(left["anlas"], int)
    assert (left["active"], left["low"], left["drift"]) == (True, False, 0)
    assert "drift" in shown.stdout
    assert [each.exit_code for each in refused] == [1] * 4
    assert "environment" in piped.stderr
    assert server.typed("accounts", "rotate", "account-1", said="\n").exit_code == 2
    for told in (shown, *refused):
        assert not any(token in told.output for token in (new, other))


def test_a_tenant_is_added_once(server: Server) -> None:
    """With its stricter sets; a second of its id is refused, a senseless id is told."""
    words = ["tenants", "add", "meadow", "--policy", "general-audience", "--anlas", 70]
    assert server.asked(*words)["policy_sets"] == ["general-audience"]

    assert server.typed(*words).exit_code == 1
    assert server.typed("tenants", "add", "Meadow/..").exit_code == 2
    misspelt = server.typed("tenants", "add", "kids", "--policy", "genral-audience")
    assert misspelt.exit_code == 2
    assert "one of adult-platform, default, floor, general-audience" in misspelt.stderr
    tenants = server.asked("tenants", "list")["tenants"]
    assert {each["id"]: each["anlas_budget"] for each in tenants}["meadow"] == 70
    assert server.asked("tenants", "set", "meadow")["released_metadata"] == "default"
    chosen = ["--released-metadata", "strip_all", "--quality", "--undesired", "light"]
    server.asked("tenants", "set", "meadow", *chosen)
    shown = server.asked("tenants", "set", "meadow", "--no-quality")
    assert (shown["released_metadata"], shown["undesired"]) == ("strip_all", "light")
    assert (shown["quality"], shown["nsfw"], shown["subject_anlas"]) == (False, False, "none")
    bound = server.asked("tenants", "set", "meadow", "--subject-anlas", 40)
    assert bound["subject_anlas"] == 40
    assert server.asked("tenants", "set", "meadow", "--subject-anlas", "none") == shown
    assert server.asked("tenants", "set", "meadow", "--anlas", 90)["anlas"] == 90
    tenants = {each["id"]: each for each in server.asked("tenants", "list")["tenants"]}
    assert tenants["meadow"]["anlas_budget"] == 90
    assert server.typed("tenants", "set", "meadow", "--subject-anlas", "-4").exit_code != 0
    assert server.typed("tenants", "set", "nobody", "--nsfw").exit_code == 1


def test_a_platform_is_asked_until_adults_can_be_served(server: Server) -> None:
    """Questions are asked, answers can be given beforehand, and what is open is told."""
    server.asked("tenants", "add", "orchard")
    given = ["role=hosting", "territories=DE, FR", "age_provider=Age Provider", "lists=none"]
    words = [word for each in given for word in ("--answer", each)]

    some = server.typed("tenants", "init", "orchard", "--no-ask", *words)
    wrong = server.typed("tenants", "init", "orchard", "--no-ask", "--answer", "role=king")
    odd = server.typed("tenants", "init", "orchard", "--no-ask", "--answer", "colour=red")
    said = "none\nno duty in our country\nen\n200\nthe harbour master\n"
    whole = server.typed("tenants", "init", "orchard", said=said)

    assert (some.exit_code, "on_call" in some.stdout) == (1, True)
    assert (wrong.exit_code, odd.exit_code) == (2, 2)
    assert (whole.exit_code, "adult tier is open" in whole.stdout) == (0, True)
    assert "reported nowhere" in whole.stderr
    assert server.typed("tenants", "init", "orchard").exit_code == 0  # nothing is asked again
    tenants = {each["id"]: each for each in server.asked("tenants", "list")["tenants"]}
    assert tenants["orchard"]["serves_adults"]
    assert not tenants["default"]["serves_adults"]


def test_an_account_of_the_console_is_made_used_and_disabled(server: Server) -> None:
    """The whole way: the address that is shown opens, in the server that runs, until it is not."""
    added = server.asked("console", "accounts", "add", "mia", "--role", "reviewer")
    where = server.start["address"] + added["enrol"]

    with httpx.Client(trust_env=False, timeout=_SECONDS) as browser:
        page = browser.get(where)
        given = server.asked("console", "accounts", "give", "mia", "--role", "senior")
        anew = server.asked("console", "accounts", "reset", "mia")
        server.asked("console", "accounts", "disable", "mia")
        gone = [browser.get(each).status_code for each in (where, where[: -len(added["enrol"])])]
        gone.append(browser.get(server.start["address"] + anew["enrol"]).status_code)
    (listed,) = server.asked("console", "accounts", "list")["accounts"]

    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "mia" in page.text
    assert given["role"] == listed["role"] == "senior"
    assert gone == [404, 404, 404]
    assert listed["disabled_at"] is not None
    assert server.typed("console", "accounts", "disable", "mia").exit_code == 1


def test_what_is_held_is_shown_as_facts_and_rejected_by_a_person(server: Server, held: str) -> None:
    """The log keeps who, and why; a second ruling comes too late."""
    shown = server.asked("review", "show", held)
    assert (shown["cause"], shown["stage"]) == ("incapacity", "examine")
    assert shown["facts"]

    assert server.typed("review", "reject", held).exit_code == 2  # no reason
    words = ["review", "reject", held, "--reason", "nobody saw it", "--person", "R. Moreau"]
    assert server.asked(*words)["outcome"] == "withheld"
    assert server.typed(*words).exit_code == 1

    tail = server.asked("audit", "tail")["entries"]
    (ruling,) = [each for each in tail if each["public"].get("case") == held]
    detail = server.asked("audit", "detail", ruling["id"], "--person", "Ada")
    assert detail["personal"] == {"person": "R. Moreau", "reason": "nobody saw it"}
    (access,) = server.asked("audit", "tail", "-n", 1)["entries"]
    assert (access["kind"], access["public"]["entries"]) == ("access", [ruling["id"]])


def test_nobody_approves_what_no_machine_could_look_at(server: Server, held: str) -> None:
    """A person sees facts: where there are none, there is nothing to rule on yet."""
    done = server.typed("review", "approve", held, "--reason", "a lake", "--person", "Ada")

    assert done.exit_code == 1
    assert "a machine has to look first" in done.stderr
    assert server.asked("review", "show", held)["id"] == held
    server.asked("review", "reject", held, "--reason", "nobody saw it", "--person", "Ada")


def test_the_detail_of_an_entry_explains_itself(server: Server, tmp_path: Path) -> None:
    """What was found then can be put to a policy of today."""
    server.post("a meadow", server.key)
    (examined,) = [
        each
        for each in server.asked("audit", "tail", "-n", 2)["entries"]
        if each["kind"] == "examined"
    ]
    path = tmp_path / "detail.json"
    path.write_text(json.dumps(server.asked("audit", "detail", examined["id"])))

    done = typed("policies", "explain", "--findings", path, "--moment", "output", "--json")

    assert json.loads(done.stdout)["action"] == "allow", done.stderr


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--profile", "regulator", "--since", "2020-01-01"], None),
        (["--profile", "auditor", "--sample", 100, "--parquet"], "@detail"),
        (["--profile", "data_subject", "--tenant", "default", "--subject", "u1"], "subject"),
        (["--profile", "transparency"], None),
    ],
    ids=lambda given: str(given[1]) if isinstance(given, list) else "",
)
@pytest.mark.parametrize("form", ["export", "export.zip"])
def test_an_export_is_made_beside_the_server_and_checked_by_a_stranger(
    server: Server, tmp_path: Path, words: list[object], field: str | None, form: str
) -> None:
    """With the verifier that lies in it, and nothing of ours installed."""
    assert server.post("a ford", server.token("u1")).status_code == 200
    out = tmp_path / form

    made = server.asked("audit", "export", *words, "--out", out)

    key = server.data_dir / "keys" / "log.vkey"
    unpacked = out
    if form.endswith(".zip"):
        unpacked = tmp_path / "unpacked"
        zipfile.ZipFile(out).extractall(unpacked)
    checked = subprocess.run(
        [sys.executable, "-I", "-S", str(unpacked / "verify.pyz"), str(out), str(key), "--json"],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    report = json.loads(checked.stdout)
    assert report["disclosed"] == made["entries"] > 0
    assert report["problem_count"] == 0
    assert server.asked("audit", "verify", out)["ok"] is True
    opened = (unpacked / "disclosed.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["field"] for line in opened} >= ({field} if field else set())
    assert out.stat().st_mode & 0o077 == 0
    assert (unpacked / "entries.parquet").exists() is ("--parquet" in words)


def test_an_export_that_is_refused_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    """No second person, no such tenant, a place that is taken, half an order."""
    case = ["--submission", str(UUID(int=7)), "--authority", "court 7", "--person", "Ada"]
    out = ["--out", tmp_path / "export.zip"]
    for words, status in (
        (["--profile", "law_enforcement", *case, *out], 1),
        (["--profile", "law_enforcement", *case, "--second", "Bea", *out], 0),
        (["--profile", "regulator", *out], 2),
        (["--profile", "regulator", "--tenant", "nobody", "--out", tmp_path / "two"], 1),
        (["--profile", "auditor", "--out", tmp_path / "three"], 2),
        (["--profile", "regulator", "--since", "yesterday", "--out", tmp_path / "four"], 2),
    ):
        done = server.typed("audit", "export", *words)
        assert (done.exit_code, "Traceback" in done.output) == (status, False), done.output
    assert [path.name for path in tmp_path.iterdir()] == ["export.zip"]


def test_what_was_erased_opens_neither_here_nor_in_a_backup(server: Server, tmp_path: Path) -> None:
    """Refused while it is held; complete when the period ends; on record in exports."""
    assert server.post("a lake", server.token("u7")).status_code == 200
    (released,) = server.asked("audit", "tail", "-n", 1)["entries"]
    with (
        closing(sqlite3.connect(server.data_dir / "log.db")) as live,
        closing(sqlite3.connect(tmp_path / "backup.db")) as copy,
    ):
        live.backup(copy)
    of_u7 = ["--tenant", "default", "--subject", "u7"]
    erase = ["audit", "erase", *of_u7, "--ground", "gdpr-17"]
    hold = server.asked("audit", "hold", "place", *of_u7, "--reason", "court 7")
    refused = server.typed(*erase, "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["kept"]) == (1, {"legal_hold": 1})
    server.asked("audit", "hold", "lift", hold["id"], "--reason", "closed")

    planned = server.asked(*erase, "--dry-run")
    done = server.asked(*erase)
    assert {**planned, "id": None} == {**done, "id": None}
    assert (done["things"], done["details"]) == (1, 4)
    assert server.typed("audit", "detail", released["id"]).exit_code == 1
    assert server.typed(*erase).exit_code == 1  # nothing is known of them any more
    assert server.asked("retention", "end-period")["destroyed"] == 1

    rows = {each["id"]: each for each in server.asked("audit", "erasures")["erasures"]}
    assert rows[done["id"]]["completed_at"]
    assert server.asked("audit", "verify")["ok"] is True
    out = tmp_path / "export"
    made = server.asked("audit", "export", "--profile", "auditor", "--sample", 100, "--out", out)
    assert made["erased details"] == 2  # an auditor is shown what was found, not by whom
    assert server.asked("audit", "verify", out)["ok"] is True
    assert asyncio.run(_restored(server, tmp_path / "backup.db", UUID(released["id"]))) == "absent"


async def _restored(server: Server, path: Path, entry: UUID) -> str:
    """Open a backup of the log with the keys of today; say what it gives of an entry's detail."""
    keys, now = server.data_dir / "keys", datetime(2026, 11, 23, tzinfo=UTC)
    signer = Ed25519Signer.load(keys / "log.key")
    origin, details = signer.vkey.name, PeriodKeys(keys, now)
    log = await Log.open(path, origin=origin, signer=signer, keys=details, now=lambda: now)
    try:
        assert await log.has_detail(entry)
        return str((await log.detail(entry)).personal)
    except AbsentError:
        return "absent"
    finally:
        await log.close()


def test_retention_says_what_it_would_do(server: Server) -> None:
    """And nothing is due on the first day."""
    shown = server.asked("retention", "show")
    assert (shown["days"]["refused"], shown["period_days"]) == (270, 7)
    found = server.asked("retention", "run", "--dry-run")
    assert {name: each["due"] for name, each in found["classes"].items()} == {
        "allowed": 0, "refused": 0, "decisions": 0, "records": 0,
    }  # fmt: skip
    assert "nothing was done" in server.typed("retention", "run", "--dry-run").stderr


@pytest.mark.usefixtures("interruptible")
def test_the_log_can_be_followed_while_it_is_written(server: Server) -> None:
    """Each entry is a line as soon as it is durable; Ctrl-C ends it in order."""
    words = ["--data-dir", str(server.data_dir), "audit", "tail", "-n", "1", "--follow", "--json"]
    with subprocess.Popen([*_PROGRAM, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert server.post("a windmill", server.key).status_code == 200
        kinds = [json.loads(process.stdout.readline())["kind"] for _ in range(4)]
        process.send_signal(signal.SIGINT)

        assert process.wait(_SECONDS) == 0
    assert first["index"] >= 0
    assert kinds == ["admit", "generated", "examined", "release"]


def test_a_second_server_on_the_same_data_is_refused(server: Server) -> None:
    """SQLite means one server process; the other goes on undisturbed."""
    done = apart("--data-dir", server.data_dir, "serve", "--sandbox", "--port", "0")

    assert done.returncode == 2
    assert "another process has the lock" in done.stderr
    assert Path(server.start["operator"]).is_socket()
    assert server.typed("tenants", "list").exit_code == 0


def test_without_a_server_a_command_does_it_itself(server: Server) -> None:
    """SIGTERM ends in order; what the server knew, the next process knows."""
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(_SECONDS) == 0
    assert not Path(server.start["operator"]).exists()

    words = ["--data-dir", server.data_dir, "tenants", "list"]
    unset = apart(*words)
    assert unset.returncode == 2
    assert "no server answers either: run `imprimatur serve`" in unset.stderr
    env = {
        "IMPRIMATUR_DEVELOPMENT": "true",
        "IMPRIMATUR_UPSTREAM__VERIFY_KEY": TEST_VERIFY_KEY_BASE64,
        "IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "a" * 64,
    }
    listed = apart(*words, "--json", **env)
    assert listed.returncode == 0, listed.stderr
    assert "default" in {each["id"] for each in json.loads(listed.stdout)["tenants"]}
    assert server.asked("audit", "verify")["ok"] is True


def test_a_sandbox_says_where_it_is() -> None:
    """Port 0 takes a free one, so that it has to be said."""
    words = ["sandbox", "--port", "0", "--json"]
    with subprocess.Popen([*_PROGRAM, *words], stdout=subprocess.PIPE, text=True) as process:
        address = _object(process)["address"]
        with httpx.Client(trust_env=False) as client:
            answer = client.get(
                f"{address}/user/subscription", headers={"Authorization": "Bearer pst-x"}
            )
        process.terminate()

    assert answer.status_code == 200
