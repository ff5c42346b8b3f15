import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.items import Json
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from pipeline.novelai.reader import read, read_json

LIMITS = Limits()
SMALL = Limits(body_bytes=64, depth=4, marks=32)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def refusal(body: bytes, limits: Limits = LIMITS) -> RequestRefusedError:
    with pytest.raises(RequestRefusedError) as caught:
        read_json(body, limits)
    return caught.value


class TestReadJson:
    @given(st.dictionaries(texts, values, max_size=5))
    def test_what_was_written_is_what_is_read(self, value: dict[str, Json]) -> None:
        """Strictness must not cost a single legal request."""
        assert read_json(json.dumps(value).encode(), LIMITS) == value

    @given(st.binary(max_size=200))
    def test_any_bytes_are_read_or_refused(self, body: bytes) -> None:
        """No body may end in an error that nobody named."""
        try:
            value = read_json(body, LIMITS)
        except RequestRefusedError:
            return
        assert json.loads(body) == value

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"[]",
            b"null",
            b'"{}"',
            b"{} {}",
            b"\xef\xbb\xbf{}",
            '{"input": "x"}'.encode("utf-16"),
            b'{"input": "\xff"}',
            b'{"input": "x", "input": "y"}',
            b'{"parameters": {"scale": 1, "scale": 0}}',
            b'{"scale": NaN}',
            b'{"scale": -Infinity}',
            b'{"scale": 1e999}',
            b'{"seed": ' + b"9" * 5000 + b"}",
            b'{"input": "\\ud83d"}',
            b'{"\\udc00": 1}',
        ],
    )
    def test_what_has_two_meanings_or_none_is_refused(self, body: bytes) -> None:
        """What was judged must be what is sent, whoever reads it next."""
        assert refusal(body).status == 400

    def test_a_whole_surrogate_pair_is_a_character(self) -> None:
        """Clients that escape everything beyond ASCII write emoji so."""
        assert read_json(b'{"input": "\\ud83d\\ude00"}', LIMITS) == {"input": "\U0001f600"}

    def test_depth_is_counted_outside_of_strings_only(self) -> None:
        """Braces are NovelAI's emphasis: a prompt may be full of them."""
        assert read_json(b'{"input": "{{{{{{[[[\\"{{"}', SMALL) == {"input": '{{{{{{[[["{{'}
        assert refusal(b'{"a": [[[[1]]]]}', SMALL).status == 400
        assert read_json(b'{"a": [[[1]]]}', SMALL) == {"a": [[[1]]]}

    @pytest.mark.parametrize("unit", [b"[", b'{"a":', b'"', b'\\"', b"[],", b'"",'])
    def test_a_body_made_to_cost_much_is_refused_quickly(self, unit: bytes) -> None:
        """Few bytes can otherwise become a deep or a very large tree."""
        assert refusal(b'{"a": [' + unit * 400_000).status == 400

    def test_a_body_beyond_the_limit_is_refused_by_its_size(self) -> None:
        """The limit is of bytes, before anything is decoded."""
        assert refusal(b'{"a": "' + b"x" * 64 + b'"}', SMALL).status == 413

    def test_a_refusal_never_repeats_content(self) -> None:
        """The parser's own message quotes the body; ours goes to logs."""
        refused = refusal(b'{"input": "cerulean" "x"}')

        assert "cerulean" not in str(refused)
        assert refused.__cause__ is None
        assert refused.__context__ is None


class TestRead:
    @pytest.mark.parametrize(
        "content_type",
        [
            None,
            "",
            "text/plain",
            "application/msgpack",
            "application/x-msgpack",
            "application/json; charset=utf-16",
            "application/json; charset=utf-8; charset=utf-7",
            "application/jsonp",
            "multipart/mixed; boundary=x",
        ],
    )
    def test_another_content_type_is_refused(self, content_type: str | None) -> None:
        """What nobody here reads is not forwarded for somebody else to read."""
        with pytest.raises(RequestRefusedError) as caught:
            read(content_type, b"{}", LIMITS)

        assert caught.value.status == 415

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "Application/JSON", 'application/json; charset="UTF-8"'],
    )
    def test_json_has_no_parts(self, content_type: str) -> None:
        """None, not an empty form: its images are base64 and not names of parts."""
        assert read(content_type, b'{"a": 1}', LIMITS) == ({"a": 1}, None)
