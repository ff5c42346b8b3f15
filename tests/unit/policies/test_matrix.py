from collections.abc import Mapping

import pytest

from classifiers.content import Rendition
from classifiers.signals import Finding, SignalName
from policies.decision import Action
from policies.facts import Moment
from policies.labels import HarmCode
from policies.levels import Minor, Sexual
from policies.policy import Policy
from policies.testing import (
    ADULT,
    OUTPUT,
    QUALIFIED,
    TEXTS,
    UPLOAD,
    failing,
    harmless,
    saying,
)

N, M, S = SignalName, Minor, Sexual
ALLOW, HOLD, BLOCK = Action.ALLOW, Action.HOLD, Action.BLOCK
ESCALATE = Action.BLOCK_AND_ESCALATE

MINOR: Mapping[Minor, Mapping[SignalName, float]] = {
    M.NONE: {},
    M.WEAK: {N.TEXT_MINOR_CONTEXT: 0.6},
    M.TWO_WEAK: {N.TEXT_MINOR_CONTEXT: 0.6, N.TEXT_MINOR_FICTION: 0.6},
    M.STRONG: {N.TEXT_MINOR_TERM: 0.6},
}
SEXUAL: Mapping[Sexual, Mapping[SignalName, float]] = {
    S.NONE: {},
    S.SUGGESTIVE: {N.TEXT_SEXUAL_SUGGESTIVE: 0.6},
    S.NUDITY: {N.TEXT_SEXUAL_NUDITY: 0.6},
    S.ACT: {N.TEXT_SEXUAL_ACT: 0.6},
}
CELLS = {
    (M.NONE, S.NONE): (ALLOW, HarmCode.OK),
    (M.NONE, S.SUGGESTIVE): (ALLOW, HarmCode.SEX_SUGGESTIVE),
    (M.NONE, S.NUDITY): (ALLOW, HarmCode.SEX_NUDITY),
    (M.NONE, S.ACT): (ALLOW, HarmCode.SEX_EXPLICIT),
    (M.WEAK, S.NONE): (ALLOW, HarmCode.OK),
    (M.WEAK, S.SUGGESTIVE): (HOLD, HarmCode.SEX_SUGGESTIVE),
    (M.WEAK, S.NUDITY): (BLOCK, HarmCode.CSE_TEXT),
    (M.WEAK, S.ACT): (BLOCK, HarmCode.CSE_TEXT),
    (M.TWO_WEAK, S.NONE): (ALLOW, HarmCode.MINOR_BENIGN),
    (M.TWO_WEAK, S.SUGGESTIVE): (BLOCK, HarmCode.CSE_SUGGEST),
    (M.TWO_WEAK, S.NUDITY): (ESCALATE, HarmCode.CSE_TEXT),
    (M.TWO_WEAK, S.ACT): (ESCALATE, HarmCode.CSE_TEXT),
    (M.STRONG, S.NONE): (ALLOW, HarmCode.MINOR_BENIGN),
    (M.STRONG, S.SUGGESTIVE): (BLOCK, HarmCode.CSE_SUGGEST),
    (M.STRONG, S.NUDITY): (ESCALATE, HarmCode.CSE_TEXT),
    (M.STRONG, S.ACT): (ESCALATE, HarmCode.CSE_TEXT),
}
"""The reviewed matrix, written down a second time: a change must be made in two places."""


def of_text(minor: Minor, sexual: Sexual) -> tuple[Finding, ...]:
    return saying(harmless(TEXTS), TEXTS, {**MINOR[minor], **SEXUAL[sexual]})


@pytest.mark.parametrize("minor", M)
@pytest.mark.parametrize("sexual", S)
def test_each_cell_is_decided_as_reviewed(floor: Policy, minor: Minor, sexual: Sexual) -> None:
    """All sixteen: none may be left to a default."""
    decision = floor.decide(Moment.REQUEST, of_text(minor, sexual), ADULT, QUALIFIED)

    assert (decision.action, decision.code) == CELLS[minor, sexual]


def test_the_reviewed_matrix_is_the_shipped_one(floor: Policy) -> None:
    """No cell more, no cell less."""
    assert set(floor.floor.matrix.cells) == set(CELLS)


@pytest.mark.parametrize(
    ("rendition", "code"),
    [
        (Rendition.DRAWING, HarmCode.CSE_DRAWN),
        (Rendition.PHOTOGRAPH, HarmCode.CSE_PHOTO),
        (Rendition.UNSURE, HarmCode.CSE_PHOTO),
    ],
)
def test_a_picture_that_is_not_surely_drawn_is_named_a_photograph(
    floor: Policy, rendition: Rendition, code: HarmCode
) -> None:
    """The stricter name decides what must be reported."""
    findings = (*of_text(M.STRONG, S.NONE), *harmless(OUTPUT, rendition))
    seen = saying(findings, OUTPUT, {N.IMAGE_SEXUAL_ACT: 0.6})

    decision = floor.decide(Moment.OUTPUT, seen, ADULT, QUALIFIED)

    assert (decision.action, decision.code) == (ESCALATE, code)


def test_evidence_of_different_origin_is_put_together(floor: Policy) -> None:
    """One word in the text and one look at the picture are two."""
    findings = (*of_text(M.WEAK, S.NONE), *harmless(OUTPUT))
    seen = saying(findings, OUTPUT, {N.IMAGE_MINOR_DRAWN: 0.55})

    assert floor.account(Moment.OUTPUT, seen, ADULT).weight.minor.known is M.TWO_WEAK


@pytest.mark.parametrize("sexual", S)
def test_maturity_that_is_not_wanted_is_strong_beside_anything_sexual(
    floor: Policy, sexual: Sexual
) -> None:
    """Alone it may be a matter of style; there it says who is meant."""
    findings = saying(harmless(TEXTS), TEXTS, {N.TEXT_MINOR_NEGATED: 0.6, **SEXUAL[sexual]})

    decision = floor.decide(Moment.REQUEST, findings, ADULT, QUALIFIED)

    minor = M.WEAK if sexual is S.NONE else M.STRONG
    assert floor.account(Moment.REQUEST, findings, ADULT).weight.minor.known is minor
    assert (decision.action, decision.code) == CELLS[minor, sexual]


def test_maturity_is_strong_beside_a_sexual_picture_too(floor: Policy) -> None:
    """All of a request is one request."""
    findings = (
        *saying(harmless(TEXTS), TEXTS, {N.TEXT_MINOR_NEGATED: 0.6}),
        *saying(harmless(OUTPUT), OUTPUT, {N.IMAGE_SEXUAL_ACT: 0.6}),
    )

    decision = floor.decide(Moment.OUTPUT, findings, ADULT, QUALIFIED)

    assert (decision.action, decision.code) == (ESCALATE, HarmCode.CSE_DRAWN)


def test_where_sex_cannot_be_excluded_neither_can_that(floor: Policy) -> None:
    """Not knowing the one is not knowing the other."""
    said = saying(harmless(TEXTS), TEXTS, {N.TEXT_MINOR_NEGATED: 0.6})
    unsure = failing(said, N.TEXT_SEXUAL_ACT)

    weight = floor.account(Moment.REQUEST, unsure, ADULT).weight

    assert (weight.minor.known, weight.minor.possible) == (M.WEAK, M.STRONG)


@pytest.mark.parametrize("adult", [{}, {N.TEXT_ADULT_AGE: 1.0}])
@pytest.mark.parametrize("sexual", list(S)[1:])
def test_a_character_who_is_a_minor_stays_one(
    floor: Policy, sexual: Sexual, adult: Mapping[SignalName, float]
) -> None:
    """Aged-up wording beside a name lowers nothing."""
    findings = saying(
        harmless(TEXTS), TEXTS, {N.TEXT_MINOR_CHARACTER: 0.9, **adult, **SEXUAL[sexual]}
    )

    decision = floor.decide(Moment.REQUEST, findings, ADULT, QUALIFIED)

    assert (decision.action, decision.code) == CELLS[M.STRONG, sexual]


def test_the_same_signal_twice_is_one(floor: Policy) -> None:
    """Two fields with the same weak hint are no second kind of evidence."""
    findings = (*of_text(M.WEAK, S.NONE), *of_text(M.WEAK, S.NONE))

    assert floor.account(Moment.REQUEST, findings, ADULT).weight.minor.known is M.WEAK


@pytest.mark.parametrize(
    ("text", "picture", "minor", "sexual"),
    [
        ({}, {N.IMAGE_SEXUAL_ACT: 0.3}, M.NONE, S.NONE),
        ({N.TEXT_MINOR_CONTEXT: 0.5}, {N.IMAGE_SEXUAL_ACT: 0.3}, M.WEAK, S.ACT),
        ({}, {N.IMAGE_MINOR_DRAWN: 0.4}, M.NONE, S.NONE),
        ({N.TEXT_SEXUAL_NUDITY: 0.5}, {N.IMAGE_MINOR_DRAWN: 0.4}, M.WEAK, S.NUDITY),
        ({N.TEXT_SEXUAL_NUDITY: 0.3}, {}, M.NONE, S.NONE),
        ({N.TEXT_SEXUAL_NUDITY: 0.3}, {N.IMAGE_MINOR_DRAWN: 0.5}, M.WEAK, S.NUDITY),
        ({N.TEXT_MINOR_TERM: 0.4}, {N.IMAGE_SEXUAL_NUDITY: 0.5}, M.STRONG, S.NUDITY),
        ({N.TEXT_MINOR_TERM: 0.5, N.TEXT_SEXUAL_NUDITY: 0.4}, {}, M.STRONG, S.NONE),
    ],
)
def test_evidence_elsewhere_lowers_what_is_needed(
    floor: Policy,
    text: Mapping[SignalName, float],
    picture: Mapping[SignalName, float],
    minor: Minor,
    sexual: Sexual,
) -> None:
    """Text makes a picture suspect sooner and the other way round; a text never lowers itself."""
    findings = (
        *saying(harmless(TEXTS), TEXTS, text),
        *saying(harmless(UPLOAD), UPLOAD, picture),
    )

    weight = floor.account(Moment.REQUEST, findings, ADULT).weight

    assert (weight.minor.known, weight.sexual.known) == (minor, sexual)


def test_what_may_be_lowered_is_possible(floor: Policy) -> None:
    """If nobody could look for a minor in the text, the picture may be more than it seems."""
    findings = failing(harmless(TEXTS), N.TEXT_MINOR_TERM)
    seen = saying((*findings, *harmless(UPLOAD)), UPLOAD, {N.IMAGE_SEXUAL_ACT: 0.3})

    weight = floor.account(Moment.REQUEST, seen, ADULT).weight

    assert (weight.sexual.known, weight.sexual.possible) == (S.NONE, S.ACT)


def test_adult_words_never_subtract(floor: Policy) -> None:
    """Whatever is claimed beside it, evidence stays evidence."""
    for minor in M:
        for sexual in S:
            findings = of_text(minor, sexual)
            claimed = saying(findings, TEXTS, {N.TEXT_ADULT_AGE: 1.0})
            plain = floor.decide(Moment.REQUEST, findings, ADULT, QUALIFIED)
            assert floor.decide(Moment.REQUEST, claimed, ADULT, QUALIFIED) == plain


@pytest.mark.parametrize("name", [N.TEXT_MINOR_TERM, N.TEXT_SEXUAL_ACT])
def test_an_axis_that_nobody_could_read_holds(floor: Policy, name: SignalName) -> None:
    """Not knowing is never clean, and a person decides or a machine looks again."""
    decision = floor.decide(Moment.REQUEST, failing(harmless(TEXTS), name), ADULT, QUALIFIED)

    assert (decision.action, decision.code) == (HOLD, HarmCode.UNKNOWN)
    assert decision.incapable
