"""The log on PostgreSQL as an operator meets it: made, served with, copied, verified."""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from typer.testing import Result

from audit.errors import UnusableError
from pipeline.app import open_house
from pipeline.errors import SettingsError
from pipeline.gateway.troubles import SHARED_FOR
from pipeline.settings import Settings, first_start, load
from tests.postgres_server import OWNER, WRITER, Server
from tests.unit.pipeline.world import body

Run = Callable[..., Result]
TOKEN = "pst-" + "t" * 64


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """An installation in development that has not served yet."""
    first_start(tmp_path / "var", os.urandom)
    return tmp_path / "var"


def settings_with(installation: Path, url: str) -> Settings:
    """Read the settings as they are with a database for the log."""
    env = {"NOVELAI_TOKEN": TOKEN, "IMPRIMATUR_DEVELOPMENT": "true"}
    return load(installation, {**env, "IMPRIMATUR_LOG_DATABASE": url})


def test_a_log_is_made_served_with_copied_and_verified(
    postgres: Server, installation: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From nothing to a file that a stranger can verify, with two roles and three commands."""
    database = postgres.create_database()
    settings = settings_with(installation, postgres.url(database))

    async def serve() -> int:
        async with open_house(settings) as house:
            return len(await house.gate.log.tail(9))

    with pytest.raises(UnusableError, match="imprimatur audit migrate"):
        asyncio.run(serve())
    assert run("audit", "migrate").exit_code == 2
    monkeypatch.setenv("IMPRIMATUR_LOG_OWNER", postgres.url(database, OWNER))
    made = run("audit", "migrate", "--writer", WRITER, "--json")
    assert (made.exit_code, json.loads(made.stdout)["sent"]) == (0, True)
    entries = asyncio.run(serve())
    assert entries > 0
    assert not (installation / "log.db").exists()

    for name, value in (
        ("NOVELAI_TOKEN", TOKEN),
        ("IMPRIMATUR_DEVELOPMENT", "true"),
        ("IMPRIMATUR_LOG_DATABASE", postgres.url(database)),
    ):
        monkeypatch.setenv(name, value)
    data, copied = ("--data-dir", installation), tmp_path / "copy.db"
    assert run(*data, "audit", "copy", copied).exit_code == 0
    assert run(*data, "audit", "copy", copied).exit_code == 2
    days = ("--from", "2026-01-01", "--to", "2026-12-31", "--as-of", "2099-01-15")
    whose = ("--tenant", "default", "--provider", "H", "--service", "S", *days)
    out = tmp_path / "report"
    counted = run(*data, "dsa", "transparency", *whose, "-o", out, "--json")
    assert counted.exit_code == 0, counted.output
    assert json.loads((out / "report.json").read_text())["log"]["size"] == entries
    words = ("--tenant", "default", "--ground", "Terms", "--explanation", "Not allowed.")
    stated = run(*data, "dsa", "statements", *words, "--out", tmp_path / "statements")
    assert stated.exit_code == 0, stated.output
    verified = run(*data, "audit", "verify", copied, "--json")
    assert verified.exit_code == 0
    assert json.loads(verified.stdout)["entries"] == entries


async def test_while_the_database_is_away_there_is_503_and_no_picture(
    postgres: Server, installation: Path
) -> None:
    """No entry, no release; and nobody has to start the gateway again."""
    database = postgres.create_database("template")
    settings = settings_with(installation, postgres.url(database))
    async with open_house(settings) as house:
        key = house.notices[0].rpartition(" ")[2]
        ask = AsyncClient(transport=ASGITransport(house.public), base_url="http://gate")
        ask.headers["Authorization"] = f"Bearer {key}"
        postgres.psql("postgres", f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        postgres.cut(database)
        answer = await ask.post("/ai/generate-image", json=body())
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("application/json")
        assert (await ask.get("/ready")).status_code == 503
        assert house.gate.log.fault is None
        postgres.psql("postgres", f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
        await asyncio.sleep(SHARED_FOR.total_seconds())
        assert (await ask.get("/ready")).status_code == 200
        await ask.aclose()


def test_the_sql_can_be_printed_without_a_database(run: Run) -> None:
    """For whoever lets nobody else make tables."""
    shown = run("audit", "migrate", "--sql")
    assert shown.exit_code == 0
    assert "CREATE TABLE audit.entry(" in shown.stdout
    assert f'TO "{WRITER}"' in shown.stdout


async def test_a_log_that_has_begun_in_a_file_is_not_begun_again(
    postgres: Server, installation: Path
) -> None:
    """One key would sign two histories."""
    (installation / "log.db").touch()
    with pytest.raises(SettingsError, match="does not move"):
        async with open_house(settings_with(installation, postgres.url("template"))):
            pass


def test_the_url_comes_from_a_file_of_its_owner_and_is_shown_nowhere(installation: Path) -> None:
    """It holds a password."""
    url = "postgresql://imprimatur_log:secret@db/log"
    file = installation / "log.url"
    file.write_text(f"{url}\n")
    env = {"NOVELAI_TOKEN": TOKEN, "IMPRIMATUR_DEVELOPMENT": "true"}
    env["IMPRIMATUR_LOG_DATABASE_FILE"] = "log.url"
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="others can use it"):
        load(installation, env)
    file.chmod(0o600)
    settings = load(installation, env)
    assert settings.log_database is not None
    assert settings.log_database.get_secret_value() == url
    assert "secret" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.digest == load(installation, {**env, "IMPRIMATUR_LOG_DATABASE": "x"}).digest


def test_a_url_in_the_settings_file_is_refused(installation: Path) -> None:
    """Others may read that file."""
    with (installation / "imprimatur.yaml").open("a") as file:
        file.write("\nlog_database: postgresql://imprimatur_log:secret@db/log\n")
    with pytest.raises(SettingsError, match="log_database") as refused:
        load(installation, {"NOVELAI_TOKEN": TOKEN, "IMPRIMATUR_DEVELOPMENT": "true"})
    assert "secret" not in str(refused.value)
