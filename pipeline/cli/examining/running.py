"""Runs what `imprimatur examine` was asked for, and says what came of it."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter

import typer

from pipeline.cli.examining.answers import Answer, answer, answers
from pipeline.cli.examining.examiner import Terms, examiner
from pipeline.cli.examining.pictures import Named, in_files, in_lines, weight
from pipeline.cli.examining.resuming import results_in
from pipeline.cli.measuring.bar import progress
from pipeline.cli.measuring.in_order import in_order
from pipeline.cli.output import note, say, say_json, say_pairs, say_table

STDIN = "-"
_UNREAD = "unread"


def examine_one(path: Path, terms: Terms, *, as_json: bool) -> bool:
    """Judge one picture, say what was seen and decided, and return whether it could be judged.

    Raises:
        UnusableError, PolicyError, ClassifierError: nothing can be judged.
    """
    (named,) = in_files([path])
    told = answer(examiner(terms), named)
    if as_json:
        say_json(told)
    elif "error" in told:
        note(f"{path}: {told['error']}")
    else:
        size = f"{told['width']} x {told['height']}"
        say_pairs(
            {
                "action": told["action"],
                "codes": told["codes"],
                "size": size,
                "took": f"{told['ms']} ms",
                "policy": examiner(terms).policy_digest[:12],
            }
        )
        seen = [(name, score) for name, score in told["signals"].items() if score > 0]
        say_table(["signal", "score"], seen, "Nothing was seen.")
        say_table(["nobody could say", "why"], told["unavailable"].items(), "All was answered.")
    return "error" not in told


def examine_many(
    paths: Sequence[Path], out: Path | None, terms: Terms, processes: int, *, as_json: bool
) -> bool:
    """Judge files and folders, say what each came to, and return whether all could be judged.

    With `out`, a line for each is added there, and what is there already is not looked at again.

    Raises:
        UnusableError, PolicyError, ClassifierError, OSError: nothing can be judged.
    """
    examiner(terms)  # what is wrong with a policy is told once, and here
    pictures = list(in_files(paths))
    counted: Counter[str] = Counter()
    shown: list[Answer] = []
    with ExitStack() as closing:
        add, left = shown.append, pictures
        if out is not None:
            results = closing.enter_context(results_in(out, examiner(terms).policy_digest))
            add, left = results.add, [each for each in pictures if each.name not in results.done]
            counted.update(map(_outcome, results.done.values()))
        if counted:
            note(f"{counted.total()} are in {out} already, {len(left)} are left")
        for told in _judged(left, len(left), terms, processes):
            counted[_outcome(told)] += 1
            add(told)
    _say(shown, counted, out, as_json=as_json)
    return not counted[_UNREAD]


def examine_lines(source: str, terms: Terms, processes: int) -> bool:
    """Answer each line of `source` with one on stdout, and say whether all could be judged.

    Raises:
        UnusableError, PolicyError, ClassifierError, OSError: nothing can be judged.
    """
    examiner(terms)
    began, count, unjudged = perf_counter(), 0, 0
    with ExitStack() as closing:
        stream = sys.stdin.buffer
        if source != STDIN:
            stream = closing.enter_context(Path(source).open("rb"))
        for told in _judged(in_lines(stream), None, terms, processes):
            typer.echo(json.dumps(told))
            count += 1
            unjudged += "error" in told
    note(f"{count} lines in {perf_counter() - began:.1f} s, {unjudged} could not be judged")
    return not unjudged


def _judged(
    pictures: Iterable[Named], total: int | None, terms: Terms, processes: int
) -> Iterator[Answer]:
    done = 0
    with progress(total, lambda: done, "pictures") as advance:
        for told in in_order(partial(answers, terms), pictures, processes, weight):
            done += 1
            yield told
            advance(done)


def _outcome(told: Answer) -> str:
    return _UNREAD if "error" in told else str(told["action"])


def _say(
    shown: Sequence[Answer], counted: Counter[str], out: Path | None, *, as_json: bool
) -> None:
    if as_json:
        say_json({"pictures": shown, "counted": dict(counted)} if out is None else dict(counted))
        return
    if out is None:
        rows = [
            (
                told["id"],
                told["action"],
                told["codes"],
                told.get("error", f"{told['width']} x {told['height']}"),
                told["ms"],
            )
            for told in shown
        ]
        say_table(["picture", "action", "codes", "size", "ms"], rows, "There were no pictures.")
    said = ", ".join(f"{number} {name}" for name, number in sorted(counted.items()))
    say(f"{counted.total()} pictures: {said or 'there were none'}")
