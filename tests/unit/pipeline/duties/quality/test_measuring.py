"""What checks say of people, of classifiers and of thresholds."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from pipeline.duties.quality.measuring import (
    agreement,
    drift,
    golden,
    matrices,
    scores_of,
    suggest,
)
from pipeline.store.samples import Checked, Frame, Opinion, Ruled, Sample
from tests.unit.pipeline.world import NOON, TENANT

GORE = "image.gore"


def checked(
    number: int,
    *codes: str,
    score: float = 0.1,
    flagged: bool = False,
    ruled: Ruled | None = None,
    seen: Mapping[str, Mapping[str, object]] | None = None,
) -> Checked:
    own = {"viewer@1": {"scores": {GORE: score}, "flagged": flagged, "families": ["VIO"]}}
    known_as = UUID(int=number)
    sample = Sample(
        known_as, known_as, TENANT, known_as, 0, Frame.RELEASED, "OK", None, NOON, seen or own
    )
    opinions = [
        Opinion(known_as, f"person-{place}", code, NOON + timedelta(seconds=place))
        for place, code in enumerate(codes)
    ]
    return Checked(sample, tuple(opinions), ruled)


def test_a_ruling_and_a_check_are_two_looks() -> None:
    """By code and by person; whoever looked alone or twice makes no pair."""
    ruler = Ruled("person-9", approved=True)
    found = agreement(
        [
            checked(1, "OK", ruled=ruler),
            checked(2, "VIO.GORE", ruled=ruler),
            checked(3, "VIO.GORE", "VIO.GORE"),
            checked(4, "OK"),
            checked(5, "OK", ruled=Ruled("person-0", approved=False)),
        ]
    )

    assert (found.overall.pairs, found.overall.agreed) == (3, 2)
    assert {name: each.pairs for name, each in found.by_person.items()} == {
        "person-0": 3,
        "person-1": 1,
        "person-9": 2,
    }
    assert found.by_code["OK"].pairs == 3


def test_golden_items_have_an_answer() -> None:
    """Others are not counted among them."""
    known, other = UUID(int=1), UUID(int=2)
    given = [
        Opinion(known, "person-1", "OK", NOON),
        Opinion(known, "person-2", "VIO.GORE", NOON),
        Opinion(other, "person-1", "VIO.GORE", NOON),
    ]
    found = golden(given, {known: "OK"})
    assert {name: (each.count, each.of) for name, each in found.items()} == {
        "person-1": (1, 1),
        "person-2": (0, 1),
    }


def test_a_classifier_answers_for_what_it_speaks_of() -> None:
    """That a picture is somebody's face is no miss of who looks for gore."""
    (matrix,) = matrices(
        [
            checked(1, "VIO.GORE", flagged=True),
            checked(2, "OK", flagged=True),
            checked(3, "PRIV.PII", flagged=True),
            checked(4, "VIO.TORTURE"),
            checked(5, "PRIV.PII"),
            checked(6, "OK"),
            checked(7),
        ]
    )
    assert (matrix.hits, matrix.false_alarms, matrix.misses, matrix.rests) == (1, 2, 1, 2)
    assert (matrix.precision.of, matrix.recall.of) == (3, 2)


def test_scores_that_moved_are_told_from_chance() -> None:
    """Over everything that was drawn, checked or not."""
    quiet = [checked(each, score=0.1 + each % 2 / 100) for each in range(50)]
    loud = [checked(each, score=0.3 + each % 2 / 100) for each in range(50)]

    (moved,) = drift(loud, quiet)
    (still,) = drift(quiet, quiet[:40])
    assert (moved.moved, still.moved) == (True, False)
    assert (moved.count, moved.before) == (50, 50)
    assert drift(loud, []) == []
    (few,) = drift(loud[:29], quiet)
    assert few.moved is None


def _sampled() -> Sequence[Checked]:
    """Of a hundred, the ten highest are what people would stop."""
    return [
        checked(each, "VIO.GORE" if each >= 90 else "OK", score=each / 100) for each in range(100)
    ]


def test_a_threshold_fits_the_budget() -> None:
    """The lowest one of which the holds fit by the upper end of their interval."""
    ample = suggest(GORE, _sampled(), share=0.1, days=10, budget=30)
    scarce = suggest(GORE, _sampled(), share=0.1, days=10, budget=15)

    assert ample.threshold is not None
    (chosen,) = [each for each in ample.steps if each.threshold == ample.threshold]
    assert chosen.holds_a_day < chosen.most_holds_a_day <= 30
    assert chosen.recall.value == 1
    assert 0.4 < (chosen.precision.value or 0) < 0.6
    assert (scarce.threshold or 0) > ample.threshold


def test_of_too_little_nothing_is_suggested() -> None:
    """Few checks, an unknown signal, or a budget that nothing fits."""
    few = suggest(GORE, _sampled()[:20], share=0.1, days=10, budget=30)
    other = suggest("image.person", _sampled(), share=0.1, days=10, budget=30)
    none = suggest(GORE, _sampled(), share=0.1, days=10, budget=0.1)

    assert [each.threshold for each in (few, other, none)] == [None, None, None]
    assert "20 samples" in few.why_not
    assert "budget" in none.why_not
    assert none.steps


def test_scores_are_the_highest_of_each_signal() -> None:
    """Whoever gave it."""
    seen = {name: {"scores": {GORE: score}} for name, score in (("a@1", 0.2), ("b@1", 0.7))}
    assert scores_of(checked(1, seen=seen)) == {GORE: 0.7}
