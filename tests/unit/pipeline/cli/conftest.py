"""What the tests of the command line share: a way to run it, and an installation with a log."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from audit.entry import Entry, Kind, entry_id
from audit.log import Log
from audit.seal import DetailKeys
from audit.signer import Ed25519Signer
from pipeline.cli.main import app

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ORIGIN = "gw.example/audit"
Run = Callable[..., Result]
STRICTER = """
set: harbour
layer: tenant
rules:
  - rule: suggestive
    on: [whole]
    when: {sexual: suggestive}
    action: block
    code: SEX.SUGGESTIVE
    unknown: hold
"""


def admitted(number: int) -> Entry:
    """An entry of a request that was let in."""
    submission = UUID(int=number)
    public = {"submission": str(submission), "action": "allow", "code": "OK", "tenant": "harbour"}
    return Entry(entry_id(submission, Kind.ADMIT), Kind.ADMIT, NOON, public, {"subject": "u1"})


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as it is typed; nothing of this machine's environment reaches it."""
    for name in ("IMPRIMATUR_DATA_DIR", "NOVELAI_TOKEN", "IMPRIMATUR_NOVELAI_TOKENS"):
        monkeypatch.delenv(name, raising=False)
    runner = CliRunner()

    def typed(*words: object) -> Result:
        return runner.invoke(app, [str(word) for word in words], env={"TERMINAL_WIDTH": "200"})

    return typed


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    """An installation that nobody serves: its log holds a genesis and two admitted requests.

    `older.db` is the log as it was after the first of them, as a backup would have it.
    """
    folder = tmp_path / "var"
    (folder / "keys").mkdir(parents=True)
    signer = Ed25519Signer.create(folder / "keys" / "log.key", ORIGIN)
    (folder / "keys" / "log.vkey").write_text(signer.vkey.write() + "\n")
    keys = DetailKeys.create(folder / "keys" / "detail.key", "k1")
    path = folder / "log.db"
    for number in (1, 2):
        log = await Log.open(path, origin=ORIGIN, signer=signer, keys=keys, now=lambda: NOON)
        await log.append(admitted(number))
        await log.close()
        if number == 1:
            shutil.copy(path, folder / "older.db")
    return folder


@pytest.fixture
def installation(run: Run, tmp_path: Path) -> Path:
    """An installation with a term pack, and a set of its own on top of floor and default."""
    folder = tmp_path / "var"
    (tmp_path / "partner.csv").write_text("id,list,mode,text\n7,minor,word,zonkwort\n")
    sealed = json.loads(
        run("--data-dir", folder, "terms", "seal", tmp_path / "partner.csv", "--json").stdout
    )
    pack = {key: sealed[key] for key in ("name", "file", "digest")}
    (folder / "harbour.yaml").write_text(STRICTER.replace("tenant", "jurisdiction"))
    settings = {"banks": [], "policies": ["floor", "default", "harbour.yaml"], "term_packs": [pack]}
    (folder / "imprimatur.yaml").write_text(json.dumps(settings))
    return folder
