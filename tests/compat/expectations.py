"""What each program must have in its folder when it ends, and what is wrong if it has not."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.compat.scenes import HEIGHT, WIDTH, colours, picture_of
from tests.compat.servers import Served

OPUS = 3
WITHHELD_SEED = 21
"""The first of two samples, listed in a bank that the gateway is given: what is left is then
`image_1.png`, alone."""
Check = Callable[[Path], None]
"""Raises `WrongError` unless a program's folder holds what it should."""


class WrongError(Exception):
    """A program did not get what it should; the message says what."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Exactly the scenes of these seeds, in this order, as `<name>_0.png` and so on."""

    sandbox: Served
    name: str
    seeds: tuple[int, ...]

    def __call__(self, folder: Path) -> None:
        """Compare colours: what is written beside them differs, and may be taken out."""
        files = sorted(folder.glob(f"{self.name}_*.png"))
        if len(files) != len(self.seeds):
            message = f"expected {len(self.seeds)} pictures, got {len(files)}"
            raise WrongError(message)
        for file, seed in zip(files, self.seeds, strict=True):
            expected = colours(picture_of(self.sandbox, seed))
            if not np.array_equal(colours(file.read_bytes()), expected):
                message = f"{file.name}: expected the scene of seed {seed}, got other colours"
                raise WrongError(message)


def any_picture(folder: Path) -> None:
    """Take a picture of whatever seed: the examples in the documentation choose none."""
    shape = colours((folder / "picture.png").read_bytes()).shape
    if shape != (HEIGHT, WIDTH, 3):
        message = f"picture.png: expected {(HEIGHT, WIDTH, 3)}, got {shape}"
        raise WrongError(message)


def subscription(folder: Path) -> None:
    """Take any plan that has something left to spend."""
    plan = json.loads((folder / "subscription.json").read_text())
    if plan["tier"] != OPUS or plan["anlas"] <= 0:
        message = f"expected tier {OPUS} and Anlas, got {plan}"
        raise WrongError(message)


@dataclass(frozen=True, slots=True)
class Says:
    """A file that holds these words: what the program would show to a person."""

    name: str
    words: str

    def __call__(self, folder: Path) -> None:
        """Look for them as they stand."""
        text = (folder / self.name).read_text()
        if self.words not in text:
            message = f"{self.name}: expected {self.words!r} in it, got {text[:300]!r}"
            raise WrongError(message)


@dataclass(frozen=True, slots=True)
class GoesOnlyTo:
    """No kind of request that the SDK knows goes to another address, used here or not."""

    base: str

    def __call__(self, folder: Path) -> None:
        """Take this one address, and nothing beside it."""
        known = (folder / "addresses.txt").read_text()
        if known != self.base:
            message = f"addresses.txt: expected only {self.base}, got {known!r}"
            raise WrongError(message)


def directly(sandbox: Served) -> Mapping[str, Check]:
    """What NovelAI itself would answer: every picture, and a login."""
    return {
        **_alike(sandbox, sandbox),
        "two": Pictures(sandbox, "two", (WITHHELD_SEED, 22)),
        "refusal": Says("refusal.txt", "not refused"),
        "login": Says("login.txt", "token of"),
    }


def gated(sandbox: Served, gateway: Served) -> Mapping[str, Check]:
    """What differs behind the gateway: one picture withheld, one prompt refused, no login."""
    return {
        **_alike(sandbox, gateway),
        "two": Pictures(sandbox, "two", (22,)),
        "refusal": Says("refusal.txt", "This language cannot be checked here."),
        "login": Says("login.txt", "Use your gateway key"),
        "readme": any_picture,
    }


def _alike(sandbox: Served, asked: Served) -> dict[str, Check]:
    return {
        "v3": Pictures(sandbox, "v3", (11,)),
        "v4_5": Pictures(sandbox, "v4_5", (12,)),
        "v5": Pictures(sandbox, "v5", (13,)),
        "form": Pictures(sandbox, "form", (15,)),
        "subscription": subscription,
        "addresses": GoesOnlyTo(asked.base),
    }
