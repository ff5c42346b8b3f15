import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.telemetry import HIDDEN, redact

BEARER = "pst-" + "t" * 64


class Colour(Enum):
    RED = "red"


def told(name: str, value: object) -> object:
    """What is left of one field of a line."""
    return redact(None, "info", {name: value})[name]


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "authorization",
            "Authorization",
            "prompt",
            "negative_prompt",
            "basePrompt",
            "input",
            "token",
            "api_key",
            "X-Api-Key",
            "secret",
            "image",
            "images",
            "data",
            "text",
            "body",
            "password",
            "pseudonym",
            "subject",
            "idempotency_key",
            "URL",
        ],
    )
    def test_what_speaks_of_content_or_secrets_is_hidden(self, name: str) -> None:
        """Nobody reads prompts in a log, however a field is spelled."""
        assert told(name, "a harbour at dawn") == HIDDEN
        assert told(name, ["a harbour"]) == HIDDEN
        assert told(name, {"a": "harbour"}) == HIDDEN

    @pytest.mark.parametrize("name", ["path", "monkey", "keyboard_layout", "context", "stage"])
    def test_a_word_within_a_word_is_not_meant(self, name: str) -> None:
        """A log that hides everything is of no use."""
        assert told(name, "examine") == "examine"

    @pytest.mark.parametrize(
        ("name", "value"),
        [("key_id", "0b1e-4a"), ("image_bytes", 1024), ("token_count", 2), ("body_sha256", "ab")],
    )
    def test_what_only_identifies_is_told(self, name: str, value: object) -> None:
        """The operator can find what a line is about."""
        assert told(name, value) == value

    @pytest.mark.parametrize("value", ["a harbour at dawn", b"bytes", ["a"], BEARER, "x" * 81])
    def test_but_not_if_it_says_more(self, value: object) -> None:
        """A harmless name makes no content harmless."""
        assert told("prompt_id", value) == HIDDEN

    def test_names_within_are_looked_at_too(self) -> None:
        """A whole request in a field is still a request."""
        assert told("request", {"prompt": "a harbour", "steps": 28}) == {
            "prompt": HIDDEN,
            "steps": 28,
        }


class TestValues:
    @pytest.mark.parametrize(
        "text",
        [
            BEARER,
            f"401 from {BEARER}!",
            f"Bearer {BEARER}",
            "bearer abc",
            "Basic dXNlcjpwYXNz",
            "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2ln",
        ],
    )
    def test_a_bearer_is_masked_under_every_name(self, text: str) -> None:
        """Somebody will put one into a sentence."""
        left = str(told("event", text))

        assert HIDDEN in left
        assert not any(word in left for word in ("ttt", "abc", "dXNl", "eyJ"))

    def test_a_long_text_is_not_told(self) -> None:
        """No line of ours is that long; prompts are."""
        assert told("event", "x" * 301) == "[301 characters hidden]"
        assert told("event", "x" * 300) == "x" * 300

    def test_a_long_list_is_cut(self) -> None:
        """One line stays one line."""
        left = told("rules", list(range(25)))

        assert left == [*range(20), "and 5 more"]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, None),
            (True, True),
            (1.5, 1.5),
            (Colour.RED, "Colour.RED"),
            (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
            (datetime(2031, 5, 4, tzinfo=UTC), "2031-05-04 00:00:00+00:00"),
            (timedelta(hours=1), "1:00:00"),
            (Path("keys"), "keys"),
        ],
    )
    def test_harmless_types_are_told(self, value: object, expected: object) -> None:
        """A log says something."""
        assert told("value", value) == expected

    @pytest.mark.parametrize(
        "value", [b"\x89PNG", bytearray(b"\x89PNG"), SecretStr("s"), ValueError("a harbour")]
    )
    def test_any_other_type_is_told_by_its_name(self, value: object) -> None:
        """Whose repr nobody knows, nobody prints."""
        assert told("value", value) == f"<{type(value).__name__}>"

    def test_the_event_that_was_given_is_not_changed(self) -> None:
        """Nobody changes what they were given."""
        event = {"prompt": "a harbour"}

        redact(None, "info", event)

        assert event == {"prompt": "a harbour"}


NAMES = st.text(max_size=9)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(before=st.text(max_size=20), after=st.text(max_size=20), name=st.text())
def test_no_bearer_gets_through(before: str, after: str, name: str) -> None:
    """Whatever stands around it, whatever it is called."""
    left = redact(None, "info", {name: f"{before}{BEARER}{after}", "list": [f"{before}{BEARER}"]})

    assert "t" * 60 not in json.dumps(left)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_event_becomes_json(event: dict[str, object]) -> None:
    """A log line that cannot be written would fail the request that it tells of."""
    assert json.loads(json.dumps(redact(None, "info", event))) is not None
