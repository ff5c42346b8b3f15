from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.errors import ModelError
from classifiers.prompt_engines import Question
from classifiers.prompt_heads import HEADS
from classifiers.prompt_network import NAME, PromptNetwork, parse_card
from tests.unit.classifiers.prompt_networks import KNOWN, read_card, write_card, write_network


@dataclass
class Odd:
    """An engine that gives one answer to everything."""

    answer: NDArray[np.float32]

    def ask(self, _: Sequence[Question], /) -> NDArray[np.float32]:
        return self.answer

    def close(self) -> None:
        """It holds nothing."""


@pytest.fixture
def network(tmp_path: Path) -> PromptNetwork:
    return write_network(tmp_path)


class TestAnswer:
    def test_it_gives_a_likelihood_for_each_head(self, network: PromptNetwork) -> None:
        """Ten questions, ten answers."""
        answer = network.answer(KNOWN, next(network.pieces.windows(KNOWN)))

        assert answer.shape == (len(HEADS),)
        assert ((answer > 0) & (answer < 1)).all()

    def test_both_words_and_letters_count(self, network: PromptNetwork) -> None:
        """Two unknown words are one to the encoder: only their letters tell them apart."""
        answers = [
            network.answer(text, next(network.pieces.windows(text))) for text in ("xylo", "brim")
        ]
        words = [network.answer("", next(network.pieces.windows(text))) for text in ("cat", "dawn")]

        assert np.abs(answers[0] - answers[1]).max() > 1e-3
        assert np.abs(words[0] - words[1]).max() > 1e-3

    def test_several_windows_are_answered_as_each_alone(self, network: PromptNetwork) -> None:
        """On a card they are computed together, and nobody must notice."""
        texts = ("cat", "", "a lighthouse at dawn, " * 100)
        windows = [(text, window) for text in texts for window in network.pieces.windows(text)]

        together = network.answers(windows)

        assert len(together) == len(windows) > len(texts)
        for (text, window), found in zip(windows, together, strict=True):
            assert np.array_equal(found, network.answer(text, window))

    def test_nothing_asked_is_nothing_answered(self, network: PromptNetwork) -> None:
        """A request without a text is no fault."""
        assert list(network.answers([])) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            np.full((1, len(HEADS)), np.nan, np.float32),
            np.full((1, len(HEADS)), 1.5, np.float32),
            np.full((1, len(HEADS)), -0.1, np.float32),
            np.zeros((1, len(HEADS) - 1), np.float32),
            np.zeros((2, len(HEADS)), np.float32),
        ],
        ids=["NaN", "above one", "below zero", "a head too few", "an answer too many"],
    )
    def test_what_is_no_likelihood_is_no_answer(
        self, network: PromptNetwork, wrong: NDArray[np.float32]
    ) -> None:
        """NaN is below every threshold: a card that fails must not pass texts."""
        odd = replace(network, engine=Odd(wrong))

        with pytest.raises(ModelError, match="expected"):
            odd.answer(KNOWN, next(odd.pieces.windows(KNOWN)))

    def test_closed_it_refuses(self, network: PromptNetwork) -> None:
        """After shut-down nobody may be told that a text is clean."""
        network.close()

        with pytest.raises(ModelError, match="got a closed one"):
            network.warm()

    def test_only_the_letters_of_the_window_count(self, network: PromptNetwork) -> None:
        """Else each window would be judged by what stands in the others."""
        cats, dawns = "cat cat cat cat cat cat, " * 40, "dawn dawn dawn dawn dawn dawn, " * 4
        first, second = network.pieces.windows(cats + dawns)

        alone = network.answer(cats, first)

        assert network.answer(cats + dawns, first) == pytest.approx(alone)
        assert network.answer(cats + dawns, second) != pytest.approx(alone)


class TestOpen:
    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize("ending", ["onnx", "vocab.txt"])
    def test_altered_bytes_are_refused(self, tmp_path: Path, ending: str) -> None:
        """Whoever can write the weights could otherwise blind the gate."""
        path = tmp_path / f"{NAME}.{ending}"
        path.write_bytes(path.read_bytes() + b"\n")
        with pytest.raises(ModelError, match="sha256"):
            PromptNetwork.open(tmp_path)

    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize("ending", ["onnx", "vocab.txt", "card.json"])
    def test_a_missing_part_is_refused(self, tmp_path: Path, ending: str) -> None:
        """Not installed is not the same as nothing seen."""
        (tmp_path / f"{NAME}.{ending}").unlink()
        with pytest.raises(ModelError, match="FileNotFoundError"):
            PromptNetwork.open(tmp_path)

    def test_a_network_that_answers_otherwise_is_not_fit(
        self, network: PromptNetwork, tmp_path: Path
    ) -> None:
        """A runtime that computes something else must be noticed before it judges."""
        network.warm()
        card = read_card(tmp_path)
        write_card(
            tmp_path, card | {"known": {"text": KNOWN, "answer": [0.0] * 10, "tolerance": 0.001}}
        )
        with pytest.raises(ModelError, match="known answer"):
            PromptNetwork.open(tmp_path).warm()


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "thresholds of other weights": lambda card: card["thresholds"].update(of="0" * 64),
    "a head without a threshold": lambda card: card["thresholds"]["numbers"].pop("hate"),
    "a threshold that all reach": lambda card: card["thresholds"]["numbers"].update(hate=0.0),
    "another order of heads": lambda card: card["heads"].reverse(),
    "an unknown field": lambda card: card.update(more=1),
    "no blind spots": lambda card: card.update(blind_to=[]),
}


class TestCard:
    @pytest.mark.usefixtures("network")
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_a_card_that_does_not_hold_together_is_refused(
        self, tmp_path: Path, change: Callable[[dict[str, Any]], object]
    ) -> None:
        """Thresholds must never outlive the weights they were chosen for."""
        card = read_card(tmp_path)
        change(card)
        write_card(tmp_path, card)
        with pytest.raises(ModelError, match="whole card"):
            PromptNetwork.open(tmp_path)

    @pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff"])
    def test_what_is_no_card_is_refused(self, text: bytes) -> None:
        """A parser has one way to fail."""
        with pytest.raises(ModelError):
            parse_card(text)
