"""The report: one page that needs nothing else, to be looked at in a browser."""

import base64
import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from pipeline.cli.demo.case import Check, Outcome
from pipeline.cli.demo.ledger import Step
from pipeline.cli.demo.run import Demonstration, Shown
from pipeline.cli.demo.summary import why
from pipeline.cli.demo.timeline import Span, spans

_PAGE = Path(__file__).with_name("page.html")
_GATES = {
    "screen": "every text and picture of a request",
    "generate": "the one call that is paid for",
    "examine": "every picture that came back",
    "release": "opened, and sent with its receipt",
}
_SIGNS = {
    "held": ("‖", "waits"),
    "refused": ("✕", "no picture"),
    "closed": ("?", "nobody knows"),
    "nothing": ("!", "not decided"),
}


def render(seen: Demonstration) -> str:
    """Return the page. It loads nothing: pictures and proofs are in it."""
    outcomes = [each.outcome for each in seen.shown]
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        figures="".join(_figures(seen, outcomes)),
        path="".join(_gate(name, what, outcomes) for name, what in _GATES.items()),
        cases="\n".join(_case(each, seen.vkey) for each in seen.shown),
        log=escape(seen.log.as_text().strip()),
        vkey=escape(seen.vkey),
    )


def _figures(seen: Demonstration, outcomes: list[Outcome]) -> Iterable[str]:
    right = sum(outcome.ok for outcome in outcomes)
    pictures = sum(len(_pictures(outcome)) for outcome in outcomes)
    yield _figure(f"{right} of {len(outcomes)}", "outcomes are right", good=right == len(outcomes))
    holds = "log entries, hashed again: all holds" if seen.log.ok else "PROBLEMS in the log"
    count = seen.log.entries if seen.log.ok else seen.log.problem_count
    yield _figure(str(count), holds, good=seen.log.ok)
    yield _figure(str(pictures), "pictures released", good=None)
    yield _figure(str(sum(outcome.paid for outcome in outcomes)), "paid calls upstream", good=None)
    yield _figure(f"{seen.seconds:.0f} s", "for all of it", good=None)


def _figure(number: str, what: str, *, good: bool | None) -> str:
    kind = "" if good is None else " good" if good else " bad"
    return f'<div class="figure{kind}"><b>{escape(number)}</b>{escape(what)}</div>'


def _gate(name: str, what: str, outcomes: list[Outcome]) -> str:
    here = sum(outcome.stage == name for outcome in outcomes)
    ended = "released" if name == "release" else "ended here"
    return (
        f'<div class="gate {name}"><b>{name.capitalize()}</b><small>{what}</small>'
        f"{here} {ended}</div>"
    )


def _case(shown: Shown, vkey: str) -> str:
    outcome = shown.outcome
    count = len(outcome.trail)
    record = f"On record: {count} {'entry' if count == 1 else 'entries'}"
    told = "" if outcome.answer is None else outcome.answer.message
    return (
        f'<article class="case {outcome.decision}" id="{outcome.case.name}">'
        f'<div class="sight">{_sight(outcome)}</div><div>'
        f'<div class="head"><h3>{escape(outcome.case.request)}</h3>'
        f'<span class="tag">{outcome.decision}</span></div>'
        f"<p>{escape(outcome.case.point)}</p>{_facts(outcome)}{_bar(spans(outcome.trail))}"
        f'<div class="more">'
        f"{_details('What was checked', _checks(outcome.checks, told), open_=not outcome.ok)}"
        f"{_details(record, _entries(outcome.trail))}"
        f"{_proof(shown, vkey)}</div></div></article>"
    )


def _sight(outcome: Outcome) -> str:
    pictures = _pictures(outcome)
    if not pictures:
        sign, word = _SIGNS.get(outcome.decision, _SIGNS["nothing"])
        return f'<div class="none"><b>{sign}</b>{word}</div>'
    pair = ' class="pair"' if len(pictures) > 1 else ""
    alt = escape(outcome.case.request, quote=True)
    return "".join(f'<img{pair} alt="{alt}" src="{_inline(each)}">' for each in pictures)


def _pictures(outcome: Outcome) -> tuple[bytes, ...]:
    return () if outcome.answer is None else outcome.answer.pictures


def _inline(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _facts(outcome: Outcome) -> str:
    decided = outcome.decided
    said = {
        "why": why(outcome),
        "stage": outcome.stage,
        "upstream": f"{outcome.paid} paid calls" if outcome.paid != 1 else "1 paid call",
        "took": f"{outcome.milliseconds:,} ms",
        "entry": "none" if decided is None else str(decided.index),
    }
    told = "".join(f"<span>{name} <b>{escape(value)}</b></span>" for name, value in said.items())
    return f'<div class="facts">{told}</div>'


def _bar(parts: Iterable[Span]) -> str:
    """Draw how long each stage took; the bar is as wide as its card from a second on."""
    shown = [part for part in parts if part.seconds > 0]
    wide = min(sum(part.seconds for part in shown), 1) * 100
    bars = "".join(
        f'<i class="{part.name}" style="flex:{part.seconds * 1000:.1f}"></i>' for part in shown
    )
    names = "".join(
        f'<span><i class="{part.name}"></i>{part.name} {part.told}</span>' for part in shown
    )
    bar = f'<div class="bar" style="width:{wide:.1f}%">{bars}</div>'
    return f'{bar}<div class="legend">{names}</div>' if shown else ""


def _details(title: str, inside: str, *, open_: bool = False) -> str:
    state = " open" if open_ else ""
    return f"<details{state}><summary>{escape(title)}</summary>{inside}</details>"


def _checks(checks: Iterable[Check], told: str) -> str:
    lines = "".join(
        f"<li{'' if each.holds else ' class=wrong'}>{escape(each.what)}</li>" for each in checks
    )
    said = f"<p>The caller reads: “{escape(told)}”</p>" if told else ""
    return f'<ul class="checks">{lines}</ul>{said}'


def _entries(trail: Iterable[Step]) -> str:
    rows = "".join(
        f"<tr><td>{step.index}<td>{step.at:%H:%M:%S.%f}<td><b>{step.kind}</b>"
        f"<td>{escape(_gist(step))}"
        for step in trail
    )
    return f"<table>{rows}</table>"


def _gist(step: Step) -> str:
    names = ("stage", "cause", "action", "code", "reason", "event", "samples", "sample")
    return ", ".join(f"{name} {step.public[name]}" for name in names if name in step.public)


def _proof(shown: Shown, vkey: str) -> str:
    decided, name = shown.outcome.decided, shown.outcome.case.name
    if decided is None or not shown.proof:
        return ""
    leaf = json.dumps(json.loads(decided.leaf), indent=2)
    files = (
        (f"{name}.tlog-proof", shown.proof.encode()),
        (f"{name}.leaf.json", decided.leaf),
        ("log.vkey", f"{vkey}\n".encode()),
    )
    links = " · ".join(
        f'<a download="{file}" href="{_inline(data, "application/octet-stream")}">{file}</a>'
        for file, data in files
    )
    inside = (
        f"<p>Save {links}, then:</p>"
        f"<pre>imprimatur audit check-proof {name}.tlog-proof --vkey log.vkey</pre>"
        f"<pre>{escape(shown.proof.strip())}</pre><p>The entry, as it is hashed (here spaced to be "
        f"read):</p><pre>{escape(leaf)}</pre>"
    )
    return _details(f"Proof that entry {decided.index} is in the log", inside)
