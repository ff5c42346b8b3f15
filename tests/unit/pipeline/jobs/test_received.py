"""A request as received goes round: what is sealed is read back, whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import AlteredObjectError
from pipeline.items import Subject, Tier
from pipeline.jobs.received import Received
from tests.unit.pipeline.lookers import CANARY

TEXTS = st.text(st.characters(codec="utf-8"))
OPTIONAL = st.none() | TEXTS
SUBJECTS = st.builds(
    Subject,
    tenant=TEXTS,
    pseudonym=OPTIONAL,
    tier=st.sampled_from(Tier),
    territory=OPTIONAL,
    language=OPTIONAL,
    age_claim=OPTIONAL,
    assured=st.booleans(),
)


@given(TEXTS, st.binary(), SUBJECTS)
def test_it_goes_round(content_type: str, body: bytes, subject: Subject) -> None:
    """After a crash a request is judged as it came, for whom it came."""
    received = Received(content_type, body, subject)

    assert Received.read(received.write()) == received


@given(st.binary(), SUBJECTS, SUBJECTS)
def test_two_subjects_never_share_a_digest(body: bytes, one: Subject, other: Subject) -> None:
    """Else one user would be given the picture of another."""
    same = Received("a/b", body, one).sha256 == Received("a/b", body, other).sha256

    assert same is (one == other)


def test_its_repr_shows_no_body() -> None:
    """It is a prompt."""
    assert CANARY not in repr(Received("a/b", CANARY.encode(), Subject("harbour", CANARY)))


@given(st.binary() | st.just(b'{"content_type": 1}\n') | st.just(b"[]\nx") | st.just(b"{" * 99_999))
def test_what_is_no_request_is_told_as_that(sealed: bytes) -> None:
    """Another version sealed it: one such object must not stop what looks at all of them."""
    with pytest.raises(AlteredObjectError):
        Received.read(sealed)
