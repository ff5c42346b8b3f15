import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox import body
from pipeline.sandbox.body import Body
from pipeline.sandbox.errors import RefusedError

_BOUNDARY = "0123456789abcdef"


def _form(parts: dict[str, bytes]) -> bytes:
    """A multipart body as a browser writes it."""
    head = '--{}\r\nContent-Disposition: form-data; name="{}"; filename="blob"\r\n\r\n'
    pieces = [head.format(_BOUNDARY, name).encode() + content for name, content in parts.items()]
    return b"\r\n".join([*pieces, f"--{_BOUNDARY}--\r\n".encode()])


def _outcome(raw: bytes, content_type: str) -> Body | RefusedError:
    try:
        return body.read(raw, content_type)
    except RefusedError as refusal:
        return refusal


class TestRead:
    def test_json_is_read_as_it_is(self) -> None:
        """The plain form carries everything in one object."""
        read = body.read(b'{"model": "m"}', "application/json; charset=utf-8")

        assert read.fields == {"model": "m"}
        assert read.parts is None

    def test_a_form_carries_its_object_in_one_part_and_bytes_in_others(self) -> None:
        """The official site sends nothing else."""
        raw = _form({"request": b'{"model": "m"}', "image": b"\x89PNG\r\n\r\n--\0"})

        read = body.read(raw, f"multipart/form-data; boundary={_BOUNDARY}")

        assert read.fields == {"model": "m"}
        assert read.parts == {"image": b"\x89PNG\r\n\r\n--\0"}

    @pytest.mark.parametrize(
        ("raw", "content_type"),
        [
            (b"", "application/json"),
            (b"{}", "application/msgpack"),
            (b"{}", ""),
            (b"[]", "application/json"),
            (b'{"a": NaN}', "application/json"),
            (b'{"a": 1e999}', "application/json"),
            (b'{"a": ' + b"[" * 100_000 + b"}", "application/json"),
            (b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}", "application/json"),
            (b'{"a": ' + b"9" * 5000 + b"}", "application/json"),
            (b"\xff", "application/json"),
            (b"{}", "multipart/form-data"),
            (b"{}", "multipart/form-data; boundary=x"),
            (b'--x\r\nContent-Disposition: form-data; name="a"', "multipart/form-data; boundary=x"),
            (_form({"image": b""}), f"multipart/form-data; boundary={_BOUNDARY}"),
        ],
    )
    def test_what_is_no_object_is_refused(self, raw: bytes, content_type: str) -> None:
        """An empty or broken body is the caller's fault, and never silent."""
        with pytest.raises(RefusedError) as refusal:
            body.read(raw, content_type)

        assert refusal.value.status == 400

    @given(raw=st.binary(), content_type=st.text())
    def test_anything_is_read_or_refused(self, raw: bytes, content_type: str) -> None:
        """No bytes bring the sandbox down."""
        for kind in (content_type, "application/json", f"multipart/form-data; boundary={raw!r}"):
            match _outcome(raw, kind):
                case Body(fields=fields):
                    assert json.loads(json.dumps(fields)) == fields
                case RefusedError(status=status):
                    assert status == 400


class TestSplit:
    @given(parts=st.dictionaries(st.text("abc_0", min_size=1), st.binary()))
    def test_every_part_comes_back_whole(self, parts: dict[str, bytes]) -> None:
        """Pictures hold any bytes, line ends and dashes included."""
        assert body.split(_form(parts), _BOUNDARY) == parts

    def test_two_parts_of_one_name_are_refused(self) -> None:
        """Which of them a field means would be anybody's guess."""
        part = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        raw = f"{part}{part}--{_BOUNDARY}--\r\n".encode()

        with pytest.raises(RefusedError, match="malformed multipart part"):
            body.split(raw, _BOUNDARY)
