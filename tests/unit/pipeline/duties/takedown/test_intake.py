"""Notices to take something down: their clocks, and what people decide."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from audit.entry import Kind
from audit.errors import NotDurableError
from pipeline.duties.takedown.errors import TakedownError
from pipeline.duties.takedown.intake import NEEDED, Element, Intake
from pipeline.store.takedowns import NoticeKind, Takedown, Taken
from tests.unit.pipeline.world import TENANT, World

HASH = ("sha256", "ab" * 32)
WHOLE = NEEDED[NoticeKind.TAKE_IT_DOWN]


@pytest.fixture
def intake(house: World) -> Intake:
    return Intake(house.store, house.log, house.clock, house.gate.new_id)


async def taken_in(intake: Intake, **said: Any) -> Takedown:
    given: dict[str, Any] = {
        "tenant": TENANT,
        "kind": NoticeKind.TAKE_IT_DOWN,
        "elements": WHOLE,
        "hashes": [HASH],
        "person": "anna",
    }
    return await intake.take(**given | said)


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        (NoticeKind.TAKE_IT_DOWN, 48),
        (NoticeKind.ARTICLE_16, 72),
        (NoticeKind.TRUSTED_FLAGGER, 24),
    ],
)
async def test_a_whole_notice_has_a_clock(intake: Intake, kind: NoticeKind, hours: int) -> None:
    """From the moment at which everything that its law asks for is there."""
    notice = await taken_in(intake, kind=kind, elements=NEEDED[kind])

    assert notice.due_at == intake.now() + timedelta(hours=hours)
    assert await intake.store.takedowns.open() == (notice,)


async def test_a_clock_begins_once_the_notice_is_whole(house: World, intake: Intake) -> None:
    """And does not begin anew when it is told again."""
    notice = await taken_in(intake, elements=WHOLE - {Element.SIGNATURE})
    assert notice.due_at is None
    house.clock.passes(hours=5)

    whole = await intake.complete(notice, frozenset({Element.SIGNATURE}), "anna")
    house.clock.passes(hours=5)
    again = await intake.complete(whole, frozenset({Element.CONTACT}), "anna")

    assert whole.due_at == again.due_at == intake.now() + timedelta(hours=43)


async def test_what_is_due_first_comes_first(house: World, intake: Intake) -> None:
    """What has no clock comes last, and is there."""
    broken = await taken_in(intake, elements=frozenset[Element]())
    late = await taken_in(intake)
    house.clock.passes(hours=1)
    flagged = await taken_in(
        intake,
        kind=NoticeKind.TRUSTED_FLAGGER,
        elements=NEEDED[NoticeKind.TRUSTED_FLAGGER],
    )

    assert await intake.store.takedowns.open() == (flagged, late, broken)


async def test_people_decide_once_and_with_a_reason(house: World, intake: Intake) -> None:
    """The same again is the same; nothing else is."""
    notice = await taken_in(intake)
    with pytest.raises(TakedownError, match="reason"):
        await intake.decide(notice, Taken.DOWN, "anna", " ")

    decided = await intake.decide(notice, Taken.DOWN, "anna", "she is right")
    assert await intake.decide(notice, Taken.DOWN, "anna", "she is right") == decided
    with pytest.raises(TakedownError, match="otherwise"):
        await intake.decide(notice, Taken.NOT, "bert", "I am right")
    with pytest.raises(TakedownError, match="decided"):
        await intake.complete(notice, frozenset({Element.CONTACT}), "anna")

    leaves = [leaf.public for leaf in await house.leaves() if leaf.kind is Kind.TAKEDOWN]
    assert [leaf["event"] for leaf in leaves][:2] == ["takedown.received", "takedown.decided"]
    assert leaves[1]["outcome"] == "down"
    assert HASH[1] not in str(leaves)


async def test_what_cannot_be_written_down_is_not_taken(house: World, intake: Intake) -> None:
    """It is sent again."""
    house.log.refuses = frozenset({Kind.TAKEDOWN})

    with pytest.raises(NotDurableError):
        await taken_in(intake)

    assert await intake.store.takedowns.open() == ()


@pytest.mark.parametrize(
    "said",
    [
        {"tenant": "another"},
        {"submission": UUID(int=7)},
        {"hashes": [("sha256", "ab")]},
        {"hashes": [("sha256", "zz" * 32)]},
        {"hashes": [("crc", "ab" * 32)]},
        {"hashes": [("photodna", "ab" * 144)]},
        {"hashes": [("pdq", "00" * 32)]},
        {"hashes": [("md5", "d41d8cd98f00b204e9800998ecf8427e")]},
        {"hashes": [HASH] * 1001},
    ],
)
async def test_what_is_no_notice(intake: Intake, said: dict[str, Any]) -> None:
    """Also a hash that would match what nobody meant."""
    with pytest.raises(TakedownError) as caught:
        await taken_in(intake, **said)

    assert "ab" * 32 not in str(caught.value)
