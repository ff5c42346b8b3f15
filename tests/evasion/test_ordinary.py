"""Ordinary prompts with words that lists stumble over."""

import pytest

from classifiers.content import Grammar, Polarity
from pipeline.cli.screening.asked import Manner
from pipeline.cli.screening.screener import Screener, Terms, screener
from tests.evasion.ordinary import ORDINARY


@pytest.fixture(scope="module")
def shipped() -> Screener:
    return screener(Terms((), tier_adult=False, age_claim=False))


def test_there_are_sixty() -> None:
    """As many as the issue asks for, each another."""
    assert len(set(ORDINARY)) == 60


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_prompt_is_not_stopped(text: str, shipped: Screener) -> None:
    """Whoever is refused for a chicken breast goes elsewhere, where nobody reads anything."""
    screened = shipped.screen(Manner(Polarity.POSITIVE, Grammar.V4).prompt(text))

    assert screened.decision.allows, screened.signals
