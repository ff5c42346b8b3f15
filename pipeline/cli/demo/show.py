"""Shows the demonstration: starts its servers, plays it, and writes what was seen."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.table import Table

from pipeline.cli.demo import page, summary
from pipeline.cli.demo.run import run
from pipeline.cli.demo.world import World, opened


@dataclass(frozen=True, slots=True)
class Shown:
    """What was seen, for people and for machines."""

    ok: bool
    table: Table
    said: Mapping[str, Any]


async def show(data_dir: Path, report: Path, tell: Callable[[str], None], *, keep: bool) -> Shown:
    """Play everything against servers that keep their data in `data_dir`, and write the report.

    Raises:
        CliError: a server did not start.
        OSError: the report cannot be written.
    """
    begun = perf_counter()
    tell("starting a sandbox and a gateway")
    async with opened(data_dir, keep=keep) as world:
        seen = await run(world, begun, lambda case: tell(case.request))
        await asyncio.to_thread(report.write_text, page.render(seen), "utf-8")
        kept = _kept(world) if keep else None
        said = {**summary.as_json(seen), "report": str(report), "kept": kept}
        return Shown(seen.ok, summary.table(seen), said)


def _kept(world: World) -> Mapping[str, Any]:
    return {
        "gateway": world.gateway.address,
        "sandbox": world.sandbox.address,
        "key": world.key,
        "data_dir": str(world.data_dir),
        "processes": [world.gateway.process.pid, world.sandbox.process.pid],
    }
