import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from classifiers.canonical import Canonical, read
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.hidden import hidden_in

COFFEE = Image.fromarray(data.coffee())  # type: ignore[no-untyped-call]  # scikit-image has no types
ROCKET = Image.fromarray(data.rocket())  # type: ignore[no-untyped-call]  # scikit-image has no types


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def carrying(thumbnail: Image.Image, picture: Image.Image = COFFEE) -> Canonical:
    whole = jpeg(picture) + jpeg(thumbnail)
    return read(Received("parameters.image", 0, Purpose.SOURCE, whole))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_thumbnail_of_the_picture_itself_shows_nothing_more(turn: int) -> None:
    """Cameras write one into every file, often as the sensor lay; to look twice is waste."""
    small = COFFEE.resize((160, 107)).rotate(turn, expand=True)

    assert hidden_in(carrying(small)) == ()


def test_a_thumbnail_of_something_else_is_looked_at() -> None:
    """That is what somebody hides, or forgot to cut off."""
    seen = carrying(ROCKET.resize((160, 107)))

    assert hidden_in(seen) == seen.hidden
    assert len(seen.hidden) == 1


def test_a_thumbnail_of_what_was_cut_off_is_looked_at() -> None:
    """The picture was cropped, and its thumbnail still shows all of it."""
    cut = COFFEE.crop((0, 0, 300, 200))

    assert len(hidden_in(carrying(COFFEE.resize((160, 107)), cut))) == 1


@pytest.mark.parametrize("flat", ["thumbnail", "picture"])
def test_what_is_too_flat_to_compare_is_looked_at(flat: str) -> None:
    """Of two pictures without a hash nobody can say that they are alike."""
    grey = Image.new("RGB", (160, 107), "grey")
    seen = carrying(grey) if flat == "thumbnail" else carrying(grey, grey)

    assert len(hidden_in(seen)) == 1


def test_a_file_that_carries_none_is_not_hashed_for_it() -> None:
    """It is the way of every picture."""
    pixels: NDArray[np.uint8] = np.asarray(COFFEE)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    seen = read(Received("output", 0, Purpose.OUTPUT, out.getvalue()))

    assert hidden_in(seen) == ()
    assert not seen._shrunk
