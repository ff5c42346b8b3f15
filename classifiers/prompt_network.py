"""The network that was trained on prompts, with its card and its vocabulary.

`prompt_model.onnx`, `prompt_model.vocab.txt` and `prompt_model.card.json` lie in `weights`. The
card names the digests of the other two, and its thresholds belong to just these weights.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.prompt_engines import Engine, Question, open_engine
from classifiers.prompt_grams import grams_of_each
from classifiers.prompt_heads import HEADS, Head
from classifiers.prompt_pieces import Pieces, Window
from classifiers.registry import WEIGHTS, Digest, Licence, Words
from classifiers.runtime import Array

NAME: Final = "prompt_model"

Likelihoods = NDArray[np.float32]
"""One for each head, in the order of `HEADS`."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Thresholds(_Part):
    """From which likelihood a head counts, chosen on dev for stated costs."""

    of: Digest
    numbers: Mapping[Head, Annotated[float, Field(gt=0, lt=1)]]
    found: Words


class KnownText(_Part):
    """A harmless text and what the network answers about it."""

    text: Words
    answer: Annotated[tuple[float, ...], Field(min_length=len(HEADS), max_length=len(HEADS))]
    tolerance: Annotated[float, Field(gt=0)]


class PromptCard(_Part):
    """Everything that must be known about the network before it may speak."""

    name: Words
    version: Words
    sha256: Digest
    vocabulary_sha256: Digest
    heads: tuple[Head, ...]
    licence: Licence
    thresholds: Thresholds
    known: KnownText
    blind_to: Annotated[tuple[Words, ...], Field(min_length=1)]
    trained: Mapping[str, Any]
    """How: the encoder it comes from, data with licences and digests, seeds, the command."""
    measured: Mapping[str, Any]
    """What came of it, in figures."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.thresholds.of != self.sha256:
            raise ValueError("thresholds: expected those of this model, got those of another")
        if self.heads != HEADS or set(self.thresholds.numbers) != set(HEADS):
            raise ValueError("heads: expected all heads in their order, got others")
        return self

    @property
    def id(self) -> str:
        """Name, version and the start of the digest, as findings cite it."""
        return f"{self.name}@{self.version}+{self.sha256[:8]}"


@dataclass(frozen=True, slots=True)
class PromptNetwork:
    """The opened network; it may be asked from several threads at once."""

    card: PromptCard
    pieces: Pieces = field(repr=False)
    engine: Engine = field(repr=False)

    @classmethod
    def open(cls, folder: Path = WEIGHTS, *, threads: int = 1, device: Device = Device.CPU) -> Self:
        """Open the network in `folder`, if its bytes are those that its card describes.

        With `CUDA` it runs on a card or not at all, and what threads ask together is computed
        together; `threads` counts on the processor only.

        Raises:
            ModelError: a part is missing, its digest differs, or nothing can use the device.
        """
        card = parse_card(_read(folder, "card.json"))
        listed = _checked(_read(folder, "vocab.txt"), card.vocabulary_sha256, "vocabulary")
        model = _checked(_read(folder, "onnx"), card.sha256, "model")
        pieces = Pieces.parse(listed.decode("utf-8"))
        engine = open_engine(card.id, model, threads=threads, device=device)
        return cls(card, pieces, engine)

    def answer(self, text: str, window: Window) -> Likelihoods:
        """Return the likelihood of each head in one window of `text`: the highest of its panes.

        Raises:
            ModelError: the network has no answer, or one that is no likelihood.
        """
        return self.answers([(text, window)])[0]

    def answers(self, windows: Sequence[tuple[str, Window]]) -> Sequence[Likelihoods]:
        """Return the likelihoods of several windows, each with its text, in their order.

        On a card this takes little longer than one of them.

        Raises:
            ModelError: the network has no answer to one of them, or one that is no likelihood.
        """
        if not windows:
            return []
        found = self.engine.ask([question(text, window) for text, window in windows])
        self._check(found, len(windows))
        return list(found)

    def _check(self, found: Array, count: int) -> None:
        if found.shape != (count, len(HEADS)):
            message = f"{self.card.id}: expected a likelihood for each head, got something else"
            raise ModelError(message)
        if not ((found >= 0) & (found <= 1)).all():  # NaN is neither
            message = f"{self.card.id}: expected likelihoods in 0..1, got others"
            raise ModelError(message)

    def warm(self) -> None:
        """Look at the card's known text.

        Raises:
            ModelError: the answer is not the one on the card.
        """
        known = self.card.known
        window = next(self.pieces.windows(known.text))
        difference = np.abs(self.answer(known.text, window) - np.asarray(known.answer)).max()
        if difference > known.tolerance:
            message = f"{self.card.id}: expected the known answer, got another"
            raise ModelError(message)

    def close(self) -> None:
        """Free what it holds; whoever asks afterwards gets a `ModelError`."""
        self.engine.close()


def question(text: str, window: Window) -> Question:
    """Return a window as engines take it, short panes filled up."""
    longest = max(len(pane.numbers) for pane in window.panes)
    pieces = np.zeros((len(window.panes), longest), np.int64)
    for row, pane in enumerate(window.panes):
        pieces[row, : len(pane.numbers)] = pane.numbers
    return Question(pieces, *grams_of_each([text[slice(*pane.span)] for pane in window.panes]))


def parse_card(text: bytes) -> PromptCard:
    """Parse a card.

    Raises:
        ModelError: it does not say what a card must say.
    """
    try:
        return PromptCard.model_validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
        message = f"card {NAME!r}: expected a whole card, got faults at {places!r}"
        raise ModelError(message) from error


def _checked(data: bytes, expected: str, what: str) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    if digest != expected:
        message = f"{what} {NAME!r}: expected sha256 {expected}, got {digest}"
        raise ModelError(message)
    return data


def _read(folder: Path, ending: str) -> bytes:
    try:
        return (folder / f"{NAME}.{ending}").read_bytes()
    except OSError as error:
        message = f"model {NAME!r}: expected {NAME}.{ending}, got {type(error).__name__}"
        raise ModelError(message) from error
