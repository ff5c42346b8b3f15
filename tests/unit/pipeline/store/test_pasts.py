"""What became of what an end user asked for before: theirs alone, within their tenant."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.items import Cause, Stage
from pipeline.store.holds import Hold
from pipeline.store.pasts import MOST_SHOWN, Before
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow


@pytest.fixture
def row(row: SubmissionRow) -> SubmissionRow:
    """A submission of somebody who is named."""
    return replace(row, subject="fingerprint")


async def ended(store: Store, row: SubmissionRow, number: int, state: State) -> None:
    """Let an earlier request have ended, as late as its number says."""
    at = row.received_at + timedelta(minutes=number)
    own = replace(row, id=UUID(int=number), received_at=at, body_sha256=f"{number:064x}")
    await store.admission.admit(own)
    await store.submissions.move(own.tenant, own.id, state, at)


async def test_it_is_counted_by_what_became_of_it(store: Store, row: SubmissionRow) -> None:
    """The one that is looked at is none of them."""
    await store.admission.admit(row)
    await ended(store, row, 1, State.HALTED)
    await ended(store, row, 2, State.HELD)
    over = row.received_at + timedelta(hours=9)
    held = (UUID(int=2), Stage.SCREEN, None, Cause.SUSPICION, "a" * 32, row.received_at, over)
    await store.holds.open(Hold(UUID(int=9), row.tenant, *held, code="SEX.NUDITY"))

    past = await store.pasts.of(row.tenant, row.subject, row.id)

    assert dict(past.counts) == {State.HALTED: 1, State.HELD: 1}
    assert past.stopped == (
        Before(row.received_at + timedelta(minutes=2), State.HELD, "SEX.NUDITY"),
        Before(row.received_at + timedelta(minutes=1), State.HALTED, ""),
    )


async def test_it_is_nobody_elses(store: Store, row: SubmissionRow) -> None:
    """A fingerprint means nothing in another tenant."""
    await ended(store, row, 1, State.HALTED)
    for tenant, subject in (("meadow", row.subject), (row.tenant, "another")):
        past = await store.pasts.of(tenant, subject, row.id)
        assert not past.counts
        assert past.stopped == ()


async def test_only_the_newest_that_were_stopped_are_shown(
    store: Store, row: SubmissionRow
) -> None:
    """What was released without a word is counted, not listed."""
    for number in range(1, MOST_SHOWN + 3):
        await ended(store, row, number, State.HALTED)
    past = await store.pasts.of(row.tenant, row.subject, row.id)
    assert past.counts[State.HALTED] == MOST_SHOWN + 2
    assert len(past.stopped) == MOST_SHOWN
    assert past.stopped[0].received_at == row.received_at + timedelta(minutes=MOST_SHOWN + 2)
