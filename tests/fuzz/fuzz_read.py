"""Feeds chance to the normaliser until something does not hold.

    python tests/fuzz/fuzz_read.py [--seconds 60] [--seed 1]

Nothing need be installed: texts are put together from hostile pieces and changed at random. With
coverage to guide it, if somebody has installed atheris (it is no dependency of ours):

    python tests/fuzz/fuzz_read.py --atheris [options of libFuzzer]

A text that breaks a promise is printed as `ascii()` writes it.
"""

import argparse
import importlib
import random
import sys
import time
from collections.abc import Iterator

from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import READ_AT_MOST, FieldReading, Obstacle, Spelling, read
from tests.fuzz.shapes import HOSTILE

LONGEST = 400
PIECES: tuple[str, ...] = (
    *"{}[]|:.-0123456789%&#;=\\xuabAB\n \t,\"'()<>/_+@",
    "::", "||", "-1::", "0::", "text:", "&#108;", "%6c", "\\u006c", "bGFtcA==", "6c616d70",
    ".-.. ", "lamp", "l4mp", "nsfw, lowres", "artist:", "source#", "fur dataset", "@[x]",
    "\u200b", "\u00ad", "\u202e", "\u0301", "\u3099", "\u1112\u1161", "\u314e\u314f", "\ud800",
    "\udc80", "\U0001d4f5", "\U0001f476", "\U0001f1e6", "\U000e0061", "\ufdfa", "\u706f",
)  # fmt: skip


class BrokenPromiseError(AssertionError):
    """Something that must hold of every text does not hold of one."""

    def __init__(self, promise: str, text: str) -> None:
        super().__init__(f"{promise}: {text!a}")


def check(text: str, polarity: Polarity, grammar: Grammar) -> None:
    """Read `text` and hold the answer to what every answer promises.

    Raises:
        BrokenPromiseError: it does not hold.
    """
    (field,) = read(Prompt((Text("input", text, polarity),), grammar)).fields
    for promise, holds in _promises(field):
        if not holds:
            raise BrokenPromiseError(promise, text)


def _promises(field: FieldReading) -> Iterator[tuple[str, bool]]:
    size = min(len(field.text), READ_AT_MOST)
    received = [view for view in field.views if view.source == "received"]
    spans = [*field.drawn, *field.boilerplate, *(tag.span for tag in field.tags)]
    yield "the plain view comes first", field.plain.spelling is Spelling.PLAIN
    yield "runs cover the text", sum(run.end - run.start for run in field.runs) == size
    yield (
        "what is long is said to be",
        (Obstacle.TOO_LONG in field.unread) is (len(field.text) > READ_AT_MOST),
    )
    for view in field.views:
        yield f"each letter of {view.name} has a source", len(view.origin) == len(view.text)
        yield f"{view.name} leads into the text", all(0 <= at < size for at in view.origin)
    for view in received:
        places, back = list(view.origin), view.spelling is Spelling.REVERSED
        yield f"{view.name} goes one way", places == sorted(places, reverse=back)
    yield "spans lie in the text", all(0 <= start <= end <= size for start, end in spans)
    yield "views are bounded", sum(len(view.text) for view in field.views) <= 60 * size + 20_000
    yield "asked, typed and lettering keep places", {
        len(field.asked()), len(field.typed(Polarity.NEGATIVE)), len(field.lettering())
    } == {len(field.plain.text)}  # fmt: skip


def texts(chance: random.Random) -> Iterator[str]:
    """Give texts without end: pieces at random, and stretches of hostile shapes among them."""
    shapes = tuple(HOSTILE.values())
    while True:
        parts = chance.choices(PIECES, k=chance.randrange(LONGEST // 4))
        if chance.random() < 0.5:
            shape, start = chance.choice(shapes), chance.randrange(LONGEST)
            parts.insert(chance.randrange(len(parts) + 1), shape[start : start + LONGEST // 2])
        yield "".join(parts)[:LONGEST]


def fuzz(seconds: float, seed: int) -> int:
    """Check texts for so long, and return how many."""
    chance = random.Random(seed)  # noqa: S311 - tests, no secret
    end = time.perf_counter() + seconds
    for count, text in enumerate(texts(chance)):
        if time.perf_counter() > end:
            return count
        check(text, chance.choice(list(Polarity)), chance.choice(list(Grammar)))
    return 0


def check_bytes(data: bytes) -> None:
    """Check what bytes say: the first chooses the field, the others are text or nearly."""
    head = data[0] if data else 0
    text = data[1:].decode("utf-8", "surrogateescape" if head & 4 else "replace")
    check(text, list(Polarity)[head & 1], list(Grammar)[(head >> 1) % len(Grammar)])


def main() -> None:
    """Fuzz as the command line says."""
    if "--atheris" in sys.argv:
        atheris = importlib.import_module("atheris")
        atheris.instrument_all()
        atheris.Setup([each for each in sys.argv if each != "--atheris"], check_bytes)
        atheris.Fuzz()
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    count = fuzz(options.seconds, options.seed)
    sys.stdout.write(f"{count} texts, and every promise held\n")


if __name__ == "__main__":
    main()
