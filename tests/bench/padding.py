"""Prints what the prompt model still finds in texts that harmless tags follow.

    python -m tests.bench.padding [--data FOLDER] [--page docs/prompt-gate.md]

It reads some thirty pieces at a time, so that a sentence among tags keeps its weight.
"""

import argparse
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from classifiers.content import Prompt
from classifiers.normalise import read
from classifiers.prompt_heads import Head
from classifiers.prompt_model import SIGNALS, PromptModel
from classifiers.signals import Signal
from pipeline.cli.measuring.page import percent
from tests.bench.benign import tags
from tests.bench.gate import DATA
from tests.bench.held_out import Case, cases
from tests.bench.pages import replaced

TAGS = (0, 5, 10, 20, 40)
SECTION = "padding"
_MOST = 300
_PROSE = ("coprov2", "nibbler")
KINDS: Mapping[str, tuple[Head, Callable[[Case], bool]]] = {
    "sexual prose": (
        Head.SEXUAL,
        lambda one: Head.SEXUAL in one.heads and one.source in _PROSE,
    ),
    "self-harm prose": (
        Head.SELF_HARM,
        lambda one: Head.SELF_HARM in one.heads and one.source in _PROSE,
    ),
    "sexual tags": (Head.SEXUAL, lambda one: one.source == "tags_sexual"),
    "captions with children": (
        Head.MINOR_PRESENT,
        lambda one: one.source == "coco" and one.minor is True,
    ),
}
"""What is looked for, and in which texts."""


def table(held_out: Sequence[Case], model: PromptModel) -> Iterator[str]:
    """Give a line for each kind: the share that reaches its head's threshold, by tags."""
    yield f"| texts | number | {' | '.join(f'{count} tags' for count in TAGS)} |"
    yield "|---|" + "--:|" * (len(TAGS) + 1)
    for name, (head, belongs) in KINDS.items():
        texts = [one.prompt for one in held_out if belongs(one)]
        some = random.Random(name).sample(texts, min(_MOST, len(texts)))  # noqa: S311 - a sample
        shares = [percent(_found(model, head, some, count)) for count in TAGS]
        yield f"| {name} | {len(some)} | {' | '.join(shares)} |"


def _found(model: PromptModel, head: Head, prompts: Sequence[Prompt], count: int) -> float:
    chance = random.Random(count)  # noqa: S311 - a sample, no secret
    hits = sum(_reaches(model, head, _followed(one, tags(count, chance))) for one in prompts)
    return hits / len(prompts)


def _followed(prompt: Prompt, more: str) -> Prompt:
    (text,) = prompt.texts
    joined = f"{text.text}, {more}" if more else text.text
    return Prompt((replace(text, text=joined),), prompt.grammar)


def _reaches(model: PromptModel, head: Head, prompt: Prompt) -> bool:
    return any(
        isinstance(one, Signal) and one.name is SIGNALS[head] and one.score >= 0.5
        for one in model.classify(read(prompt))
    )


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of labelled texts")
    parser.add_argument("--page", type=Path, help="a page whose table is to be replaced")
    options = parser.parse_args()
    made = "\n".join(table(list(cases(options.data)), PromptModel.embedded())) + "\n"
    if options.page is None:
        print(made)
    else:
        replaced(options.page, SECTION, made)


if __name__ == "__main__":
    main()
