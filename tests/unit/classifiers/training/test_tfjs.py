import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifiers.training.tfjs import ConversionError, read_literal, read_module, read_weights

PLAIN = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8) | st.floats(-1e6, 1e6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[a-z_$][a-z0-9_$]{0,6}", fullmatch=True), inner)
    ),
    max_leaves=12,
)


def minified(value: Any) -> str:  # any JSON
    """Write a value as a minifier would: bare names, !0 for true, .5 for 0.5."""
    match value:
        case bool():
            return "!0" if value else "!1"
        case dict():
            return "{" + ",".join(f"{key}:{minified(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ",".join(map(minified, value)) + "]"
        case float():
            return repr(value).removeprefix("0") if 0 < value < 1 else repr(value)
        case _:
            return json.dumps(value)


class TestReadLiteral:
    @given(PLAIN)
    def test_what_a_minifier_writes_is_read_back(self, value: Any) -> None:  # JSON
        """The converter runs no code of the package: it must understand its data by itself."""
        assert read_literal(minified(value) + "},{}]},{},[1])(1)});") == value

    @given(st.text(max_size=40))
    @example("NaN")
    def test_any_text_gives_a_value_or_one_error(self, text: str) -> None:
        """A parser has one way to fail."""
        try:
            value = read_literal(text)
        except ConversionError:
            return
        assert json.loads(json.dumps(value)) == value

    def test_words_inside_strings_stay_as_they_are(self) -> None:
        """A string that looks like code is still a string."""
        assert read_literal(r'{name:"a:!0,\"b:.5"}') == {"name": 'a:!0,"b:.5'}


class TestReadModule:
    def test_the_export_of_a_bundle_is_read(self) -> None:
        """This is the shape in which nsfwjs ships its shards."""
        bundle = '!function(e){x()}({1:[function(e,n,t){n.exports="QUJD"},{}]},{},[1])(1)});'

        assert read_module(bundle) == "QUJD"

    def test_another_script_is_refused(self) -> None:
        """A package of another version may be built otherwise."""
        with pytest.raises(ConversionError, match="browserify"):
            read_module("export default {}")


QUANTISED = {
    "name": "a",
    "shape": [2],
    "dtype": "float32",
    "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0},
}
WHOLE = {"name": "b", "shape": [1, 1], "dtype": "float32"}


class TestReadWeights:
    def test_bytes_become_the_published_values(self) -> None:
        """Scale and minimum are the whole of the quantisation."""
        shard = bytes([0, 4]) + np.asarray([2.5], "<f4").tobytes()

        weights = read_weights([{"weights": [QUANTISED, WHOLE]}], shard)

        assert weights["a"].floats().tolist() == [-1.0, 1.0]
        assert weights["b"].floats().tolist() == [[2.5]]

    @pytest.mark.parametrize("shard", [bytes(1), bytes(3)], ids=["short", "long"])
    def test_a_shard_of_another_length_is_refused(self, shard: bytes) -> None:
        """One byte off shifts every weight behind it."""
        with pytest.raises(ConversionError):
            read_weights([{"weights": [QUANTISED]}], shard)

    @pytest.mark.parametrize(
        "manifest",
        [{}, [{}], [1], [{"weights": [{}]}], [{"weights": [WHOLE | {"dtype": "int4"}]}]],
        ids=str,
    )
    def test_a_manifest_of_another_shape_is_refused(self, manifest: Any) -> None:
        """A format that was not foreseen must not be read as something else."""
        with pytest.raises(ConversionError, match=r"manifest|shard"):
            read_weights(manifest, bytes(4))
