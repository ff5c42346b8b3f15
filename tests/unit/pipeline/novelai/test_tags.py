"""Suggested tags are read strictly: what is told is what was looked at."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.novelai.errors import UpstreamMalformedError
from pipeline.novelai.tags import MOST_CHARACTERS, MOST_TAGS, Suggestion, Typed, answer, read

NUMBERS = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=MOST_CHARACTERS)
LANGUAGES = {"en": (("tag",), ("count", "confidence")), "jp": (("jp_tag", "en_tag"), ("power",))}


@st.composite
def told(draw: st.DrawFn) -> tuple[str, list[Suggestion]]:
    """Tags in a language, as NovelAI tells them."""
    language = draw(st.sampled_from(sorted(LANGUAGES)))
    texts, numbers = LANGUAGES[language]
    one = st.builds(
        Suggestion,
        st.fixed_dictionaries(dict.fromkeys(texts, WORDS)),
        st.fixed_dictionaries(dict.fromkeys(numbers, NUMBERS)),
    )
    return language, draw(st.lists(one, max_size=3))


@settings(max_examples=30)
@given(told())
def test_what_is_written_reads_back(case: tuple[str, list[Suggestion]]) -> None:
    """The shape that clients are given is the one that was read."""
    language, suggestions = case
    body = json.dumps(answer(Typed("m", "a", language), suggestions)).encode()
    assert [*read(body, language)] == suggestions


@settings(max_examples=30)
@given(st.binary(max_size=200), st.sampled_from(sorted(LANGUAGES)))
def test_any_other_bytes_are_malformed_or_tags(body: bytes, language: str) -> None:
    """Whatever comes back, nothing else is raised."""
    try:
        found = read(body, language)
    except UpstreamMalformedError:
        return
    assert all(each.texts for each in found)


@pytest.mark.parametrize(
    "tag",
    [
        {"tag": "\ud800", "count": 1, "confidence": 1},
        {"tag": "a" * (MOST_CHARACTERS + 1), "count": 1, "confidence": 1},
        {"tag": "a", "count": True, "confidence": 1},
        {"tag": "a", "count": float("inf"), "confidence": 1},
        ["a", 1, 1],
    ],
)
def test_a_tag_of_another_shape_makes_the_answer_malformed(tag: object) -> None:
    """Half a surrogate pair could not even be written into the answer."""
    with pytest.raises(UpstreamMalformedError):
        read(json.dumps({"tags": [tag]}).encode(), "en")


def test_more_tags_than_anybody_wants_are_not_read() -> None:
    """Each is judged: their number is bounded."""
    tag = {"tag": "a", "count": 1, "confidence": 1}
    assert len(read(json.dumps({"tags": [tag] * (MOST_TAGS + 1)}).encode(), "en")) == MOST_TAGS
