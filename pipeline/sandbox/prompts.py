"""The texts of a request, as the model is given them.

On V4 and later `v4_prompt` and `v4_negative_prompt` count, on older models the plain strings.
`||a|b||` stands for one of its alternatives; which one follows from the seed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from pipeline.sandbox import fields
from pipeline.sandbox.fields import Fields

_RANDOMISER: Final = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
_FAR = 100.0


@dataclass(frozen=True, slots=True)
class Character:
    """One character's text, and where it is to stand."""

    text: str = field(repr=False)
    centres: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Caption:
    """A base text and its characters'."""

    base: str = field(repr=False)
    characters: tuple[Character, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text, the base first."""
        return (self.base, *(character.text for character in self.characters))

    @property
    def is_random(self) -> bool:
        """Whether any text leaves a choice to the server."""
        return any(_RANDOMISER.search(text) for text in self.texts)

    def realised(self, seed: int) -> "Caption":
        """The same with every choice made, as `seed` makes it."""
        chosen = (Character(realise(one.text, seed), one.centres) for one in self.characters)
        return Caption(realise(self.base, seed), tuple(chosen))

    def told(self) -> Mapping[str, object]:
        """The `caption` object of the API."""
        return {
            "base_caption": self.base,
            "char_captions": [
                {
                    "char_caption": one.text,
                    "centers": [{"x": x, "y": y} for x, y in one.centres],
                }
                for one in self.characters
            ],
        }


def read(prompt: Fields) -> Caption:
    """The caption in a `v4_prompt` or `v4_negative_prompt` object."""
    caption = fields.inner(prompt, "caption")
    characters = fields.inners(caption, "char_captions")
    return Caption(
        fields.text(caption, "base_caption"),
        tuple(Character(fields.text(one, "char_caption"), _centres(one)) for one in characters),
    )


def realise(text: str, seed: int) -> str:
    """`text` with each `||a|b||` replaced by one of its alternatives."""

    def chosen(match: re.Match[str]) -> str:
        branches = match[1].split("|")
        digest = sha256(f"{seed}:{match.start()}".encode()).digest()
        return branches[int.from_bytes(digest[:4], "big") % len(branches)]

    return _RANDOMISER.sub(chosen, text)


def _centres(character: Fields) -> tuple[tuple[float, float], ...]:
    return tuple(
        (fields.real(at, "x", 0.5, -_FAR, _FAR), fields.real(at, "y", 0.5, -_FAR, _FAR))
        for at in fields.inners(character, "centers")
    )
