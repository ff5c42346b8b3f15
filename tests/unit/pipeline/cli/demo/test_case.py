from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from audit.entry import Kind
from pipeline.cli.demo.answers import Answer
from pipeline.cli.demo.case import Case, Check, Played, Right, failed, judged
from pipeline.cli.demo.ledger import Step
from pipeline.cli.demo.run import CASES
from pipeline.cli.demo.world import World

ID = UUID(int=7)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HALTED = Step(3, UUID(int=9), Kind.HALTED, NOON, {"stage": "screen", "code": "X.Y"}, b"")
ANSWER = Answer(403, "CONTENT_NOT_ALLOWED", "no", ID, audit_id=str(HALTED.entry_id))
RIGHT = Right("CONTENT_NOT_ALLOWED", "screen", 0, "X.Y")


async def never(_: World) -> Played:
    raise NotImplementedError


CASE = Case("c", "a request", "a point", RIGHT, never)


class TestJudged:
    def test_the_right_outcome_is_right(self) -> None:
        """Everything that is asked for, and nothing more."""
        outcome = judged(CASE, Played(ANSWER), [HALTED], 0, 5)

        assert outcome.ok, outcome.checks
        assert (outcome.decision, outcome.stage, outcome.reason) == ("refused", "screen", "X.Y")

    @pytest.mark.parametrize(
        "right",
        [
            replace(RIGHT, code="released"),
            replace(RIGHT, stage="examine"),
            replace(RIGHT, paid=1),
            replace(RIGHT, reason="OTHER"),
            replace(RIGHT, pictures=1),
        ],
    )
    def test_one_thing_that_is_not_so_fails_the_case(self, right: Right) -> None:
        """A demonstration that cannot fail shows nothing."""
        outcome = judged(replace(CASE, right=right), Played(ANSWER), [HALTED], 0, 5)

        assert sum(not check.holds for check in outcome.checks) == 1
        assert not outcome.ok

    def test_an_answer_without_any_entry_fails(self) -> None:
        """No entry, no release: nor a refusal."""
        assert not judged(CASE, Played(ANSWER), [], 0, 5).ok

    def test_a_check_of_the_case_itself_counts(self) -> None:
        """What only the case can look at, such as the quarantine."""
        played = Played(ANSWER, (Check("it is sealed", holds=False),))

        assert not judged(CASE, played, [HALTED], 0, 5).ok

    def test_a_receipt_of_another_request_fails(self) -> None:
        """A caller could prove nothing with it."""
        stranger = replace(ANSWER, audit_id=str(UUID(int=1)))

        assert not judged(CASE, Played(stranger), [HALTED], 0, 5).ok


def test_what_could_not_be_played_is_not_right() -> None:
    """A case that breaks off is no success."""
    assert not failed(CASE, httpx.ReadTimeout("")).ok


def test_each_case_has_a_name_of_its_own() -> None:
    """Files of the report are named for them."""
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 12
