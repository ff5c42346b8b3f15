import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from skimage import data as photographs

from classifiers.trims import MOST_FRAMES, WHOLE, Frame, frames

SIDE = 256
Grey = NDArray[np.float32]


def photograph(width: int, height: int) -> Image.Image:
    picture = photographs.chelsea()  # type: ignore[no-untyped-call] # skimage has no types
    return Image.fromarray(picture).convert("L").resize((width, height))


def grey(picture: Image.Image) -> Grey:
    return np.asarray(picture.resize((SIDE, SIDE)), np.float32)


def near(found: tuple[Frame, ...], expected: Frame) -> bool:
    """Whether one of them is right to a pixel and a half."""
    return any(
        max(abs(a - b) for a, b in zip(frame, expected, strict=True)) <= 1.5 / SIDE
        for frame in found
    )


class TestFrames:
    @pytest.mark.parametrize("level", [0, 130, 255])
    def test_a_border_is_found(self, level: int) -> None:
        """It moves every wave of the picture in it."""
        page = Image.new("L", (SIDE, SIDE), level)
        page.paste(photograph(190, 200), (40, 20))

        found = frames(grey(page))

        assert near(found, Frame(20 / SIDE, 220 / SIDE, 40 / SIDE, 230 / SIDE))

    @pytest.mark.parametrize("above", [True, False])
    def test_a_strip_with_a_line_of_text_is_found(self, above: bool) -> None:
        """So do pictures go round, with words above or below them."""
        page = Image.new("L", (SIDE, SIDE), 255)
        page.paste(photograph(SIDE, 206), (0, 50 if above else 0))
        middle = (SIDE // 2, 25 if above else 231)
        ImageDraw.Draw(page).text(middle, "a harbour at dawn", 0, anchor="mm", font_size=18)

        found = frames(grey(page))

        top, bottom = (50 / SIDE, 1.0) if above else (0.0, 206 / SIDE)
        assert near(found, Frame(top, bottom, 0.0, 1.0))

    def test_margins_that_compression_made_uneven_are_found(self) -> None:
        """With loss, no margin keeps one colour."""
        page = ImageOps.expand(photograph(200, 200), 28, 90)
        noise = np.random.default_rng(1).integers(-6, 7, (SIDE, SIDE))

        found = frames((grey(page) + noise).astype(np.float32))

        assert near(found, Frame(28 / SIDE, 228 / SIDE, 28 / SIDE, 228 / SIDE))

    def test_a_photograph_has_none(self) -> None:
        """Each would be one more question to ask."""
        assert frames(grey(photograph(300, 300))) == ()

    @pytest.mark.parametrize("level", [0, 128, 255])
    def test_where_nothing_is_left_there_is_none(self, level: int) -> None:
        """A page without a picture is no picture."""
        assert frames(np.full((SIDE, SIDE), level, np.float32)) == ()

    @given(arrays.arrays(np.uint8, (32, 32), elements=st.sampled_from([0, 3, 128, 250, 255])))
    def test_whatever_it_sees_they_are_few_and_within(self, pixels: NDArray[np.uint8]) -> None:
        """A picture made to have many margins must not make many questions."""
        found = frames(pixels.astype(np.float32))

        assert len(found) <= MOST_FRAMES
        assert WHOLE not in found
        assert all(0 <= f.top < f.bottom <= 1 and 0 <= f.left < f.right <= 1 for f in found)
