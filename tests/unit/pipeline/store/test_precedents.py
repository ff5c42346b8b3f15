"""Earlier decisions on what is nearly the same: a tenant's own, and none from the quarantine."""

from collections.abc import Callable, Coroutine
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.items import Cause, Stage
from pipeline.store.holds import End, Hold
from pipeline.store.precedents import MOST_SHOWN, Precedent, Resemblance
from pipeline.store.seizures import Seizable
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
WORDS, PICTURE = 0x0F0F, 0xFF00FF
Add = Callable[..., Coroutine[None, None, None]]


@pytest.fixture
async def add(store: Store, row: SubmissionRow) -> Add:
    """Let something be decided, and kept as what it is like."""
    await store.admission.admit(row)

    async def added(
        number: int,
        words: int = WORDS,
        picture: int = PICTURE,
        code: str = "SEX.NUDITY",
        end: End | None = End.REJECTED,
    ) -> None:
        known_as, over = UUID(int=number), NOON + timedelta(hours=9)
        stage, cause = Stage.EXAMINE, Cause.SUSPICION
        sealed = "a" * 32
        hold = Hold(known_as, "harbour", row.id, stage, 0, cause, sealed, NOON, over, code=code)
        await store.holds.open(hold)
        if end is not None:
            await store.holds.close(hold, end, NOON, "person-ada", "as before")
        like = Resemblance(known_as, "harbour", row.id, words, picture, NOON)
        await store.precedents.keep(like)

    return added


def asked(row: SubmissionRow, tenant: str = "harbour") -> Resemblance:
    """What somebody works on."""
    return Resemblance(uuid4(), tenant, row.id, WORDS, PICTURE, NOON)


async def codes(store: Store, like: Resemblance) -> list[str]:
    """The codes of what is near, the nearest first."""
    return [each.code for each in await store.precedents.nearest(like)]


async def test_the_nearest_is_first_and_what_is_far_is_none(
    store: Store, add: Add, row: SubmissionRow
) -> None:
    """By words or by picture, whichever is nearer."""
    await add(1, words=WORDS ^ 0b111, picture=0, code="VIO.GORE")
    await add(2, words=0, picture=PICTURE ^ 1)
    await add(3, words=~WORDS & (2**64 - 1), picture=PICTURE ^ (2**40 - 1))

    found = await store.precedents.nearest(asked(row))

    assert found == (
        Precedent("SEX.NUDITY", End.REJECTED, NOON, "as before", None, 1),
        Precedent("VIO.GORE", End.REJECTED, NOON, "as before", 3, None),
    )


async def test_only_what_people_decided_for_this_tenant_is_found(
    store: Store, add: Add, row: SubmissionRow
) -> None:
    """What expired, or waits, or was another's is no precedent."""
    await add(1, end=None)
    await add(2, end=End.EXPIRED)
    assert await codes(store, asked(row)) == []

    await add(3, end=End.APPROVED)
    assert await codes(store, asked(row)) == ["SEX.NUDITY"]
    assert await codes(store, asked(row, "meadow")) == []


async def test_what_nobody_could_compare_is_near_nothing(
    store: Store, add: Add, row: SubmissionRow
) -> None:
    """Two pictures with nothing on them are not alike."""
    await add(1, words=0, picture=0)
    like = Resemblance(uuid4(), "harbour", row.id, 0, 0, NOON)
    assert await store.precedents.nearest(like) == ()


async def test_nothing_is_found_that_is_for_the_quarantine(
    store: Store, add: Add, row: SubmissionRow
) -> None:
    """Not by its code, and not once it is seized, nor ever after."""
    await add(1, code="CSE.KNOWN")
    await add(2)
    assert await codes(store, asked(row)) == ["SEX.NUDITY"]

    await store.seizures.order(Seizable("a" * 32, "harbour", row.id, "CSE.KNOWN", NOON))
    await store.seizures.done("a" * 32)

    assert await codes(store, asked(row)) == []
    assert await store.precedents.of(UUID(int=2)) is None


async def test_a_precedent_names_nothing_that_could_be_opened() -> None:
    """By its type there is no way from it to a picture, a request or a case."""
    named = {each.name for each in fields(Precedent)}
    assert named == {"code", "end", "ended_at", "reason", "words", "picture"}


async def test_few_are_shown_and_what_is_like_is_kept_once(
    store: Store, add: Add, row: SubmissionRow
) -> None:
    """The first time counts: later the picture may be gone."""
    for number in range(MOST_SHOWN + 1):
        await add(number + 1)
    assert len(await codes(store, asked(row))) == MOST_SHOWN

    await store.precedents.keep(Resemblance(UUID(int=1), "harbour", row.id, 5, 5, NOON))
    kept = await store.precedents.of(UUID(int=1))
    assert kept == Resemblance(UUID(int=1), "harbour", row.id, WORDS, PICTURE, NOON)


async def test_whoever_is_erased_is_like_nothing_any_more(
    store: Store, add: Add, row: SubmissionRow
) -> None:
    """What words are like is made of the words."""
    await add(1)
    await store.forgetting.submission(row.id)
    assert await store.precedents.of(UUID(int=1)) is None
