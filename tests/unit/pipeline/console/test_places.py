"""Where findings stand in texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.signals import Field, Picture, Signal, SignalName
from pipeline.console.places import Box, Span, box_of, pieces, span_of
from pipeline.record import _finding

NAME = SignalName.TEXT_READABLE
TEXT = st.text(max_size=60)
SPANS = st.lists(
    st.tuples(st.integers(0, 80), st.integers(0, 80)).map(lambda at: Span("p", *at, "a")),
    max_size=8,
)


@given(st.text(min_size=1), st.integers(0, 99_999), st.integers(0, 99_999))
def test_what_the_log_writes_is_read_back(path: str, start: int, end: int) -> None:
    """Whatever a path looks like, brackets in it too."""
    written = _finding(Signal(NAME, 0.75, Field(path, (start, end)), "reader@1"))

    assert span_of(written) == Span(path, start, end, NAME)


@pytest.mark.parametrize(
    "finding",
    [
        None,
        {},
        {"where": "p[1, 2]", "name": "n"},
        {"where": "p[1, 2]", "name": "n", "score": 0.49},
        {"where": "p", "name": "n", "score": 1},
        {"where": "output/0[1, 2, 3, 4]", "name": "n", "score": 1},
        {"where": ["p"], "name": "n", "score": 1},
        {"where": "p[1, 2]", "name": 3, "score": 1},
        {"where": "p[1, 2]", "name": "n", "unavailable": "failed"},
    ],
)
def test_what_points_nowhere_in_a_text_is_left_out(finding: object) -> None:
    """A whole field, a picture, a faint suspicion, and what another version wrote."""
    assert span_of(finding) is None


@given(st.tuples(*[st.integers(0, 9_999)] * 4), st.integers(0, 9))
def test_a_box_that_the_log_writes_is_read_back(box: tuple[int, int, int, int], index: int) -> None:
    """Of an upload too, whose carrier may hold brackets."""
    for carrier in ("output", "parameters.reference_image_multiple[1].hidden"):
        written = _finding(Signal(NAME, 0.75, Picture(carrier, index, box), "viewer@1"))

        assert box_of(written) == Box(NAME, 0.75, carrier, index, *box)
        assert span_of(written) is None


@pytest.mark.parametrize(
    "finding",
    [
        None,
        {},
        {"where": "output/0", "name": "n", "score": 1},
        {"where": "output/0[1, 2]", "name": "n", "score": 1},
        {"where": "output/0[1, 2, 3, -4]", "name": "n", "score": 1},
        {"where": "output/0[1, 2, 3, 4]", "name": "n", "score": 0},
        {"where": "output/0[1, 2, 3, 4]", "name": "n", "unavailable": "failed"},
        {"where": "output/0[1, 2, 3, 4]", "name": 3, "score": 1},
    ],
)
def test_what_points_nowhere_in_a_picture_is_no_box(finding: object) -> None:
    """A whole picture, a text, nothing seen, and what another version wrote."""
    assert box_of(finding) is None


@given(TEXT, SPANS)
def test_the_pieces_together_are_the_text(text: str, spans: list[Span]) -> None:
    """A page that left a letter out would hide it from whoever rules."""
    cut = pieces(text, spans)

    assert "".join(each.text for each in cut) == text
    marked = {at for span in spans for at in range(span.start, min(span.end, len(text)))}
    at = 0
    for piece in cut:
        assert {*range(at, at + len(piece.text))} <= marked if piece.names else True
        assert bool(piece.names) == (at in marked)
        at += len(piece.text)
