"""Findings in a file are what the audit log's detail shows, and nothing looser."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.signals import Field, Finding, Picture, Reason, Signal, SignalName, Unavailable
from pipeline import record
from pipeline.errors import FindingsError
from pipeline.history.findings import read_findings

_COUNT = st.integers(0, 10**8)
_NAMES = st.text("abcdefghij_.*", min_size=1, max_size=20)
_FIELDS = st.builds(Field, _NAMES, st.none() | st.tuples(_COUNT, _COUNT))
_BOXES = st.tuples(_COUNT, _COUNT, _COUNT, _COUNT)
_PICTURES = st.builds(Picture, _NAMES, _COUNT, st.none() | _BOXES)
_PLACED = st.one_of(
    st.tuples(st.sampled_from([name for name in SignalName if name.startswith("text.")]), _FIELDS),
    st.tuples(
        st.sampled_from([name for name in SignalName if not name.startswith("text.")]), _PICTURES
    ),
)


@st.composite
def _findings(draw: st.DrawFn) -> Finding:
    name, where = draw(_PLACED)
    source = draw(st.text(max_size=20))
    if draw(st.booleans()):
        return Unavailable(name, where, source, draw(st.sampled_from(Reason)))
    return Signal(name, draw(st.floats(0, 1)), where, source, draw(st.text(max_size=20)))


@given(st.lists(_findings(), max_size=5))
def test_what_the_log_writes_is_read_back(findings: list[Finding]) -> None:
    """An auditor asks a policy about exactly what was found then."""
    written = json.dumps({"detail": {"findings": [record._finding(each) for each in findings]}})

    assert read_findings(written) == tuple(findings)


@given(st.text(max_size=200) | st.from_regex(r"\[\{.*\}\]"))
def test_whatever_is_read_is_findings_or_an_error_that_says_so(text: str) -> None:
    """A file may hold anything."""
    found: tuple[Finding, ...] = ()
    with suppress(FindingsError):
        found = read_findings(text)

    assert all(isinstance(each, Signal | Unavailable) for each in found)


def test_a_place_that_is_left_out_is_the_usual_one() -> None:
    """Who tries a rule out thinks of scores, not of carriers."""
    text, image = read_findings(
        '[{"name": "text.gore", "score": 1}, {"name": "image.person", "unavailable": "failed"}]'
    )

    assert text == Signal(SignalName.TEXT_GORE, 1.0, Field("*"), "file")
    assert image == Unavailable(
        SignalName.IMAGE_PERSON, Picture("output", 0), "file", Reason.FAILED
    )


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        ("7", "an object with a name, got a int"),
        ('{"score": 0.5}', "name: one of text.readable"),
        ('{"name": "text.gore"}', "either a score or `unavailable`"),
        ('{"name": "text.gore", "score": 0, "unavailable": "failed"}', "both or neither"),
        ('{"name": "text.gore", "score": true}', "a score from 0 to 1"),
        ('{"name": "text.gore", "score": NaN}', "a score from 0 to 1"),
        ('{"name": "text.gore", "score": 1.5}', "a score from 0 to 1"),
        ('{"name": "text.gore", "unavailable": "asleep"}', "unavailable: one of failed"),
        ('{"name": "image.person", "score": 0, "where": "input"}', "where: carrier/index"),
        ('{"name": "image.person", "score": 0, "where": "a/0[1, 2]"}', "a box of four numbers"),
        ('{"name": "text.gore", "score": 0, "where": 7}', "where: a text"),
        ('{"name": "text.gore", "score": 0, "threshold": 1}', "'threshold'"),
    ],
)
def test_a_finding_that_is_none_is_told_with_its_place(finding: str, told: str) -> None:
    """A misspelt finding must not be taken for one that was not made."""
    with pytest.raises(FindingsError) as refused:
        read_findings(f'[{{"name": "text.hate", "score": 0}}, {finding}]')

    assert "findings[1]" in str(refused.value)
    assert told in str(refused.value)
