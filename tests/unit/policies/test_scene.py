from itertools import combinations

import pytest

from classifiers.content import Rendition
from classifiers.signals import Field, Finding, Picture, Reason, Signal, SignalName, Unavailable
from policies.facts import Facts, Moment, Surface
from policies.scene import RenditionScale, bears, subjects_of
from policies.testing import ANYBODY, OUTPUT, TEXTS, UPLOAD, harmless, looked_at

SCALE = RenditionScale(photograph=0.9, drawing=0.1)
PHOTOGRAPH = SignalName.IMAGE_PHOTOGRAPH
SEXUAL = SignalName.TEXT_MODEL_SEXUAL


def surfaces(moment: Moment, *findings: Finding, facts: Facts = ANYBODY) -> list[Surface]:
    return [subject.surface for subject in subjects_of(moment, findings, facts, SCALE)]


def test_texts_are_one_subject_and_each_picture_is_its_own() -> None:
    """A reader sees all texts as one; a picture stands alone."""
    found = (*harmless(UPLOAD), *harmless(OUTPUT), *harmless(TEXTS))

    assert surfaces(Moment.OUTPUT, *found) == [Surface.TEXT, Surface.OUTPUT, Surface.UPLOAD]
    assert surfaces(Moment.REQUEST, *found) == [Surface.TEXT, Surface.UPLOAD, Surface.UPLOAD]


def test_what_was_to_be_looked_at_is_there_without_a_finding() -> None:
    """Silence about it is a subject of which nothing is known."""
    facts = looked_at(ANYBODY, TEXTS, UPLOAD, Picture("parameters.image", 0, (1, 2, 3, 4)))

    assert surfaces(Moment.REQUEST, facts=facts) == [Surface.TEXT, Surface.UPLOAD]


@pytest.mark.parametrize("name", SignalName)
def test_every_signal_can_be_asked_somewhere(name: SignalName) -> None:
    """A signal that no surface bears would be reported in vain."""
    places = {surface for surface in Surface if bears(surface, name)}

    assert len(places) >= 2
    assert Surface.WHOLE in places


def open_questions(*findings: Finding) -> frozenset[SignalName]:
    (texts,) = subjects_of(Moment.REQUEST, findings, ANYBODY, SCALE)
    return frozenset({SEXUAL}) & texts.open()


def test_what_one_saw_of_a_field_is_no_answer_for_what_it_did_not_see() -> None:
    """Else padding pushes a text out of sight, and what stands before it answers for all."""
    seen = Signal(SEXUAL, 0.0, Field("input", (0, 90)), "one")
    beyond = Unavailable(SEXUAL, Field("input", (90, 99)), "one", Reason.NOT_ASSESSED)
    other = Signal(SEXUAL, 0.0, Field("input"), "two")

    assert open_questions(seen, beyond) == {SEXUAL}
    assert not open_questions(seen, beyond, other)


def test_of_several_who_did_not_assess_it_none_answers_for_another() -> None:
    """Detectors that may only raise evidence stay unknown together, in every company."""
    seen = {
        source: (
            Signal(SEXUAL, score, Field("input"), source),
            Unavailable(SEXUAL, Field("input"), source, Reason.NOT_ASSESSED),
        )
        for source, score in (("one", 0.0), ("two", 0.25), ("three", 0.75))
    }
    assessed = Signal(SEXUAL, 0.0, Field("input"), "four")
    failed = Unavailable(SEXUAL, Field("input"), "five", Reason.FAILED)

    for count in range(1, len(seen) + 1):
        for sources in combinations(seen, count):
            found = [finding for source in sources for finding in seen[source]]
            assert open_questions(*found) == {SEXUAL}
            assert not open_questions(*found, assessed)
            assert open_questions(*found, assessed, failed) == {SEXUAL}


def test_another_language_gives_way_to_who_says_which() -> None:
    """It must be surely said, of that field; any other reason stays as it is."""
    silent = Unavailable(SEXUAL, Field("input", (3, 9)), "one", Reason.OTHER_LANGUAGE)
    failed = Unavailable(SEXUAL, Field("input"), "one", Reason.FAILED)
    said = Signal(SignalName.TEXT_LANGUAGE_TERMS_ONLY, 1.0, Field("input"), "two")
    unsure = Signal(SignalName.TEXT_LANGUAGE_TERMS_ONLY, 0.9, Field("input"), "two")
    elsewhere = Signal(SignalName.TEXT_LANGUAGE_TERMS_ONLY, 1.0, Field("other"), "two")

    assert not open_questions(silent, said)
    for findings in ((silent,), (silent, unsure), (silent, elsewhere), (silent, failed, said)):
        assert open_questions(*findings) == {SEXUAL}


def rendition(*findings: Finding) -> Rendition | None:
    found = subjects_of(Moment.REQUEST, findings, looked_at(ANYBODY, UPLOAD), SCALE)
    return found[0].rendition


def test_a_rendition_needs_all_who_know_to_agree() -> None:
    """Who calls a photograph a drawing opens the way for it."""
    photo = Signal(PHOTOGRAPH, 0.9, UPLOAD, "one")
    drawing = Signal(PHOTOGRAPH, 0.1, UPLOAD, "two")
    failed = Unavailable(PHOTOGRAPH, UPLOAD, "three", Reason.FAILED)
    blind = Unavailable(PHOTOGRAPH, UPLOAD, "four", Reason.NOT_ASSESSED)

    assert rendition(photo) is Rendition.PHOTOGRAPH
    assert rendition(drawing, blind) is Rendition.DRAWING
    assert rendition(photo, drawing) is Rendition.UNSURE
    assert rendition(drawing, failed) is Rendition.UNSURE
    assert rendition() is Rendition.UNSURE
