from hypothesis import given
from hypothesis import strategies as st

from classifiers.disagreement import APART, Disagreement, disagreements
from classifiers.signals import Field, Picture, Reason, Signal, SignalName, Unavailable

NUDITY, ACT = SignalName.IMAGE_SEXUAL_NUDITY, SignalName.IMAGE_SEXUAL_ACT
FIRST, SECOND = Picture("output", 0), Picture("output", 1)


def test_two_that_say_otherwise_of_one_picture_disagree() -> None:
    """Whose scores mean something else is found by what is on record."""
    found = disagreements(
        [
            Signal(NUDITY, 0.9, FIRST, "one@1"),
            Signal(NUDITY, 0.2, FIRST, "other@1"),
            Signal(NUDITY, 0.5, FIRST, "third@1"),
        ]
    )

    assert found == (Disagreement(NUDITY, "output", 0, "one@1", "other@1", 0.9 - 0.2),)


def test_another_picture_question_or_text_is_nobodys_disagreement() -> None:
    """Two pictures may be of different things."""
    findings = [
        Signal(NUDITY, 0.9, FIRST, "one@1"),
        Signal(NUDITY, 0.1, SECOND, "other@1"),
        Signal(ACT, 0.1, FIRST, "other@1"),
        Signal(SignalName.TEXT_SEXUAL_ACT, 0.9, Field("input"), "words@1"),
        Signal(SignalName.TEXT_SEXUAL_ACT, 0.1, Field("input"), "more@1"),
    ]

    assert disagreements(findings) == ()


def test_who_could_not_look_disagrees_with_nobody() -> None:
    """Not knowing is no zero."""
    blind = Unavailable(NUDITY, FIRST, "other@1", Reason.FAILED)

    assert disagreements([Signal(NUDITY, 1.0, FIRST, "one@1"), blind]) == ()


def test_of_one_source_the_highest_counts() -> None:
    """A tagger looks at the whole and at each head: it does not disagree with itself."""
    youth, head = SignalName.IMAGE_MINOR_DRAWN, Picture("output", 0, (1, 1, 5, 5))
    of_tagger = [Signal(youth, 0.1, FIRST, "tagger@1"), Signal(youth, 0.9, head, "tagger@1")]

    assert disagreements(of_tagger) == ()
    assert disagreements([*of_tagger, Signal(youth, 0.8, FIRST, "rater@1")]) == ()
    assert len(disagreements([*of_tagger, Signal(youth, 0.2, FIRST, "rater@1")])) == 1


@given(scores=st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1), max_size=4))
def test_they_disagree_as_far_as_the_furthest_two(scores: dict[str, float]) -> None:
    """In whatever order they spoke."""
    findings = [Signal(NUDITY, score, FIRST, source) for source, score in scores.items()]
    apart = max(scores.values(), default=0) - min(scores.values(), default=0)

    found = disagreements(findings)

    assert bool(found) == (apart >= APART)
    assert disagreements(findings[::-1]) == found
