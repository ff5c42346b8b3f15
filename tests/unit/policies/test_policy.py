from collections.abc import Callable

import pytest

from classifiers.content import Rendition
from classifiers.signals import Field, Finding, Picture, Reason, Signal, SignalName
from policies.decision import Action
from policies.facts import Facts, Moment, Rating
from policies.labels import HarmCode
from policies.policy import Policy
from policies.testing import (
    ADULT,
    ANYBODY,
    EMBEDDED,
    OUTPUT,
    QUALIFIED,
    TEXTS,
    UPLOAD,
    failing,
    harmless,
    looked_at,
    saying,
    silent,
)
from policies.truth import Truth

N = SignalName
DRAWN_ANSWERS = {N.IMAGE_SEXUAL_NUDITY: 0.0, N.IMAGE_SEXUAL_SUGGESTIVE: 0.0, N.IMAGE_MINOR_DRAWN: 0}
TEXT_QUESTIONS = [n for n in N if n.startswith("text.") and n is not N.TEXT_ADULT_AGE]
"""Adult words never subtract, so nobody asks for them."""
REQUEST, RESULT = Moment.REQUEST, Moment.OUTPUT


def with_output(rendition: Rendition = Rendition.DRAWING) -> tuple[Finding, ...]:
    return (*harmless(TEXTS), *harmless(OUTPUT, rendition))


class TestGeneralAudience:
    def test_a_harmless_request_goes_on_with_embedded_models(self, usual: Policy) -> None:
        """This is what an installation can do without fetching anything."""
        decision = usual.decide(REQUEST, harmless(TEXTS), ANYBODY, EMBEDDED)

        assert (decision.action, decision.code) == (Action.ALLOW, HarmCode.OK)
        assert not decision.missing

    @pytest.mark.parametrize("rendition", Rendition)
    def test_a_harmless_picture_comes_back(self, usual: Policy, rendition: Rendition) -> None:
        """Drawings too, of which the embedded network knows no level below explicit."""
        decision = usual.decide(RESULT, with_output(rendition), ANYBODY, EMBEDDED)

        assert decision.action is Action.ALLOW

    def test_what_nobody_assessed_is_written_down(self, usual: Policy) -> None:
        """It is allowed, not clean: who reads the log can tell."""
        decision = usual.decide(RESULT, with_output(), ANYBODY, EMBEDDED)

        noted = [each for each in decision.verdicts if each.rule == "unanswered"]
        assert len(noted) == 1
        assert noted[0].truth is Truth.UNKNOWN
        assert N.IMAGE_SEXUAL_NUDITY in {finding.name for finding in noted[0].evidence}

    def test_a_drawing_that_may_be_explicit_must_answer_everything(self, usual: Policy) -> None:
        """Below evidence, but above what a harmless drawing scores: then "not assessed" is not."""
        findings = saying(with_output(), OUTPUT, {N.IMAGE_SEXUAL_ACT: 0.25})

        decision = usual.decide(RESULT, findings, ANYBODY, EMBEDDED)

        assert decision.action is Action.HOLD
        assert decision.incapable

    def test_adult_words_make_nobody_a_minor(self, usual: Policy) -> None:
        """`1girl, adult woman` is nobody's minor."""
        findings = saying(harmless(TEXTS), TEXTS, {N.TEXT_ADULT_AGE: 1.0})

        assert usual.decide(REQUEST, findings, ANYBODY, EMBEDDED).action is Action.ALLOW


class TestWhatCannotBeJudged:
    def test_an_explicit_request_is_refused_before_it_is_paid_for(self, usual: Policy) -> None:
        """The embedded models could not examine what would come back."""
        findings = saying(harmless(TEXTS), TEXTS, {N.TEXT_SEXUAL_ACT: 0.9})

        decision = usual.decide(REQUEST, findings, ADULT, EMBEDDED)

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.CAPABILITY)
        assert decision.incapable
        assert {str(each) for each in decision.missing} == {
            "image.sexual.nudity@drawing",
            "image.sexual.suggestive@drawing",
            "image.minor.drawn@drawing",
        }

    def test_a_minor_in_the_text_asks_for_the_same(self, usual: Policy) -> None:
        """Harmless words about a child can come back as anything."""
        findings = saying(harmless(TEXTS), TEXTS, {N.TEXT_MINOR_TERM: 1.0})

        assert usual.decide(REQUEST, findings, ADULT, EMBEDDED).code is HarmCode.CAPABILITY
        assert usual.decide(REQUEST, findings, ADULT, QUALIFIED).action is Action.ALLOW

    def test_the_same_request_goes_on_where_drawings_can_be_rated(self, usual: Policy) -> None:
        """Installing a qualified model opens the other rating; the result is labelled."""
        findings = saying(harmless(TEXTS), TEXTS, {N.TEXT_SEXUAL_ACT: 0.9})

        decision = usual.decide(REQUEST, findings, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.LABEL, HarmCode.SEX_EXPLICIT)

    def test_nothing_known_to_be_installed_is_nothing(self, usual: Policy) -> None:
        """None must not mean "do not check"."""
        decision = usual.decide(REQUEST, harmless(TEXTS), ANYBODY, None)

        assert decision.code is HarmCode.CAPABILITY
        assert decision.missing == usual.required(Rating.GENERAL)

    def test_ready_says_which_ratings_can_be_served(self, usual: Policy) -> None:
        """Operators learn at start-up, not from the first refusal."""
        assert usual.servable(QUALIFIED) == {
            Rating.GENERAL: frozenset(),
            Rating.MATURE: frozenset(),
        }
        served = usual.servable(EMBEDDED)
        assert not served[Rating.GENERAL]
        assert len(served[Rating.MATURE]) == 3

    def test_what_is_needed_follows_the_findings(self, usual: Policy) -> None:
        """A sick detector stops only what needs it."""
        mature = saying(harmless(TEXTS), TEXTS, {N.TEXT_SEXUAL_ACT: 0.9})

        plain = usual.decide(REQUEST, harmless(TEXTS), ANYBODY, EMBEDDED)
        pointed = usual.decide(REQUEST, mature, ANYBODY, EMBEDDED)

        assert plain.needed == usual.required(Rating.GENERAL)
        assert pointed.needed == usual.required(Rating.MATURE)

    @pytest.mark.parametrize("rendition", [Rendition.DRAWING, Rendition.UNSURE])
    def test_a_mature_picture_must_answer_every_question(
        self, usual: Policy, rendition: Rendition
    ) -> None:
        """Not assessed is good enough only while nothing points anywhere."""
        findings = saying(with_output(rendition), OUTPUT, {N.IMAGE_SEXUAL_ACT: 0.9})

        decision = usual.decide(RESULT, findings, ADULT, QUALIFIED)

        assert decision.action is Action.HOLD
        assert decision.incapable

    def test_a_mature_drawing_that_answers_is_labelled(self, usual: Policy) -> None:
        """Another source may answer what the embedded network could not assess."""
        answered = saying((), OUTPUT, DRAWN_ANSWERS | {N.IMAGE_SEXUAL_ACT: 0.9})
        findings = (*silent(with_output(), N.IMAGE_SEXUAL_ACT), *answered)

        decision = usual.decide(RESULT, findings, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.LABEL, HarmCode.SEX_EXPLICIT)


class TestUnknown:
    LABELLED = frozenset({N.TEXT_DISGUISED})

    @pytest.mark.parametrize("name", TEXT_QUESTIONS)
    @pytest.mark.parametrize("how", ["silent", "failed"])
    def test_a_text_question_without_answer_never_allows(
        self, usual: Policy, name: SignalName, how: str
    ) -> None:
        """An exception, a timeout, a missing model: each ends in hold or block."""
        all_of = harmless(TEXTS)
        findings = silent(all_of, name) if how == "silent" else failing(all_of, name)

        decision = usual.decide(REQUEST, findings, ANYBODY, EMBEDDED)

        assert decision.action is not Action.ALLOW
        assert decision.allows is (name in self.LABELLED)

    @pytest.mark.parametrize("rendition", Rendition)
    @pytest.mark.parametrize("place", [UPLOAD, OUTPUT])
    def test_a_required_picture_question_without_answer_never_allows(
        self, usual: Policy, place: Picture, rendition: Rendition
    ) -> None:
        """Of uploads as of outputs; what one just made looks like may be on no list."""
        moment = REQUEST if place == UPLOAD else RESULT
        findings = (*harmless(TEXTS), *harmless(place, rendition))
        for capability in usual.required(Rating.GENERAL):
            asked = capability.rendition in {None, rendition}
            read = capability.name is not N.IMAGE_PERSON or place == UPLOAD
            if capability.name.startswith("text.") or not asked or not read:
                continue
            decision = usual.decide(
                moment, failing(findings, capability.name, Reason.STALE), ANYBODY, EMBEDDED
            )
            labelled = capability.name.endswith(".near") and place == OUTPUT
            expected = Action.LABEL if labelled else Action.HOLD
            assert (capability.name, decision.action) == (capability.name, expected)

    def test_not_assessed_gives_way_only_to_an_answer_about_the_same_field(
        self, usual: Policy
    ) -> None:
        """An English field that was read does not clear a Japanese one that was not."""
        read, unread = Field("input"), Field("characters[0].prompt")
        findings = tuple(
            Signal(each.name, each.score, place, "model")
            for place in (read, unread)
            for each in harmless(TEXTS)
            if isinstance(each, Signal)
        )
        one_left_out = tuple(
            failing((each,), N.TEXT_SEXUAL_ACT, Reason.NOT_ASSESSED)[0]
            if each.where == unread
            else each
            for each in findings
        )

        assert usual.decide(REQUEST, findings, ANYBODY, EMBEDDED).allows
        assert usual.decide(REQUEST, one_left_out, ANYBODY, EMBEDDED).action is Action.HOLD

    def test_a_picture_nobody_reported_on_is_unknown(self, usual: Policy) -> None:
        """Silence about a picture is not a clean picture."""
        facts = looked_at(ANYBODY, TEXTS, UPLOAD)

        decision = usual.decide(REQUEST, harmless(TEXTS), facts, EMBEDDED)

        assert decision.action is Action.HOLD
        assert decision.incapable

    @pytest.mark.parametrize("moment", Moment)
    def test_nothing_to_judge_is_blocked(self, usual: Policy, moment: Moment) -> None:
        """An empty request, or an answer without a picture, was not judged at all."""
        decision = usual.decide(moment, (), ANYBODY, EMBEDDED)

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.UNKNOWN)

    def test_an_output_cannot_be_cleared_by_its_request(self, usual: Policy) -> None:
        """Findings about the texts say nothing about the picture."""
        assert not usual.decide(RESULT, harmless(TEXTS), ANYBODY, EMBEDDED).allows

    def test_an_upload_cannot_pass_for_an_output(self, usual: Policy) -> None:
        """Before anything was made, every picture came from outside, whatever its field's name."""
        findings = saying((*harmless(TEXTS), *harmless(OUTPUT)), OUTPUT, {N.HASH_NCII_NEAR: 0.6})
        stale = failing(findings, N.HASH_NCII_NEAR, Reason.STALE)

        assert usual.decide(REQUEST, stale, ANYBODY, EMBEDDED).action is Action.HOLD

    def test_unreadable_text_is_refused_as_such(self, usual: Policy) -> None:
        """One unreadable field is enough, whatever the others say."""
        findings = (
            *harmless(TEXTS),
            Signal(N.TEXT_READABLE, 0.0, Field("characters[1].prompt"), "readability"),
        )

        for seen in (findings, failing(harmless(TEXTS), N.TEXT_READABLE)):
            decision = usual.decide(REQUEST, seen, ANYBODY, EMBEDDED)
            assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.TEXT_UNREADABLE)


class TestMasks:
    MASK = Picture("parameters.mask", 0)

    def decide(self, policy: Policy, score: float, facts: Facts) -> Action:
        exact = {N.HASH_CSAM_EXACT: 0.0, N.HASH_NCII_EXACT: 0.0, N.HASH_BLOCKED_EXACT: 0.0}
        findings = (*harmless(TEXTS), *saying((), self.MASK, exact | {N.IMAGE_MASK: score}))
        return policy.decide(REQUEST, findings, facts, EMBEDDED).action

    def test_a_mask_is_asked_for_known_digests_only(self, usual: Policy) -> None:
        """Two colours have no content to rate, and half of all masks look alike."""
        facts = Facts(tier_adult=False, age_claim=False, masks=frozenset({self.MASK}))

        assert self.decide(usual, 1.0, facts) is Action.ALLOW

    def test_a_picture_in_a_masks_place_is_judged_as_a_picture(self, usual: Policy) -> None:
        """Otherwise the mask would be the way in."""
        facts = Facts(tier_adult=False, age_claim=False, masks=frozenset({self.MASK}))

        assert self.decide(usual, 0.0, facts) is Action.HOLD

    def test_a_mask_in_a_pictures_place_is_judged_as_a_picture(self, usual: Policy) -> None:
        """What a classifier says of a picture does not excuse it from being looked at."""
        assert self.decide(usual, 1.0, ANYBODY) is Action.HOLD


class TestDefaultSet:
    @pytest.mark.parametrize(
        ("said", "passes"),
        [
            ({N.TEXT_TAGS: 1.0, N.TEXT_MODEL_SEXUAL: 0.6}, True),
            ({N.TEXT_TAGS: 0.0, N.TEXT_MODEL_SEXUAL: 0.6}, False),
            ({N.TEXT_TAGS: 1.0, N.TEXT_MODEL_SEXUAL: 0.7}, False),
            ({N.TEXT_TAGS: 1.0, N.TEXT_SEXUAL_SUGGESTIVE: 0.6}, False),
        ],
    )
    def test_of_tags_the_model_alone_must_be_surer(
        self, usual: Policy, said: dict[SignalName, float], passes: bool
    ) -> None:
        """Who lists tags is asked for an age by the words, or where the model is sure."""
        findings = saying(harmless(TEXTS), TEXTS, said)

        decision = usual.decide(REQUEST, findings, ANYBODY, QUALIFIED)

        assert decision.allows is passes
        assert passes or decision.code is HarmCode.AGE_CLAIM

    def test_a_child_among_tags_is_as_grave_as_in_a_sentence(self, usual: Policy) -> None:
        """The floor's own evidence asks for no form."""
        said = {N.TEXT_TAGS: 1.0, N.TEXT_MODEL_SEXUAL: 0.5, N.TEXT_MINOR_TERM: 0.9}

        decision = usual.decide(REQUEST, saying(harmless(TEXTS), TEXTS, said), ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.CSE_SUGGEST)

    @pytest.mark.parametrize(("tier", "claim"), [(False, False), (True, False), (False, True)])
    def test_sexual_content_needs_the_tier_and_the_claim(
        self, usual: Policy, tier: bool, claim: bool
    ) -> None:
        """Either alone says nothing about who looks."""
        findings = saying(harmless(TEXTS), TEXTS, {N.TEXT_SEXUAL_NUDITY: 0.9})

        decision = usual.decide(REQUEST, findings, Facts(tier, claim), QUALIFIED)

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.AGE_CLAIM)

    @pytest.mark.parametrize(
        ("name", "score", "action", "code"),
        [
            (N.TEXT_NONCONSENT, 0.9, Action.BLOCK, HarmCode.SEX_NONCON),
            (N.TEXT_ANIMAL, 0.9, Action.BLOCK, HarmCode.SEX_ANIMAL),
            (N.TEXT_GORE, 0.9, Action.LABEL, HarmCode.VIO_GORE),
            (N.TEXT_HATE, 0.6, Action.HOLD, HarmCode.HATE_SYMBOL),
            (N.TEXT_HATE, 0.9, Action.BLOCK, HarmCode.HATE_DEHUMANISE),
            (N.TEXT_SELF_HARM, 0.9, Action.BLOCK, HarmCode.SELF_HARM),
            (N.TEXT_DISGUISED, 0.9, Action.LABEL, HarmCode.ABUSE_EVASION),
        ],
    )
    def test_each_harm_in_a_text_has_its_action(
        self, usual: Policy, name: SignalName, score: float, action: Action, code: HarmCode
    ) -> None:
        """The defaults are those of the label set."""
        decision = usual.decide(
            REQUEST, saying(harmless(TEXTS), TEXTS, {name: score}), ANYBODY, EMBEDDED
        )

        assert (decision.action, decision.code) == (action, code)

    def test_what_a_person_settled_is_not_asked_again_of_the_output(self, usual: Policy) -> None:
        """A hold for a symbol is ruled on with the request."""
        findings = saying(with_output(), TEXTS, {N.TEXT_HATE: 0.6})

        assert usual.decide(RESULT, findings, ANYBODY, EMBEDDED).allows

    def test_a_disguise_around_something_is_refused(self, usual: Policy) -> None:
        """Alone it may be a spelling; around sexual content or a minor it is an attempt."""
        for name in (N.TEXT_SEXUAL_SUGGESTIVE, N.TEXT_MINOR_CONTEXT):
            findings = saying(harmless(TEXTS), TEXTS, {N.TEXT_DISGUISED: 1.0, name: 0.9})
            decision = usual.decide(REQUEST, findings, ADULT, QUALIFIED)
            assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.ABUSE_EVASION)


class TestOtherSets:
    def test_an_adult_platform_takes_no_minors_at_all(self, shipped: Callable[..., Policy]) -> None:
        """Weak evidence is enough where nobody under age belongs."""
        policy = shipped("default", "adult-platform")
        findings = saying(harmless(TEXTS), TEXTS, {N.TEXT_MINOR_CONTEXT: 0.9})

        decision = policy.decide(REQUEST, findings, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.MINOR_BENIGN)

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            (N.TEXT_SEXUAL_SUGGESTIVE, HarmCode.SEX_SUGGESTIVE),
            (N.TEXT_SEXUAL_NUDITY, HarmCode.SEX_NUDITY),
            (N.TEXT_SEXUAL_ACT, HarmCode.SEX_EXPLICIT),
        ],
    )
    def test_a_general_audience_sees_nothing_sexual(
        self, shipped: Callable[..., Policy], name: SignalName, code: HarmCode
    ) -> None:
        """Whoever asks, and whatever they claim."""
        policy = shipped("default", "general-audience")

        decision = policy.decide(
            REQUEST, saying(harmless(TEXTS), TEXTS, {name: 0.9}), ADULT, QUALIFIED
        )

        assert (decision.action, decision.code) == (Action.BLOCK, code)
