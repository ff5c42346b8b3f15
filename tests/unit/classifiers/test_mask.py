import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from classifiers.canonical import Canonical, read
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.mask import MaskCheck, is_mask, one_bit
from classifiers.signals import Reason, Signal, Unavailable


def drawn() -> Image.Image:
    picture = Image.new("L", (104, 152))
    ImageDraw.Draw(picture).ellipse((20, 30, 80, 120), fill=255)
    return picture


def looked_at(
    picture: Image.Image, kind: str = "PNG", purpose: Purpose = Purpose.MASK, quality: int = 95
) -> Canonical:
    out = io.BytesIO()
    picture.save(out, kind, quality=quality)
    return read(Received("parameters.mask", 0, purpose, out.getvalue()))


def ramp() -> Image.Image:
    return Image.linear_gradient("L")


def red() -> Image.Image:
    return Image.merge("RGB", (drawn(), Image.new("L", drawn().size), Image.new("L", drawn().size)))


def cut_out() -> Image.Image:
    picture = Image.new("RGBA", drawn().size, (255, 255, 255, 255))
    picture.putalpha(drawn())
    return picture


class TestIsMask:
    @pytest.mark.parametrize(
        "picture",
        [drawn(), drawn().convert("1"), drawn().convert("RGBA"), cut_out(), Image.new("L", (8, 8))],
        ids=["grey", "one_bit", "rgba", "cut_out", "empty"],
    )
    def test_black_and_white_is_one_however_it_is_stored(self, picture: Image.Image) -> None:
        """Clients send grey, palettes and alpha planes."""
        assert is_mask(looked_at(picture))

    def test_compression_and_a_soft_brush_are_forgiven(self) -> None:
        """A browser's canvas draws soft edges, and some save as JPEG."""
        assert is_mask(looked_at(drawn(), "JPEG"))
        assert is_mask(looked_at(drawn().resize((832, 1216), 0).filter(ImageFilter.SMOOTH)))

    @pytest.mark.parametrize("picture", [ramp(), red(), Image.new("L", (8, 8), 128)])
    def test_levels_or_colours_are_none(self, picture: Image.Image) -> None:
        """A picture in a mask's place would otherwise go unseen."""
        assert not is_mask(looked_at(picture))

    def test_a_picture_hidden_under_transparency_is_none(self) -> None:
        """On white it may look like an empty mask."""
        picture = ramp().convert("RGBA")
        picture.putalpha(0)

        assert not is_mask(looked_at(picture))


class TestOneBit:
    def test_nothing_is_left_in_its_levels(self) -> None:
        """A faint picture within the tolerance must not travel on."""
        noise = np.random.default_rng(1).integers(0, 16, (152, 104), dtype=np.uint8)
        faint: NDArray[np.uint8] = np.asarray(drawn()) ^ noise
        seen = looked_at(Image.fromarray(faint))

        sent = np.asarray(Image.open(io.BytesIO(one_bit(seen))))

        assert is_mask(seen)
        assert np.array_equal(sent, np.asarray(drawn()))


class TestMaskCheck:
    @pytest.mark.parametrize(("picture", "score"), [(drawn(), 1.0), (ramp(), 0.0)])
    def test_what_stands_in_a_masks_place_is_one_or_not(
        self, picture: Image.Image, score: float
    ) -> None:
        """A picture that is none is judged as what it is."""
        (finding,) = MaskCheck().classify(looked_at(picture))

        assert isinstance(finding, Signal)
        assert finding.score == score

    @pytest.mark.parametrize("purpose", [Purpose.SOURCE, Purpose.REFERENCE, Purpose.OUTPUT])
    def test_nothing_else_is_said_to_be_one(self, purpose: Purpose) -> None:
        """A replay of the record takes for masks what was said to be: it would look away there."""
        (finding,) = MaskCheck().classify(looked_at(drawn(), purpose=purpose))

        assert isinstance(finding, Unavailable)
        assert finding.reason is Reason.NOT_ASSESSED

    def test_it_is_fit_for_use(self) -> None:
        """`warm` compares a mask with a ramp."""
        MaskCheck().warm()
