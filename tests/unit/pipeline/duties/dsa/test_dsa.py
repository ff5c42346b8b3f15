"""Statements of reasons: made from decisions, held to the rules, filed once each."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from audit.entry import Entry, Json, Kind, entry_id
from audit.leaf import Leaf, leaf_of
from pipeline.duties.dsa.client import Database
from pipeline.duties.dsa.errors import RefusedError, StatementError, UnansweredError
from pipeline.duties.dsa.projection import PROJECTION
from pipeline.duties.dsa.rules import CATEGORIES, Statement, problems
from pipeline.duties.dsa.statement import Platform, statement_of
from policies.labels import HarmCode
from tests.unit.pipeline.duties.dsa.database import TOKEN, StandIn

PLATFORM = Platform("harbour", "Terms of use, 4.2", "The terms do not allow it.", None, ("DE",))
GOOD: dict[str, Any] = {
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
    "decision_account": "DECISION_ACCOUNT_TERMINATED",
    "account_type": "ACCOUNT_TYPE_PRIVATE",
    "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
    "decision_ground_reference_url": "https://platform.example/legal#s4",
    "illegal_content_legal_ground": "National law transposing Directive 2011/93/EU, Article 5",
    "illegal_content_explanation": "It matched a verified list and was confirmed by a reviewer.",
    "content_type": ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_SYNTHETIC_MEDIA"],
    "category": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
    "category_specification": ["KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE"],
    "territorial_scope": ["DE", "FR"],
    "content_language": "EN",
    "content_date": "2026-11-20",
    "application_date": "2026-11-20",
    "decision_facts": "Image input refused before generation; account closed after review.",
    "source_type": "SOURCE_VOLUNTARY",
    "automated_detection": "Yes",
    "automated_decision": "AUTOMATED_DECISION_PARTIALLY",
    "puid": "t7-01JD0000000000000000000000",
}


def leaf(
    code: str,
    kind: Kind = Kind.HALTED,
    tenant: str = "harbour",
    number: int = 1,
    **more: str,
) -> Leaf:
    submission = UUID(int=number)
    public: dict[str, Json] = {"submission": str(submission), "tenant": tenant, "code": code}
    public |= {"action": "block", **more}
    at = datetime(2026, 11, 23, 1, tzinfo=UTC)
    entry = Entry(entry_id(submission, kind), kind, at, public, {"subject": "u1"})
    return leaf_of(entry, {"subject": bytes(32)})


def statements(count: int) -> list[Statement]:
    made = [statement_of(PLATFORM, leaf("SEX.NUDITY", number=number)) for number in range(count)]
    return [each for each in made if each is not None]


@asynccontextmanager
async def asking(stand_in: StandIn, token: str = TOKEN) -> AsyncGenerator[Database]:
    transport = httpx.ASGITransport(stand_in.app())
    async with httpx.AsyncClient(transport=transport, follow_redirects=True) as http:
        yield Database(http, "http://dsa.example", SecretStr(token))


class TestProjection:
    def test_every_code_has_a_row_that_the_database_knows(self) -> None:
        """A code without one would be a decision that nobody is told of."""
        assert PROJECTION.keys() == {*HarmCode}
        named = {f"STATEMENT_CATEGORY_{row.category}" for row in PROJECTION.values() if row}
        assert named < CATEGORIES

    @pytest.mark.parametrize("code", HarmCode)
    @pytest.mark.parametrize("kind", [Kind.HALTED, Kind.WITHHOLD])
    def test_a_decision_of_every_code_makes_a_statement_that_keeps_the_rules(
        self, code: HarmCode, kind: Kind
    ) -> None:
        """Whatever is refused; what nobody could look at is no decision about content."""
        made = statement_of(PLATFORM, leaf(code, kind))

        assert (made is None) == (PROJECTION[code] is None)
        assert made is None or problems(made) == []
        assert "u1" not in str(made)

    def test_the_same_decision_has_the_same_puid_and_others_have_others(self) -> None:
        """Sent twice, it is there once."""
        assert statements(3) == statements(3)
        assert len({str(each["puid"]) for each in statements(50)}) == 50

    def test_what_is_no_refusal_or_another_platforms_makes_none(self) -> None:
        """Each platform reports its own."""
        assert statement_of(PLATFORM, leaf("SEX.NUDITY", Kind.EXAMINED)) is None
        assert statement_of(PLATFORM, leaf("SEX.NUDITY", tenant="quay")) is None

    @pytest.mark.parametrize(
        ("stage", "provision"),
        [("screen", "decision_provision"), ("examine", "decision_visibility")],
    )
    def test_what_a_person_rejected_was_found_by_machines_and_decided_by_nobody_else(
        self, stage: str, provision: str
    ) -> None:
        """A request that was held is refused by it, a picture that was held is not given out."""
        rejected = leaf("SEX.NUDITY", Kind.RULING, stage=stage, outcome="rejected")
        made = statement_of(PLATFORM, rejected)

        assert made is not None
        assert problems(made) == []
        assert provision in made
        assert made["automated_detection"] == "Yes"
        assert made["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"

    def test_what_a_person_approved_makes_none(self) -> None:
        """It restricts nothing."""
        approved = leaf("SEX.NUDITY", Kind.RULING, stage="examine", outcome="approved")
        assert statement_of(PLATFORM, approved) is None

    def test_what_a_person_saw_in_a_picture_that_was_out_no_machine_found(self) -> None:
        """It said of such pictures that machines had found and decided it."""
        seen = leaf("SEX.NUDITY", Kind.WITHHOLD, stage="examine", reason="blind_check")
        made = statement_of(PLATFORM, seen)

        assert made is not None
        assert problems(made) == []
        assert made["automated_detection"] == "No"
        assert made["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"

    def test_a_platform_that_names_somebody_is_refused(self) -> None:
        """The database is public."""
        platform = Platform("harbour", "4.2", "ask ann@example.org", None)
        with pytest.raises(StatementError, match="e-mail"):
            statement_of(platform, leaf("SEX.NUDITY"))


class TestRules:
    def test_the_documented_example_keeps_them(self) -> None:
        """Else what is refused below is refused for nothing."""
        assert problems(GOOD) == []

    @pytest.mark.parametrize("name", [name for name in GOOD if name != "decision_account"])
    def test_nothing_that_goes_with_the_rest_can_be_left_out_unseen(self, name: str) -> None:
        """What is optional may go; what is needed is named."""
        optional = {
            "decision_visibility", "account_type", "decision_ground_reference_url",
            "category_specification", "territorial_scope", "content_language",
        }  # fmt: skip
        found = problems({key: value for key, value in GOOD.items() if key != name})

        assert bool(found) == (name not in optional)

    @pytest.mark.parametrize(
        "change",
        [
            {"puid": "a b"}, {"puid": "a" * 501}, {"category": "STATEMENT_CATEGORY_PORNOGRAPHY"},
            {"content_date": "2026-02-30"}, {"content_date": "20261120"},
            {"content_date": "1999-01-01"}, {"category_specification": ["NUDITY"]},
            {"application_date": "2019-12-31"}, {"application_date": "2038-01-02"},
            {"territorial_scope": ["US"]}, {"territorial_scope": "DE"}, {"territorial_scope": []},
            {"content_language": "en"}, {"content_type": ["CONTENT_TYPE_OTHER"]},
            {"content_type_other": "a mask"}, {"incompatible_content_ground": "4.2"},
            {"source_identity": "a trusted flagger"}, {"automated_detection": "true"},
            {"decision_facts": "x" * 5001}, {"decision_facts": " "}, {"notes": "a field of ours"},
            {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]},
            {"decision_facts": "the account of ann@example.org"},
            {"decision_facts": "from 192.0.2.7"},
            {"decision_facts": "posted by @ann_at_sea"}, {"decision_facts": "call +49 30 1234567"},
            {"decision_ground_reference_url": "https://platform.example/u/12345"},
        ],
        ids=str,
    )  # fmt: skip
    def test_each_rule_is_held(self, change: dict[str, Any]) -> None:
        """The database drops some of these silently, and publishes the others."""
        assert problems({**GOOD, **change})

    @given(st.dictionaries(st.sampled_from([*GOOD]), st.text(max_size=9) | st.lists(st.text())))
    def test_whatever_it_is_given_it_answers(self, change: dict[str, Any]) -> None:
        """A file of statements can be anybody's."""
        assert isinstance(problems({**GOOD, **change}), list)


class TestSubmitting:
    async def test_statements_go_in_batches_of_a_hundred(self) -> None:
        """More at once is not taken."""
        stand_in = StandIn()
        async with asking(stand_in) as database:
            outcome = await database.submit(statements(205))

        assert stand_in.batches == [100, 100, 5]
        assert len(outcome.filed) == len(stand_in.held) == 205

    async def test_sending_again_files_nothing_twice(self) -> None:
        """302 says that it is there: the client does not go where it leads."""
        stand_in = StandIn()
        async with asking(stand_in) as database:
            await database.submit(statements(3))
            outcome = await database.submit(statements(5))

        assert (len(outcome.existed), len(outcome.filed), len(stand_in.held)) == (3, 2, 5)

    @pytest.mark.parametrize("trouble", ["before", "after"])
    async def test_a_lost_answer_is_looked_up(self, trouble: str) -> None:
        """Whether it was written before the answer was lost, or not."""
        stand_in = StandIn(breaks=lambda batch: trouble if batch == 1 else None)
        async with asking(stand_in) as database:
            outcome = await database.submit(statements(4))

        filed, existed = len(outcome.filed), len(outcome.existed)
        assert (filed, existed) == ((4, 0) if trouble == "before" else (0, 4))
        assert len(stand_in.held) == 4

    async def test_one_that_is_not_taken_does_not_take_its_batch_along(self) -> None:
        """All or nothing is the database's rule for a batch; ours is each by itself."""
        given_ = statements(4)
        stand_in = StandIn(dislikes={str(given_[2]["puid"])})
        async with asking(stand_in) as database:
            outcome = await database.submit(given_)

        assert [*outcome.refused] == [given_[2]["puid"]]
        assert len(outcome.filed) == len(stand_in.held) == 3

    async def test_a_statement_that_breaks_a_rule_is_never_sent(self) -> None:
        """Nor are those beside it: somebody has to look."""
        stand_in = StandIn()
        async with asking(stand_in) as database:
            with pytest.raises(StatementError):
                await database.submit([*statements(2), {**GOOD, "puid": "a b"}])
        assert stand_in.batches == []

    async def test_a_token_that_is_not_taken_stops_everything(self) -> None:
        """A new one makes the old one worthless: somebody has to look."""
        async with asking(StandIn(), "an older token") as database:
            with pytest.raises(RefusedError):
                await database.submit(statements(1))

    async def test_a_database_that_stays_silent_is_told_as_that(self) -> None:
        """Nothing is known then, and asking again later is safe."""
        stand_in = StandIn(breaks=lambda _: "before")
        async with asking(stand_in) as database:
            with pytest.raises(UnansweredError):
                await database.submit(statements(1))
