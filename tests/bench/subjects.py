"""The pictures that are put in disguise: scikit-image's photographs, and drawings made here."""

import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import skimage
from PIL import Image, ImageDraw

from pipeline.sandbox import scene

PHOTOGRAPHS = Path(skimage.__file__).parent / "data"
_WHOLE = (
    "astronaut.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "rocket.jpg",
    "moon.png",
    "ihc.png",
    "brick.png",
    "grass.png",
    "gravel.png",
    "cell.png",
)
_IN_PARTS = {"hubble_deep_field.jpg": (2, 2), "motorcycle_left.png": (2, 1), "retina.jpg": (2, 1)}
"""Large enough that its parts, which do not overlap, are pictures of their own."""
_PRINTED = ("color.png", "logo.png", "horse.png", "page.png")
_SCENES = ((416, 608), (608, 416), (512, 512))
_LONGEST = 1000
_PAPER = (248, 246, 240)


def photographs() -> Iterator[tuple[str, Image.Image]]:
    """Yield twenty, by name, in RGB."""
    for name in _WHOLE:
        yield name.partition(".")[0], opened(name)
    for name, (columns, rows) in _IN_PARTS.items():
        whole = opened(name)
        width, height = whole.width // columns, whole.height // rows
        for part in range(columns * rows):
            left, top = part % columns * width, part // columns * height
            yield (
                f"{name.partition('.')[0]}_{part + 1}",
                whole.crop((left, top, left + width, top + height)),
            )


def drawings() -> Iterator[tuple[str, Image.Image]]:
    """Yield twenty-two, by name, in RGB: scenes, prints and shapes."""
    for seed in range(12):
        width, height = _SCENES[seed % len(_SCENES)]
        yield f"scene_{seed}", Image.fromarray(scene.draw(seed, width, height))
    for name in _PRINTED:
        yield name.partition(".")[0], opened(name)
    for draw in (_figure, _panels, _plot, _rosette, _city, _tangram):
        paper = Image.new("RGB", (480, 560), _PAPER)
        draw(ImageDraw.Draw(paper), random.Random(draw.__name__))  # noqa: S311 - no secret
        yield draw.__name__.strip("_"), paper


def opened(name: str) -> Image.Image:
    """Open one of scikit-image's pictures in RGB, on white."""
    with Image.open(PHOTOGRAPHS / name) as picture:
        whole = picture.convert("RGBA")
    flat = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    flat.thumbnail((_LONGEST, _LONGEST))
    return flat


Pen = ImageDraw.ImageDraw
Draw = Callable[[Pen, random.Random], None]


def _figure(pen: Pen, _: random.Random) -> None:
    """A snowman with a hat, arms and a scarf."""
    for middle, radius in ((420, 110), (260, 80), (150, 55)):
        pen.ellipse((240 - radius, middle - radius, 240 + radius, middle + radius), "white", "navy")
    pen.rectangle((190, 60, 290, 105), "black")
    pen.rectangle((165, 100, 315, 112), "black")
    pen.polygon([(240, 150), (300, 160), (240, 168)], "orange")
    pen.rectangle((190, 195, 290, 215), "crimson")
    pen.line((165, 250, 60, 180), "saddlebrown", 8)
    pen.line((315, 250, 430, 210), "saddlebrown", 8)


def _panels(pen: Pen, dice: random.Random) -> None:
    """A page of six panels with a shape and a bubble in each."""
    for place in range(6):
        left, top = 20 + place % 2 * 230, 20 + place // 2 * 180
        colour = tuple(dice.randrange(90, 256) for _ in range(3))
        pen.rectangle((left, top, left + 210, top + 160), colour, "black", 3)
        x, y, size = left + dice.randrange(30, 110), top + dice.randrange(50, 90), 60
        pen.regular_polygon((x, y, size // 2), dice.randrange(3, 8), fill="black")
        pen.ellipse((left + 110, top + 10, left + 200, top + 55), "white", "black", 2)


def _plot(pen: Pen, dice: random.Random) -> None:
    """Bars, a line and axes."""
    heights = [dice.randrange(60, 420) for _ in range(9)]
    for number, height in enumerate(heights):
        left = 50 + number * 45
        pen.rectangle((left, 510 - height, left + 30, 510), (40, 90 + 15 * number, 200))
    points = [(65 + 45 * n, 480 - heights[-n - 1]) for n in range(9)]
    pen.line(points, "crimson", 6)
    pen.line((40, 30, 40, 512, 460, 512), "black", 4)


def _rosette(pen: Pen, dice: random.Random) -> None:
    """Petals about a middle that is not the picture's."""
    for turn in range(14):
        angle = turn * math.tau / 14
        x, y = 200 + 130 * math.cos(angle), 300 + 130 * math.sin(angle)
        colour = tuple(dice.randrange(256) for _ in range(3))
        pen.ellipse((x - 60, y - 60, x + 60, y + 60), colour, "black", 3)
    pen.ellipse((130, 230, 270, 370), "gold", "black", 4)


def _city(pen: Pen, dice: random.Random) -> None:
    """Houses at night, with windows lit here and there."""
    pen.rectangle((0, 0, 480, 560), (24, 30, 66))
    pen.ellipse((360, 40, 430, 110), (250, 240, 200))
    left = 0
    while left < 480:
        width, top = dice.randrange(40, 90), dice.randrange(120, 420)
        pen.rectangle((left, top, left + width, 560), (dice.randrange(20, 90),) * 3)
        for row in range(top + 12, 540, 26):
            for column in range(left + 8, left + width - 12, 18):
                lit = dice.random() < 0.5
                pen.rectangle((column, row, column + 8, row + 12), "khaki" if lit else "black")
        left += width


def _tangram(pen: Pen, dice: random.Random) -> None:
    """Triangles and squares in flat colours."""
    for _ in range(16):
        x, y, size = dice.randrange(480), dice.randrange(560), dice.randrange(50, 130)
        colour = tuple(dice.randrange(256) for _ in range(3))
        corners = dice.choice((3, 4))
        pen.regular_polygon((x, y, size), corners, rotation=dice.randrange(90), fill=colour)
