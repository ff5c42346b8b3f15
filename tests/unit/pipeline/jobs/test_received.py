"""A request as received goes round: what is sealed is read back, whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import AlteredObjectError
from pipeline.items import PromptHelp, Subject, Tier, Undesired
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


HELP = st.builds(
    PromptHelp,
    quality=st.booleans(),
    undesired=st.sampled_from(Undesired),
    anatomy=st.booleans(),
    nsfw=st.booleans(),
)


@given(TEXTS, st.binary(), SUBJECTS, HELP)
def test_it_goes_round(kind: str, body: bytes, subject: Subject, wanted: PromptHelp) -> None:
    """After a crash a request is judged as it came, for whom it came, with the help it had."""
    received = Received(kind, body, subject, wanted=wanted)

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
