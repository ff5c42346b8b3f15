import io
import struct
import zipfile
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.novelai.archive import Picture, unpack
from pipeline.novelai.errors import UpstreamMalformedError
from pipeline.novelai.limits import AnswerLimits

LIMITS = AnswerLimits()
ENCRYPTED_AT = 8  # of an entry in the directory, after its signature (APPNOTE 4.3.12)


def pack(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return packed.getvalue()


TWO = pack(("image_1.png", b"second"), ("image_0.png", b"first"))


def refuse(packed: bytes, samples: int = 1, limits: AnswerLimits = LIMITS) -> str:
    with pytest.raises(UpstreamMalformedError) as caught:
        unpack(packed, samples, limits)
    assert caught.value.__context__ is None
    return str(caught.value)


class TestUnpack:
    def test_pictures_come_in_their_order(self) -> None:
        """A picture judged under another's index would be released in its place."""
        assert unpack(TWO, 2, LIMITS) == (
            Picture(0, "image_0.png", b"first", sha256(b"first").hexdigest()),
            Picture(1, "image_1.png", b"second", sha256(b"second").hexdigest()),
        )

    @given(st.lists(st.binary(max_size=200), min_size=1, max_size=8))
    def test_what_was_packed_is_unpacked(self, pictures: list[bytes]) -> None:
        """Any bytes may be a picture; to look at them is for others."""
        packed = pack(*((f"image_{i}.png", data) for i, data in enumerate(pictures)))
        assert [entry.data for entry in unpack(packed, len(pictures), LIMITS)] == pictures

    @given(st.data())
    def test_a_damaged_archive_is_refused_or_whole(self, data: st.DataObject) -> None:
        """A flipped byte may never give other pictures than were sent, nor another error."""
        damaged = bytearray(TWO)
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(0, len(TWO) - 1))] = data.draw(st.integers(0, 255))
        try:
            entries = unpack(bytes(damaged), 2, LIMITS)
        except UpstreamMalformedError:
            return
        assert {entry.data for entry in entries} == {b"first", b"second"}

    @given(st.integers(0, len(TWO) - 1))
    def test_a_truncated_archive_is_refused(self, length: int) -> None:
        """The connection may end early without anybody noticing."""
        assert refuse(TWO[:length], 2)

    @pytest.mark.parametrize("samples", [1, 3])
    def test_fewer_or_more_pictures_than_asked_are_refused(self, samples: int) -> None:
        """Each sample has an outcome of its own; none may be without, none may be extra."""
        assert refuse(TWO, samples) == f"archive: expected {samples} entries, got 2"

    @pytest.mark.parametrize(
        "names",
        [
            ["image_1.png"],
            ["image_00.png"],
            ["image_0.jpg"],
            ["image_0.png\n"],
            ["../image_0.png"],
            ["image_\u0660.png"],
            ["image_0.png", "image_0.webp"],
            ["image_0.png", "image_2.png"],
        ],
    )
    def test_other_names_are_refused(self, names: list[str]) -> None:
        """Names become paths somewhere; these cannot."""
        packed = pack(*((name, b"x") for name in names))
        assert "image_" in refuse(packed, len(names))

    def test_each_limit_holds_before_anything_is_unpacked(self) -> None:
        """A small archive can hold a very large picture."""
        bomb = pack(("image_0.png", bytes(4 << 20)), method=zipfile.ZIP_DEFLATED)
        assert "ratio" in refuse(bomb)
        assert "size" in refuse(TWO, 2, replace(LIMITS, entry_bytes=5))
        assert "in all" in refuse(TWO, 2, replace(LIMITS, total_bytes=10))
        assert unpack(TWO, 2, replace(LIMITS, entry_bytes=6, total_bytes=11))

    def test_a_size_that_lies_is_refused(self) -> None:
        """The directory says four bytes, the stream holds a mebibyte."""
        packed = pack(("image_0.png", bytes(1 << 20)), method=zipfile.ZIP_DEFLATED)
        size = struct.pack("<I", 1 << 20)
        assert refuse(packed.replace(size, struct.pack("<I", 4)))

    def test_an_encrypted_or_strangely_packed_entry_is_refused(self) -> None:
        """Nobody could look into it, or only with a decoder that is not needed here."""
        packed = bytearray(pack(("image_0.png", b"x")))
        packed[packed.index(b"PK\1\2") + ENCRYPTED_AT] |= 1
        assert "not encrypted" in refuse(bytes(packed))
        assert "deflated" in refuse(pack(("image_0.png", b"x"), method=zipfile.ZIP_LZMA))

    @pytest.mark.parametrize("packed", [b"", b"<html>busy</html>", b"PK\5\6" + bytes(18)])
    def test_what_is_no_archive_is_refused_without_being_repeated(self, packed: bytes) -> None:
        """NovelAI's front answers with pages, sometimes under status 200."""
        assert "busy" not in refuse(packed)
