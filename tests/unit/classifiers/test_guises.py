import io
from collections.abc import Callable
from functools import partial

import numpy as np
import pdqhash
import pytest
from PIL import Image, ImageChops, ImageOps
from skimage import data as photographs

from classifiers.canonical import Canonical, read
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.guises import CROPPED, LEANING, Guises, guises_of, quality_of
from classifiers.perceptual import VARIANTS, Hashed, hashes_of
from classifiers.trims import frames
from classifiers.waves import SIDE, samples, times

Change = Callable[[Image.Image], Image.Image]


def photograph(name: str = "chelsea") -> Image.Image:
    return Image.fromarray(getattr(photographs, name)()).convert("RGB")


def looked_at(picture: Image.Image) -> Canonical:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return read(Received("output", 0, Purpose.OUTPUT, out.getvalue()))


def hashed(canonical: Canonical) -> Hashed:
    (found,) = hashes_of(canonical)
    assert isinstance(found, Hashed)
    return found


def guises(picture: Image.Image) -> Guises:
    canonical = looked_at(picture)
    return guises_of(hashed(canonical), canonical)


def nearest(copy: Image.Image, original: Image.Image) -> tuple[int, str]:
    """How far the nearest guise of the copy is from the original, and which it is."""
    seen, known = guises(copy), hashed(looked_at(original)).pdq[0]
    far = np.bitwise_count(seen.pdq ^ known).sum(axis=1)
    return int(far.min()), seen.names[int(far.argmin())]


def cut(picture: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = picture.size
    box = left * width, top * height, (1 - right) * width, (1 - bottom) * height
    return picture.crop((round(box[0]), round(box[1]), round(box[2]), round(box[3])))


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor="gray")


CHANGES: dict[str, Change] = {
    "trimmed": partial(ImageOps.expand, border=50, fill="white"),
    "trimmed mirrored": lambda p: ImageOps.expand(ImageOps.mirror(p), 50, "navy"),
    "trimmed right": lambda p: ImageOps.expand(p.transpose(Image.Transpose.ROTATE_90), 30),
    "inverted": ImageChops.invert,
    "inverted mirrored": lambda p: ImageOps.mirror(ImageChops.invert(p)),
    "inverted trimmed": lambda p: ImageOps.expand(ImageChops.invert(p), 40, "red"),
    "crop 5%": lambda p: cut(p, 0.025, 0.025, 0.025, 0.025),
    "crop 5% mirrored": lambda p: ImageOps.mirror(cut(p, 0.025, 0.025, 0.025, 0.025)),
    "crop 5% left": lambda p: cut(p, 0.05, 0, 0, 0),
    "crop 5% bottom right": lambda p: cut(p, 0, 0, 0.05, 0.05),
}


class TestGuises:
    @pytest.mark.parametrize("what", CHANGES)
    def test_what_was_done_is_undone_and_named(self, what: str) -> None:
        """Somebody must look at a suspicion, and has to be told what it rests on.

        Turns and mirrorings are named by what makes the original of the copy.
        """
        original = photograph()

        far, guise = nearest(CHANGES[what](original), original)

        assert guise == what
        assert far <= 28

    @pytest.mark.parametrize("degrees", [-3, -2, 2, 3])
    @pytest.mark.parametrize("mirrored", [False, True])
    def test_a_copy_that_was_turned_a_little_is_straightened(
        self, degrees: float, mirrored: bool
    ) -> None:
        """To either side, for pictures that are not square, and mirrored too."""
        original = photograph()
        copy = turned(original, degrees)

        far, guise = nearest(ImageOps.mirror(copy) if mirrored else copy, original)

        assert far <= 28
        assert "turned" in guise
        assert guise.endswith("mirrored") is mirrored

    def test_they_begin_with_the_picture_itself(self) -> None:
        """Whatever else is asked, what it is must be."""
        canonical = looked_at(photograph())

        found = guises_of(hashed(canonical), canonical)

        assert found.names[: len(VARIANTS)] == VARIANTS
        assert np.array_equal(found.pdq[: len(VARIANTS)], hashed(canonical).pdq)
        assert len(found.names) == len(set(found.names)) == len(found.pdq)

    def test_how_many_there_are_is_known(self) -> None:
        """Each costs a look into every bank; a picture with margins has up to 64 more."""
        always = 2 * len(VARIANTS) + 2 * len(CROPPED) + 4 * len(LEANING)

        assert len(guises(photograph()).names) == always == 74

    def test_two_pictures_stay_far_apart(self) -> None:
        """Among so many questions, none may be answered by another picture."""
        assert nearest(photograph("coffee"), photograph("astronaut"))[0] > 62


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "moon", "coins"])
def test_quality_is_that_of_pdqhash(name: str) -> None:
    """What is cut out of its margins may be too flat to be looked up."""
    picture = photograph(name).point([tone // 4 for tone in range(256)] * 3)
    square = picture.resize((SIDE, SIDE))
    grey = np.asarray(square.convert("L"), np.float32)
    taken = samples(0, 1, SIDE)

    _, quality = pdqhash.compute(np.asarray(square))

    assert abs(quality_of(times(times(taken, grey), taken.T)) - quality) <= 3


def test_what_is_flat_within_its_margins_is_not_looked_up() -> None:
    """Its hash would be noise, and could be anybody's."""
    page = Image.new("RGB", (400, 400), "black")
    page.paste((120, 120, 120), (60, 90, 300, 330))

    canonical = looked_at(page)

    grey = np.asarray(Image.fromarray(canonical.rgb).convert("L").resize((256, 256)), np.float32)
    assert len(frames(grey)) == 1
    assert not any("trimmed" in name for name in guises(page).names)
