"""Prints the figures of docs/figures.md: what was measured, its budget, and a peer in the same run.

    python tests/bench/run.py [--quick] [--json] [--only PART]

Nothing is asserted. The clock says what a user waits; the processor's time says what is worth
comparing where other programs run on the machine as well.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import appends, load, pictures, texts
from tests.bench.added import DIRECT, added, bodies, prerender
from tests.bench.benign import write_bank
from tests.bench.figure import Figure, show
from tests.bench.servers import Cores, environment, gateway, sandbox

_BANK_ROWS = 2_000
_MORE_THAN_REMEMBERED = 128
"""Different pictures: the content network remembers its last 64 answers, and must not here."""
_CROWD = 192


def through(folder: Path, *, quick: bool) -> dict[str, list[Figure]]:
    """Measure through a gateway and a sandbox, each in its own process."""
    here = os.sched_getaffinity(0)
    cores, asked = Cores.here(), bodies(_MORE_THAN_REMEMBERED)
    crowd = bodies(_CROWD, after=_MORE_THAN_REMEMBERED)
    rendered, bank = folder / "rendered", folder / "chance.csv"
    rendered.mkdir()
    os.sched_setaffinity(0, cores.others)
    with sandbox(cores.others) as upstream:
        prerender(upstream, asked)
        load.fetch(upstream, DIRECT, asked, rendered)
        env = environment(upstream.address, load.CLIENTS, bank)
        with (
            load.gate_alone(cores.gateway, folder / "alone", env, rendered) as gate,
            gateway(cores.gateway, folder / "data", env) as serving,
        ):
            one = added(upstream, serving, asked[: 24 if quick else 96])
            many = asyncio.run(load.turns(serving, gate, asked, 3 if quick else 7, 8.0))
            at_once = asyncio.run(load.crowd(serving, crowd))
    os.sched_setaffinity(0, here)
    return {"added to a generation": one, "many clients": load.figures(many, at_once)}


def parts(folder: Path, *, quick: bool) -> Mapping[str, Callable[[], dict[str, list[Figure]]]]:
    """Return what can be measured, by name."""
    rounds, seconds = (7, 2.0) if quick else (31, 5.0)
    return {
        "texts": lambda: {"reading texts": texts.texts(rounds * 10)},
        "pictures": lambda: {"image gate": pictures.pictures(rounds, folder / "chance.csv")},
        "appends": lambda: {"audit log": appends.appends(folder, seconds)},
        "through": lambda: through(folder, quick=quick),
    }


def machine() -> dict[str, object]:
    """Return on what it was measured, and how busy that was."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = (line for line in lines if line.startswith("model name"))
    return {
        "processor": next(names, platform.processor()).partition(":")[2].strip(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }


def main() -> None:
    """Measure, and print one table for each part, or one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a minute instead of three")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--only", choices=["texts", "pictures", "appends", "through"])
    options = parser.parse_args()
    before = machine()
    written: dict[str, object] = {"machine": before}
    if not options.json:
        print(" · ".join(f"{key} {value}" for key, value in before.items()))
    with tempfile.TemporaryDirectory() as made:
        write_bank(Path(made) / "chance.csv", _BANK_ROWS)
        for name, measure in parts(Path(made), quick=options.quick).items():
            if options.only not in {None, name}:
                continue
            for title, figures in measure().items():
                written[title] = [figure.written() for figure in figures]
                if not options.json:
                    show(title, figures)
    if options.json:
        json.dump(written, sys.stdout, indent=2)
        print()


if __name__ == "__main__":
    main()
