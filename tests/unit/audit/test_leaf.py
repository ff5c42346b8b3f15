import contextlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID, uuid5

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical_json import canonical
from audit.entry import STEPS, Entry, Json, Kind, entry_id
from audit.errors import MalformedError
from audit.fields import EVERYWHERE, FIELDS
from audit.leaf import DETAIL, Leaf, commitment, leaf_of
from audit.seal import fresh_salts

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBMISSION = UUID(int=7)
ADMIT = Entry(
    entry_id(SUBMISSION, Kind.ADMIT),
    Kind.ADMIT,
    NOON,
    {"submission": str(SUBMISSION), "tenant": "acme", "models": ["ab" * 32]},
    {"prompt": "a harbour at dawn", "output_digest": b"\x01\x02"},
    {"scores": {"x": 0.25}},
)


codes = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,95}", fullmatch=True)
field_names = st.from_regex(r"[a-z][a-z0-9_]{0,47}", fullmatch=True)
counts = st.integers(0, 2**53 - 1)


def utf8(personal: dict[str, str]) -> dict[str, str]:
    return {name: value.encode("utf-8", "replace").decode() for name, value in personal.items()}


def written(entry: Entry) -> bytes:
    return leaf_of(entry, fresh_salts(entry)).write()


class TestForm:
    def test_a_leaf_goes_round(self) -> None:
        leaf = leaf_of(ADMIT, fresh_salts(ADMIT))
        assert Leaf.parse(leaf.write()) == leaf

    @pytest.mark.parametrize("kind", Kind)
    def test_every_kind_has_its_fields_and_goes_round(self, kind: Kind) -> None:
        """A kind that cannot be written is a thing that cannot be remembered."""
        public: dict[str, Json] = {"submission": str(SUBMISSION), "reason": "because", "sample": 3}
        entry = Entry(entry_id(SUBMISSION, kind, 3), kind, NOON, public, {"ip": "192.0.2.1"})
        leaf = written(entry)
        assert Leaf.parse(leaf).kind is kind
        assert rfc8785.dumps(json.loads(leaf)) == leaf
        assert FIELDS[kind].keys() >= EVERYWHERE.keys()

    @given(
        st.dictionaries(st.sampled_from(["code", "stage", "reason", "tenant"]), codes),
        st.dictionaries(st.sampled_from(["attempt", "sample", "duration_us"]), counts),
        st.lists(codes, max_size=4),
        st.dictionaries(
            st.from_regex(r"[a-z][a-z0-9_]{0,47}", fullmatch=True), st.text(), max_size=3
        ),
        st.datetimes(timezones=st.just(UTC)),
    )
    def test_every_leaf_is_in_rfc_8785_canonical_form(
        self,
        words: dict[str, str],
        numbers: dict[str, int],
        several: list[str],
        personal: dict[str, str],
        at: datetime,
    ) -> None:
        """We write with the standard library; the canonicaliser of others must agree."""
        public: dict[str, Json] = {**words, **numbers, "codes": several}
        leaf = written(Entry(SUBMISSION, Kind.CONFIG, at, public, utf8(personal)))
        assert rfc8785.dumps(json.loads(leaf)) == leaf
        assert Leaf.parse(leaf).write() == leaf

    @given(st.integers(0, 400), st.binary(max_size=3))
    def test_bytes_that_parse_are_the_bytes_that_are_written(self, at: int, new: bytes) -> None:
        """Two spellings of one leaf would be two meanings under one hash."""
        leaf = written(ADMIT)
        changed = leaf[:at] + new + leaf[at + 1 :]
        with contextlib.suppress(MalformedError):
            assert Leaf.parse(changed).write() == changed

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"v":1', b'"v":1 '),
            (b'"v":1', b'"v":1.0'),
            (b'"v":1', b'"v":true'),
            (b'"v":1', b'"v":2'),
            (b'"v":1', b'"v":1,"v":1'),
            (b'"v":1', b'"u":0,"v":1'),
            (b'"kind":"admit"', b'"kind":"unheard"'),
            (b'"kind":"admit"', b'"kind":["admit"]'),
            (b'"tenant":"acme"', b'"tenant":"a sentence"'),
            (b'"tenant":"acme"', b'"ten\\u0061nt":"acme"'),
            (b'"tenant"', b'"prompt"'),
            (b"12:00:00.000000Z", b"12:00:00Z"),
            (b"2026-11-22T", b"2026-13-22T"),
            (b'"}', b'" }'),
            (b'"v":1}', b'"v":1}\n'),
        ],
    )
    def test_a_leaf_with_a_second_spelling_is_refused(self, old: bytes, new: bytes) -> None:
        leaf = written(ADMIT)
        assert old in leaf
        with pytest.raises(MalformedError):
            Leaf.parse(leaf.replace(old, new))

    @pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 9000, b" " * 17000])
    def test_anything_else_is_refused(self, data: bytes) -> None:
        with pytest.raises(MalformedError):
            Leaf.parse(data)


class TestWhatMayBeSaid:
    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("prompt", "x"),
            ("subject", "u1"),
            ("input_digest", "ab" * 32),
            ("reason", "two words"),
            ("reason", ""),
            ("reason", "x" * 97),
            ("reason", 'quote"'),
            ("sample", 1.0),
            ("sample", -1),
            ("sample", True),
            ("sample", 2**53),
            ("policy_digest", "AB" * 32),
            ("models", ["no digest"]),
            ("models", ["ab" * 32] * 129),
            ("models", "ab" * 32),
            ("submission", "ABCDEF00-0000-0000-0000-000000000007"),
            ("codes", {"a": 1}),
            ("reason", None),
        ],
    )
    def test_content_and_strange_shapes_stay_out_of_the_leaf(self, key: str, value: Json) -> None:
        """The leaf is public and for ever."""
        with pytest.raises(MalformedError) as refused:
            written(replace(ADMIT, public={**ADMIT.public, key: value}))
        assert "two words" not in str(refused.value)

    @pytest.mark.parametrize(
        "at", [NOON.replace(tzinfo=None), NOON.astimezone(timezone(timedelta(hours=1)))]
    )
    def test_times_are_in_utc(self, at: datetime) -> None:
        with pytest.raises(MalformedError):
            written(replace(ADMIT, at=at))

    @pytest.mark.parametrize("kind", sorted(STEPS))
    def test_a_step_has_the_one_id_that_its_submission_gives_it(self, kind: Kind) -> None:
        """Otherwise one picture could be released twice under two ids."""
        public: dict[str, Json] = {"submission": str(SUBMISSION), "sample": 1}
        right = entry_id(SUBMISSION, kind, 1)
        assert Leaf.parse(written(Entry(right, kind, NOON, public))).entry_id == right
        for wrong in (entry_id(SUBMISSION, kind, 2), entry_id(SUBMISSION, kind, 1, 1), SUBMISSION):
            with pytest.raises(MalformedError):
                written(Entry(wrong, kind, NOON, public))
        with pytest.raises(MalformedError):
            written(Entry(right, kind, NOON, {}))

    def test_a_leaf_has_a_ceiling(self) -> None:
        many: list[Json] = ["ab" * 32] * 128
        crowded = {**ADMIT.public, "models": many, "banks": many}
        with pytest.raises(MalformedError, match="16384"):
            written(replace(ADMIT, public=crowded))

    @pytest.mark.parametrize("name", ["Prompt", "", "@detail", "a b", "a\n"])
    def test_personal_fields_have_plain_names(self, name: str) -> None:
        with pytest.raises(MalformedError):
            written(replace(ADMIT, personal={name: "x"}))

    @pytest.mark.parametrize("value", [float("nan"), 2**53, "\ud800"])
    def test_detail_that_json_cannot_carry_is_refused(self, value: Json) -> None:
        with pytest.raises(MalformedError):
            written(replace(ADMIT, detail={"x": value}))


class TestCommitments:
    def test_neither_value_nor_its_plain_digest_is_in_the_leaf(self) -> None:
        leaf = written(ADMIT)
        for value in (b"harbour", sha256(b"a harbour at dawn").hexdigest().encode(), b"0.25"):
            assert value not in leaf

    def test_equal_values_leave_different_commitments(self) -> None:
        """Or two pictures by one user would be tied together for ever."""
        assert json.loads(written(ADMIT))["personal"] != json.loads(written(ADMIT))["personal"]

    def test_the_commitment_is_the_documented_one(self) -> None:
        """Somebody else must be able to check a disclosed (salt, value)."""
        salt = bytes(range(32))
        expected = hmac.new(salt, b"gw-commit/v1\x00prompt\x00x", sha256).hexdigest()
        assert commitment(salt, "prompt", b"x") == expected
        assert canonical({"b": 1, "a": [True, None]}) == b'{"a":[true,null],"b":1}'
        salts = fresh_salts(ADMIT)
        assert leaf_of(ADMIT, salts).detail == commitment(
            salts[DETAIL], DETAIL, b'{"scores":{"x":0.25}}'
        )


def test_the_entry_id_is_uuid5_of_kind_sample_and_attempt() -> None:
    """Other parts of the house, and other houses, compute it too."""
    assert entry_id(SUBMISSION, Kind.RELEASE, 2, 1) == uuid5(SUBMISSION, "release/2/1")
