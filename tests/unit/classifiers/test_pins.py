import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.errors import ModelError
from classifiers.pins import EXPORTED, check_file, parse_pin, parse_registry, shipped_registry
from tests.unit.classifiers.raters import NAME as RATER
from tests.unit.classifiers.raters import card_of

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


WEIGHTS = {"model.safetensors": "a" * 64, "config.json": "b" * 64}
MADE = {"sha256": "c" * 64, "by": "torch 2", "pictures": 8, "furthest": 1e-6}


def classifier(**changes: Any) -> bytes:
    """The card of a classifier that came as weights, but for what changes."""
    return json.dumps(card_of(WEIGHTS) | {"exported": MADE} | changes).encode()


def test_weights_are_known_by_their_own_digest_and_loaded_as_what_was_made_of_them() -> None:
    """Thresholds are of the weights; the graph is beside them."""
    pin = parse_pin(RATER, classifier())

    assert pin.id == f"{RATER}@1+aaaaaaaa"
    assert (pin.model, pin.graph) == ("model.safetensors", EXPORTED)
    assert parse_pin(RATER, pin.write()) == pin
    with pytest.raises(ModelError, match="cccc"):
        check_file(pin, EXPORTED, b"another graph")


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {"model.onnx": "a" * 64, "config.json": "b" * 64}},
        {"files": WEIGHTS | {"model.onnx": "d" * 64}},
        {"files": WEIGHTS | {EXPORTED: "d" * 64}},
        {"kind": "head_detector", "signals": None},
        {"kind": "wd_tagger", "signals": None, "tag_map": "wd_v3.yaml"},
        {"exported": MADE | {"furthest": -1.0}},
        {"exported": MADE | {"sha256": None}},
    ],
    ids=str,
)
def test_a_graph_is_made_of_a_classifier_s_weights_and_of_nothing_else(
    changes: dict[str, Any],
) -> None:
    """Two graphs of one model could answer differently."""
    with pytest.raises(ModelError):
        parse_pin(RATER, classifier(**changes))


def test_no_registry_says_what_is_made_here() -> None:
    """A digest that came with the registry would be believed, whoever made that graph."""
    with pytest.raises(ModelError):
        parse_registry(json.dumps({"models": [json.loads(classifier())]}).encode())
    assert parse_registry(json.dumps({"models": [card_of(WEIGHTS)]}).encode())[RATER].pinned
