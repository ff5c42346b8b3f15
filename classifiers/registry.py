"""Finds models by name, reads their cards, and opens only the bytes that the card was written for.

A card is `<name>.card.json` beside `<name>.onnx`. Its calibration names the digest of the model it
was found with, so that thresholds never outlive the weights they belong to.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from classifiers.content import Rendition
from classifiers.device import Device
from classifiers.errors import ModelError
from classifiers.runtime import Array, Session

WEIGHTS: Final = Path(__file__).parent / "weights"
_NAME: Final = re.compile(r"[a-z0-9_]{1,64}")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Source(_Part):
    """Whence the weights come, exactly."""

    registry: Words
    package: Words
    version: Words
    sha512: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
    """Of the package as the registry serves it."""
    path: Words


class Licence(_Part):
    """Under what terms, and whose."""

    spdx: Words
    holders: Annotated[tuple[Words, ...], Field(min_length=1)]


class Pixels(_Part):
    """What the model takes: uint8 RGB of N x height x width x 3."""

    height: Annotated[int, Field(gt=0)]
    width: Annotated[int, Field(gt=0)]
    prepared: Words


class Calibration(_Part):
    """Numbers that turn answers into signals, with how they were found."""

    of: Digest
    numbers: Mapping[str, float]
    found: Words


class Known(_Part):
    """The first values that the model answers about `known_picture`."""

    answer: Annotated[tuple[float, ...], Field(min_length=1)]
    tolerance: Annotated[float, Field(gt=0)]


class Card(_Part):
    """Everything that must be known about a model before it may speak."""

    name: Words
    version: Words
    sha256: Digest
    source: Source
    licence: Licence
    pixels: Pixels
    labels: Annotated[tuple[Words, ...], Field(min_length=1)]
    renditions: Annotated[tuple[Rendition, ...], Field(min_length=1)]
    """What kinds of picture it may speak about."""
    calibration: Calibration
    known: Known
    published: Words
    blind_to: Annotated[tuple[Words, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _calibrated_for_these_weights(self) -> Self:
        if self.calibration.of != self.sha256:
            raise ValueError("calibration: expected one of this model, got one of another")
        return self

    @property
    def id(self) -> str:
        """Name, version and the start of the digest, as findings cite it."""
        return f"{self.name}@{self.version}+{self.sha256[:8]}"

    def number(self, name: str) -> float:
        """Give one number of the calibration.

        Raises:
            ModelError: the card has no such number.
        """
        try:
            return self.calibration.numbers[name]
        except KeyError:
            message = f"card {self.name}: expected the number {name!r}, got none"
            raise ModelError(message) from None


@dataclass(frozen=True, slots=True)
class Model:
    """An opened model together with its card."""

    card: Card
    session: Session

    def answer(self, pixels: NDArray[np.uint8]) -> Array:
        """Give the model's one answer about N pictures of the card's size.

        Raises:
            ModelError: it has no answer, or one about another number of pictures.
        """
        answers = self.session.run(pixels)
        if len(answers) != 1 or len(answers[0]) != len(pixels):
            message = f"{self.card.id}: expected one answer for each picture, got something else"
            raise ModelError(message)
        return answers[0]

    def warm(self) -> None:
        """Look at `known_picture`.

        Raises:
            ModelError: the answer is not the one on the card.
        """
        expected = np.asarray(self.card.known.answer)
        size = self.card.pixels
        seen = self.answer(known_picture(size.height, size.width)[np.newaxis])
        got = seen.reshape(-1)[: len(expected)]
        if len(got) != len(expected) or np.abs(got - expected).max() > self.card.known.tolerance:
            message = f"{self.card.id}: expected the known answer, got another"
            raise ModelError(message)

    @property
    def id(self) -> str:
        """The card's id."""
        return self.card.id


def known_picture(height: int, width: int) -> NDArray[np.uint8]:
    """Draw a disc before two gradients: the same pixels on every machine."""
    down, right = np.indices((height, width))
    radius = min(height, width) // 3
    inside = (down - height // 2) ** 2 + (right - width // 2) ** 2 < radius**2
    blue = np.where(inside, 220, 60)
    layers = [right * 255 // width, down * 255 // height, blue]
    return np.stack(layers, axis=-1).astype(np.uint8)


def load_card(name: str, folder: Path = WEIGHTS) -> Card:
    """Read the card of the model called `name`.

    Raises:
        ModelError: there is none, or it does not say what a card must say.
    """
    return parse_card(name, _read(name, "card.json", folder))


def parse_card(name: str, text: bytes) -> Card:
    """Parse `text` as the card of the model called `name`.

    Raises:
        ModelError: it does not say what a card must say.
    """
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
        message = f"card {name!r}: expected a whole card, got faults at {places!r}"
        raise ModelError(message) from error
    if card.name != name:
        message = f"card {name!r}: expected its own name, got {card.name!r}"
        raise ModelError(message)
    return card


def open_model(
    name: str, folder: Path = WEIGHTS, *, threads: int = 1, device: Device = Device.CPU
) -> Model:
    """Open the model called `name`, if its bytes are those that its card describes.

    Raises:
        ModelError: card or model is missing, or the digest differs.
    """
    card = load_card(name, folder)
    model = _read(name, "onnx", folder)  # these bytes are hashed, and these are loaded
    digest = hashlib.sha256(model).hexdigest()
    if digest != card.sha256:
        message = f"model {name!r}: expected sha256 {card.sha256}, got {digest}"
        raise ModelError(message)
    return Model(card, Session(card.id, model, threads=threads, device=device))


def _read(name: str, ending: str, folder: Path) -> bytes:
    if _NAME.fullmatch(name) is None:
        message = f"model name: expected a-z, 0-9 and _, got {name!r}"
        raise ModelError(message)
    try:
        return (folder / f"{name}.{ending}").read_bytes()
    except OSError as error:
        message = f"model {name!r}: expected {name}.{ending}, got {type(error).__name__}"
        raise ModelError(message) from error
