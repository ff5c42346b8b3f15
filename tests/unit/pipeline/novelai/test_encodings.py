"""What comes back for a picture that was encoded has to be opaque."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.novelai.encodings import MOST_BYTES, received, taken
from pipeline.novelai.errors import RequestRefusedError, UpstreamMalformedError
from pipeline.novelai.limits import Limits

OPAQUE = b"\x07\xf3" + bytes(range(256)) * 2


def drawn(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "ICO", "PPM"])
def test_a_picture_is_no_encoding(kind: str) -> None:
    """It would leave without having been looked at, of whichever kind it is."""
    with pytest.raises(UpstreamMalformedError):
        received(drawn(kind) + OPAQUE)


@pytest.mark.parametrize("data", [b"", OPAQUE[:100], b"aGVsbG8=" * 100, OPAQUE * MOST_BYTES])
def test_neither_is_text_nor_what_is_too_short_or_too_long(data: bytes) -> None:
    """Text may be a picture in base64; of a few bytes a digest says little."""
    with pytest.raises(UpstreamMalformedError):
        received(data[: MOST_BYTES + 1])


@settings(max_examples=40)
@given(st.binary(min_size=256, max_size=600))
def test_any_bytes_are_an_encoding_or_malformed(data: bytes) -> None:
    """Whatever comes back, nothing else is raised, and nothing is changed."""
    try:
        assert received(data).data == data
    except UpstreamMalformedError:
        return


def test_an_encoding_that_is_too_long_is_refused() -> None:
    """None that was minted here is."""
    with pytest.raises(RequestRefusedError) as refused:
        taken(["one"], {"one": b"\x07" * (MOST_BYTES + 1)}, Limits())
    assert refused.value.status == 413


def test_parts_that_are_encodings_are_taken_from_the_form() -> None:
    """What is left has to be pictures, and each of them in use."""
    vibes = taken(["one"], {"one": OPAQUE, "image": b"other"}, Limits())
    assert [each.data for each in vibes.encodings] == [OPAQUE]
    assert vibes.parts == {"image": b"other"}
