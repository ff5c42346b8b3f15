"""What the doctor sees: each sickness has a name and a remedy, and health has none."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from pipeline.cli import checkup
from pipeline.cli.checkup import LITTLE_DISK, NO_DISK, Check, State
from pipeline.store.store import SOUND_SQLITE
from tests.unit.pipeline.cli.conftest import NOON, Run
from tests.unit.pipeline.marking.certificates import pair

READY: dict[str, Any] = {
    "ready": True,
    "serves": {
        "general": {"served": True, "missing": []},
        "mature": {"served": True, "missing": []},
    },
    "sick": {},
    "banks": {"hotline": {"stale": False}},
    "accounts": {"account-1": "free"},
    "balances": {"account-1": 9000},
    "low": [],
    "engines": {"own": "ok"},
    "in_flight": 0,
    "seizures": "ok",
    "tenants": "ok",
    "outside": {"fork_guard": "on", "anchors": []},
    "log": "ok",
    "store": "ok",
    "vault": "ok",
    "admission": "ok",
}


def parts(checks: Iterator[Check]) -> dict[str, Check]:
    """Sort checks by their part."""
    return {check.part: check for check in checks}


def test_a_gateway_that_is_well_has_nothing_to_mend() -> None:
    """A doctor who always finds something is not believed."""
    checks = list(checkup.of_report(READY))

    assert checkup.worst(checks) is State.WELL
    assert not any(check.mend for check in checks)


@pytest.mark.parametrize(
    ("said", "part", "state"),
    [
        ({"log": "UnusableError"}, "log", State.SICK),
        ({"vault": "VaultError"}, "vault", State.SICK),
        ({"sick": {"hash_match@2": "BankError"}}, "models", State.SICK),
        ({"accounts": {"account-1": "refused"}}, "accounts", State.SICK),
        ({"accounts": {"account-1": "banned", "account-2": "free"}}, "accounts", State.SICK),
        ({"engines": {"own": "no answer within 1 s"}}, "engines", State.SICK),
        ({"low": ["account-1"]}, "balances", State.WARNING),
        ({"balances": None, "low": None}, "balances", State.WARNING),
        ({"tenants": {"meadow": "a set is gone"}}, "tenants", State.SICK),
        ({"banks": {"hotline": {"stale": True}}}, "banks", State.SICK),
        ({"banks": "lost: they do not verify"}, "banks", State.SICK),
        ({"banks": "none: known pictures are not looked for"}, "banks", State.WARNING),
        ({"outside": {"fork_guard": "none"}}, "outside memory", State.WARNING),
        ({"serves": READY["serves"] | {"mature": {"served": False, "missing": ["x"]}}}, "served",
         State.WARNING),
        ({"serves": READY["serves"] | {"general": {"served": False, "missing": ["x"]}}}, "served",
         State.SICK),
    ],
)  # fmt: skip
def test_each_trouble_is_named_with_its_remedy(
    said: dict[str, Any], part: str, state: State
) -> None:
    """One part is sick, the others are not."""
    checks = parts(checkup.of_report(READY | said))
    found = checks.pop(part)

    assert found.state is state
    assert found.mend
    assert {check.state for check in checks.values()} == {State.WELL}


@pytest.mark.parametrize(
    ("free", "state"),
    [(NO_DISK - 1, State.SICK), (LITTLE_DISK - 1, State.WARNING), (LITTLE_DISK, State.WELL)],
)
def test_a_disk_is_looked_at_before_it_is_full(data_dir: Path, free: int, state: State) -> None:
    """When it is full, nothing is served."""
    data_dir.chmod(0o700)
    assert parts(checkup.of_files(data_dir, data_dir / "keys", free))["disk"].state is state


def test_keys_that_others_can_read_are_told(data_dir: Path) -> None:
    """By name, and with the command that mends it."""
    data_dir.chmod(0o700)
    keys = data_dir / "keys"
    keys.chmod(0o700)
    assert parts(checkup.of_files(data_dir, keys, LITTLE_DISK))["keys"].state is State.WELL
    (keys / "log.key").chmod(0o644)

    found = parts(checkup.of_files(data_dir, keys, LITTLE_DISK))["keys"]

    assert found.state is State.SICK
    assert "log.key" in found.found
    assert "chmod" in found.mend


def test_keys_that_are_not_there_are_told(tmp_path: Path) -> None:
    """Without them neither the vault nor the log opens."""
    assert parts(checkup.of_files(tmp_path, tmp_path, LITTLE_DISK))["keys"].state is State.SICK


def test_a_clock_that_went_back_is_told(data_dir: Path) -> None:
    """Entries would be out of order, and tokens live too long."""
    log, sound = data_dir / "log.db", SOUND_SQLITE

    well = parts(checkup.of_machine(sound, log, NOON))
    back = parts(checkup.of_machine((3, 40, 1), log, NOON - timedelta(minutes=1)))

    assert (well["clock"].state, well["sqlite"].state) == (State.WELL, State.WELL)
    assert (back["clock"].state, back["sqlite"].state) == (State.SICK, State.WARNING)
    assert "60 s" in back["clock"].found


def test_a_log_that_is_none_is_told(tmp_path: Path) -> None:
    """Not as a fault of the doctor's."""
    (tmp_path / "log.db").write_bytes(b"no database, but a page of something else" * 200)

    found = parts(checkup.of_machine(SOUND_SQLITE, tmp_path / "log.db", NOON))["clock"]

    assert (found.state, found.mend) == (State.SICK, found.mend)
    assert "verify" in found.mend


def test_settings_that_do_not_load_are_told_with_each_problem(data_dir: Path) -> None:
    """And nothing is opened with them."""
    settings, found = checkup.settings_of(data_dir, {})

    assert settings is None
    assert found.state is State.SICK
    assert found.mend


def test_an_installation_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    """Exit code and words agree."""
    done = run("--data-dir", tmp_path / "none", "doctor", "--json")

    assert done.exit_code == 1
    assert "--data-dir" in done.stdout


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (timedelta(days=31), State.WELL),
        (timedelta(days=30), State.WARNING),
        (timedelta(), State.SICK),
    ],
)
def test_a_certificate_that_ends_is_told_in_time(
    tmp_path: Path, left: timedelta, state: State
) -> None:
    """Without one that is good no picture leaves where pictures are signed."""
    chain, _ = pair()
    until = x509.load_pem_x509_certificates(chain)[0].not_valid_after_utc
    (tmp_path / "c2pa.pem").write_bytes(chain)

    found = checkup.of_certificate(tmp_path / "c2pa.pem", until - left)

    assert found.state is state
    assert bool(found.mend) is (state is not State.WELL)
    assert checkup.of_certificate(tmp_path / "none", NOON).state is State.SICK
