"""What a page may show of a picture."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from pipeline.console.derivative import SIDE, derivative
from pipeline.errors import AlteredObjectError


def png(pixels: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")  # type: ignore[arg-type] # an array
    return out.getvalue()


def test_it_is_small_grey_and_without_its_details() -> None:
    """A face, where it was, is a blot: there is nothing to recognise, and nothing to enlarge."""
    whole: NDArray[np.uint8] = np.asarray(data.astronaut())  # type: ignore[no-untyped-call] # untyped
    with Image.open(io.BytesIO(derivative(png(whole)))) as small:
        assert small.mode == "L"
        assert max(small.size) == SIDE
        assert small.info == {}
        shown = np.asarray(small, np.float64)
    plain = np.asarray(Image.fromarray(whole).convert("L").resize((SIDE, SIDE)), np.float64)
    edges = [np.abs(np.diff(each)).mean() for each in (shown, plain)]
    assert edges[0] < edges[1] / 2


def test_a_long_one_stays_within_its_bounds() -> None:
    """Shape and all."""
    with Image.open(io.BytesIO(derivative(png(np.zeros((40, 4000, 4), np.uint8))))) as small:
        assert small.width == SIDE
        assert small.height >= 1


@pytest.mark.parametrize("content", [b"", b"no picture", png(np.zeros((9, 9), np.uint8))[:40]])
def test_what_is_no_picture_is_a_fault(content: bytes) -> None:
    """It is never shown as it is."""
    with pytest.raises(AlteredObjectError):
        derivative(content)
