"""What is seen at a glance is what is read the long way; a glance refuses nothing by itself."""

import contextlib
import json
from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.entry import STEPS, Json, Kind, entry_id
from audit.errors import MalformedError
from audit.fields import (
    FIELDS,
    Check,
    ListOf,
    is_code,
    is_count,
    is_digest,
    is_flag,
    is_id,
    is_time,
    is_vkey,
)
from audit.glance import glance
from audit.leaf import Leaf

VKEY = "gw.example/audit+0123abcd+" + "A" * 44
digests = st.sampled_from([32, 40, 64]).flatmap(
    lambda size: st.text("0123456789abcdef", min_size=size, max_size=size)
)
ids = st.uuids().map(str)
times = st.datetimes().map(lambda at: at.isoformat(timespec="microseconds") + "Z")
SHAPES: Mapping[Check, st.SearchStrategy[Json]] = {
    is_code: st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,95}", fullmatch=True),
    is_digest: digests,
    is_id: ids,
    is_time: times,
    is_count: st.one_of(st.integers(0, 9), st.integers(0, 2**53 - 1)),
    is_flag: st.booleans(),
    is_vkey: st.sampled_from([VKEY, VKEY.replace("gw", 'q"\\')]),
}


def shape(check: Check) -> st.SearchStrategy[Json]:
    if isinstance(check, ListOf):
        return st.lists(SHAPES[check.each], max_size=3)
    return SHAPES[check]


@st.composite
def leaves(draw: st.DrawFn) -> bytes:
    """Return leaves of every kind, with every key that it may have."""
    kind = draw(st.sampled_from(Kind))
    keys = draw(st.sets(st.sampled_from(sorted(FIELDS[kind])), max_size=6))
    public = {key: draw(shape(FIELDS[kind][key])) for key in keys}
    names = st.from_regex(r"[a-z][a-z0-9_]{0,47}", fullmatch=True)
    personal = draw(st.dictionaries(names, digests, max_size=4))
    detail = draw(st.one_of(st.none(), digests))
    own = draw(st.uuids())
    if kind in STEPS:
        submission = draw(st.uuids())
        public["submission"] = str(submission)
        sample, attempt = public.get("sample", 0), public.get("attempt", 0)
        assert isinstance(sample, int)
        assert isinstance(attempt, int)
        own = entry_id(submission, kind, sample, attempt)
    return Leaf(own, kind, draw(times), public, personal, detail).write()


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """Return a leaf with a few bytes replaced, mostly by others that leaves are made of."""
    leaf = draw(leaves())
    at = draw(st.integers(0, len(leaf)))
    until = draw(st.integers(at, min(len(leaf), at + 3)))
    new = draw(st.one_of(st.text('0123456789abf"{}[]:,-.TZ \\n', max_size=3), st.text(max_size=2)))
    return leaf[:at] + new.encode("utf-8", "replace") + leaf[until:]


def slowly(leaf: bytes) -> Leaf | None:
    with contextlib.suppress(MalformedError):
        return Leaf.parse_slowly(leaf)
    return None


class TestAgreement:
    @given(leaves())
    def test_a_leaf_says_the_same_at_a_glance_and_read_the_long_way(self, leaf: bytes) -> None:
        """The walk over a log follows glances; what they miss must be little, and never wrong."""
        seen, read = glance(leaf), Leaf.parse_slowly(leaf)

        assert seen in (read.glance(), None)
        assert Leaf.parse(leaf) == read

    @given(changed())
    def test_a_glance_takes_nothing_that_is_refused_the_long_way(self, leaf: bytes) -> None:
        """Or a second spelling, or a value of no shape, would pass as what was logged."""
        seen, read = glance(leaf), slowly(leaf)

        assert seen is None or (read is not None and seen == read.glance())

    @given(leaves(), st.data())
    def test_fields_in_another_order_or_twice_are_not_seen(
        self, leaf: bytes, data: st.DataObject
    ) -> None:
        """Canonical form is one order; a duplicate key has two meanings."""
        said = json.loads(leaf)
        outer = data.draw(st.permutations(list(said.items())))
        inner = data.draw(st.permutations(list(said["public"].items())))
        parts = [
            f'"{key}":{json.dumps(dict(inner) if key == "public" else value)}'.replace(" ", "")
            for key, value in [*outer, *data.draw(st.sampled_from([[], outer[:1]]))]
        ]
        spelt = f"{{{','.join(parts)}}}".encode()

        assert (glance(spelt) is not None) <= (spelt == leaf)


SUBMISSION = UUID(int=7)
USUAL = Leaf(
    entry_id(SUBMISSION, Kind.RELEASE, 1),
    Kind.RELEASE,
    "2024-02-29T23:59:59.999999Z",
    {"submission": str(SUBMISSION), "sample": 1, "models": ["ab" * 32], "marked": True},
    {"a": "cd" * 32, "b": "cd" * 32, "c": "cd" * 32},
    None,
).write()


class TestWhatItSees:
    @pytest.mark.parametrize("kind", Kind)
    def test_it_knows_every_kind_with_every_key(self, kind: Kind) -> None:
        """A kind that it never sees would be read the long way for ever, and nobody would know."""
        values: dict[Check, Json] = {
            is_code: "a",
            is_digest: "ab" * 16,
            is_id: str(SUBMISSION),
            is_time: "2026-12-31T00:00:00.000000Z",
            is_count: 12,
            is_flag: False,
            is_vkey: VKEY,
        }
        public: dict[str, Json] = {
            key: [values[check.each]] * 2 if isinstance(check, ListOf) else values[check]
            for key, check in FIELDS[kind].items()
        }
        own = entry_id(SUBMISSION, kind, 12, 12)
        leaf = Leaf(own, kind, "2026-01-30T00:00:00.000000Z", public, {}, "ef" * 32)

        assert glance(leaf.write()) == leaf.glance()

    def test_it_sees_a_usual_leaf(self) -> None:
        """Leap days and all."""
        assert glance(USUAL) == Leaf.parse_slowly(USUAL).glance()

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"sample":1', b'"sample":01'),
            (b'"sample":1', b'"sample":2'),
            (b'"sample":1', b'"sample":-1'),
            (b'"sample":1', b'"sample":1.0'),
            (b'"marked":true', b'"marked":1'),
            (b'"v":1', b'"v":2'),
            (b'"v":1}', b'"v":1}\n'),
            (b'"a":', b'"b":'),
            (b'"b":', b'"d":'),
            (b'"b":', b'"c":'),
            (b'"a":', b'"\\u0061":'),
            (b'["', b'[ "'),
            (b'"]', b'",]'),
            (b"cd" * 32, b"CD" * 32),
            (b"cd" * 32, b"\x80d" * 32),
            (b"cd" * 32, "é".encode() * 32),
            (b"2024-02-29", b"2023-02-29"),
            (b"2024-02-29", b"0000-02-28"),
            (b"2024-02-29", b"2024-04-31"),
            (b"2024-02-29", b"2024-13-01"),
            (b"T23:", b"T24:"),
            (b":59.", b":60."),
            (b'"kind":"release"', b'"kind":"withhold"'),
            (b'"kind":"release"', b'"kind":"unheard"'),
            (b'"models":["', b'"modelz":["'),
            (b'},"v"', b',},"v"'),
        ],
    )
    def test_a_second_spelling_is_seen_by_neither(self, old: bytes, new: bytes) -> None:
        """Each is a leaf but for one detail that an attacker could vary."""
        wrong = USUAL.replace(old, new)

        assert wrong != USUAL
        assert glance(wrong) is None
        assert slowly(wrong) is None

    @pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"{" * 9000, b" " * 17000])
    def test_anything_else_is_not_seen(self, data: bytes) -> None:
        """It answers nothing, and raises nothing."""
        assert glance(data) is None
