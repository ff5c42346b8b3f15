"""The demonstration, typed as a newcomer types it: every case, and everything that it leaves."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from audit.proof import Proof
from audit.vkey import VerifierKey
from pipeline.cli.demo.case import Case
from pipeline.cli.demo.run import CASES

PROGRAM = [sys.executable, "-c", "from pipeline.cli.main import main; main()"]
SECONDS = 300
DOWNLOAD = re.compile(r'download="([^"]+)" href="data:application/octet-stream;base64,([^"]+)"')


@dataclass(frozen=True)
class Shown:
    """What one run said, how it ended, and the report that it wrote."""

    status: int
    said: Mapping[str, Any]
    page: str

    def case(self, name: str) -> Mapping[str, Any]:
        """What it said of one case."""
        (found,) = (case for case in self.said["cases"] if case["case"] == name)
        return dict(found)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Generator[Shown]:
    """One run, whose servers are left up until the last test."""
    folder = tmp_path_factory.mktemp("demo")
    report = folder / "demo.html"
    ended = subprocess.run(
        [*PROGRAM, "demo", "--json", "--keep", "--report", str(report)],
        capture_output=True,
        check=False,
        timeout=SECONDS,
        env=os.environ | {"TMPDIR": str(folder)},
    )
    assert ended.returncode in {0, 1}, ended.stderr.decode()
    said: dict[str, Any] = json.loads(ended.stdout)
    yield Shown(ended.returncode, said, report.read_text(encoding="utf-8"))
    for process in said["kept"]["processes"]:
        os.kill(process, signal.SIGTERM)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_outcome_is_the_right_one(shown: Shown, case: Case) -> None:
    """Each row is a promise of the gateway, kept or broken over real HTTP."""
    seen = shown.case(case.name)

    assert [check["what"] for check in seen["checks"] if not check["holds"]] == []
    assert seen["ok"]
    assert (seen["code"], seen["stage"]) == (case.right.code, case.right.stage)
    assert (seen["paid_calls"], seen["pictures"]) == (case.right.paid, case.right.pictures)
    assert seen["audit_index"] is not None


def test_it_ends_with_0_as_every_outcome_is_right(shown: Shown) -> None:
    """What runs in a pipeline looks at nothing else."""
    assert shown.said["ok"]
    assert shown.status == 0
    assert [case["case"] for case in shown.said["cases"]] == [case.name for case in CASES]


def test_the_log_holds_against_what_callers_kept(shown: Shown) -> None:
    """The kill in the middle took no entry back that somebody had a receipt for."""
    audit = shown.said["audit"]

    assert audit["ok"], audit["problems"]
    assert audit["unsigned"] == 0
    assert audit["known_checkpoints"] >= 12
    assert audit["entries"] > max(case["audit_index"] for case in shown.said["cases"])


def test_every_proof_of_the_report_holds_for_a_stranger(shown: Shown) -> None:
    """Whoever gets only the page can check each decision on it."""
    files = {name: base64.b64decode(data) for name, data in DOWNLOAD.findall(shown.page)}
    key = VerifierKey.parse(files["log.vkey"].decode().strip())

    for case in CASES:
        proof = Proof.parse(files[f"{case.name}.tlog-proof"].decode())
        checkpoint = proof.verify(files[f"{case.name}.leaf.json"], key)
        assert proof.index == shown.case(case.name)["audit_index"]
        assert checkpoint.size == shown.said["audit"]["entries"]


def test_the_report_shows_every_released_picture_and_loads_nothing(shown: Shown) -> None:
    """It is one file that can be sent to somebody."""
    released = sum(case["pictures"] for case in shown.said["cases"])

    assert shown.page.count('src="data:image/png;base64,') == released
    assert shown.page.count("<article") == len(CASES)
    assert not re.search(r'<script|<link|@import|(src|href)="(?!data:)', shown.page)


def test_what_is_kept_can_be_tried(shown: Shown) -> None:
    """After --keep somebody goes on by hand, with the address and the key that were printed."""
    kept = shown.said["kept"]
    bearer = {"Authorization": f"Bearer {kept['key']}"}

    with httpx.Client(base_url=kept["gateway"], headers=bearer, trust_env=False) as client:
        assert client.get("/user/subscription").status_code == 200
        assert client.get("/ready").json()["ready"]
    assert Path(kept["data_dir"], "log.db").is_file()
