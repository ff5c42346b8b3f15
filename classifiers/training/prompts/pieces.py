"""Cuts the texts of all rows into pieces, as BERT's own tokenizer does."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from classifiers.prompt_pieces import Pieces

LONGEST: Final = 96
"""Pieces of a text that are learned from; serving reads on, in windows."""


def tokenizer(folder: Path) -> Any:  # noqa: ANN401  # the library is not installed where types are checked
    """Return the tokenizer of the encoder at `folder`; as published, it pads and cuts at 128."""
    found = import_module("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


def check(folder: Path, texts: Iterable[str]) -> None:
    """Hold what is served, `classifiers.prompt_pieces`, against the library.

    Raises:
        ValueError: they cut a text into other pieces.
    """
    cutting, served = tokenizer(folder), Pieces.parse((folder / "vocab.txt").read_text("utf-8"))
    for number, text in enumerate(texts):
        numbers = [piece.number for piece in served.cut(text)]
        if numbers != cutting.encode(text, add_special_tokens=False).ids:
            message = f"text {number}: expected the pieces of the library, got others"
            raise ValueError(message)


def pieces(folder: Path, texts: Iterable[str], longest: int = LONGEST) -> list[list[int]]:
    """Return the numbers of the pieces of each text, framed and cut."""
    cutting = tokenizer(folder)
    cutting.enable_truncation(longest)
    return [one.ids for one in cutting.encode_batch(list(texts))]
