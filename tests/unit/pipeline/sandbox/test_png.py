from io import BytesIO
from typing import cast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from pipeline.sandbox import png

_SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(4))


class TestWrite:
    @given(pixels=arrays(np.uint8, _SIDES))
    def test_another_decoder_reads_the_same_pixels(self, pixels: np.ndarray) -> None:
        """The file is PNG to everybody, not only to us."""
        written = png.write(pixels, {})

        with Image.open(BytesIO(written), formats=["PNG"]) as read:
            assert read.mode == "RGBA"
            assert np.array_equal(np.asarray(read), pixels)

    @given(text=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
    def test_another_decoder_reads_the_same_texts(self, text: str) -> None:
        """Prompts in any script come back from the file."""
        written = png.write(np.zeros((2, 2, 4), np.uint8), {"Title": "t", "Comment": text})

        with Image.open(BytesIO(written), formats=["PNG"]) as read:
            assert cast("PngImageFile", read).text == {"Title": "t", "Comment": text}

    def test_half_a_character_is_no_fault(self) -> None:
        """JSON can carry lone surrogates; a prompt that does must not break the sandbox."""
        written = png.write(np.zeros((2, 2, 4), np.uint8), {"Comment": "a\ud800b"})

        with Image.open(BytesIO(written), formats=["PNG"]) as read:
            assert cast("PngImageFile", read).text == {"Comment": "a?b"}
