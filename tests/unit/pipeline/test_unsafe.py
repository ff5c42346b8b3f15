"""Unsafe things are ugly, say so, and can only make a gate stricter."""

from pathlib import Path

import pytest

from classifiers import normalise
from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.errors import ModelError
from pipeline.unsafe import UnsafeSwitch
from tests.unit.pipeline.lookers import Reader

READING = normalise.read(Prompt((Text("input", "a harbour", Polarity.POSITIVE),), Grammar.V4))


def test_a_switch_warns_when_it_is_built(tmp_path: Path) -> None:
    """Nobody has one without knowing."""
    with pytest.warns(UserWarning, match="switched off by files"):
        UnsafeSwitch(Reader(), tmp_path)


def test_it_says_of_itself_what_the_classifier_says(tmp_path: Path) -> None:
    """The log names the classifier that looked."""
    own, switch = Reader(), UnsafeSwitch(Reader(), tmp_path)

    assert (switch.id, switch.emits, switch.answers) == (own.id, own.emits, own.answers)
    assert list(switch.classify(READING)) == list(own.classify(READING))
    switch.warm()


def test_a_file_named_like_it_makes_it_fail(tmp_path: Path) -> None:
    """It never answers for the classifier: a failure is all that it adds."""
    switch = UnsafeSwitch(Reader(), tmp_path)
    (tmp_path / "reader").touch()

    with pytest.raises(ModelError):
        switch.classify(READING)
    with pytest.raises(ModelError):
        switch.warm()

    (tmp_path / "reader").unlink()
    assert switch.classify(READING)


def test_another_file_changes_nothing(tmp_path: Path) -> None:
    """One classifier is switched off at a time."""
    (tmp_path / "viewer").touch()

    assert UnsafeSwitch(Reader(), tmp_path).classify(READING)
