import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data as photographs

from classifiers.waves import SAMPLES, SIDE, cosines, packed, samples, stronger, times


def square(name: str) -> Image.Image:
    return Image.fromarray(getattr(photographs, name)()).convert("RGB").resize((SIDE, SIDE))


def hashed(grey: NDArray[np.float32]) -> NDArray[np.uint8]:
    """PDQ of a square of any size, by products of matrices."""
    waves = times(cosines(1).astype(np.float32), samples(0, 1, len(grey)))
    bits = stronger(times(times(waves, grey), waves.T))
    return packed(bits[:, ::-1]).reshape(-1)


class TestSamples:
    @pytest.mark.parametrize("side", [128, 256, 512])
    @pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket", "camera"])
    def test_they_make_the_hash_that_pdqhash_makes(self, name: str, side: int) -> None:
        """What is undone is looked up among hashes that the library made of whole pictures."""
        picture = square(name)
        small = picture.convert("L").reduce(SIDE // side) if side < SIDE else picture.convert("L")

        bits, _ = pdqhash.compute(np.asarray(picture))

        far = np.bitwise_count(hashed(np.asarray(small, np.float32)) ^ np.packbits(bits)).sum()
        assert far <= {128: 8, 256: 4, 512: 2}[side]

    @pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.3, 0.5), (1.1, -0.1), (-0.2, 0.9)])
    def test_a_line_of_one_level_keeps_it(self, start: float, end: float) -> None:
        """Weights that did not sum to one would brighten what is made up at the edges."""
        taken = samples(start, end, 256)

        assert taken.shape == (SAMPLES, 256)
        assert np.allclose(taken.sum(axis=1), 1, atol=1e-5)

    def test_beyond_the_line_its_last_pixel_goes_on(self) -> None:
        """What was cut off is made up so."""
        line = np.arange(256, dtype=np.float32)

        taken = samples(-0.25, 1.25, 256) @ line

        assert taken[0] == 0
        assert taken[-1] == 255

    def test_backwards_is_the_same_from_the_other_end(self) -> None:
        """A mirrored copy is found by it."""
        line = np.random.default_rng(1).random(256, dtype=np.float32)

        assert np.allclose(samples(0.9, 0.2, 256) @ line, samples(0.1, 0.8, 256) @ line[::-1])


@pytest.mark.parametrize(("rows", "inner", "columns"), [(32, 512, 64), (144, 256, 256), (3, 5, 16)])
def test_products_in_pieces_are_products(rows: int, inner: int, columns: int) -> None:
    """They are cut up only so that no thread is woken for them."""
    dice = np.random.default_rng(2)
    a, b = (dice.random(shape, dtype=np.float32) for shape in ((rows, inner), (inner, columns)))

    assert np.allclose(times(a, b), a @ b, rtol=1e-4)


def test_what_is_stronger_is_above_the_middle() -> None:
    """Half of the waves are, whatever the picture's contrast."""
    strengths = np.random.default_rng(3).random((2, 16, 16), dtype=np.float32)

    assert stronger(strengths).sum(axis=1).tolist() == [128, 128]
    assert np.array_equal(stronger(strengths), stronger(strengths * 7 + 3))
