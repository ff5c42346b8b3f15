"""The label: in its corner, legible, and nowhere else."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import MarkingError
from pipeline.items import ReleasedMetadata
from pipeline.marking.label import labelled
from pipeline.marking.leaving import leaving


def grey(width: int, height: int, channels: int = 3) -> NDArray[np.uint8]:
    return np.full((height, width, channels), 120, np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("size", [(832, 1216), (1216, 832), (64, 64), (28, 14)])
def test_it_is_in_the_lower_right_corner(size: tuple[int, int], channels: int) -> None:
    """Black and white on any picture: where that is transparent, the label is not."""
    before = grey(*size, channels)

    after = labelled(before)

    changed = np.argwhere((after != before).any(axis=2))
    high = max(min(size) // 16, 14)
    assert tuple(changed.max(axis=0)) == (size[1] - 1, size[0] - 1)
    assert tuple(changed.min(axis=0)) == (size[1] - high, size[0] - 2 * high)
    corner = after[size[1] - high :, size[0] - 2 * high :]
    assert corner[..., :3].min() == 0
    assert corner[..., :3].max() > 200
    if channels == 4:
        assert corner[..., 3].min() == 255
    assert before.max() == before.min() == 120


def test_a_picture_too_small_for_it_does_not_leave() -> None:
    """Nobody could read it."""
    with pytest.raises(MarkingError):
        labelled(grey(27, 14))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_labelled_file_is_the_labelled_picture(kind: str) -> None:
    """Without loss, and with the machine's mark beside the people's."""
    out = io.BytesIO()
    Image.fromarray(grey(96, 64, 4)).save(out, kind, lossless=True, exact=True)

    leaves = leaving(out.getvalue(), ReleasedMetadata.LABEL)

    opened = np.asarray(Image.open(io.BytesIO(leaves.data)))
    assert leaves.mark == "label+xmp"
    assert np.array_equal(opened[:40], grey(96, 40, 4))
    assert not np.array_equal(opened, grey(96, 64, 4))
