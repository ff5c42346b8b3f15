from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.multipart import read_header, split
from pipeline.novelai.reader import read

LIMITS = Limits()
HEAD = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
REQUEST = HEAD % b"request" + b"{}\r\n"
END = b"--b--\r\n"
FORM = "multipart/form-data; boundary=b"

Files = dict[str, tuple[str, bytes, str]]


def part(name: bytes, data: bytes = b"x") -> bytes:
    return HEAD % name + data + b"\r\n"


def status(body: bytes, limits: Limits = LIMITS, content_type: str = FORM) -> int:
    with pytest.raises(RequestRefusedError) as caught:
        read(content_type, body, limits)
    return caught.value.status


class TestReadMultipart:
    @given(st.lists(st.binary(max_size=300), max_size=4))
    def test_a_form_as_httpx_writes_it_is_read_back(self, images: list[bytes]) -> None:
        """Any bytes may stand in a part, those of a boundary among them."""
        files: Files = {"request": ("blob", b'{"a": 1}', "application/json")}
        files |= {f"image_{i}": ("blob", data, "image/png") for i, data in enumerate(images)}
        sent = httpx.Request("POST", "http://gate.test", files=files)

        request, parts = read(sent.headers["Content-Type"], sent.read(), LIMITS)

        assert request == {"a": 1}
        assert parts == {f"image_{i}": data for i, data in enumerate(images)}

    @given(st.binary(max_size=120))
    def test_any_bytes_are_a_form_or_are_refused(self, noise: bytes) -> None:
        """No form may end in an error that nobody named."""
        try:
            request, parts = read(FORM, REQUEST + HEAD % b"image" + noise + b"\r\n" + END, LIMITS)
        except RequestRefusedError:
            return
        assert (request, parts) == ({}, {"image": noise})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            END,
            REQUEST,
            REQUEST[:-3],
            b"preamble\r\n" + REQUEST + END,
            REQUEST + END + b"epilogue",
            REQUEST + REQUEST + END,
            REQUEST + part(b"image") + part(b"image") + END,
            part(b"image") + END,
            REQUEST + part(b"") + END,
            REQUEST + part(b"../image") + END,
            REQUEST + b"--b \r\n" + part(b"image")[5:] + END,
            REQUEST + b"--b\r\nno blank line\r\n" + END,
            REQUEST + b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END,
            REQUEST
            + b'--b\r\nContent-Disposition: form-data; name="a"; name="b"\r\n\r\nx\r\n'
            + END,
            REQUEST
            + b'--b\r\nContent-Disposition: form-data; name="a"\r\n'
            + b"Content-Transfer-Encoding: base64\r\n\r\nx\r\n"
            + END,
            REQUEST + b'--b\r\nContent-Disposition: form-data;\r\n name="a"\r\n\r\nx\r\n' + END,
        ],
    )
    def test_a_form_that_can_be_read_in_two_ways_is_refused(self, body: bytes) -> None:
        """Whoever reads it differently would see other images than were judged."""
        assert status(body) == 400

    def test_each_limit_holds(self) -> None:
        """A form is held in memory whole, so it must be small enough to be."""
        most = replace(LIMITS, parts=3, image_bytes=5)
        three = REQUEST + part(b"a", b"12345") + part(b"b")

        assert read(FORM, three + END, most)[1] == {"a": b"12345", "b": b"x"}
        assert status(three + part(b"c") + END, most) == 400
        assert status(REQUEST + part(b"a", b"123456") + END, most) == 413
        assert status(three + END, replace(LIMITS, body_bytes=20)) == 413

    def test_the_request_is_json_only(self) -> None:
        """A part that says it is msgpack is not read as JSON."""
        typed = b"Content-Type: application/msgpack\r\n\r\n"
        assert status(REQUEST.replace(b"\r\n\r\n", b"\r\n" + typed) + END) == 415

    @pytest.mark.parametrize("boundary", ["", '""', '"a b\xe9"', "x" * 71])
    def test_a_strange_boundary_is_refused(self, boundary: str) -> None:
        """RFC 2046 allows 1 to 70 plain characters."""
        kind = f"multipart/form-data; boundary={boundary}"
        assert status(REQUEST + END, content_type=kind) in {400, 415}


class TestReadHeader:
    @given(st.text(max_size=60))
    def test_any_header_gives_a_kind_or_none(self, value: str) -> None:
        """Headers come from anybody."""
        kind, options = read_header(value)
        assert kind == kind.lower()
        assert kind or not options


class TestSplit:
    def test_data_that_holds_the_boundary_ends_nothing_quietly(self) -> None:
        """A boundary followed by anything else is malformed, not data."""
        with pytest.raises(RequestRefusedError):
            split("b", REQUEST + part(b"image", b"x\r\n--bc") + END, LIMITS)
