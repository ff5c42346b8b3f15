"""The whole house with memories outside: a fork guard, a witness, and a key that changes."""

import os
import shutil
from pathlib import Path

import httpx
import pytest

from audit.errors import UnusableError
from audit.log import Log
from audit.note import Note
from audit.periods import PeriodKeys
from audit.verify import verify
from pipeline import app
from pipeline.app import open_house
from pipeline.errors import SettingsError
from pipeline.jobs.rotation import signers
from pipeline.settings import Settings, first_start, load
from tests.witness import TestWitness, serving

pytestmark = pytest.mark.enable_socket


def settings_in(folder: Path, **more: str) -> Settings:
    data_dir = folder / "data"
    if not data_dir.exists():
        first_start(data_dir, os.urandom)
    environment = {
        "IMPRIMATUR_DEVELOPMENT": "true",
        "IMPRIMATUR_NOVELAI_TOKENS": "pst-" + "c" * 64,
        "IMPRIMATUR_UPSTREAM__BASE_URL": "http://127.0.0.1:9",
    }
    outside = {f"IMPRIMATUR_OUTSIDE__{name.upper()}": value for name, value in more.items()}
    return load(data_dir, {**environment, **outside})


async def log_of(settings: Settings) -> Log:
    """Open the log as the house does, and nothing else of it."""
    keys = settings.keys_dir
    held = signers(keys, settings.log_origin)
    return await app._log(settings, held, PeriodKeys(keys, app.now()))


def remove(data_dir: Path) -> None:
    for each in data_dir.glob("log.db*"):
        each.unlink()


async def test_a_house_that_remembers_outside_rotates_and_refuses_its_own_backup(
    tmp_path: Path,
) -> None:
    """One pass over everything that `app.py` joins: guard, witness, keys, operator's routes."""
    guard, kept = tmp_path / "guard", tmp_path / "kept.db"
    guard.touch()
    watcher = TestWitness()
    with serving(watcher) as url:
        named = f'[{{"url": "{url}", "vkey": "{watcher.vkey}"}}]'
        settings = settings_in(tmp_path, fork_guard=str(guard), witnesses=named)
        async with open_house(settings) as house:
            transport = httpx.ASGITransport(house.operator)
            async with httpx.AsyncClient(transport=transport, base_url="http://o") as operator:
                log = house.gate.log
                origin = (await log.keys()).first
                watcher.logs[origin.name] = [origin.write()]
                said = (await operator.post("/audit/anchors")).json()
                assert (said["fork_guard"], said["anchors"][0]["fault"]) == ("on", None)
                assert (await operator.get("/ready")).json()["outside"]["anchors"][0]["size"] == 1
                shutil.copy(settings.data_dir / "log.db", kept)

                who = {"person": "Ada"}
                assert (await operator.post("/audit/keys/retired", json=who)).status_code == 409
                new = (await operator.post("/audit/keys", json=who)).json()["vkey"]
                assert len(Note.parse(log.checkpoint).signatures) == 2
                assert (await operator.post("/audit/keys", json=who)).status_code == 409
                old = (await operator.post("/audit/keys/retired", json=who)).json()
                assert old["vkey"] == origin.write()
        shutil.move(old["file"], kept.with_suffix(".key"))
        await (await log_of(settings)).close()
        assert verify(settings.data_dir / "log.db", new).ok

        remove(settings.data_dir)
        shutil.copy(kept, settings.data_dir / "log.db")
        shutil.move(kept.with_suffix(".key"), old["file"])
        with pytest.raises(UnusableError, match="rolled back"):
            await log_of(settings)


async def test_checkpoints_that_were_kept_are_held_against_the_log(tmp_path: Path) -> None:
    """A log that was lost is not begun anew."""
    log = await log_of(settings_in(tmp_path))
    (tmp_path / "kept.txt").write_text(log.checkpoint)
    await log.close()
    settings = settings_in(tmp_path, known_checkpoints=f'["{tmp_path / "kept.txt"}"]')
    await (await log_of(settings)).close()
    remove(settings.data_dir)
    with pytest.raises(UnusableError, match="rolled back"):
        await log_of(settings)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"known_checkpoints": '["nowhere.txt"]'}, "known_checkpoints[0]: there is no"),
        ({"time_stamp_url": "https://tsa.example/"}, "needs time_stamp_certificates"),
        ({"time_stamp_url": "tsa.example"}, "an address like https://host/path"),
        ({"witnesses": '[{"url": "https://w.example", "vkey": "x"}]'}, "a witness's key"),
        (
            {"witnesses": f'[{{"url": "http://w.example", "vkey": "{TestWitness().vkey}"}}]'},
            "could be answered by anybody",
        ),
        ({"witness_seconds": "0"}, "outside.witness_seconds"),
    ],
)
def test_settings_that_remember_nothing_are_refused(
    tmp_path: Path, setting: dict[str, str], told: str
) -> None:
    """Who believes to be watched and is not, finds out too late."""
    with pytest.raises(SettingsError) as refused:
        settings_in(tmp_path, **setting)
    assert told in str(refused.value)
