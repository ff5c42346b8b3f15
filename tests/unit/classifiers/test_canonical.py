import hashlib
import io
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from classifiers.canonical import Canonical, Limits, read, stripped
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.errors import Unreadable, UnreadableError

RAMP = np.linspace(0, 255, 48, dtype=np.uint8)
COLOURS = np.stack(np.broadcast_arrays(RAMP[None, :], RAMP[:32, None], np.uint8(90)), axis=2)
PICTURE = Image.fromarray(np.ascontiguousarray(COLOURS))


def saved(picture: Image.Image = PICTURE, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def looked_at(data: bytes, limits: Limits | None = None) -> Canonical:
    return read(Received("parameters.image", 2, Purpose.SOURCE, data), limits)


def fault(data: bytes, limits: Limits | None = None) -> Unreadable:
    with pytest.raises(UnreadableError) as caught:
        looked_at(data, limits)
    return caught.value.kind


def off(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def png_claiming(width: int, height: int) -> bytes:
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
        for kind, body in chunks
    )


class TestRead:
    def test_it_keeps_where_the_picture_stood_and_hashes_the_bytes_as_received(self) -> None:
        """Lists of known files hold digests of the file, not of what we make of it."""
        data = saved() + b"appended"

        seen = looked_at(data)

        assert (seen.carrier, seen.index, seen.purpose) == ("parameters.image", 2, Purpose.SOURCE)
        assert (seen.width, seen.height, seen.trailing_bytes) == (48, 32, 8)
        assert seen.md5 == hashlib.md5(data).hexdigest()  # noqa: S324 (lists of known files use it)
        assert seen.sha1 == hashlib.sha1(data).hexdigest()  # noqa: S324 (the same)
        assert seen.sha256 == hashlib.sha256(data).hexdigest()

    def test_its_repr_shows_neither_digest_nor_pixels(self) -> None:
        """A digest of a known picture is personal data, and a repr ends up in a log."""
        seen = looked_at(saved())

        assert seen.sha256 not in repr(seen)
        assert "array" not in repr(seen)

    def test_pixels_cannot_be_changed(self) -> None:
        """Classifiers share them."""
        with pytest.raises(ValueError, match="read-only"):
            looked_at(saved()).rgb[0, 0] = 0

    def test_a_shrunk_picture_is_made_once(self) -> None:
        """Several classifiers ask for the same size."""
        seen = looked_at(saved())

        assert seen.shrunk(12, 8) is seen.shrunk(12, 8)
        assert seen.shrunk(12, 8).shape == (8, 12, 3)


@pytest.mark.parametrize(
    ("data", "tolerance"),
    [
        (saved(PICTURE.convert("RGBA")), 0),
        (saved(kind="WEBP", lossless=True), 0),
        (saved(kind="JPEG", quality=95), 4),
        (saved(PICTURE.quantize(256)), 8),
        (saved(PICTURE.quantize(256).convert("RGBA")), 8),
        (saved(PICTURE.convert("CMYK"), kind="JPEG", quality=95), 4),
    ],
    ids=["rgba", "webp", "jpeg", "palette", "palette_rgba", "cmyk"],
)
def test_however_it_is_stored_it_looks_the_same(data: bytes, tolerance: float) -> None:
    """Re-saving as a palette or as CMYK defeats matchers that hash the stored numbers."""
    assert off(looked_at(data).rgb, COLOURS) <= tolerance


def png_of_sixteen_bits(kind: int, pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of 16-bit samples, of PNG's colour type `kind`; Pillow writes no such file."""
    height, width, _ = pixels.shape
    deep = (pixels.astype(">u2") * 257).astype(">u2").tobytes()
    row = len(deep) // height
    lines = b"".join(b"\0" + deep[at : at + row] for at in range(0, len(deep), row))
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([16, kind, 0, 0, 0])
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
        for name, body in chunks
    )


class TestSixteenBits:
    def test_colours_are_scaled(self) -> None:
        """Hashing the stored numbers would see noise."""
        seen = looked_at(png_of_sixteen_bits(2, COLOURS))

        assert off(seen.rgb, COLOURS) <= 1
        assert seen.alpha is None

    @pytest.mark.parametrize("kind", [4, 6])
    def test_alpha_counts_beside_grey_and_beside_colours(self, kind: int) -> None:
        """Of sixteen bits too, it may hide the picture."""
        colours = COLOURS if kind == 6 else COLOURS[:, :, :1]
        alpha = np.full((*COLOURS.shape[:2], 1), 128, np.uint8)

        seen = looked_at(png_of_sixteen_bits(kind, np.concatenate([colours, alpha], axis=2)))

        assert seen.alpha is not None
        assert set(np.unique(seen.alpha)) == {128}
        assert len(seen.views) == 3


class TestHidden:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
    def test_a_thumbnail_is_a_picture_of_its_own_and_never_forwarded(self, kind: str) -> None:
        """A file may show another picture where only thumbnails are shown."""
        thumbnail = saved(Image.new("RGB", (8, 8), "red"), "JPEG")
        exif = Image.Exif()
        exif[0x010E] = "a harbour"
        seen = looked_at(saved(kind=kind, exif=exif.tobytes() + thumbnail, quality=95))

        assert off(seen.rgb, COLOURS) <= 5
        assert thumbnail not in stripped(seen)
        assert len(seen.views) == 1
        (hidden,) = seen.hidden
        assert (hidden.carrier, hidden.index) == ("parameters.image[2].hidden", 0)
        assert hidden.sha256 == hashlib.sha256(thumbnail).hexdigest()
        assert off(hidden.rgb, np.full((8, 8, 3), (255, 0, 0), np.uint8)) <= 5

    def test_what_follows_the_picture_is_judged_apart_and_never_forwarded(self) -> None:
        """A second picture behind the first one is no part of it."""
        other = saved(Image.new("RGB", PICTURE.size, "red"))

        seen = looked_at(saved() + other)

        assert off(seen.rgb, COLOURS) == 0
        assert seen.trailing_bytes == len(other)
        assert [each.sha256 for each in seen.hidden] == [hashlib.sha256(other).hexdigest()]
        assert len(stripped(seen)) < len(saved()) + len(other)

    def test_a_mask_hides_no_mask(self) -> None:
        """What is beside a mask would else be as exempt as it is."""
        data = saved() + saved()

        (hidden,) = read(Received("parameters.mask", 0, Purpose.MASK, data)).hidden

        assert hidden.purpose is Purpose.SOURCE

    def test_hidden_pictures_share_one_limit_of_pixels(self) -> None:
        """Eight beside each other would else take eight times the memory."""
        limits = Limits(max_pixels=48 * 32 * 2)

        assert len(looked_at(saved() * 3, limits).hidden) == 2
        assert fault(saved() * 4, limits) is Unreadable.TOO_LARGE

    def test_one_that_does_not_decode_is_refused_with_its_file(self) -> None:
        """It looks like a picture, and nobody could look at it."""
        broken = png_claiming(48, 32)

        assert fault(saved() + broken) is Unreadable.TRUNCATED

    @pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM"])
    def test_any_other_format_is_refused(self, kind: str) -> None:
        """Three formats are taken apart with care; the others are 415."""
        assert fault(saved(kind=kind)) in {Unreadable.UNSUPPORTED_FORMAT, Unreadable.NOT_A_PICTURE}

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_an_animation_is_refused(self, kind: str) -> None:
        """Its other frames would go unseen."""
        moving = saved(kind=kind, save_all=True, append_images=[PICTURE.rotate(90)])

        assert fault(moving) is Unreadable.ANIMATED


class TestGrey:
    def test_sixteen_bits_are_scaled_and_not_clipped(self) -> None:
        """Pillow's own conversion makes all but the darkest parts white."""
        grey = COLOURS[:, :, 0]
        deep = Image.fromarray(np.ascontiguousarray(grey).astype(np.uint16) * 257)

        assert off(looked_at(saved(deep)).rgb[:, :, 1], grey) == 0

    def test_one_bit_becomes_black_and_white(self) -> None:
        """Masks come so."""
        bits = Image.fromarray(COLOURS[:, :, 0] > 127)

        assert set(looked_at(saved(bits)).rgb.ravel().tolist()) == {0, 255}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(kind: str, orientation: int) -> None:
    """A viewer turns it; hashes and models must see what people see."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = {
        1: COLOURS,
        2: COLOURS[:, ::-1],
        3: COLOURS[::-1, ::-1],
        4: COLOURS[::-1],
        5: COLOURS.swapaxes(0, 1),
        6: np.rot90(COLOURS, -1),
        7: np.rot90(COLOURS, 2).swapaxes(0, 1),
        8: np.rot90(COLOURS),
    }[orientation]

    seen = looked_at(saved(kind=kind, exif=exif, quality=95))

    assert seen.rgb.shape == turned.shape
    assert off(seen.rgb, turned) <= 5


class TestProfiles:
    def test_a_profile_is_applied(self) -> None:
        """A picture can be stored unrecognisable, and made visible by its profile."""
        plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        swapped = (
            plain.replace(b"rXYZ", b"____").replace(b"bXYZ", b"rXYZ").replace(b"____", b"bXYZ")
        )

        assert off(looked_at(saved(icc_profile=plain)).rgb, COLOURS) <= 1
        assert off(looked_at(saved(icc_profile=swapped)).rgb, COLOURS[:, :, ::-1]) <= 1

    def test_a_broken_profile_is_ignored(self) -> None:
        """It is never forwarded either, so nobody sees it applied."""
        assert off(looked_at(saved(icc_profile=b"no profile" * 20)).rgb, COLOURS) == 0


class TestTransparency:
    def hidden(self, alpha: int) -> Canonical:
        picture = PICTURE.copy()
        picture.putalpha(alpha)
        return looked_at(saved(picture))

    @pytest.mark.parametrize("alpha", [254, 255])
    def test_novelais_stealth_alpha_gives_one_view_with_the_colours_untouched(
        self, alpha: int
    ) -> None:
        """NovelAI signs the colours; they must come through bit by bit."""
        seen = self.hidden(alpha)

        assert len(seen.views) == 1
        assert np.array_equal(seen.rgb, COLOURS)

    def test_colours_under_full_transparency_are_seen(self) -> None:
        """The picture is still in the file, and NovelAI may drop the alpha plane."""
        seen = self.hidden(0)

        assert [np.array_equal(view, COLOURS) for view in seen.views] == [True]

    def test_half_transparent_gives_three_views(self) -> None:
        """On white, on black and without alpha it may show three things."""
        seen = self.hidden(128)

        assert len(seen.views) == 3
        assert seen.views[0].mean() > seen.views[2].mean() > seen.views[1].mean()

    @pytest.mark.parametrize("colour", [0, 255])
    def test_a_picture_that_is_only_in_the_alpha_plane_is_seen(self, colour: int) -> None:
        """All colours are equal; the picture is how much one sees of them."""
        plain = Image.new("RGB", PICTURE.size, (colour,) * 3)
        plain.putalpha(Image.fromarray(np.ascontiguousarray(COLOURS[:, :, 0])))

        seen = looked_at(saved(plain))

        assert len(seen.views) == 1
        assert seen.rgb.std() > 50

    def test_a_transparent_palette_colour_counts(self) -> None:
        """The alpha of a palette picture is a list, not a plane."""
        seen = looked_at(saved(PICTURE.quantize(16), transparency=bytes(range(0, 256, 16))))

        assert seen.alpha is not None
        assert len(seen.views) == 3

    def test_a_transparent_grey_of_sixteen_bits_counts(self) -> None:
        """Pillow keeps that colour as one number."""
        deep = Image.fromarray(np.ascontiguousarray(COLOURS[:, :, 0]).astype(np.uint16) * 257)

        seen = looked_at(saved(deep, transparency=0))

        assert seen.alpha is not None
        assert seen.alpha[0, 0] == 0


class TestLimits:
    @pytest.mark.parametrize(
        ("width", "height"), [(40_000, 10), (10, 40_000), (12_000, 12_000), (2**31 - 1, 2**31 - 1)]
    )
    def test_a_bomb_is_refused_by_its_header(self, width: int, height: int) -> None:
        """Decoding it first is what it is for."""
        assert fault(png_claiming(width, height)) is Unreadable.TOO_LARGE

    def test_the_largest_picture_of_novelai_is_read_and_no_larger_one(self) -> None:
        """A few kilobytes of one colour are held as many megabytes of pixels."""
        plain = Image.new("RGB", (2048, 1536))
        larger = Image.new("RGB", (2048, 1537))

        assert looked_at(saved(plain)).height == 1536
        assert fault(saved(larger)) is Unreadable.TOO_LARGE

    def test_too_many_bytes_are_refused(self) -> None:
        """Nothing is looked at beyond the limit."""
        assert fault(saved(), Limits(max_bytes=100)) is Unreadable.TOO_LARGE

    def test_no_pixels_are_refused(self) -> None:
        """An empty picture cannot be judged."""
        assert fault(png_claiming(0, 10)) is Unreadable.NOT_A_PICTURE

    def test_pixels_that_are_not_there_are_refused(self) -> None:
        """The header promises what the data does not hold."""
        assert fault(png_claiming(10, 10)) is Unreadable.TRUNCATED

    def test_a_limit_above_what_pillow_takes_silently_cannot_be_set(self) -> None:
        """Its warning would reach whoever runs with warnings as errors."""
        with pytest.raises(ValueError, match="max_pixels"):
            Limits(max_pixels=100_000_000)


class TestStripped:
    def test_it_holds_the_pixels_and_nothing_else(self) -> None:
        """What is forwarded is what was judged: no text, no profile, no alpha, no second file."""
        exif = Image.Exif()
        exif[0x010E] = "a harbour at dawn"
        picture = PICTURE.copy()
        picture.putalpha(200)
        before = looked_at(saved(picture, exif=exif) + b"appended")

        after = looked_at(stripped(before))

        assert np.array_equal(after.rgb, before.rgb)
        assert before.metadata_text == ("a harbour at dawn",)
        assert (after.alpha, after.notes, after.trailing_bytes) == (None, (), 0)


SEEDS = [
    saved(PICTURE.resize((9, 7)), kind, **options)
    for kind, options in (
        ("PNG", {}),
        ("PNG", {"icc_profile": b"no profile" * 20}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    )
]


class TestAnyBytes:
    @given(st.binary(max_size=200), st.sampled_from(SEEDS), st.integers(0, 40))
    def test_only_one_error_comes_out(self, noise: bytes, seed: bytes, kept: int) -> None:
        """Whatever else escaped would answer a caller with a fault of ours."""
        try:
            seen = looked_at(seed[:kept] + noise)
        except UnreadableError:
            return
        assert seen.rgb.size

    @given(st.sampled_from(SEEDS), st.data())
    def test_a_changed_byte_is_read_or_refused(self, seed: bytes, data: st.DataObject) -> None:
        """Decoders fail in many ways on files that are almost right."""
        changed = bytearray(seed)
        for _ in range(data.draw(st.integers(1, 4))):
            changed[data.draw(st.integers(0, len(seed) - 1))] = data.draw(st.integers(0, 255))
        try:
            seen = looked_at(bytes(changed), Limits(max_pixels=1_000_000))
        except UnreadableError:
            return
        assert seen.rgb.size
