"""The command that says what is wrong with an installation, and what to do about it."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from audit.errors import AuditError
from classifiers.errors import ClassifierError
from pipeline.cli import operator
from pipeline.cli.checkup import (
    Check,
    State,
    free_space,
    of_certificate,
    of_files,
    of_machine,
    of_report,
    settings_of,
    worst,
)
from pipeline.cli.context import data_dir_of
from pipeline.cli.errors import CliError
from pipeline.cli.logfile import LOG
from pipeline.cli.output import REFUSED, AsJson, say, say_json, say_table
from pipeline.errors import PipelineError
from policies.errors import PolicyError

_FAULTS = (CliError, AuditError, PipelineError, ClassifierError, PolicyError, OSError)


def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Look at settings, disk, clock, models, banks, accounts, engines and log; say what to mend.

    It asks the server that runs, or opens the installation itself; nothing is sent to NovelAI, and
    engines of your own are asked what they have loaded.

    Exits with 0 (it is well, warnings aside), 1 (something is to be mended).

    Examples:
      imprimatur doctor
      imprimatur --data-dir /srv/imprimatur doctor --json
    """
    checks = list(_checks(data_dir_of(ctx)))
    state = worst(checks)
    if as_json:
        listed = [
            {"part": each.part, "state": each.state, "found": each.found, "mend": each.mend}
            for each in checks
        ]
        say_json({"state": state, "checks": listed})
    else:
        rows = [(each.part, each.state, each.found, each.mend) for each in checks]
        say_table(["part", "is", "found", "what to do"], rows, "Nothing was looked at.")
        say(_verdict(checks))
    if state is State.SICK:
        raise typer.Exit(REFUSED)


def _checks(data_dir: Path) -> Iterator[Check]:
    settings, check = settings_of(data_dir, os.environ)
    serving = asyncio.run(operator.answers(data_dir / operator.SOCKET))
    # what a server was started with may be in its own environment, not in this one
    yield Check("settings", State.WELL, "a server runs with its own") if serving else check
    if data_dir.is_dir():
        keys = data_dir / "keys" if settings is None else settings.keys_dir
        yield from of_files(data_dir, keys, free_space(data_dir))
        # the command's clock, as the server's is this machine's
        from pipeline.app import now  # noqa: PLC0415 - it loads every model: not for `--help`

        yield from of_machine(sqlite3.sqlite_version_info, data_dir / LOG, now())
        if settings is not None and settings.c2pa is not None:
            yield of_certificate(settings.c2pa.certificate_file, now())
    if settings is None and not serving:
        yield Check("gateway", State.WARNING, "not looked at", "mend the settings first")
        return
    try:
        ready = asyncio.run(_ready(data_dir))
    except _FAULTS as fault:
        yield Check("gateway", State.SICK, "it does not open", str(fault) or type(fault).__name__)
    else:
        yield from of_report(ready)


async def _ready(data_dir: Path) -> Mapping[str, Any]:
    async with operator.desk(data_dir) as client:
        answer = await client.get("/ready")
    report: Mapping[str, Any] = answer.raise_for_status().json()
    return report


def _verdict(checks: list[Check]) -> str:
    counts = {state: sum(check.state is state for check in checks) for state in State}
    if counts[State.SICK]:
        return f"{counts[State.SICK]} to be mended, {counts[State.WARNING]} could be better"
    return f"well; {counts[State.WARNING]} could be better"
