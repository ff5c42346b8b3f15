import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox import faults
from pipeline.sandbox.errors import UnknownFaultError
from pipeline.sandbox.faults import Fault, Faults, Kind


class TestParse:
    def test_every_fault_is_known_by_its_name(self) -> None:
        """A test that misspells a fault must hear of it."""
        parsed = [faults.parse("slow:0.5" if kind is Kind.SLOW else kind) for kind in Kind]

        assert [fault.kind for fault in parsed] == list(Kind)
        assert Fault(Kind.SLOW, 0.5) in parsed

    @pytest.mark.parametrize("text", ["", "403", "slow", "slow:", "slow:-1", "slow:nan", "429:2"])
    def test_anything_else_is_refused(self, text: str) -> None:
        """A fault that never happens would make its test pass."""
        with pytest.raises(UnknownFaultError):
            faults.parse(text)

    @given(text=st.text())
    def test_no_text_breaks_it(self, text: str) -> None:
        """The header comes from outside."""
        try:
            parsed = faults.parse(text)
        except UnknownFaultError:
            return
        assert 0 <= parsed.seconds <= 3600


class TestFaults:
    def test_an_armed_fault_is_met_as_often_as_it_was_armed(self) -> None:
        """A gateway in between does not hand headers on."""
        failing = Faults(always=None)
        failing.arm(Fault(Kind.LOCKED), times=2)

        met = [failing.meet(None, "body") for _ in range(3)]

        assert met == [Fault(Kind.LOCKED), Fault(Kind.LOCKED), None]

    def test_the_header_comes_before_what_is_armed(self) -> None:
        """The narrower wish counts, and uses nothing up."""
        failing = Faults(always=Fault(Kind.HTML))
        failing.arm(Fault(Kind.LOCKED), times=1)

        met = [failing.meet(header, "body") for header in ("402", None, None)]

        assert met == [Fault(Kind.NO_ANLAS), Fault(Kind.LOCKED), Fault(Kind.HTML)]

    def test_once_means_once_for_each_body(self) -> None:
        """A retry sends the same body with the same header, and is to succeed."""
        failing = Faults(always=None)

        met = [failing.meet("500-once", body) for body in ("first", "first", "second")]

        assert met == [Fault(Kind.BROKEN_ONCE), None, Fault(Kind.BROKEN_ONCE)]

    def test_reset_forgets_what_was_armed(self) -> None:
        """One test must not fail another."""
        failing = Faults(always=None)
        failing.arm(Fault(Kind.LOCKED), times=5)
        failing.reset()

        assert failing.meet(None, "body") is None
