"""An operator's own term, sealed by the command line: it stops a request, and nobody shows it."""

import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from audit.errors import AuditError
from audit.leaf import Leaf
from audit.log import Log
from pipeline.cli.main import app
from pipeline.settings import first_start
from tests.e2e.asking import v4
from tests.e2e.conftest import World, world_in

WORD = "zonkwort"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """An installation whose settings hold what `imprimatur terms seal` printed."""
    data_dir = tmp_path / "data"
    first_start(data_dir, os.urandom)
    (tmp_path / "own.csv").write_text(f"id,list,mode,text\n17,nonconsent,word,{WORD}\n")
    said = CliRunner().invoke(
        app, ["--data-dir", str(data_dir), "terms", "seal", str(tmp_path / "own.csv")]
    )
    assert said.exit_code == 0, said.output
    assert yaml.safe_load(said.stdout)["term_packs"][0]["name"] == "own"
    with (data_dir / "imprimatur.yaml").open("a", encoding="utf-8") as settings:
        settings.write(said.stdout)
    async with world_in(data_dir) as opened:
        yield opened


async def test_a_term_of_a_pack_stops_a_request(world: World) -> None:
    """In whatever disguise; and what does not hold it goes through."""
    plain = await world.client.post("/ai/generate-image", json=v4("a lighthouse, sea, sky"))
    assert plain.status_code == 200

    for text in (f"a harbour, {WORD}", "a harbour, z o n k w o r t"):
        answer = await world.client.post("/ai/generate-image", json=v4(text))
        assert answer.status_code == 403
        assert answer.json()["code"] == "CONTENT_NOT_ALLOWED"
        assert WORD not in answer.text
        assert "pack.own" not in answer.text
    assert await world.calls() == 1


async def test_the_record_names_the_id_and_not_the_term(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Auditors see which term it was; only whoever holds the list knows the word."""
    await world.client.post("/ai/generate-image", json=v4(f"a harbour, {WORD}"))

    details = await _details(world.house.gate.log)
    said = capsys.readouterr()
    assert "term:pack.own.17" in details
    assert WORD not in details + said.out + said.err
    for path in (world.data_dir / "packs", world.data_dir):
        for file in path.glob("*"):
            assert not file.is_file() or WORD.encode() not in file.read_bytes(), file.name


async def _details(log: Log) -> str:
    """Return what is sealed beside the last leaves that have anything beside them."""
    found: list[object] = []
    for entry in await log.tail(5):
        with suppress(AuditError):
            found += (await log.detail(Leaf.parse(entry.leaf).entry_id)).detail.values()
    return repr(found)
