"""Runs what `imprimatur screen` was asked for, and says what came of it."""

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

import typer

from classifiers.content import Grammar, Polarity
from classifiers.signals import Field, Finding, Signal
from pipeline.cli.errors import UnusableError
from pipeline.cli.measuring.bar import progress
from pipeline.cli.measuring.in_order import in_order
from pipeline.cli.output import note, say_json, say_pairs, say_table, stop
from pipeline.cli.screening.asked import Manner
from pipeline.cli.screening.lines import answered, answers, lines_of, weight
from pipeline.cli.screening.screener import Screened, Terms, screener
from pipeline.items import engine_of
from pipeline.novelai import catalogue
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from policies.decision import Action

STDIN = "-"
_LONGEST_CHARACTER = 4
"""Bytes that one takes in UTF-8."""


def manner(*, negative: bool, model: str) -> Manner:
    """Say how texts are read.

    Raises:
        UnusableError: there is no such model.
    """
    polarity = Polarity.NEGATIVE if negative else Polarity.POSITIVE
    if engine_of(model) is not None:
        return Manner(polarity, Grammar.WEBUI)
    try:
        return Manner(polarity, catalogue.find(model).family.grammar)
    except RequestRefusedError:
        known = ", ".join(catalogue.MODELS)
        raise UnusableError("--model", f"one of {known}", repr(model)) from None


def screen_one(text: str, terms: Terms, manner: Manner, *, as_json: bool) -> None:
    """Judge one text, and say what was found and decided.

    Raises:
        UnusableError, PolicyError, ClassifierError: nothing can be judged.
    """
    try:
        prompt = manner.prompt(_from_stdin() if text == STDIN else text)
    except RequestRefusedError as fault:
        stop(fault.message)
    screened = screener(terms).screen(prompt)
    if as_json:
        found = [_found(each) for each in _raised(screened)]
        say_json({**answered(screened), "rules": _rules(screened), "found": found})
        return
    decision = screened.decision
    say_pairs(
        {
            "action": decision.action,
            "codes": [str(code) for code in screened.codes],
            "unavailable": list(screened.unavailable),
            "policy": decision.policy_digest[:12],
            "took": f"{screened.milliseconds:.1f} ms",
        }
    )
    rules = [tuple(rule.values()) for rule in _rules(screened)]
    say_table(["rule", "set", "action", "code"], rows=rules, nothing="No rule minds it.")
    rows = [_row(each) for each in _raised(screened)]
    say_table(["signal", "score", "where", "evidence"], rows, "Nothing was found.")


def screen_lines(source: str, terms: Terms, manner: Manner, processes: int) -> bool:
    """Answer each line of `source` with one on stdout, and say whether all could be judged.

    Raises:
        UnusableError, PolicyError, ClassifierError, OSError: nothing can be judged.
    """
    screener(terms)  # what is wrong with a policy is told once, and here
    began, count, unjudged = perf_counter(), 0, 0
    job = partial(answers, terms, manner)
    with _opened(source) as stream, progress(_size(stream), _place(stream)) as advance:
        for line, is_judged in in_order(job, lines_of(stream), processes, weight):
            typer.echo(line)
            count += 1
            unjudged += not is_judged
            advance(count)
    note(f"{count} lines in {perf_counter() - began:.1f} s, {unjudged} could not be judged")
    return not unjudged


def _from_stdin() -> str:
    """Read as much as can be judged; bytes that are no text become what `Manner` refuses."""
    most = _LONGEST_CHARACTER * Limits().text_characters
    return sys.stdin.buffer.read(most + 1).decode("utf-8", "surrogateescape")


def _opened(source: str) -> Any:  # noqa: ANN401 - a context that gives a stream, closed or left
    return nullcontext(sys.stdin.buffer) if source == STDIN else Path(source).open("rb")


def _size(stream: BinaryIO) -> int | None:
    return os.fstat(stream.fileno()).st_size if _is_file(stream) else None


def _place(stream: BinaryIO) -> Callable[[], int]:
    return stream.tell if _is_file(stream) else lambda: 0


def _is_file(stream: BinaryIO) -> bool:
    return stream is not sys.stdin.buffer and stream.seekable()


def _raised(screened: Screened) -> list[Finding]:
    """Give what was seen, and what nobody could say: not the zeros."""
    return [each for each in screened.findings if not isinstance(each, Signal) or each.score > 0]


def _found(finding: Finding) -> dict[str, object]:
    where = finding.where
    place = where.path if isinstance(where, Field) else where.carrier
    if isinstance(where, Field) and where.span is not None:
        place += f" {where.span[0]}-{where.span[1]}"
    if isinstance(finding, Signal):
        score, evidence = finding.score, finding.evidence or finding.source
    else:
        score, evidence = None, f"{finding.source}: {finding.reason}"
    return {"name": finding.name, "score": score, "where": place, "evidence": evidence}


def _row(finding: Finding) -> tuple[object, ...]:
    """Return what was found as a table has it: a score of three digits says all that it can."""
    score = f"{finding.score:.3g}" if isinstance(finding, Signal) else None
    return tuple({**_found(finding), "score": score}.values())


def _rules(screened: Screened) -> list[dict[str, str]]:
    """Give each verdict that is more than an approval."""
    return [
        {"rule": one.rule, "set": one.layer, "action": one.action, "code": one.code}
        for one in screened.decision.verdicts
        if one.action is not Action.ALLOW and not one.shadow
    ]
