import io

import imagehash
import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data as photographs

from classifiers.canonical import Canonical, read
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.perceptual import (
    VARIANTS,
    Hashed,
    TooFlat,
    hash_square,
    hashes_of,
    usable,
)
from classifiers.waves import SIDE

ASTRONAUT: NDArray[np.uint8] = photographs.astronaut()  # type: ignore[no-untyped-call] # no types
TURNED = {
    "same": ASTRONAUT,
    "left": np.rot90(ASTRONAUT),
    "half": np.rot90(ASTRONAUT, 2),
    "right": np.rot90(ASTRONAUT, 3),
    "upside_down": ASTRONAUT[::-1],
    "mirrored": ASTRONAUT[:, ::-1],
    "transposed": ASTRONAUT.swapaxes(0, 1),
    "transversed": np.rot90(ASTRONAUT, 2).swapaxes(0, 1),
}


def looked_at(picture: Image.Image) -> Canonical:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return read(Received("output", 0, Purpose.OUTPUT, out.getvalue()))


def hashed(pixels: NDArray[np.uint8]) -> Hashed:
    found = hash_square(np.ascontiguousarray(pixels))
    assert isinstance(found, Hashed)
    return found


def eight(square: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Turn pixels as `VARIANTS` says."""
    flips = (square, square[:, ::-1], square[::-1], square[::-1, ::-1])
    return [one for flip in flips for one in (flip, flip.swapaxes(0, 1))]


def apart(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    return int(np.bitwise_count(a ^ b).sum())


class TestVariants:
    @pytest.mark.parametrize("name", VARIANTS)
    def test_each_is_the_hash_of_the_picture_turned_so(self, name: str) -> None:
        """Turning and mirroring are the usual ways round a hash list."""
        asked, turned = hashed(ASTRONAUT), hashed(TURNED[name])
        place = VARIANTS.index(name)

        assert apart(asked.pdq[place], turned.pdq[0]) == 0
        assert apart(asked.phash[place], turned.phash[0]) <= 4

    @pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket"])
    def test_they_are_what_the_libraries_make_of_turned_pixels(self, name: str) -> None:
        """A bank holds the libraries' hashes: a bit of our own making is a bit of radius lost."""
        picture = Image.fromarray(getattr(photographs, name)()).resize((SIDE, SIDE))
        square, grey = np.asarray(picture), np.asarray(picture.convert("L").resize((64, 64)))
        found = hashed(square)

        for place, (turned, small) in enumerate(zip(eight(square), eight(grey), strict=True)):
            pdq, _ = pdqhash.compute(np.ascontiguousarray(turned))
            phash = imagehash.phash(Image.fromarray(small), hash_size=16).hash.flatten()
            assert apart(found.pdq[place], np.packbits(pdq.astype(np.uint8))) <= 1
            assert apart(found.phash[place], np.packbits(phash)) <= 1

    def test_they_are_far_from_each_other(self) -> None:
        """Otherwise one could not say how a copy was turned."""
        found = hashed(ASTRONAUT)

        assert min(apart(found.pdq[0], other) for other in found.pdq[1:]) > 62


class TestFlat:
    @pytest.mark.parametrize(("quality", "good"), [(49, False), (50, True)])
    def test_quality_fifty_is_the_least(self, quality: int, good: bool) -> None:
        """Below it a hash is noise: it would match strangers, and miss copies."""
        assert usable(quality) is good

    @pytest.mark.parametrize("level", [0, 128, 255])
    def test_a_flat_picture_has_no_hash(self, level: int) -> None:
        """An empty or all-zero hash would be a wrong answer, and look like one."""
        found = hashes_of(looked_at(Image.new("RGB", (600, 400), (level,) * 3)))

        assert found == (TooFlat(view=0, quality=0),)

    def test_a_small_picture_has_no_hash(self) -> None:
        """Enlarged, it would be hashed for what the enlargement made of it."""
        small = Image.fromarray(ASTRONAUT).resize((49, 400))

        assert isinstance(hashes_of(looked_at(small))[0], TooFlat)

    def test_each_view_has_its_own_answer(self) -> None:
        """What hides under transparency is hashed too."""
        picture = Image.fromarray(ASTRONAUT)
        picture.putalpha(128)

        found = hashes_of(looked_at(picture))

        assert [one.view for one in found] == [0, 1, 2]


def test_only_pixels_of_the_canonical_size_are_hashed() -> None:
    """Two sizes of one picture have hashes several bits apart."""
    with pytest.raises(ValueError, match=str(SIDE)):
        hash_square(ASTRONAUT[:400])
