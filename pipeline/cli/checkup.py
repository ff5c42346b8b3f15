"""What `imprimatur doctor` looks at: each part is well, could be better, or is to be mended."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from audit.connection import connect_reader
from audit.leaf import Leaf
from pipeline.engines.standings import WELL
from pipeline.errors import SettingsError
from pipeline.novelai.accounts import PAUSED
from pipeline.settings import Settings, load
from pipeline.store.store import SOUND_SQLITE

LITTLE_DISK: Final = 10 * 2**30
NO_DISK: Final = 2**30
"""A disk that is full stops everything: nothing can be written down."""
_OTHERS: Final = 0o077
_SLACK: Final = timedelta(seconds=5)
_CERTIFICATE: Final = "certificate"
_SOON: Final = timedelta(days=30)


class State(StrEnum):
    """How a part is."""

    WELL = "well"
    WARNING = "warning"
    SICK = "sick"


@dataclass(frozen=True, slots=True)
class Check:
    """One part: how it is, what was found, and what to do about it."""

    part: str
    state: State
    found: str
    mend: str = ""


def settings_of(data_dir: Path, environment: Mapping[str, str]) -> tuple[Settings | None, Check]:
    """Load the settings, and say what is wrong with them."""
    if not data_dir.is_dir():
        mend = "name it with --data-dir, or begin with `imprimatur serve`"
        return None, Check("data", State.SICK, f"{data_dir} is not there", mend)
    try:
        settings = load(data_dir, environment)
    except SettingsError as fault:
        found = f"{len(fault.problems)} to mend"
        return None, Check("settings", State.SICK, found, "; ".join(fault.problems))
    return settings, Check("settings", State.WELL, "they load and fit together")


def of_files(data_dir: Path, keys_dir: Path, free: int) -> Iterator[Check]:
    """Look at what lies on the disk. `free` is in bytes."""
    yield from _private([data_dir], "data", f"chmod 700 {data_dir}")
    keys = sorted(keys_dir.glob("*.key"))
    if keys:
        yield from _private([keys_dir, *keys], "keys", f"chmod -R go-rwx {keys_dir}")
    else:
        yield Check("keys", State.SICK, f"none in {keys_dir}", "put back the backup of the keys")
    gib = f"{free / 2**30:.1f} GiB free"
    if free < NO_DISK:
        yield Check("disk", State.SICK, gib, "make room: a full disk stops every request")
    elif free < LITTLE_DISK:
        yield Check("disk", State.WARNING, gib, "make room soon: a full disk stops every request")
    else:
        yield Check("disk", State.WELL, gib)


def free_space(data_dir: Path) -> int:
    """Return how many bytes are free where the data lies."""
    return shutil.disk_usage(data_dir).free


def of_machine(sqlite: tuple[int, ...], log: Path, now: datetime) -> Iterator[Check]:
    """Look at SQLite's version, and at the clock against the newest entry of the log."""
    wanted, there = (".".join(map(str, each)) for each in (SOUND_SQLITE, sqlite))
    if sqlite < SOUND_SQLITE:
        mend = f"use a Python with SQLite {wanted}: older ones can, rarely, damage a database"
        yield Check("sqlite", State.WARNING, there, mend)
    else:
        yield Check("sqlite", State.WELL, there)
    if log.is_file():
        yield _clock(log, now)


def of_certificate(chain: Path, now: datetime) -> Check:
    """Look at how long the certificate is good that signs pictures."""
    try:
        until = x509.load_pem_x509_certificates(chain.read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError) as fault:
        mend = "put the certificate there that c2pa.certificate_file names"
        return Check(_CERTIFICATE, State.SICK, type(fault).__name__, mend)
    found = f"until {until.isoformat(timespec='seconds')}"
    if until <= now:
        mend = "put a new one there and restart: pictures that cannot be signed are held"
        return Check(_CERTIFICATE, State.SICK, found, mend)
    if until <= now + _SOON:
        mend = "get a new one: pictures that cannot be signed are held"
        return Check(_CERTIFICATE, State.WARNING, found, mend)
    return Check(_CERTIFICATE, State.WELL, found)


def of_report(ready: Mapping[str, Any]) -> Iterator[Check]:
    """Read what a gateway says of itself (`/ready`, for the operator)."""
    for part in ("log", "store", "vault", "admission", "seizures"):
        well = ready[part] == "ok"
        mend = "" if well else "see docs/operate.md, Sickness; the server's log names the fault"
        yield Check(part, State.WELL if well else State.SICK, str(ready[part]), mend)
    yield _named("models", ready["sick"], "all see what they must see", "see the server's log")
    accounts = ready["accounts"]
    paused = {name: said for name, said in accounts.items() if said in PAUSED}
    mend = "docs/accounts.md says what each state needs; see `imprimatur accounts list`"
    yield _named("accounts", paused, f"{len(accounts)} usable or unproved", mend)
    failing = {name: said for name, said in ready["engines"].items() if said != WELL}
    mend = "see docs/engines.md, What it must be like"
    yield _named("engines", failing, f"{len(ready['engines'])} could draw now", mend)
    yield _balances(ready["balances"], ready["low"])
    tenants = {} if ready["tenants"] == "ok" else ready["tenants"]
    yield _named("tenants", tenants, "every policy fits", "put the policy set back")
    yield _banks(ready["banks"])
    yield _tiers(ready["serves"])
    outside = ready["outside"]
    if outside.get("fork_guard") == "on":
        yield Check("outside memory", State.WELL, "a fork guard is on")
    else:
        mend = "set outside.fork_guard to a file on another disk (docs/audit-outside.md)"
        yield Check("outside memory", State.WARNING, "no fork guard", mend)


def worst(checks: Sequence[Check]) -> State:
    """Return the worst of all states."""
    states = {check.state for check in checks}
    return next((each for each in (State.SICK, State.WARNING) if each in states), State.WELL)


def _private(paths: Sequence[Path], part: str, mend: str) -> Iterator[Check]:
    open_to_all = [path.name for path in paths if path.stat().st_mode & _OTHERS]
    if open_to_all:
        found = f"others may read {', '.join(open_to_all)}"
        yield Check(part, State.SICK, found, mend)
    elif not all(os.access(path, os.R_OK) for path in paths):
        yield Check(part, State.SICK, "this user cannot read it", "run as the gateway's user")
    else:
        yield Check(part, State.WELL, f"{paths[0]}, for its owner alone")


def _clock(log: Path, now: datetime) -> Check:
    try:
        with closing(connect_reader(log)) as connection:
            rows = connection.execute("SELECT leaf FROM entry ORDER BY idx DESC LIMIT 1").fetchall()
    except sqlite3.Error as fault:
        mend = "see `imprimatur audit verify`, and the backups"
        return Check("clock", State.SICK, f"the log cannot be read: {fault}", mend)
    if not rows:
        return Check("clock", State.WELL, now.isoformat(timespec="seconds"))
    newest = datetime.fromisoformat(Leaf.parse(rows[0][0]).at)
    if newest > now + _SLACK:
        found = f"it stands {(newest - now).total_seconds():.0f} s before the log's newest entry"
        return Check("clock", State.SICK, found, "set the clock, and keep it by NTP")
    return Check("clock", State.WELL, now.isoformat(timespec="seconds"))


def _named(part: str, wrong: Mapping[str, object], well: str, mend: str) -> Check:
    if not wrong:
        return Check(part, State.WELL, well)
    found = ", ".join(f"{name}: {said}" for name, said in wrong.items())
    return Check(part, State.SICK, found, mend)


def _balances(left: Mapping[str, object] | None, low: Sequence[str] | None) -> Check:
    """Look at what was left on each account when NovelAI was last asked."""
    if left is None or low is None:
        return Check("balances", State.WARNING, "nobody knows", "see the server's log")
    if low:
        found = ", ".join(f"{label}: {left.get(label)} Anlas" for label in low)
        mend = "fill it up at NovelAI; see `imprimatur accounts balance`"
        return Check("balances", State.WARNING, found, mend)
    return Check("balances", State.WELL, "no account runs low")


def _banks(banks: object) -> Check:
    if not isinstance(banks, dict):
        state = State.SICK if str(banks).startswith("lost") else State.WARNING
        mend = "get a list from a hotline or partner, and `imprimatur banks import` it"
        return Check("banks", state, str(banks), mend)
    stale = [name for name, facts in banks.items() if facts.get("stale")]
    if stale:
        mend = "import their newest version: `imprimatur banks import`"
        return Check("banks", State.SICK, f"stale: {', '.join(stale)}", mend)
    return Check("banks", State.WELL, ", ".join(banks))


def _tiers(serves: Mapping[str, Mapping[str, Any]]) -> Check:
    served = [name for name, said in serves.items() if said["served"]]
    if served == list(serves):
        return Check("served", State.WELL, ", ".join(served))
    missing = sorted({each for said in serves.values() for each in said["missing"]})
    state = State.WARNING if "general" in served else State.SICK
    mend = f"no model here answers {', '.join(missing)}"
    return Check("served", state, ", ".join(served) or "nothing", mend)
