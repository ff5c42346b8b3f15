"""What leaves: the picture that was examined, marked, with as much of its texts as was chosen."""

import io
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from classifiers.errors import UnreadableError
from pipeline.errors import MarkingError
from pipeline.items import Json, ReleasedMetadata
from pipeline.marking import rewriting
from pipeline.marking.leaving import leaving
from pipeline.marking.parts import joined, taken_apart, unmarked
from pipeline.marking.rewriting import quiet
from pipeline.marking.xmp import PACKET, SOURCE_TYPE, check
from pipeline.novelai import stealth

KEEP, STRIP_TEXT, STRIP_ALL, _ = CHOICES = tuple(ReleasedMetadata)
UNSEEN = CHOICES[:3]
"""Those that no person sees."""
SECRET = "a harbour at dawn"
SIDES = (48, 40)


def hiding(prompt: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Colours, and an alpha plane that hides a prompt as NovelAI does."""
    packed = zlib.compress(json.dumps({"Comment": prompt}).encode(), wbits=31)
    stream = b"stealth_pngcomp" + (len(packed) * 8).to_bytes(4, "big") + packed
    bits = np.unpackbits(np.frombuffer(stream, np.uint8))
    alpha = np.full(SIDES[0] * SIDES[1], 254, np.uint8)
    alpha[: len(bits)] |= bits
    colours = np.random.default_rng(7).integers(0, 256, (SIDES[1], SIDES[0], 3), dtype=np.uint8)
    return np.dstack([colours, alpha.reshape(SIDES).T])


def png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None = None) -> bytes:
    """A PNG that tells its prompt in a text chunk and in alpha."""
    noted = PngInfo()
    noted.add_text("Comment", json.dumps({"prompt": SECRET}))
    out = io.BytesIO()
    Image.fromarray(hiding(SECRET) if pixels is None else pixels).save(out, "PNG", pnginfo=noted)
    return out.getvalue()


def webp(*, lossless: bool = True, exif: bool = True, transparent: bool = True) -> bytes:
    """A WebP that tells it in EXIF; without that and alpha it is of the simple kind."""
    told = Image.Exif()
    told[0x010E] = SECRET
    out = io.BytesIO()
    pixels = hiding(SECRET) if transparent else hiding(SECRET)[:, :, :3]
    more = {"exif": told} if exif else {}
    Image.fromarray(pixels).save(out, "WEBP", lossless=lossless, exact=True, **more)
    return out.getvalue()


FILES = {
    "png": png(),
    "png without alpha": png(hiding(SECRET)[:, :, :3]),
    "lossless webp": webp(),
    "lossy webp": webp(lossless=False),
    "simple lossless webp": webp(exif=False),
    "simple lossy webp": webp(lossless=False, exif=False, transparent=False),
}


def opened(data: bytes) -> Image.Image:
    """The file as another program reads it."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def hidden_in(data: bytes) -> dict[str, Json]:
    return stealth.read(np.asarray(opened(data).convert("RGBA"))[:, :, 3])


@pytest.mark.parametrize("metadata", UNSEEN)
@pytest.mark.parametrize("name", FILES)
class TestEveryFile:
    def test_says_that_a_machine_made_it(self, name: str, metadata: ReleasedMetadata) -> None:
        """And another program than ours reads it there."""
        leaves = leaving(FILES[name], metadata)

        assert opened(leaves.data).info["xmp"] == PACKET
        assert SOURCE_TYPE.encode() in PACKET
        assert leaves.data.count(PACKET) == 1
        assert leaves.mark == f"{metadata.value}+xmp"

    def test_is_the_picture_that_was_examined(self, name: str, metadata: ReleasedMetadata) -> None:
        """To the last pixel; of what is written anew the lowest bit of alpha is free."""
        before, after = opened(FILES[name]), opened(leaving(FILES[name], metadata).data)

        assert after.size == before.size
        assert after.format == before.format
        was, is_now = (np.asarray(each.convert("RGBA")) for each in (before, after))
        assert np.array_equal(was[:, :, :3], is_now[:, :, :3])
        most = 1 if metadata is STRIP_ALL else 0
        assert int(np.abs(was[:, :, 3].astype(int) - is_now[:, :, 3]).max()) <= most

    def test_tells_the_prompt_only_where_that_was_chosen(
        self, name: str, metadata: ReleasedMetadata
    ) -> None:
        """Beside the pixels, and in alpha."""
        leaves = leaving(FILES[name], metadata).data

        if metadata is not KEEP:
            assert SECRET.encode() not in leaves
        if metadata is STRIP_ALL:
            assert hidden_in(leaves) == {}

    def test_is_the_same_each_time(self, name: str, metadata: ReleasedMetadata) -> None:
        """What is opened again has the digest that the release entry committed to."""
        assert leaving(FILES[name], metadata) == leaving(FILES[name], metadata)


class TestWhatStays:
    def test_with_keep_all_of_it(self) -> None:
        """Byte for byte but for the one chunk."""
        leaves = leaving(FILES["png"], KEEP).data

        start = leaves.index(b"iTXt") - 4
        size = 12 + int.from_bytes(leaves[start : start + 4], "big")
        assert leaves[:start] + leaves[start + size :] == FILES["png"]
        assert start == 33  # behind IHDR
        assert hidden_in(leaves) == {"Comment": SECRET}

    def test_with_strip_text_what_alpha_hides(self) -> None:
        """The docs say so: no pixel is touched."""
        assert hidden_in(leaving(FILES["png"], STRIP_TEXT).data) == {"Comment": SECRET}

    def test_transparency(self) -> None:
        """What a person sees through stays so when the picture is written anew."""
        pixels = hiding(SECRET)
        pixels[:, :24, 3] = np.arange(24) * 5

        alpha = np.asarray(opened(leaving(png(pixels), STRIP_ALL).data))[:, :, 3]

        assert np.array_equal(alpha[:, :24] >> 1, pixels[:, :24, 3] >> 1)
        assert int(alpha[0, 0]) == 0
        assert int(alpha[:, 24:].min()) == 255

    def test_another_mark_goes(self) -> None:
        """A file with two of them says two things, and a manifest holds for one file alone."""
        manifest = (4).to_bytes(4, "big") + b"caBXjunk"
        manifest += zlib.crc32(manifest[4:]).to_bytes(4, "big")
        theirs = leaving(FILES["png"], KEEP).data
        both = theirs[:33] + manifest + theirs[33:]

        assert leaving(both, KEEP).data == leaving(FILES["png"], KEEP).data
        assert unmarked(both) == FILES["png"]

    def test_what_follows_the_end_stays_with_keep_alone(self) -> None:
        """It was examined too."""
        for name in ("png", "simple lossy webp"):
            data = FILES[name] + b"behind"
            assert leaving(data, KEEP).data.endswith(b"behind")
            assert b"behind" not in leaving(data, STRIP_TEXT).data


class TestRefusals:
    @pytest.mark.parametrize("metadata", ReleasedMetadata)
    def test_a_file_of_another_kind(self, metadata: ReleasedMetadata) -> None:
        """It leaves unmarked in no case."""
        out = io.BytesIO()
        Image.new("RGB", (8, 8)).save(out, "JPEG")

        with pytest.raises(MarkingError):
            leaving(out.getvalue(), metadata)

    @pytest.mark.parametrize("name", FILES)
    @pytest.mark.parametrize("metadata", ReleasedMetadata)
    def test_a_file_that_is_cut_short(self, name: str, metadata: ReleasedMetadata) -> None:
        """Nobody can say what it was."""
        with pytest.raises(MarkingError):
            leaving(FILES[name][:-30], metadata)

    def test_a_mark_that_changed_anything_else(self) -> None:
        """The last look: each byte of what leaves is compared with what was examined."""
        leaves = leaving(FILES["png"], KEEP).data
        check(leaves, FILES["png"])
        for at in (40, len(leaves) - 30):
            other = bytearray(leaves)
            other[at] ^= 1
            with pytest.raises(MarkingError):
                check(bytes(other), FILES["png"])
        with pytest.raises(MarkingError):
            check(FILES["png"], FILES["png"])

    def test_another_picture_than_was_to_be_written(self) -> None:
        """What an encoder made of the pixels is decoded and compared before anything leaves."""
        pixels = hiding(SECRET)

        rewriting.check(rewriting.rewritten(FILES["png"]), pixels[:, :, :3])
        for other in (FILES["lossy webp"], png(pixels ^ np.uint8(1)), FILES["png"]):
            with pytest.raises((MarkingError, UnreadableError)):
                rewriting.check(other, pixels)


@pytest.mark.parametrize("name", FILES)
def test_parts_go_together_again(name: str) -> None:
    """Byte for byte: whatever is not a mark stands where it stood."""
    assert joined(taken_apart(FILES[name])) == FILES[name]


@given(st.binary(min_size=1, max_size=256))
def test_alpha_written_anew_hides_nothing(plane: bytes) -> None:
    """The lowest bit follows from the highest; nobody sees a difference."""
    alpha = np.frombuffer(plane, np.uint8)

    out = quiet(alpha)

    assert np.array_equal(out & 1, out >> 7)
    assert int(np.abs(out.astype(int) - alpha).max()) <= 1
