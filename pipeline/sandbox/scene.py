"""Draws a harmless landscape from a seed: sky, hills, sea, boats, houses, trees.

The same seed and size always give the same pixels. Colours are flat, as in a painted
background, so that a picture is drawn and compressed in milliseconds.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
_WHITE: Final = (250, 250, 246)
_WOOD: Final = (108, 76, 58)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one hour of the day."""

    zenith: Colour
    horizon: Colour
    sun: Colour
    ridge: Colour
    hill: Colour
    meadow: Colour
    water: Colour
    leaves: Colour


_PALETTES: Final = (
    Palette(
        zenith=(86, 164, 236),
        horizon=(214, 240, 252),
        sun=(255, 248, 208),
        ridge=(146, 180, 216),
        hill=(104, 178, 132),
        meadow=(132, 204, 106),
        water=(64, 148, 206),
        leaves=(52, 132, 84),
    ),
    Palette(
        zenith=(94, 84, 158),
        horizon=(255, 190, 148),
        sun=(255, 236, 170),
        ridge=(140, 110, 156),
        hill=(112, 118, 124),
        meadow=(146, 150, 94),
        water=(132, 116, 168),
        leaves=(70, 88, 86),
    ),
    Palette(
        zenith=(150, 198, 226),
        horizon=(255, 224, 222),
        sun=(255, 250, 236),
        ridge=(176, 186, 214),
        hill=(150, 192, 168),
        meadow=(182, 214, 146),
        water=(120, 180, 204),
        leaves=(244, 176, 196),
    ),
    Palette(
        zenith=(18, 28, 72),
        horizon=(74, 98, 152),
        sun=(240, 240, 222),
        ridge=(44, 58, 104),
        hill=(34, 62, 84),
        meadow=(38, 78, 76),
        water=(30, 54, 108),
        leaves=(24, 52, 58),
    ),
)


def draw(seed: int, width: int, height: int) -> NDArray[np.uint8]:
    """The scene of `seed`, shape (height, width, 3)."""
    dice = np.random.default_rng(seed)
    palette = _PALETTES[int(dice.integers(len(_PALETTES)))]
    waterline = int(height * dice.uniform(0.42, 0.6))
    shore = int(height * dice.uniform(0.72, 0.84))
    canvas = _sky(palette, width, height)
    scene = _Scene(ImageDraw.Draw(canvas), dice, palette, width, height)
    scene.sun(waterline)
    scene.clouds(waterline)
    scene.land(waterline - height // 12, height // 9, palette.ridge)
    scene.land(waterline + height // 60, height // 16, palette.hill)
    if dice.random() < 0.6:  # noqa: PLR2004 - three scenes in five lie by the sea
        scene.sea(waterline + height // 24, shore)
    scene.land(shore, height // 24, palette.meadow)
    scene.village(shore)
    scene.flowers(shore + height // 16)
    return np.array(canvas)


def _sky(palette: Palette, width: int, height: int) -> Image.Image:
    steps = np.linspace(0.0, 1.0, height)[:, None, None]
    column = (1 - steps) * np.array(palette.zenith) + steps * np.array(palette.horizon)
    return Image.fromarray(column.astype(np.uint8)).resize(
        (width, height), Image.Resampling.NEAREST
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """A canvas half painted; each method adds one kind of thing, farthest first."""

    pen: ImageDraw.ImageDraw
    dice: Generator
    palette: Palette
    width: int
    height: int

    def among(self, low: float, high: float) -> int:
        """A whole number between two bounds."""
        return int(self.dice.uniform(low, high))

    def sun(self, waterline: int) -> None:
        """A sun or a moon, somewhere above the horizon."""
        x, y = self.among(0.1, 0.9 * self.width), self.among(0.1 * waterline, 0.7 * waterline)
        radius = min(self.width, self.height) / self.dice.uniform(12, 20)
        self.disc(x, y, radius * 1.25, self.palette.horizon)
        self.disc(x, y, radius, self.palette.sun)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle."""
        self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def clouds(self, waterline: int) -> None:
        """Heaps of round clouds."""
        for _ in range(self.among(2, 6)):
            x, y = self.among(0, self.width), self.among(0, 0.6 * waterline)
            size = self.width / self.dice.uniform(14, 28)
            for puff in range(5):
                shift = (puff - 2) * size * 0.8
                self.disc(x + shift, y, size * self.dice.uniform(0.5, 0.9), _WHITE)

    def land(self, top: int, rise: int, colour: Colour) -> None:
        """Rolling land from about `top` down to the lower edge."""
        along = np.linspace(0.0, 1.0, 65)
        waves = sum(
            np.sin(along * 2 * np.pi * self.dice.uniform(0.5, 4) + self.dice.uniform(0, 7)) / part
            for part in (1, 2, 3)
        )
        edge = zip(along * self.width, top - rise * np.asarray(waves) / 2, strict=True)
        outline = [(float(x), float(y)) for x, y in edge]
        self.pen.polygon([*outline, (self.width, self.height), (0, self.height)], fill=colour)

    def sea(self, top: int, bottom: int) -> None:
        """Water with streaks of light, and boats on it."""
        self.pen.rectangle((0, top, self.width, bottom + self.height // 12), self.palette.water)
        for _ in range(24):
            x, y = self.among(0, self.width), self.among(top, bottom)
            end = x + self.among(self.width / 40, self.width / 8)
            self.pen.line((x, y, end, y), self.palette.horizon, max(1, self.height // 400))
        for _ in range(self.among(1, 5)):
            self.boat(self.among(0, self.width), self.among(top, (top + bottom) / 2))

    def boat(self, x: int, y: int) -> None:
        """A sailing boat whose hull touches the water at (x, y)."""
        size = max(6, self.among(self.width / 30, self.width / 14))
        hull = [(x - size, y - size // 3), (x + size, y - size // 3), (x + size // 2, y)]
        self.pen.polygon([*hull, (x - size // 2, y)], fill=_WOOD)
        self.pen.polygon([(x, y - 2 * size), (x + size, y - size // 2), (x, y - size // 2)], _WHITE)

    def village(self, shore: int) -> None:
        """Houses and trees, the nearer ones lower and larger."""
        deepest = self.height - self.height // 12
        for y in sorted(self.among(shore, deepest) for _ in range(self.among(6, 14))):
            size = max(4, int(self.width / 24 * (1 + (y - shore) / max(1, deepest - shore))))
            paint = self.house if self.dice.random() < 0.4 else self.tree  # noqa: PLR2004 - fewer
            paint(self.among(0, self.width), y, size)

    def house(self, x: int, y: int, size: int) -> None:
        """A house that stands on (x, y)."""
        roof = ((196, 92, 76), (92, 112, 164), (168, 124, 84))[int(self.dice.integers(3))]
        self.pen.rectangle((x - size, y - size, x + size, y), (246, 236, 216))
        eaves = [(x - size * 5 // 4, y - size), (x + size * 5 // 4, y - size)]
        self.pen.polygon([*eaves, (x, y - size * 2)], fill=roof)
        self.pen.rectangle((x - size // 5, y - size // 2, x + size // 5, y), _WOOD)

    def tree(self, x: int, y: int, size: int) -> None:
        """A tree that stands on (x, y)."""
        self.pen.rectangle((x - size // 8, y - size, x + size // 8, y), _WOOD)
        for shift, up in ((-0.5, 1.2), (0.5, 1.2), (0.0, 1.8)):
            self.disc(x + shift * size, y - up * size, size * 0.7, self.palette.leaves)

    def flowers(self, top: int) -> None:
        """Dots of colour in the grass."""
        size = max(1, self.width // 260)
        for _ in range(60):
            x, y = self.among(0, self.width), self.among(min(top, self.height - 1), self.height)
            colour = ((255, 232, 120), (255, 176, 196), _WHITE)[int(self.dice.integers(3))]
            self.disc(x, y, size, colour)
