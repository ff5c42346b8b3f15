import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from classifiers.container import jpeg
from classifiers.container.exif import read as read_exif
from classifiers.container.parts import Container, Format, Notes
from classifiers.container.take_apart import take_apart
from classifiers.errors import Unreadable, UnreadableError

PICTURE = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
ROOM = 10_000
FORMATS = tuple(Format)


def saved(picture: Image.Image = PICTURE, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body).to_bytes(4, "big")
    return len(body).to_bytes(4, "big") + kind + body + check


def with_chunk(kind: bytes, body: bytes) -> bytes:
    plain = saved()
    return plain[:33] + chunk(kind, body) + plain[33:]


def fault(data: bytes, room: int = ROOM) -> Unreadable:
    with pytest.raises(UnreadableError) as caught:
        take_apart(data, room)
    return caught.value.kind


def texts(container: Container) -> dict[str, str]:
    return {note.key: note.text for note in container.notes}


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (jpeg.MAGIC[:2], b"\xff\xe1\x00\x02"),
        (saved()[:33], chunk(b"prVt", b"")),
        (b"RIFF" + (2**22).to_bytes(4, "little") + b"WEBP", b"prVt" + bytes(4)),
    ],
    ids=FORMATS,
)
def test_a_file_of_countless_parts_is_refused_before_they_are_walked(
    start: bytes, part: bytes
) -> None:
    """Each is four bytes of an upload, and a microsecond or two of a thread."""
    assert fault(start + part * (2**22 // len(part))) is Unreadable.TOO_LARGE


@pytest.mark.parametrize("kind", FORMATS)
class TestEachFormat:
    def test_the_size_is_known_before_anything_is_decoded(self, kind: Format) -> None:
        """A few bytes can unpack to gigabytes of pixels."""
        container = take_apart(saved(kind=kind), ROOM)

        assert (container.format, container.width, container.height) == (kind, 24, 16)

    def test_what_follows_the_end_is_counted_and_left_behind(self, kind: Format) -> None:
        """A second file may ride behind the picture; it is never decoded or forwarded."""
        container = take_apart(saved(kind=kind) + b"appended", ROOM)

        assert container.trailing_bytes == len(b"appended")
        assert b"appended" not in container.pixels

    def test_every_cut_is_an_error(self, kind: Format) -> None:
        """Half a picture would be judged as if the rest were harmless."""
        whole = saved(kind=kind)

        kinds = {fault(whole[:length]) for length in range(16, len(whole), 7)}

        assert kinds <= {Unreadable.TRUNCATED, Unreadable.NOT_A_PICTURE}
        assert Unreadable.TRUNCATED in kinds

    def test_exif_gives_texts_and_orientation_and_does_not_reach_the_decoder(
        self, kind: Format
    ) -> None:
        """Metadata is evidence; the decoder needs none of it."""
        exif = Image.Exif()
        exif[0x0112] = 6
        exif[0x010E] = "a harbour at dawn"

        container = take_apart(saved(kind=kind, exif=exif), ROOM)

        assert container.orientation == 6
        assert texts(container) == {"ImageDescription": "a harbour at dawn"}
        assert b"harbour" not in container.pixels

    def test_more_text_than_allowed_is_refused(self, kind: Format) -> None:
        """Text that is read in part is evidence that is read in part."""
        exif = Image.Exif()
        exif[0x010E] = "x" * 200

        assert fault(saved(kind=kind, exif=exif), room=100) is Unreadable.TOO_LARGE


class TestPng:
    def test_every_kind_of_text_chunk_is_read(self) -> None:
        """NovelAI writes tEXt; others hide the same in iTXt or zTXt."""
        info = PngInfo()
        info.add_text("Description", "plain")
        info.add_text("Comment", "packed", zip=True)
        info.add_itxt("Title", "海", zip=True)
        info.add_itxt("Source", "open")

        found = texts(take_apart(saved(pnginfo=info), ROOM))

        assert found == {
            "Description": "plain",
            "Comment": "packed",
            "Title": "海",
            "Source": "open",
        }

    def test_a_compressed_text_that_explodes_is_refused_without_inflating_it(self) -> None:
        """One kilobyte of zTXt can hold a gigabyte."""
        bomb = b"Comment\x00\x00" + zlib.compress(b"x" * 1_000_000, 9)

        assert fault(with_chunk(b"zTXt", bomb)) is Unreadable.TOO_LARGE

    @pytest.mark.parametrize("kind", [b"acTL", b"fcTL", b"fdAT"])
    def test_any_chunk_of_an_animation_is_refused(self, kind: bytes) -> None:
        """A viewer may show the second frame, which nobody looked at."""
        assert fault(with_chunk(kind, bytes(8))) is Unreadable.ANIMATED

    def test_a_second_header_is_refused(self) -> None:
        """Decoders differ in which of two sizes they believe."""
        header = struct.pack(">IIBBBBB", 9000, 9000, 8, 2, 0, 0, 0)

        assert fault(with_chunk(b"IHDR", header)) is Unreadable.NOT_A_PICTURE

    def test_a_wrong_check_sum_is_refused(self) -> None:
        """A damaged chunk is not what was sent."""
        data = bytearray(saved())
        data[20] ^= 1

        assert fault(bytes(data)) is Unreadable.NOT_A_PICTURE


class TestJpeg:
    def test_several_pictures_in_one_file_are_refused(self) -> None:
        """The second picture of an MPO file would go unseen."""
        data = saved(kind="MPO", save_all=True, append_images=[PICTURE])

        assert fault(data) is Unreadable.ANIMATED

    def test_a_progressive_picture_is_walked_to_its_end(self) -> None:
        """It has many scans; the end of the first is not the end."""
        data = saved(kind="JPEG", progressive=True)

        assert take_apart(data, ROOM).trailing_bytes == 0

    def test_more_scans_than_any_encoder_writes_are_refused(self) -> None:
        """Each is a pass over the whole picture, and costs its sender 42 bytes."""
        data = saved(kind="JPEG", progressive=True)
        last, end = data[data.rindex(b"\xff\xda") : -2], data[-2:]
        most = jpeg.MOST_SCANS - data.count(b"\xff\xda")

        assert take_apart(data[:-2] + last * most + end, ROOM).trailing_bytes == 0
        assert fault(data[:-2] + last * (most + 1) + end) is Unreadable.TOO_LARGE

    def test_a_second_frame_header_is_refused(self) -> None:
        """Decoders differ in which of two sizes they believe."""
        data = saved(kind="JPEG")
        at = data.index(b"\xff\xc0")
        frame = data[at : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]

        assert fault(data[:at] + frame + data[at:]) is Unreadable.NOT_A_PICTURE


class TestWebp:
    def test_an_animation_is_refused(self) -> None:
        """A viewer shows every frame; we would look at the first."""
        moving = saved(kind="WEBP", save_all=True, append_images=[PICTURE.rotate(180)])

        assert fault(moving) is Unreadable.ANIMATED

    def test_two_sizes_in_one_file_are_refused(self) -> None:
        """Decoders differ in which of two sizes they believe."""
        data = bytearray(saved(kind="WEBP", lossless=True, exif=b"Exif\x00\x00MM"))
        at = data.index(b"VP8X")
        data[at + 12] += 1

        assert fault(bytes(data)) is Unreadable.NOT_A_PICTURE


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", Unreadable.NOT_A_PICTURE),
        (b"<svg/>", Unreadable.NOT_A_PICTURE),
        (saved(kind="GIF"), Unreadable.UNSUPPORTED_FORMAT),
        (saved(kind="BMP"), Unreadable.UNSUPPORTED_FORMAT),
        (saved(kind="TIFF"), Unreadable.UNSUPPORTED_FORMAT),
        (saved(kind="ICO"), Unreadable.UNSUPPORTED_FORMAT),
    ],
)
def test_the_first_bytes_decide_and_not_the_declared_type(data: bytes, kind: Unreadable) -> None:
    """Pillow reads forty formats; each is another decoder to trust."""
    assert fault(data) is kind


@given(st.binary(max_size=300))
def test_exif_of_any_bytes_never_fails(data: bytes) -> None:
    """It is read leniently: nothing of it is forwarded."""
    assert read_exif(b"II*\x00\x08\x00\x00\x00" + data, Notes(ROOM)) in range(1, 9)


def test_a_user_comment_is_read_in_its_own_encoding() -> None:
    """NovelAI's WebP files keep the whole prompt there."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\x00\x00\x00" + b'{"steps": 28}'

    found = texts(take_apart(saved(kind="WEBP", exif=exif), ROOM))

    assert found == {"UserComment": '{"steps": 28}'}
