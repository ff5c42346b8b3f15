"""Runs unmodified NovelAI clients against a sandbox, and then against the gateway before it.

What fails in both is the client's or the sandbox's fault; what fails only behind the gateway is
the gateway's. Prints a line for each check, a table, and how many passed; exits with 1 if any
failed, 2 if it could not look.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.compat import page
from tests.compat.clients import Client, MissingToolError, clients
from tests.compat.environments import SDKS, EnvironmentFailedError, interpreters
from tests.compat.expectations import WITHHELD_SEED, Check, WrongError, directly, gated
from tests.compat.features import NOT_OFFERED, outcomes, wrong
from tests.compat.scenes import lay_out, list_as_blocked, picture_of
from tests.compat.servers import NotStartedError, Served, start_gateway, start_sandbox

Found = dict[str, dict[str, Mapping[str, str]]]
"""Side, SDK, feature: what became of it."""
_out = Console(highlight=False, markup=False, soft_wrap=True, width=110)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check of one client; `wrong` is empty if it passed."""

    side: str
    client: str
    check: str
    wrong: str


def main() -> int:
    """Make the environments, start the servers, run everything; return the exit code."""
    began = time.perf_counter()
    try:
        every = clients(interpreters())
    except (EnvironmentFailedError, MissingToolError) as fault:
        _out.print(f"could not look: {fault}")
        return 2
    _out.print(f"environments ready after {time.perf_counter() - began:.0f} s")
    with tempfile.TemporaryDirectory(prefix="compat-") as folder:
        found: Found = {"sandbox": {}, "gateway": {}}
        results = list(_all(every, Path(folder), found))
    if len(found["gateway"]) == len(SDKS):
        page.write(found)
    failed = sum(bool(result.wrong) for result in results)
    _out.print(_table(results))
    _out.print(f"{time.perf_counter() - began:.0f} s")
    _out.print(f"{len(results) - failed} passed, {failed} failed")
    return int(bool(failed))


def _all(every: Sequence[Client], work: Path, found: Found) -> Iterator[Result]:
    sandbox = start_sandbox()
    bank = work / "compat.csv"
    list_as_blocked(picture_of(sandbox, WITHHELD_SEED), bank)
    for client in every:
        yield from _tried("sandbox", client, client.run, work, sandbox, directly(sandbox))
        yield from _features("sandbox", client, work, sandbox, sandbox, found)
    try:
        with start_gateway(work / "data", sandbox, bank) as gateway:
            expected = gated(sandbox, gateway)
            for client in every:
                yield from _tried("gateway", client, client.run, work, gateway, expected)
                yield from _tried("readme", client, client.run_example, work, gateway, expected)
                yield from _features("gateway", client, work, gateway, sandbox, found)
    except NotStartedError as fault:
        _out.print(str(fault))
        yield Result("gateway", "imprimatur", "serve", str(fault))


def _tried(
    side: str,
    client: Client,
    run: Callable[[Path, Served], str],
    work: Path,
    served: Served,
    expected: Mapping[str, Check],
) -> Iterator[Result]:
    """Run one program in a new folder, then look into it."""
    folder = work / f"{side}-{client.name}"
    folder.mkdir()
    began = time.perf_counter()
    complaint = run(folder, served)
    seconds = time.perf_counter() - began
    names = ("readme",) if side == "readme" else client.tries
    results = [Result(side, client.name, name, _wrong(folder, expected[name])) for name in names]
    for result in results:
        verdict = f"FAILED: {result.wrong}" if result.wrong else "ok"
        _out.print(f"{side:8} {client.name:15} {result.check:13} {verdict}")
    if any(result.wrong for result in results):
        _out.print(f"{side:8} {client.name:15} its complaint: {complaint}")
    _out.print(f"{side:8} {client.name:15} {seconds:.1f} s")
    yield from results


def _features(
    side: str, client: Client, work: Path, served: Served, sandbox: Served, found: Found
) -> Iterator[Result]:
    """Try every feature of an SDK in a new folder, and note what became of each."""
    if client.features is None:
        return
    folder = work / f"{side}-{client.name}-features"
    folder.mkdir()
    lay_out(folder, sandbox)
    complaint = client.run_features(folder, served)
    became = outcomes(folder, client.name)
    found[side][client.name] = became
    offered = {name: each for name, each in became.items() if each != NOT_OFFERED}
    for name, outcome in offered.items():
        told = wrong(side, client.name, name, outcome)
        _out.print(f"{side:8} {client.name:15} {name:13} {f'FAILED: {told}' if told else outcome}")
        yield Result(side, client.name, name, told)
    if any(wrong(side, client.name, name, each) for name, each in offered.items()):
        _out.print(f"{side:8} {client.name:15} its complaint: {complaint}")


def _wrong(folder: Path, check: Check) -> str:
    try:
        check(folder)
    except (WrongError, OSError, ValueError, KeyError) as fault:
        return f"{type(fault).__name__}: {fault}"
    return ""


def _table(results: Sequence[Result]) -> Table:
    clients_seen = dict.fromkeys(result.client for result in results)
    rows = sorted({(result.side, result.check) for result in results}, reverse=True)
    found = {(r.side, r.check, r.client): "FAILED" if r.wrong else "ok" for r in results}
    table = Table("at", "check", *clients_seen)
    for side, check in rows:
        table.add_row(side, check, *(found.get((side, check, one), "") for one in clients_seen))
    return table


if __name__ == "__main__":
    sys.exit(main())
