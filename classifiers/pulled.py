"""The models that were pulled: where they lie, and their files as they were pinned."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifiers.errors import ModelError
from classifiers.pins import CARD, Kind, Pin, check_file, parse_pin


@dataclass(frozen=True, slots=True)
class Pulled:
    """The folders of those that an installation uses."""

    tagger: Path | None = None
    heads: Path | None = None
    """Of a detector whose finds the tagger looks at too; without a tagger it has no use."""
    raters: tuple[Path, ...] = ()
    """Of classifiers that only raise evidence."""


NONE: Final = Pulled()


def opened_files(folder: Path, kind: Kind) -> tuple[Pin, Mapping[str, bytes]]:
    """Return the card in `folder` and every file that it names, each byte of them checked.

    Raises:
        ModelError: a file is missing or altered, or the model is of another kind, or one that does
            not look at squares.
    """
    pin = parse_pin(folder.name, _read(folder, CARD))
    if pin.kind is not kind:
        message = f"{pin.id}: expected a {kind}, got a {pin.kind}"
        raise ModelError(message)
    if pin.pixels.width != pin.pixels.height:
        message = f"{pin.id}: expected a model of square pictures, got another"
        raise ModelError(message)
    contents = {name: _read(folder, name) for name in {*pin.files, pin.graph}}
    for name, data in contents.items():
        check_file(pin, name, data)
    return pin, contents


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        message = f"model {folder.name!r}: expected {name}, got {type(error).__name__}"
        raise ModelError(message) from error
