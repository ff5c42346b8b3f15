"""Keeps models in a folder each: the pinned files, and the card that they were checked against."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from classifiers.errors import ModelError
from classifiers.exporting import export
from classifiers.pins import CARD, EXPORTED, NAME, Pin, check_file, parse_pin
from pipeline.cli.errors import UnusableError
from pipeline.files import make_folder

FOLDER = "models"
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The models of an installation. A model is there whole, or not at all."""

    folder: Path

    def names(self) -> list[str]:
        """Return the names of the models that are here, in order."""
        return sorted(card.parent.name for card in self.folder.glob(f"*/{CARD}"))

    def card(self, name: str) -> Pin:
        """Read the card of the model called `name`.

        Raises:
            UnusableError: there is no such model.
            ModelError: its card is none.
        """
        if name not in self.names():
            raise UnusableError(name, f"one of {', '.join(self.names()) or 'none'}", "another")
        return parse_pin(name, (self.folder / name / CARD).read_bytes())

    def faults(self, pin: Pin) -> list[str]:
        """Say what is wrong with the files of a model; nothing if they are what its card says."""
        return list(_faults(pin, self.folder / pin.name))

    def partial(self, pin: Pin) -> Path:
        """Make the folder in which a model is put together; what an earlier try left is in it."""
        folder = self.folder / f"{_PARTIAL}-{pin.name}"
        make_folder(folder)
        return folder

    def put(self, pin: Pin, found: Path) -> Pin:
        """Check the files in `found`, and move them here with their card, which is returned.

        Weights without a graph get one here, once, if it answers as they do.

        Raises:
            ModelError: one is missing, or is not what was pinned; that file is deleted. Or a graph
                cannot be made.
            UnusableError: a model of that name is here.
        """
        place = self.folder / pin.name
        if place.exists():
            raise UnusableError(pin.name, "no model of that name", "one: remove it first")
        for name in pin.files:
            path = found / name
            try:
                check_file(pin, name, path.read_bytes())
            except ModelError:
                path.unlink(missing_ok=True)  # else the next try would take it for fetched
                raise
        for path in found.iterdir():
            if path.name not in pin.files:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if pin.has_weights_only:
            pin, graph = export(pin, {name: (found / name).read_bytes() for name in pin.files})
            (found / EXPORTED).write_bytes(graph)
        (found / CARD).write_bytes(pin.write())
        found.rename(place)
        return pin

    def remove(self, name: str) -> None:
        """Delete a model, and what a try to fetch it left.

        Raises:
            UnusableError: there is neither.
        """
        places = (self.folder / name, self.folder / f"{_PARTIAL}-{name}")
        there = [place for place in places if place.is_dir()]
        if NAME.fullmatch(name) is None or not there:  # `..` is a folder too
            raise UnusableError(name, f"one of {', '.join(self.names()) or 'none'}", "another")
        for place in there:
            shutil.rmtree(place)


def _faults(pin: Pin, folder: Path) -> Iterator[str]:
    for name in sorted({*pin.files, pin.graph}):
        try:
            check_file(pin, name, (folder / name).read_bytes())
        except (ModelError, OSError) as fault:
            yield str(fault) if isinstance(fault, ModelError) else f"{pin.name}/{name}: missing"
