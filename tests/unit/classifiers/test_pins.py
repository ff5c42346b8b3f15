import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.errors import ModelError
from classifiers.pins import parse_pin, parse_registry, shipped_registry

NAME = "wd_vit_tagger_v3"


def card(**changes: Any) -> bytes:
    """The card of a pinned model, but for what changes."""
    parts = json.loads(parse_registry(shipped_registry())[NAME].write())
    parts["revision"] = "5f" * 20
    parts["files"] = {"model.onnx": "a" * 64, "selected_tags.csv": "b" * 64}
    return json.dumps(parts | changes).encode()


def test_a_card_is_read_as_it_was_written() -> None:
    """What lies beside a model is what was pinned."""
    pin = parse_pin(NAME, card())

    assert pin.pinned
    assert parse_pin(NAME, pin.write()) == pin
    assert pin.id == f"{NAME}@1+aaaaaaaa"


def test_nothing_that_ships_is_pinned() -> None:
    """Nobody here measured a digest, so none is claimed."""
    shipped = parse_registry(shipped_registry())

    assert len(shipped) == 4
    assert not any(pin.pinned or pin.calibration for pin in shipped.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"revision": "main"},
        {"repository": "../x"},
        {"repository": "somebody"},
        {"files": {"model.bin": "a" * 64, "selected_tags.csv": "b" * 64}},
        {"files": {"model.onnx": "a" * 64}},
        {"files": {"../model.onnx": "a" * 64, "selected_tags.csv": "b" * 64}},
        {"files": {"card.json": "a" * 64, "model.onnx": "a" * 64, "selected_tags.csv": "b" * 64}},
        {"files": {"model.pkl": "a" * 64, "model.onnx": "a" * 64, "selected_tags.csv": "b" * 64}},
        {"kind": "anything"},
        {"kind": "head_detector"},
        {"tag_map": None},
        {"folder": "../x"},
        {"calibration": {"of": "c" * 64, "numbers": {}, "found": "elsewhere"}},
        {"name": "another"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_card_that_is_not_exactly_one_is_refused(changes: dict[str, Any]) -> None:
    """A branch moves, a pickle runs, a path leads elsewhere, and other weights were measured."""
    with pytest.raises(ModelError):
        parse_pin(NAME, card(**changes))


def test_a_registry_with_one_name_twice_is_refused() -> None:
    """Which of them was meant, nobody knows."""
    one = json.loads(card())

    with pytest.raises(ModelError, match="one twice"):
        parse_registry(json.dumps({"models": [one, one]}).encode())


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_bytes_that_are_no_card_or_registry_are_a_model_error(junk: bytes) -> None:
    """A parser has one way to fail."""
    with pytest.raises(ModelError):
        parse_pin(NAME, junk)
    with pytest.raises(ModelError):
        parse_registry(junk)
