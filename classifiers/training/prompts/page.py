"""Writes `docs/prompt-model.md` out of the figures of all runs, the card and `page.md`.

    python -m classifiers.training.prompts.page OUT docs/prompt-model.md

What was not run is left out of its table, and the page says so.
"""

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from classifiers.prompt_heads import HEADS
from classifiers.training.prompts.folds import FOLDS
from classifiers.training.prompts.narrow import WIDTHS

_DESIGNS: Final = (
    "tf-idf",
    "frozen",
    "letters",
    "tuned",
    "tuned+letters",
    "student",
    "student+letters",
    "served (8 bits)",
)
_BUDGETS: Final = (5, 12, 22)
"""Milliseconds at p95, of texts of 64, 128 and 256 pieces."""
_RUNS: Final = {
    "tuned": ("runs", ""),
    "student": ("student/runs", ""),
    "student, by panes": ("student/runs", ".panes"),
}
"""Where the figures of the folds lie, by design, and how their names end."""


def page(out: Path) -> str:
    """Return the page."""
    card = _read(out / "weights" / "prompt_model.card.json")
    parts = {
        "HOW": _how(card),
        "SIZE": f"{(out / 'weights' / 'prompt_model.onnx').stat().st_size / 1e6:.0f}",
        "TABLES": "\n".join(tables(out)),
        "BASE": " and ".join(
            str(_read(out / "runs" / f"{name}.json").get("rows", 0)) for name in ("tfidf", "frozen")
        ),
        "MINOR": _minor(card["measured"]["minor"]),
        "SPEED": _speed(out),
        "BUDGET": _budget(out),
        "BLIND": "\n".join(f"- {one}" for one in card["blind_to"]),
        "SOURCES": _sources(card["trained"]["sources"]),
    }
    text = (files("classifiers.training.prompts") / "page.md").read_text("utf-8")
    for name, part in parts.items():
        text = text.replace(f"@@{name}@@", part.rstrip())
    return "\n".join([_filled(line) for line in text.splitlines()]) + "\n"


def _filled(line: str) -> str:
    """Return a line of prose in lines of 100 letters; tables stay as they are."""
    return (
        line
        if line.startswith("|")
        else textwrap.fill(line, 100, subsequent_indent="  " * line.startswith("- "))
    )


def _how(card: Mapping[str, Any]) -> str:
    trained = card["trained"]
    lexicons = trained["lexicons"]
    return (
        f"The teacher (six layers, the upper three fitted) comes from {_fit(trained['teacher'])}."
        " The student has the first two layers as published and the teacher's last. Its upper two"
        f" are cut from 1536 inner units to {' and '.join(map(str, WIDTHS.values()))} by least"
        f" squares, and with the heads they learned from {_fit(trained)}: half of each label is"
        " what the teacher says, where a source says anything of the head, and the mean of the"
        " last layer is drawn to the teacher's, which is no answer of any head. The data has the"
        f" digest `{trained['data_sha256'][:16]}`: {sum(lexicons.values())} texts, of which"
        f" {lexicons['sexual=1 minor=0']} fire the sexual lexicon,"
        f" {lexicons['sexual=0 minor=1']} the one of minors, and none fires both."
    )


def _fit(run: Mapping[str, Any]) -> str:
    plan = run["plan"]
    return (
        f"{run['rows']} rows in {plan['epochs']} epoch(s), in batches of {plan['batch']}, rate"
        f" {plan['rate']}, seed {plan['seed']}"
    )


def _minor(one: Mapping[str, Any]) -> str:
    return (
        f"recall {_share(one['recall'])} of {one['captions_with_children']} with children, false"
        f" positives {_share(one['false_positives'])} of {one['captions_without']} without. Of"
        f" {one['sexual_texts']} sexual texts, none with a hint at youth,"
        f" {_share(one['of_sexual_texts'])} reach its threshold: that is what this head adds to the"
        " false blocks of adult content."
    )


def _speed(out: Path) -> str:
    took = _read(out / "speed.json")
    if not took:
        return "Not measured on a quiet machine yet."
    rows = [["pieces", *(f"{name}: {part} ms" for name in took["ms"] for part in ("p50", "p95"))]]
    for size in took["ms"]["served"]:
        of_size = [one[size] for one in took["ms"].values()]
        rows.append([size, *(f"{one[part]:.1f}" for one in of_size for part in ("p50", "p95"))])
    return f"{took['how']}\n\n{_table(rows)}"


def _budget(out: Path) -> str:
    """Return whether the served model keeps within the stated times."""
    took = _read(out / "speed.json").get("ms", {}).get("served", {})
    told = [
        f"{one['p95']:.1f} of {most} ms at {size} pieces"
        for (size, one), most in zip(took.items(), _BUDGETS, strict=False)
        if one["p95"] > most
    ]
    missed = f"is missed: {'; '.join(told)}." if told else "is kept."
    return f"The budget of 5, 12 and 22 ms for nineteen texts of twenty {missed}"


def _sources(listed: Sequence[Mapping[str, Any]]) -> str:
    rows = [["repository", "commit", "licence", "files", "rows taken out"]]
    for repository in dict.fromkeys(str(one["repository"]) for one in listed):
        of_it = [one for one in listed if one["repository"] == repository]
        dropped = sum(int(one["rows_dropped"]) for one in of_it)
        first = of_it[0]
        rows.append([repository, first["commit"], first["licence"], str(len(of_it)), str(dropped)])
    return _table(rows)


def tables(out: Path) -> Iterator[str]:
    """Yield the tables, a heading each."""
    served = _read(out / "figures.json")
    yield _titled("Designs", _designs(out, served))
    yield _titled("Heads", _heads(served))
    yield _titled("Harmless texts", _harmless(served))
    yield _titled("Harmful texts", _harmful(served))
    yield _titled("Left out", _folds(out))


def _designs(out: Path, served: Mapping[str, Any]) -> list[list[str]]:
    tuned: dict[str, Any] = _read(out / "runs" / "all.json").get("auprc", {})
    student: dict[str, Any] = _read(out / "student" / "runs" / "all.json").get("auprc", {})
    known = {
        "tf-idf": _read(out / "runs" / "tfidf.json").get("auprc", {}),
        "frozen": _read(out / "runs" / "frozen.json").get("auprc", {}),
        **student,
        **tuned,
        "served (8 bits)": {name: one["auprc"] for name, one in served["heads"].items()},
    }
    designs = [design for design in _DESIGNS if known.get(design)]
    rows = [["head", *designs]]
    rows += [[f"`{head}`", *(f"{known[design][head]:.3f}" for design in designs)] for head in HEADS]
    return rows


def _heads(served: Mapping[str, Any]) -> list[list[str]]:
    rows = [["head", "examples", "threshold", "recall", "false positives", "recall at 1 %"]]
    for head, one in served["heads"].items():
        shares = (one["recall"], one["false_positives"], one["recall_at_1_percent"])
        found = [_share(share) for share in shares]
        rows.append(
            [
                f"`{head}`",
                f"{one['positive']} / {one['negative']}",
                f"{one['threshold']:.3f}",
                *found,
            ]
        )
    return rows


def _harmless(served: Mapping[str, Any]) -> list[list[str]]:
    rows = [["source", "texts", "any harm", "most by one head", "`minor_present`", "`real_person`"]]
    for source, one in served["harmless"].items():
        heads: dict[str, float] = dict(one["heads"])
        minor, person = heads.pop("minor_present"), heads.pop("real_person")
        worst = max(heads, key=lambda head: heads[head])
        most = f"`{worst}` {heads[worst]:.1%}" if heads[worst] else "none"
        rows.append(
            [
                source,
                str(one["texts"]),
                _share(one["any_harm"]),
                most,
                f"{minor:.1%}",
                f"{person:.1%}",
            ]
        )
    return rows


def _harmful(served: Mapping[str, Any]) -> list[list[str]]:
    rows = [["head", "source", "texts", "recall"]]
    for head, sources in served["harmful"].items():
        rows += [
            [f"`{head}`", source, str(count), f"{recall:.2f}"]
            for source, (count, recall) in sources.items()
        ]
    return rows


def _folds(out: Path) -> list[list[str]]:
    asked = ["risky", "captions", "AUC", "recall at 1 %", "AUC (real)", "own"]
    rows = [["left out", "design", "rows", *asked]]
    for name in FOLDS:
        for design, (folder, ending) in _RUNS.items():
            run = _read(out / f"{folder}/{name}{ending}.json")
            rows.append([name, design, *(_fold(run) if run else ["not run", *[""] * len(asked)])])
    return rows


def _fold(run: Mapping[str, Any]) -> list[str]:
    one = run["left_out"]
    own, count = one["own_benign_at_that_threshold"], one["own_benign"]
    return [
        str(run["rows"]),
        str(one["risky"]),
        str(one["captions"]),
        f"{one['auc']:.3f}",
        f"{one['recall_at_1_percent']:.2f}",
        f"{one['auc_real']:.3f}",
        f"{own:.1%} of {count}" if count else "none",
    ]


def _share(share: Sequence[float]) -> str:
    middle, low, high = share
    return f"{middle:.1%} ({low:.1%} to {high:.1%})"


def _titled(title: str, rows: Sequence[Sequence[str]]) -> str:
    return f"### {title}\n\n{_table(rows)}\n"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *rest])


def _read(path: Path) -> dict[str, Any]:
    """Return what a run left, or nothing if there was none."""
    if not path.exists():
        return {}
    read: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return read


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(page(Path(sys.argv[1])), "utf-8")
