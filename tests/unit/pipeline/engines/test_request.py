"""Requests for self-hosted models: whatever comes is read whole, or refused by name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.content import Grammar, Polarity
from pipeline.engines.prompt import networks
from pipeline.engines.request import SHAPES, parse
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.limits import Limits
from tests.unit.pipeline.world import body

KEYS = [path.removeprefix("parameters.") for path in SHAPES]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["input", "model", "action", "parameters", "x"]), ANY))
def test_whatever_comes_is_work_or_refused(asked: dict[str, Any]) -> None:
    """No other error: it would be a fault of ours."""
    try:
        work = parse(asked, None, limits=Limits())
    except RequestRefusedError:
        return
    assert work.body["input"] == asked["input"]


@given(st.dictionaries(st.sampled_from([*KEYS, "override_settings"]), ANY))
def test_every_text_that_is_sent_is_read(parameters: dict[str, Any]) -> None:
    """And what is not on the list is not sent."""
    asked = body("a harbour", model="own/harbour", seed=1)
    asked["parameters"].update(parameters, image=None, strength=None)
    try:
        work = parse(asked, None, limits=Limits())
    except RequestRefusedError:
        return
    read = {text.text for text in work.prompt.texts}
    sent = work.body["parameters"]
    assert isinstance(sent, dict)
    assert {f"parameters.{key}" for key in sent} <= SHAPES.keys()
    assert {str(work.body["input"]), str(sent["negative_prompt"])} == read
    assert work.prompt.grammar is Grammar.WEBUI
    json.dumps(work.body, allow_nan=False)


@given(st.text(alphabet="<>:{}|_#$[]() \\lora1.e", max_size=60))
def test_what_is_let_through_names_nothing_but_loras(text: str) -> None:
    """Whatever an engine would load or rewrite is refused before it is asked."""
    asked = body(text, model="own/harbour")
    try:
        (wanted, _) = parse(asked, None, limits=Limits()).prompt.texts
    except RequestRefusedError:
        return
    left = text
    for name in networks(wanted):
        left = left.replace(f"<lora:{name}:", "")
    assert "__" not in text
    assert "#" not in text
    assert not any(f"<{kind}:" in left for kind in ("lora", "l", "o", "r", "a", "e", "1"))


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"width": 65}, "steps of 64"),
        ({"width": 2048, "height": 2048}, "pixels"),
        ({"width": None}, "width and height"),
        ({"width": 1024, "height": 1024, "n_samples": 4, "steps": 51}, "steps"),
        ({"strength": 0.5}, "img2img"),
        ({"sampler": "ddim"}, "sampler"),
        ({"negative_prompt": "<lora:x:1>"}, "input alone"),
        ({"negative_prompt": "x" * 16_001}, "characters"),
        ({"seed": -1}, "seed"),
        ({"n_samples": 5}, "n_samples"),
    ],
)
def test_what_is_beyond_a_bound_is_refused_by_its_name(
    parameters: dict[str, Any], says: str
) -> None:
    """A precise 400 tells a client what to change."""
    asked = body("a harbour", model="own/harbour")
    asked["parameters"].update(parameters)
    with pytest.raises(RequestRefusedError, match=says):
        parse(asked, None, limits=Limits())


def test_a_negative_prompt_is_read_as_one() -> None:
    """What is not wanted is no wish."""
    wanted, unwanted = parse(
        body("a", model="own/harbour", negative_prompt="b"), None, limits=Limits()
    ).prompt.texts
    assert (wanted.polarity, unwanted.polarity) == (Polarity.POSITIVE, Polarity.NEGATIVE)
