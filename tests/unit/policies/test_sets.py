from collections.abc import Callable, Mapping, Sequence

import pytest

from classifiers.content import Rendition
from classifiers.signals import Field, Finding, Reason, SignalName, Unavailable
from policies.decision import Action
from policies.facts import Moment
from policies.labels import HarmCode
from policies.policy import Policy
from policies.testing import ADULT, OUTPUT, QUALIFIED, TEXTS, UPLOAD, failing, harmless, saying

N = SignalName


def with_upload(
    rendition: Rendition, text: Mapping[SignalName, float], picture: Mapping[SignalName, float]
) -> tuple[Finding, ...]:
    return (
        *saying(harmless(TEXTS), TEXTS, text),
        *saying(harmless(UPLOAD, rendition), UPLOAD, picture),
    )


def not_reading(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The same findings, of a text in a language that the model was not measured in."""
    return tuple(
        Unavailable(each.name, each.where, each.source, Reason.OTHER_LANGUAGE)
        if each.name.startswith("text.model.")
        else each
        for each in findings
    )


class TestRealPeople:
    @pytest.mark.parametrize("rendition", [Rendition.PHOTOGRAPH, Rendition.UNSURE])
    def test_a_photograph_of_a_person_takes_nothing_sexual(
        self, floor: Policy, rendition: Rendition
    ) -> None:
        """Whoever asks: consent of the one depicted is nowhere in a request."""
        findings = with_upload(rendition, {N.TEXT_SEXUAL_SUGGESTIVE: 0.6}, {N.IMAGE_PERSON: 0.9})

        decision = floor.decide(Moment.REQUEST, findings, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.NCII_NUDIFY)

    def test_a_person_nobody_can_exclude_counts(self, floor: Policy) -> None:
        """A face detector that failed must not open the way."""
        findings = with_upload(Rendition.PHOTOGRAPH, {N.TEXT_SEXUAL_SUGGESTIVE: 0.6}, {})

        decision = floor.decide(Moment.REQUEST, failing(findings, N.IMAGE_PERSON), ADULT, QUALIFIED)

        assert decision.code is HarmCode.NCII_NUDIFY

    def test_a_landscape_and_a_drawing_do_not(self, floor: Policy) -> None:
        """The rule is about people in photographs."""
        text = {N.TEXT_SEXUAL_SUGGESTIVE: 0.6}
        for findings in (
            with_upload(Rendition.PHOTOGRAPH, text, {N.IMAGE_PERSON: 0.1}),
            with_upload(Rendition.DRAWING, text, {N.IMAGE_PERSON: 0.9}),
        ):
            codes = floor.decide(Moment.REQUEST, findings, ADULT, QUALIFIED).codes
            assert HarmCode.NCII_NUDIFY not in codes

    def test_the_output_counts_as_much_as_the_words(self, floor: Policy) -> None:
        """A harmless prompt over a photograph can come back otherwise."""
        findings = with_upload(Rendition.PHOTOGRAPH, {}, {N.IMAGE_PERSON: 0.9})
        seen = saying(
            (*findings, *harmless(OUTPUT, Rendition.PHOTOGRAPH)),
            OUTPUT,
            {N.IMAGE_SEXUAL_NUDITY: 0.6},
        )

        decision = floor.decide(Moment.OUTPUT, seen, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.NCII_NUDIFY)

    def test_a_named_person_takes_nothing_sexual(self, floor: Policy) -> None:
        """A name is as good as a photograph."""
        names = {N.TEXT_REAL_PERSON: 0.9, N.TEXT_SEXUAL_SUGGESTIVE: 0.6}

        decision = floor.decide(
            Moment.REQUEST, saying(harmless(TEXTS), TEXTS, names), ADULT, QUALIFIED
        )

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.NCII_REAL)

    def test_a_named_person_alone_is_nothing(self, floor: Policy) -> None:
        """People may be drawn."""
        named = saying(harmless(TEXTS), TEXTS, {N.TEXT_REAL_PERSON: 0.9})

        assert floor.decide(Moment.REQUEST, named, ADULT, QUALIFIED).allows

    def test_a_real_child_is_the_worst_code(self, floor: Policy) -> None:
        """It is never less than a drawn one."""
        findings = with_upload(
            Rendition.PHOTOGRAPH,
            {N.TEXT_SEXUAL_SUGGESTIVE: 0.6},
            {N.IMAGE_PERSON: 0.9, N.IMAGE_MINOR_FACE: 0.9},
        )

        decision = floor.decide(Moment.REQUEST, findings, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.BLOCK_AND_ESCALATE, HarmCode.CSE_REAL)


class TestLanguages:
    def test_what_nobody_reads_is_refused_at_once(self, floor: Policy) -> None:
        """No hit in a text that no list covers is no sign of anything."""
        said = saying(harmless(TEXTS), TEXTS, {N.TEXT_LANGUAGE_UNREAD: 1.0})

        decision = floor.decide(Moment.REQUEST, said, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.TEXT_LANGUAGE)

    def test_a_language_of_listed_terms_is_for_everybody_only(self, floor: Policy) -> None:
        """What it says beside the listed words, nobody knows: beside sexual ones that matters."""
        harmless_words = saying(harmless(TEXTS), TEXTS, {N.TEXT_LANGUAGE_TERMS_ONLY: 1.0})
        for name in (N.TEXT_SEXUAL_SUGGESTIVE, N.TEXT_SEXUAL_NUDITY, N.TEXT_SEXUAL_ACT):
            sexual = saying(harmless_words, TEXTS, {name: 0.6})
            decision = floor.decide(Moment.REQUEST, sexual, ADULT, QUALIFIED)
            assert (decision.action, decision.code) == (Action.BLOCK, HarmCode.TEXT_LANGUAGE)
        assert floor.decide(Moment.REQUEST, harmless_words, ADULT, QUALIFIED).allows

    def test_a_model_that_reads_no_french_holds_no_french(self, usual: Policy) -> None:
        """Its silence is known to be one: the state of the language says what becomes of it."""
        silence = not_reading(harmless(TEXTS))
        heard = saying(silence, TEXTS, {N.TEXT_LANGUAGE_TERMS_ONLY: 1.0})
        sexual = saying(heard, TEXTS, {N.TEXT_SEXUAL_SUGGESTIVE: 0.6})

        assert usual.decide(Moment.REQUEST, heard, ADULT, QUALIFIED).allows
        refused = usual.decide(Moment.REQUEST, sexual, ADULT, QUALIFIED)
        assert (refused.action, refused.code) == (Action.BLOCK, HarmCode.TEXT_LANGUAGE)

    def test_a_silence_that_no_language_explains_holds(self, usual: Policy) -> None:
        """A model may not excuse itself: what the text is in, another has to say."""
        silence = not_reading(harmless(TEXTS))
        elsewhere = saying(silence, Field("other"), {N.TEXT_LANGUAGE_TERMS_ONLY: 1.0})

        for said in (silence, elsewhere):
            assert usual.decide(Moment.REQUEST, said, ADULT, QUALIFIED).action is Action.HOLD

    def test_no_language_hides_what_was_seen(self, floor: Policy) -> None:
        """The worst code is the one that is known, also where more could not be read."""
        said = {N.TEXT_LANGUAGE_UNREAD: 1.0, N.TEXT_MINOR_TERM: 0.9, N.TEXT_SEXUAL_ACT: 0.9}

        decision = floor.decide(
            Moment.REQUEST, saying(harmless(TEXTS), TEXTS, said), ADULT, QUALIFIED
        )

        assert (decision.action, decision.code) == (Action.BLOCK_AND_ESCALATE, HarmCode.CSE_TEXT)


class TestKnownPictures:
    EXACT = (
        (N.HASH_CSAM_EXACT, Action.BLOCK_AND_ESCALATE, HarmCode.CSE_KNOWN),
        (N.HASH_NCII_EXACT, Action.BLOCK, HarmCode.NCII_KNOWN),
        (N.HASH_BLOCKED_EXACT, Action.BLOCK, HarmCode.CRIME_OTHER),
    )
    NEAR = (
        (N.HASH_CSAM_NEAR, HarmCode.CSE_KNOWN),
        (N.HASH_NCII_NEAR, HarmCode.NCII_KNOWN),
        (N.HASH_BLOCKED_NEAR, HarmCode.CRIME_OTHER),
    )

    @pytest.mark.parametrize("place", [UPLOAD, OUTPUT])
    @pytest.mark.parametrize(("name", "action", "code"), EXACT)
    def test_the_same_bytes_are_refused(
        self, floor: Policy, place: object, name: SignalName, action: Action, code: HarmCode
    ) -> None:
        """There is nothing to look at twice."""
        moment, where = (Moment.REQUEST, UPLOAD) if place == UPLOAD else (Moment.OUTPUT, OUTPUT)
        findings = saying((*harmless(TEXTS), *harmless(where)), where, {name: 1.0})

        decision = floor.decide(moment, findings, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (action, code)

    @pytest.mark.parametrize("place", [UPLOAD, OUTPUT])
    @pytest.mark.parametrize(("name", "code"), NEAR)
    def test_a_picture_alike_is_held(
        self, floor: Policy, place: object, name: SignalName, code: HarmCode
    ) -> None:
        """Perceptual hashes suspect; people confirm."""
        moment, where = (Moment.REQUEST, UPLOAD) if place == UPLOAD else (Moment.OUTPUT, OUTPUT)
        findings = saying((*harmless(TEXTS), *harmless(where)), where, {name: 0.52})

        decision = floor.decide(moment, findings, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.HOLD, code)
        assert not decision.incapable

    @pytest.mark.parametrize(("name", "_action", "code"), EXACT)
    def test_a_disputed_entry_is_held(
        self, floor: Policy, name: SignalName, _action: Action, code: HarmCode
    ) -> None:
        """A list's own doubt is a question to a person."""
        findings = saying((*harmless(TEXTS), *harmless(UPLOAD)), UPLOAD, {name: 0.5})

        decision = floor.decide(Moment.REQUEST, findings, ADULT, QUALIFIED)

        assert (decision.action, decision.code) == (Action.HOLD, code)

    def test_lists_that_cannot_be_asked_label_what_was_just_made(self, floor: Policy) -> None:
        """No list can know a picture that did not exist; an upload waits."""
        for name, _ in self.NEAR:
            upload = failing((*harmless(TEXTS), *harmless(UPLOAD)), name)
            output = failing((*harmless(TEXTS), *harmless(OUTPUT)), name)
            uploaded = floor.decide(Moment.REQUEST, upload, ADULT, QUALIFIED)
            made = floor.decide(Moment.OUTPUT, output, ADULT, QUALIFIED)
            assert (uploaded.action, made.action) == (Action.HOLD, Action.LABEL)

    def test_lists_of_exact_bytes_that_cannot_be_asked_hold_everything(self, floor: Policy) -> None:
        """A digest can always be made: whoever could not compare it did not look at all."""
        for name, _, _ in self.EXACT:
            output = failing((*harmless(TEXTS), *harmless(OUTPUT)), name, Reason.FAILED)
            made = floor.decide(Moment.OUTPUT, output, ADULT, QUALIFIED)
            assert (made.action, made.incapable) == (Action.HOLD, True)


@pytest.mark.parametrize("name", [N.IMAGE_MARK_ALTERED, N.IMAGE_MARK_FOREIGN])
def test_a_picture_whose_marks_do_not_fit_is_held(floor: Policy, name: SignalName) -> None:
    """It may not be the picture that was asked for; one without marks says nothing either way."""
    made = (*harmless(TEXTS), *harmless(OUTPUT))
    unmarked = failing(saying(made, OUTPUT, {name: 0.0}), name, Reason.NOT_ASSESSED)

    altered = floor.decide(Moment.OUTPUT, saying(made, OUTPUT, {name: 1.0}), ADULT, QUALIFIED)

    assert (altered.action, altered.code) == (Action.HOLD, HarmCode.ABUSE_EVASION)
    assert floor.decide(Moment.OUTPUT, unmarked, ADULT, QUALIFIED).action is Action.ALLOW


def test_every_shipped_combination_composes(shipped: Callable[..., Policy]) -> None:
    """A set that does not fit would be found by an operator at start-up."""
    digests = {
        shipped(*names).digest
        for names in (
            (),
            ("default",),
            ("default", "adult-platform"),
            ("default", "general-audience"),
            ("default", "adult-platform", "general-audience"),
        )
    }

    assert len(digests) == 5
