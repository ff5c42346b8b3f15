"""Measures on labelled pictures, or on scores that were handed on, and says the figures."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from audit.errors import MalformedError
from audit.signer import Ed25519Signer
from audit.vkey import VerifierKey
from pipeline.cli.errors import UnusableError
from pipeline.cli.examining import figures, scores
from pipeline.cli.examining.evaluation import Evaluation, evaluate
from pipeline.cli.examining.examiner import Terms, examiner
from pipeline.cli.examining.labelled import Pictures
from pipeline.cli.examining.scored import Scored, scored
from pipeline.cli.measuring.bar import progress
from pipeline.cli.measuring.in_order import in_order
from pipeline.cli.output import say, say_json, say_table


def measure_pictures(
    path: Path, page: Path | None, terms: Terms, processes: int, *, as_json: bool
) -> None:
    """Measure on labelled pictures, say the figures, and write a page with curves.

    Raises:
        UnusableError, PolicyError, ClassifierError, OSError: nothing can be measured.
    """
    labelled = Pictures.open(path)
    seen = evaluate(labelled.labels, _looked_at(labelled, terms, processes))
    _say(seen, examiner(terms).sources, page or Path(f"{path.stem}.evaluation.html"), as_json)


def measure_scores(path: Path, vkey: str, page: Path | None, *, as_json: bool) -> None:
    """Measure on scores that the holder of `vkey` signed.

    Raises:
        UnusableError, OSError: nothing can be measured.
    """
    try:
        key = VerifierKey.parse(vkey)
    except MalformedError as fault:
        raise UnusableError("--vkey", "name+id+base64", "another form") from fault
    held = scores.read(path, key)
    seen = evaluate(held.labels, held.pictures)
    _say(seen, held.models, page or Path(f"{path.stem}.evaluation.html"), as_json)


def write_scores(path: Path, out: Path, key: Path, terms: Terms, processes: int) -> None:
    """Look at labelled pictures, and write nothing but labels and scores, signed.

    Raises:
        UnusableError, PolicyError, ClassifierError, AuditError, OSError: it cannot be written.
    """
    labelled = Pictures.open(path, whatever=True)
    signer = Ed25519Signer.load(key) if key.exists() else Ed25519Signer.create(key, "scores")
    pictures = _looked_at(labelled, terms, processes)
    count = scores.write(out, signer, labelled.labels, examiner(terms).sources, pictures)
    say(f"{count} pictures: {out} holds labels and scores, and is signed by")
    say(signer.vkey.write())


def _looked_at(labelled: Pictures, terms: Terms, processes: int) -> Iterator[Scored]:
    examiner(terms)  # what is wrong with a policy is told once, and here
    rows = list(labelled.rows())
    done = 0
    with progress(len(rows), lambda: done, "pictures") as advance:
        for each in in_order(partial(scored, labelled.labels, terms), rows, processes):
            done += 1
            yield each
            advance(done)


def _say(seen: Evaluation, models: Iterable[str], page: Path, as_json: bool) -> None:
    page.write_text(figures.render(seen, list(models)), encoding="utf-8")
    if as_json:
        say_json({**figures.written(seen), "page": str(page)})
        return
    rows = [figures.row(each) for each in seen.whole]
    say_table(list(rows[0]) if rows else [], [tuple(each.values()) for each in rows], "No label.")
    say(f"{seen.rows} pictures, {seen.unread} could not be read; the page is {page}")
