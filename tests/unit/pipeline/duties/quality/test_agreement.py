"""Figures of agreement, against those that can be worked out by hand."""

import pytest

from pipeline.duties.quality.agreement import Share, kappa


def pairs(both: int, first: int, second: int, neither: int) -> list[tuple[str, str]]:
    return [
        *[("block", "block")] * both,
        *[("block", "allow")] * first,
        *[("allow", "block")] * second,
        *[("allow", "allow")] * neither,
    ]


def test_kappa_is_what_the_textbook_says() -> None:
    """Of 50, 20 and 15 alike: observed 0.7, by chance 0.5."""
    found = kappa(pairs(20, 5, 10, 15))

    assert (found.pairs, found.agreed) == (50, 35)
    assert found.value == pytest.approx(0.4)
    assert found.interval is not None
    assert found.interval == pytest.approx((0.146, 0.654), abs=1e-3)


def test_where_kappa_says_nothing_it_says_so() -> None:
    """No pair, or all alike: that is not nought, and not one."""
    for found in (kappa([]), kappa(pairs(0, 0, 0, 9))):
        assert found.value is None
        assert str(found) == "-"
    assert kappa(pairs(5, 0, 0, 5)).value == 1
    assert str(kappa(pairs(0, 5, 5, 0))) == "-1.00 (-1.00 to -1.00)"


def test_a_share_has_its_interval() -> None:
    """Wilson's: 8 of 10, and what is never seen is still possible."""
    assert Share(8, 10).interval == pytest.approx((0.490, 0.943), abs=1e-3)
    assert Share(0, 0).value is None
    assert Share(0, 0).interval == (0, 1)
    assert Share(0, 20).interval[0] == 0
    assert 0.1 < Share(0, 20).interval[1] < 0.2
    assert (str(Share(0, 0)), str(Share(1, 1)).startswith("1.00 (")) == ("-", True)
