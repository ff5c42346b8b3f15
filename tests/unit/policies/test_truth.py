from itertools import product

import pytest

from policies.truth import Truth, conjunction, disjunction

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_the_tables_of_and_and_or_are_kleenes(
    left: Truth, right: Truth, both: Truth, either: Truth
) -> None:
    """Unknown is only where true and false would lead to different results."""
    assert conjunction([left, right]) is both
    assert disjunction([left, right]) is either


def test_not_keeps_unknown() -> None:
    """The opposite of not knowing is not knowing."""
    assert [truth.negated() for truth in (T, F, U)] == [F, T, U]


def test_of_nothing_nobody_can_say() -> None:
    """An empty list is silence, and silence is unknown, not "all of none hold"."""
    assert conjunction([]) is U
    assert disjunction([]) is U


def test_de_morgan_holds() -> None:
    """The two tables belong together, so a rule may be written either way round."""
    for left, right in product(Truth, Truth):
        turned = disjunction([left.negated(), right.negated()])
        assert conjunction([left, right]).negated() is turned


def test_a_truth_cannot_be_mistaken_for_a_bool() -> None:
    """`if truth` would take unknown for true, which is how systems fail open."""
    with pytest.raises(TypeError, match="compare it with `is`"):
        bool(U)
