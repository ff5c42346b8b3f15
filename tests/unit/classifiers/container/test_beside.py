import io
from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from classifiers.container.beside import MOST_BEGUN, pictures_beside
from classifiers.container.parts import Format
from classifiers.container.take_apart import take_apart
from classifiers.errors import Unreadable, UnreadableError

ROOM = 100_000
PLAIN = Image.linear_gradient("L").resize((24, 16)).convert("RGB")


def saved(kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    PLAIN.save(out, kind, **options)
    return out.getvalue()


def beside(data: bytes, room: int = ROOM) -> list[bytes]:
    return [each.data for each in pictures_beside(data, take_apart(data, room), room)]


THUMBNAIL = saved("JPEG", quality=30)


def in_exif(kind: str) -> bytes:
    return saved(kind, exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00" + THUMBNAIL)


def in_xmp(thumbnail: bytes = THUMBNAIL) -> bytes:
    digits = b64encode(thumbnail).decode()
    lines = "&#xA;".join(digits[at : at + 76] for at in range(0, len(digits), 76))
    return f'<rdf:li xmpGImg:width="24"><xmpGImg:image>{lines}</xmpGImg:image>'.encode()


def in_raw_profile() -> bytes:
    told = PngInfo()
    told.add_text(
        "Raw profile type exif", f"\nexif\n {len(THUMBNAIL)}\n{THUMBNAIL.hex()}\n", zip=True
    )
    return saved(pnginfo=told)


PLACES: dict[str, Callable[[], bytes]] = {
    "exif of a PNG": lambda: in_exif("PNG"),
    "exif of a JPEG": lambda: in_exif("JPEG"),
    "exif of a WebP": lambda: in_exif("WEBP"),
    "XMP of a JPEG": lambda: saved("JPEG", xmp=in_xmp()),
    "XMP of a WebP": lambda: saved("WEBP", xmp=in_xmp()),
    "XMP of a PNG": lambda: with_text("XML:com.adobe.xmp", in_xmp().decode()),
    "hexadecimal digits of a PNG": in_raw_profile,
    "behind the end": lambda: saved() + b"\x00" * 9 + THUMBNAIL,
    "a comment": lambda: saved("JPEG", comment=b"made by hand" + THUMBNAIL),
}


def with_text(key: str, text: str) -> bytes:
    told = PngInfo()
    told.add_itxt(key, text)
    return saved(pnginfo=told)


@pytest.mark.parametrize("where", PLACES)
def test_a_thumbnail_is_found_wherever_programs_keep_it(where: str) -> None:
    """A picture whose harm was cut off may show all of it there."""
    assert beside(PLACES[where]()) == [THUMBNAIL]


@pytest.mark.parametrize("kind", Format)
def test_a_picture_of_each_format_is_found(kind: Format) -> None:
    """It need not be of the kind that cameras write."""
    other = saved(kind)

    assert beside(saved() + other + b"more") == [other]
    assert beside(saved("JPEG", xmp=in_xmp(other))) == [other]


def test_one_within_another_is_found() -> None:
    """Else two layers would hide what one does not."""
    outer = in_exif("JPEG")

    assert sorted(beside(saved() + outer)) == sorted([outer, THUMBNAIL])


@pytest.mark.parametrize("kind", Format)
def test_a_plain_file_carries_none(kind: Format) -> None:
    """Every upload would else be refused, or looked at twice."""
    exif = Image.Exif()
    exif[0x010E] = "a harbour at dawn, /9j/ and UklGR"

    assert beside(saved(kind, exif=exif)) == []


def test_what_begins_like_one_and_is_none_is_left_out() -> None:
    """A program's own data may hold any bytes."""
    assert beside(saved() + b"\xff\xd8\xff\xe0" + b"RIFF" + THUMBNAIL[: len(THUMBNAIL) // 2]) == []


def test_a_word_begins_no_picture() -> None:
    """A prompt may say it as often as it likes."""
    assert beside(with_text("Comment", "RIFF, a guitar, " * 20)) == []


def test_more_than_a_few_beginnings_are_refused() -> None:
    """Each is walked to its end: thousands would keep a thread for minutes."""
    beside(saved() + b"\xff\xd8\xff\xe0" * MOST_BEGUN)

    with pytest.raises(UnreadableError) as caught:
        beside(saved() + b"\xff\xd8\xff\xe0" * (MOST_BEGUN + 1))
    assert caught.value.kind is Unreadable.TOO_LARGE


def test_an_animated_one_is_refused() -> None:
    """Its other frames would go unseen."""
    moving = saved("WEBP", save_all=True, append_images=[PLAIN.rotate(90)])

    with pytest.raises(UnreadableError) as caught:
        beside(saved() + moving)
    assert caught.value.kind is Unreadable.ANIMATED


@given(noise=st.binary(max_size=60), text=st.text(max_size=40))
def test_whatever_is_carried_only_one_error_comes_out(noise: bytes, text: str) -> None:
    """A file is read or refused: nothing else may come of it."""
    try:
        found = beside(saved() + noise + THUMBNAIL + noise)
        beside(with_text("XML:com.adobe.xmp", "/9j/" + text))
        beside(with_text("Raw profile type exif", text))
    except UnreadableError:
        return
    assert THUMBNAIL in found or b"\xff\xd8" in noise or b"RIFF" in noise
