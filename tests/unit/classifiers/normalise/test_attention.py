"""The language of self-hosted engines: no weight, schedule or network hides a word."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import normalise
from classifiers.content import Grammar, Polarity, Prompt, Text
from classifiers.normalise import FieldReading, Obstacle
from classifiers.normalise.attention import spans


def read(text: str, polarity: Polarity = Polarity.POSITIVE) -> FieldReading:
    (field,) = normalise.read(Prompt((Text("input", text, polarity),), Grammar.WEBUI)).fields
    return field


def words(text: str) -> set[str]:
    """Every word of every view that is read from left to right."""
    return {word for view in read(text).views for word in re.findall("[a-z]+", view.text)}


@pytest.mark.parametrize(
    "text",
    [
        "(harbour:1.2)",
        "((harbour))",
        "[harbour]",
        "har(bour:1.1)",
        "har((b))our",
        "har[b]our",
        "har\\bour",
        "(har:1.00000000000000000000000000000001)bour",
        "[harbour:boat:0.5]",
        "[boat:harbour:0.5]",
        "[harbour::0.5]",
        "[boat|harbour]",
        "[har|boat]bour",
        "har[bour:boat:0.5]",
        "har[:bour:5]",
        "har<lora:boat:1>bour",
        "<lora:harbour:1>",
        "boat BREAK harbour",
        "boat AND harbour:-1",
        "(har:1.1)[bour|boat]",
        "har<lora:boat:1>[x|b]our",
    ],
)
def test_a_word_is_read_through_every_mark(text: str) -> None:
    """A model reads it there, or may at some step."""
    assert "harbour" in words(text)


WRAPPED = (
    "{}", "({}:1.1)", "(({}))", "[{}]", "({}: -0.5 )", "\\{}", "[{}:x:3]", "[x:{}:0.5]", "[{}|x]",
    "[x|{}|y]", "[{}::4]", "[:{}:2]", "[{}:2]", "<lora:x:1>{}", "{}<lora:x.y-z:0.5>",
    "([{}|x]:1.2)", "[({}:1.1)|x]", "[({}:1.1):x:3]", "([{}])", "(\\{})",
)  # fmt: skip
"""Ways to write a part of a word: an engine reads each as that part, at one step or more."""


@given(st.lists(st.sampled_from(WRAPPED), min_size=2, max_size=4), st.data())
def test_a_word_in_parts_is_put_together(ways: list[str], data: st.DataObject) -> None:
    """However its parts are written; or the field says that it was not read to its end."""
    cuts = sorted(data.draw(st.sets(st.integers(1, 6), min_size=len(ways) - 1, max_size=6)))
    cuts = [0, *cuts[: len(ways) - 1], 7]
    parts = ["harbour"[start:end] for start, end in itertools.pairwise(cuts)]
    text = "a boat, " + "".join(way.format(part) for way, part in zip(ways, parts, strict=True))

    assert "harbour" in words(text) or read(text).unread


def test_what_marks_say_is_no_word() -> None:
    """Else their numbers would part what stands beside them."""
    text = r"(a:1.2) [b:c:0.5] BREAK \(d\)"
    assert [text[start:end] for start, end in spans(text)] == [
        "(", ":1.2", ")", ":0.5", "BREAK", "\\", "(", "\\", ")",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["(harbour:-1)", "(harbour:0)", "boat AND harbour:-2"])
def test_no_weight_makes_a_wanted_word_unwanted(text: str) -> None:
    """These engines level what they weighed: a prompt all below zero asks for what it says."""
    assert {run.polarity for run in read(text).runs} == {Polarity.POSITIVE}


@pytest.mark.parametrize(
    "text",
    ["(harbour:-1)", "(harbour: -.5)", "(harbour:[-|+]1)", "(harbour:[-:+:5]1)", "a:-\u0661"],
)
def test_what_may_be_below_zero_turns_a_negative_field(text: str) -> None:
    """There it asks for what it names."""
    assert {run.polarity for run in read(text, Polarity.NEGATIVE).runs} == {Polarity.POSITIVE}


@pytest.mark.parametrize("text", ["harbour, low-res", "(harbour:1.2), half-closed", "[x], a-b"])
def test_hyphens_turn_nothing(text: str) -> None:
    """A negative field stays one."""
    assert {run.polarity for run in read(text, Polarity.NEGATIVE).runs} == {Polarity.NEGATIVE}


def test_a_schedule_within_a_schedule_is_not_taken_for_read() -> None:
    """What they spell together is not spelt out."""
    assert Obstacle.TOO_MANY_BRANCHES in read("[[har:a:1]:b:2]bour").unread
    assert not read("[[harbour]]").unread


@pytest.mark.parametrize("part", ["(", "[", "[a|", "<lora:", ":1", ":", "\\", "[a:b:", "(a:-"])
def test_the_work_is_bounded(part: str) -> None:
    """Of what is repeated, no more is spelt out than is tried."""
    field = read(part * (16_000 // len(part)))
    assert sum(len(view.text) for view in field.views) < 16_000 * 16
