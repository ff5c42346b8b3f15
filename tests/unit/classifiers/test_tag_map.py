"""The map that ships, held to the policies that read it and to the terms that say the same."""

from collections.abc import Iterator

import pytest
import yaml

from classifiers import normalise
from classifiers.content import Grammar, Prompt, Text
from classifiers.errors import ModelError
from classifiers.prompt_terms import PromptTerms
from classifiers.signals import Signal, SignalName
from classifiers.tag_map import HARMS, LEVELS, YOUTH, TagMap, parse_tag_map, tag_map_bytes

MAP: TagMap = parse_tag_map(tag_map_bytes("wd_v3.yaml"))
TERMS = PromptTerms.embedded()
LEAST = {**dict.fromkeys(LEVELS, 0.2), YOUTH: 0.35, **dict.fromkeys(HARMS, 0.5)}
"""From where on the floor, or the default set, believes a score at all."""
CLEAR = 0.7
"""Weaker tags are words of many meanings: a prompt's model weighs those."""
SAID_BY_TERMS = {
    YOUTH: {SignalName.TEXT_MINOR_TERM, SignalName.TEXT_MINOR_CONTEXT},
    SignalName.IMAGE_NONCONSENT: {SignalName.TEXT_NONCONSENT},
    SignalName.IMAGE_ANIMAL: {SignalName.TEXT_ANIMAL},
}


def weighted() -> Iterator[tuple[SignalName, str, float]]:
    for name, meant in MAP.signals.items():
        for tag, weight in {**meant.ratings, **meant.tags}.items():
            yield name, tag, weight


def test_every_weight_can_say_something() -> None:
    """One below what any policy believes looks like a safeguard, and is none."""
    assert [each for each in weighted() if each[2] < LEAST[each[0]]] == []


@pytest.mark.parametrize("name", sorted(SAID_BY_TERMS))
def test_what_is_a_tag_here_is_a_term_of_prompts(name: SignalName) -> None:
    """What may not be asked for may not come back, and the other way round."""
    silent = []
    for tag in (tag for tag, weight in MAP.signals[name].tags.items() if weight >= CLEAR):
        reading = normalise.read(Prompt((Text("base", f"1girl, {tag}, sky"),), Grammar.V4))
        seen = {
            found.name
            for found in TERMS.classify(reading)
            if isinstance(found, Signal) and found.score >= 0.5
        }
        if not seen & SAID_BY_TERMS[name]:
            silent.append(tag)

    assert silent == []


def test_a_map_that_nobody_reviewed_is_none() -> None:
    """A draft must not decide which pictures pass."""
    text = tag_map_bytes("wd_v3.yaml")
    said = yaml.safe_load(text)

    for undone in ({"reviewed_on": None}, {"reviewed_by": ""}, {"reviewed_on": "soon"}):
        with pytest.raises(ModelError):
            parse_tag_map(yaml.safe_dump({**said, **undone}).encode())
    del said["reviewed_on"]
    with pytest.raises(ModelError):
        parse_tag_map(yaml.safe_dump(said).encode())
