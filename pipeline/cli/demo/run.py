"""Plays every case, one after the other, and verifies the log of all of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import httpx

from audit.errors import AuditError
from audit.report import Report
from pipeline.cli.demo import breakdowns, everyday, trouble, uploads
from pipeline.cli.demo.case import Case, Check, Outcome, failed, judged
from pipeline.cli.demo.world import World, until
from pipeline.cli.errors import CliError

CASES: tuple[Case, ...] = (*everyday.CASES, *uploads.CASES, *trouble.CASES, *breakdowns.CASES)

_FAULTS = (httpx.HTTPError, TimeoutError, CliError, AuditError, LookupError, ValueError)
"""What a wrong gateway can make of a case: it fails the case, and the others are still played."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An outcome, and the proof that its decision is in the log."""

    outcome: Outcome
    proof: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """Everything that was seen."""

    shown: tuple[Shown, ...]
    log: Report
    vkey: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every outcome is the right one and the whole log holds."""
        return self.log.ok and all(each.outcome.ok for each in self.shown)


async def run(world: World, begun: float, about_to: Callable[[Case], None]) -> Demonstration:
    """Play every case and verify the log; `about_to` is told what comes next."""
    outcomes: list[Outcome] = []
    for case in CASES:
        about_to(case)
        outcomes.append(await _played(world, case))
    kept = [each.answer.checkpoint for each in outcomes if each.answer and each.answer.checkpoint]

    async def signed() -> bool:
        return world.ledger.unsigned() == 0

    await until(signed)
    log = await asyncio.to_thread(world.ledger.verified, kept)
    shown = await asyncio.to_thread(_proved, world, outcomes)
    return Demonstration(shown, log, world.ledger.key, perf_counter() - begun)


async def _played(world: World, case: Case) -> Outcome:
    try:
        before, begun = await world.calls(), perf_counter()
        played = await case.play(world)
        milliseconds = round((perf_counter() - begun) * 1000)
        paid = await world.calls() - before
        trail = world.ledger.trail(played.answer.submission)
        return judged(case, played, trail, paid, milliseconds)
    except _FAULTS as fault:
        return failed(case, fault)


def _proved(world: World, outcomes: Sequence[Outcome]) -> tuple[Shown, ...]:
    """Prove each decision from the finished log."""
    return tuple(_with_proof(world, outcome) for outcome in outcomes)


def _with_proof(world: World, outcome: Outcome) -> Shown:
    decided = outcome.decided
    if decided is None:
        return Shown(outcome, "")
    try:
        return Shown(outcome, world.ledger.proof(decided))
    except AuditError as fault:
        check = Check(f"its proof holds: {type(fault).__name__}", holds=False)
        return Shown(replace(outcome, checks=(*outcome.checks, check)), "")
