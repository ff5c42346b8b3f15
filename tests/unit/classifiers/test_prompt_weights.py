"""The network that lies in the repository: what it says of harmless texts, and what it weighs."""

import numpy as np
import pytest

from classifiers.prompt_heads import HEADS, Head
from classifiers.prompt_network import NAME, PromptNetwork
from classifiers.registry import WEIGHTS

MOST_BYTES = 40_000_000
HARMLESS = (
    "a lighthouse at dawn",
    "1girl, solo, long hair, red hat, smile, very aesthetic, no text",
    "a cat asleep on a red sofa, watercolor",
    "white roses in a blue vase, still life",
    "portrait of an old fisherman, oil painting",
    "two zebras drinking from a river",
)
RECORDED = {
    "a lighthouse at dawn": (0.001, 0.000, 0.001, 0.000, 0.001, 0.001, 0.000, 0.001, 0.001, 0.009),
    "1girl, solo, long hair, red hat": (
        0.001,
        0.000,
        0.000,
        0.000,
        0.004,
        0.002,
        0.000,
        0.002,
        0.000,
        0.005,
    ),
    "a small child flying a kite on a beach": (
        0.000,
        1.000,
        0.000,
        0.000,
        0.000,
        0.001,
        0.000,
        0.000,
        0.001,
        0.000,
    ),
    "a soldier with a rifle, war, explosion": (
        0.002,
        0.000,
        0.000,
        0.000,
        0.026,
        0.009,
        0.004,
        0.003,
        0.039,
        0.002,
    ),
    "rating:explicit": (0.160, 0.001, 0.026, 0.000, 0.414, 0.060, 0.033, 0.006, 0.026, 0.156),
}
"""Likelihoods in the order of `HEADS`, from the machine on which it was made."""


TAGS = ("lighthouse", "sea", "clouds", "old pier", "rope", "sunset", "seagull", "fence", "flag")


def tags(count: int) -> list[str]:
    """So many harmless tags."""
    return [TAGS[at % len(TAGS)] for at in range(count)]


@pytest.fixture(scope="module")
def network() -> PromptNetwork:
    return PromptNetwork.open()


class TestEmbedded:
    def test_it_is_the_network_of_its_card(self, network: PromptNetwork) -> None:
        """What is served is what was measured."""
        network.warm()

    def test_it_fits_into_the_repository(self) -> None:
        """Everybody who clones pays for it."""
        assert sum(path.stat().st_size for path in WEIGHTS.glob(f"{NAME}.*")) <= MOST_BYTES

    @pytest.mark.parametrize("text", HARMLESS)
    def test_no_harmless_text_reaches_a_threshold(self, network: PromptNetwork, text: str) -> None:
        """The first thing that anybody tries must pass."""
        answer = network.answer(text, next(network.pieces.windows(text)))

        for head, likelihood in zip(HEADS, answer, strict=True):
            assert likelihood < network.card.thresholds.numbers[head], head

    def test_it_answers_as_it_did_when_it_was_made(self, network: PromptNetwork) -> None:
        """Another runtime or processor may round otherwise, but not think otherwise."""
        for text, recorded in RECORDED.items():
            answer = network.answer(text, next(network.pieces.windows(text)))

            assert np.abs(answer - np.asarray(recorded)).max() < 0.05, text

    def test_a_child_in_a_caption_is_seen(self, network: PromptNetwork) -> None:
        """Minor evidence is a head of its own."""
        text = "a small child flying a kite on a beach"
        answer = network.answer(text, next(network.pieces.windows(text)))

        minor = answer[HEADS.index(Head.MINOR_PRESENT)]
        assert minor >= network.card.thresholds.numbers[Head.MINOR_PRESENT]

    @pytest.mark.parametrize(("before", "after"), [(0, 40), (40, 0), (20, 20), (0, 250)])
    def test_harmless_tags_around_a_sentence_do_not_hide_it(
        self, network: PromptNetwork, before: int, after: int
    ) -> None:
        """Whoever writes forty tags beside it must not talk the model out of it."""
        sentence = "a small child flying a kite on a beach"
        text = ", ".join([*tags(before), sentence, *tags(after)])
        windows = [(text, window) for window in network.pieces.windows(text)]

        minor = np.max(network.answers(windows), axis=0)[HEADS.index(Head.MINOR_PRESENT)]

        assert minor >= network.card.thresholds.numbers[Head.MINOR_PRESENT]
