"""Makes the pictures of a job: draws or takes them, stamps them, and spoils them when asked."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pipeline.sandbox import comment, scene, stamp, uploads
from pipeline.sandbox.catalogue import SIDE_STEP, Action
from pipeline.sandbox.errors import NoPicturesError, RefusedError
from pipeline.sandbox.faults import Kind
from pipeline.sandbox.job import Job
from pipeline.sandbox.prompts import Caption
from pipeline.sandbox.settings import SandboxSettings

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
_OTHER_PROMPT = Caption("a lighthouse that nobody asked for")


@dataclass(frozen=True, slots=True)
class Order:
    """One picture of a job; equal orders give equal bytes."""

    job: Job
    index: int
    flaw: Kind | None
    from_folder: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished file and the seed it was made from."""

    content: bytes = field(repr=False)
    seed: int


class Studio:
    """Carries out jobs and keeps the pictures of the latest; safe to use from threads."""

    def __init__(self, settings: SandboxSettings) -> None:
        """Look once into the folder of pictures, if there is one.

        Raises:
            NoPicturesError: the folder holds none.
        """
        self._key = settings.signing_key
        self._files = _files(settings.pictures)
        self._finished = lru_cache(maxsize=settings.render_ahead)(self._finish)

    @property
    def has_folder(self) -> bool:
        """Whether there are pictures to serve in place of drawn scenes."""
        return bool(self._files)

    def make(self, job: Job, flaw: Kind | None, *, from_folder: bool) -> list[Picture]:
        """Every picture of a job, with one too many if that is the flaw.

        Raises:
            RefusedError: 400, if pictures from a folder are wanted and there is no folder.
        """
        if from_folder and not self.has_folder:
            raise RefusedError(400, "this sandbox was given no folder of pictures")
        count = job.samples + (flaw is Kind.EXTRA_ENTRY)
        return [
            Picture(self._finished(Order(job, index, flaw, from_folder)), job.seed_of(index))
            for index in range(count)
        ]

    def _finish(self, order: Order) -> bytes:
        job, index, flaw = order.job, order.index, order.flaw
        width = job.width + SIDE_STEP if flaw is Kind.WRONG_SIZE else job.width
        rgb = self._pixels(order, width, job.height)
        prompt = _OTHER_PROMPT if flaw is Kind.OTHER_PROMPT else job.prompt
        label = comment.label(job, index, prompt)
        signature = stamp.sign(self._key, rgb, label.comment)
        if flaw is Kind.BAD_SIGNATURE:
            rgb[0, 0, 0] ^= 1  # changed after it was signed
        content = (stamp.as_webp if job.webp else stamp.as_png)(rgb, label, signature)
        return _corrupted(content) if flaw is Kind.CORRUPT_PNG else content

    def _pixels(self, order: Order, width: int, height: int) -> NDArray[np.uint8]:
        job, seed = order.job, order.job.seed_of(order.index)
        if order.from_folder:
            with Image.open(self._files[seed % len(self._files)]) as file:
                return np.array(ImageOps.fit(file.convert("RGB"), (width, height)))
        drawn = scene.draw(seed, width, height)
        return drawn if job.image is None else _over(job, job.image, drawn)


def _over(job: Job, image: bytes, drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The drawn scene laid over the uploaded picture, or into the mask's white."""
    new = Image.fromarray(drawn)
    old = uploads.decode(image, "image").resize(new.size)
    if job.action is Action.INFILL and job.mask is not None:
        mask = uploads.decode(job.mask, "mask").convert("L").resize(new.size)
        return np.array(Image.composite(new, old, mask))
    return np.array(Image.blend(old, new, job.dials.strength))


def _corrupted(content: bytes) -> bytes:
    half = len(content) // 2
    return content[:half] + bytes(len(content) - half)


def _files(folder: Path | None) -> tuple[Path, ...]:
    if folder is None:
        return ()
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not found:
        raise NoPicturesError
    return tuple(found)
