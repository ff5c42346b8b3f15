"""Two drawn landscapes, copies of them, and lists that hold their hashes: all of it harmless."""

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from PIL import Image, ImageDraw

from classifiers import canonical, hash_bank_csv
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.hash_bank import Bank, Entry, HashType, Kind, Status
from classifiers.perceptual import Hashed, hashes_of

WIDTH, HEIGHT = 512, 768
_LISTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
_RESAVED_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture and a bank that lists it."""

    picture: bytes = field(repr=False)
    bank: Bank

    @property
    def csv(self) -> bytes:
        """The bank as an operator would import it."""
        return hash_bank_csv.write(self.bank)


def listed(source: str, kind: Kind, seed: int) -> Listed:
    """Draw a landscape and list its exact hash and what it looks like."""
    picture = landscape(seed)
    seen = canonical.read(Received("demo", 0, Purpose.SOURCE, picture))
    (hashed,) = hashes_of(seen)
    hashes = [(HashType.SHA256, bytes.fromhex(seen.sha256))]
    if isinstance(hashed, Hashed):
        hashes.append((HashType.PDQ, hashed.pdq[0].tobytes()))
    entries = tuple(
        Entry(source, f"landscape-{seed}", each, value, "", 1, (), Status.ACTIVE, _LISTED_AT)
        for each, value in hashes
    )
    return Listed(picture, Bank(source, kind, entries, _LISTED_AT))


def landscape(seed: int) -> bytes:
    """Draw hills under a sun, the same for the same seed, as PNG."""
    dice = np.random.default_rng(seed)
    sky, ground = dice.integers(90, 255, (2, 3)), dice.integers(20, 140, (2, 3))
    fade = np.linspace(0, 1, HEIGHT)[:, None, None]
    pixels = np.broadcast_to(sky[0] * (1 - fade) + sky[1] * fade, (HEIGHT, WIDTH, 3))
    image = Image.fromarray(pixels.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    x, y, radius = (int(dice.integers(*span)) for span in ((80, 430), (80, 260), (35, 80)))
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 244, 200))
    across = np.arange(WIDTH + 1)
    for depth in range(6):
        waves, shift = dice.uniform(1, 4), dice.uniform(0, 7)
        height = 280 + 80 * depth + 55 * np.sin(across / WIDTH * waves * 6.3 + shift)
        edge = [*zip(across.tolist(), height.tolist(), strict=True)]
        colour = (ground[0] * (5 - depth) + ground[1] * depth) // 5
        pen.polygon([(0, HEIGHT), *edge, (WIDTH, HEIGHT)], fill=tuple(colour.tolist()))
        for at in dice.integers(0, WIDTH, 3 + depth).tolist():
            _fir(pen, at, edge[at][1], int(dice.integers(40, 110)), int(dice.integers(10, 220)))
    return _written(image, "PNG")


def _fir(pen: ImageDraw.ImageDraw, x: float, y: float, height: int, grey: int) -> None:
    """Draw a tree: what a picture looks like is hashed from its edges."""
    colour = (grey // 3, grey // 2 + 40, grey // 3)
    for tier in range(3):
        top, half = y - height + tier * height / 4, height / 7 * (tier + 1)
        pen.polygon([(x, top), (x - half, top + height / 2), (x + half, top + height / 2)], colour)


def resaved_and_flipped(picture: bytes) -> bytes:
    """Return what somebody might try: mirrored, shrunk a little and saved anew as JPEG."""
    with Image.open(io.BytesIO(picture)) as image:
        mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return _written(mirrored.resize((WIDTH - 64, HEIGHT - 96)), "JPEG")


def _written(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=_RESAVED_QUALITY)
    return buffer.getvalue()
