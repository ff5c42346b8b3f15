"""The demonstration as a table, and the same as one JSON object."""

import json
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from pipeline.cli.demo.case import Outcome
from pipeline.cli.demo.ledger import Step
from pipeline.cli.demo.run import Demonstration
from pipeline.cli.demo.timeline import spans
from pipeline.cli.output import plain

COLOURS = {
    "released": "green",
    "held": "yellow",
    "refused": "red",
    "closed": "blue",
    "nothing": "magenta",
}


def table(seen: Demonstration) -> Table:
    """Return a row for each case, and below it what is wrong with it, if anything is."""
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    shown.add_column("")
    shown.add_column("request", min_width=24)
    for title in ("stage", "decision", "why"):
        shown.add_column(title)
    for title in ("ms", "audit"):
        shown.add_column(title, justify="right")
    for each in seen.shown:
        _add(shown, each.outcome)
    return shown


def _add(shown: Table, outcome: Outcome) -> None:
    decided = outcome.decided
    mark = Text("✓", style="bold green") if outcome.ok else Text("✗", style="bold red")
    shown.add_row(
        mark,
        Text(outcome.case.request),
        Text(outcome.stage),
        Text(outcome.decision, style=COLOURS[outcome.decision]),
        Text(plain(why(outcome)), style="dim" if outcome.decision == "released" else ""),
        f"{outcome.milliseconds:,}",
        "" if decided is None else str(decided.index),
    )
    for check in outcome.checks:
        if not check.holds:
            shown.add_row("", Text(f"not so: {plain(check.what)}", style="red"))


def why(outcome: Outcome) -> str:
    """Return what the caller was told, and after it what the log says."""
    if outcome.decision == "released":
        return "every gate passed"
    said = outcome.reason
    return f"{outcome.code} · {said}" if said and said != outcome.code else outcome.code


def as_json(seen: Demonstration) -> dict[str, Any]:
    """Return everything that the table shows, and the checks, times and proofs behind it."""
    return {
        "ok": seen.ok,
        "seconds": round(seen.seconds, 1),
        "cases": [_case(each.outcome, each.proof) for each in seen.shown],
        "audit": json.loads(seen.log.as_json()),
        "vkey": seen.vkey,
    }


def _case(outcome: Outcome, proof: str) -> Mapping[str, Any]:
    decided, answer = outcome.decided, outcome.answer
    return {
        "case": outcome.case.name,
        "request": outcome.case.request,
        "point": outcome.case.point,
        "ok": outcome.ok,
        "stage": outcome.stage,
        "decision": outcome.decision,
        "code": outcome.code,
        "reason": outcome.reason,
        "message": "" if answer is None else answer.message,
        "status": None if answer is None else answer.status,
        "milliseconds": outcome.milliseconds,
        "paid_calls": outcome.paid,
        "pictures": 0 if answer is None else len(answer.pictures),
        "submission": None if answer is None else str(answer.submission),
        "audit_index": None if decided is None else decided.index,
        "audit_id": None if decided is None else str(decided.entry_id),
        "checks": [{"what": each.what, "holds": each.holds} for each in outcome.checks],
        "timeline": [
            {"part": span.name, "milliseconds": round(span.seconds * 1000)}
            for span in spans(outcome.trail)
        ],
        "entries": [_entry(step) for step in outcome.trail],
        "proof": proof,
    }


def _entry(step: Step) -> Mapping[str, Any]:
    return {"index": step.index, "kind": step.kind, "at": step.at.isoformat()}
