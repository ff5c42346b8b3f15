import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from pipeline.errors import ConflictError
from pipeline.store.admission import IDEMPOTENCY, Entrance
from pipeline.store.store import Store
from pipeline.store.submissions import IN_FLIGHT, State, SubmissionRow

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
SECOND = UUID(int=101)


class TestSameBody:
    @pytest.mark.parametrize("state", State)
    async def test_it_joins_what_is_in_flight(
        self, store: Store, row: SubmissionRow, state: State
    ) -> None:
        """An SDK that retries a timed-out call must not pay twice."""
        await store.admission.admit(replace(row, state=state))

        admitted = await store.admission.admit(replace(row, id=SECOND))

        joined = state in IN_FLIGHT
        assert admitted.entrance is (Entrance.JOINED if joined else Entrance.NEW)
        assert admitted.submission.id == (row.id if joined else SECOND)

    async def test_of_many_at_once_one_is_new(self, store: Store, row: SubmissionRow) -> None:
        """The race is decided by the database, not by luck."""
        admitted = await asyncio.gather(
            *(store.admission.admit(replace(row, id=UUID(int=200 + n))) for n in range(8))
        )

        assert [one.entrance for one in admitted].count(Entrance.NEW) == 1
        assert len({one.submission.id for one in admitted}) == 1

    async def test_another_tenants_same_body_is_new(self, store: Store, row: SubmissionRow) -> None:
        """Nobody gets a picture by guessing somebody else's request."""
        await store.admission.admit(row)
        theirs = replace(row, id=SECOND, tenant="meadow", key_id=UUID(int=2))

        assert (await store.admission.admit(theirs)).entrance is Entrance.NEW


class TestIdempotencyKey:
    async def test_it_finds_what_is_finished(self, store: Store, row: SubmissionRow) -> None:
        """A caller that lost the answer can ask for it again."""
        await store.admission.admit(replace(row, state=State.RELEASED), "order-7")

        admitted = await store.admission.admit(replace(row, id=SECOND), "order-7")

        assert admitted.entrance is Entrance.JOINED
        assert admitted.submission == replace(row, state=State.RELEASED)

    async def test_another_body_conflicts(self, store: Store, row: SubmissionRow) -> None:
        """One key, one request: anything else is a mistake of the caller's."""
        await store.admission.admit(row, "order-7")

        admitted = await store.admission.admit(
            replace(row, id=SECOND, body_sha256="c" * 64), "order-7"
        )

        assert admitted.entrance is Entrance.CONFLICT
        assert await store.submissions.get("harbour", SECOND) is None

    async def test_two_keys_are_two_requests(self, store: Store, row: SubmissionRow) -> None:
        """Who names two orders wants two pictures, even of the same body."""
        await store.admission.admit(row, "order-7")

        admitted = await store.admission.admit(replace(row, id=SECOND), "order-8")

        assert admitted.entrance is Entrance.NEW

    async def test_it_is_the_tenants_own(self, store: Store, row: SubmissionRow) -> None:
        """Two platforms may both number their orders from one."""
        await store.admission.admit(row, "order-7")
        theirs = replace(row, id=SECOND, tenant="meadow", key_id=UUID(int=2))

        assert (await store.admission.admit(theirs, "order-7")).entrance is Entrance.NEW

    async def test_it_is_forgotten_after_a_day(self, store: Store, row: SubmissionRow) -> None:
        """The documented time is the real one, purged or not."""
        await store.admission.admit(row, "order-7")
        late = replace(row, id=SECOND, body_sha256="c" * 64, received_at=NOON + IDEMPOTENCY)

        assert (await store.admission.admit(late, "order-7")).entrance is Entrance.NEW

    async def test_purging_forgets_what_is_out_of_time(
        self, store: Store, row: SubmissionRow
    ) -> None:
        """The table does not grow for ever."""
        await store.admission.admit(row, "order-7")

        assert await store.admission.purge(NOON + IDEMPOTENCY - timedelta(seconds=1)) == 0
        assert await store.admission.purge(NOON + IDEMPOTENCY) == 1


@pytest.mark.parametrize("change", [{"tenant": "nobody"}, {"key_id": UUID(int=9)}])
async def test_a_submission_is_of_somebody_known(
    store: Store, row: SubmissionRow, change: Mapping[str, Any]
) -> None:
    """Nothing is carried for nobody."""
    with pytest.raises(ConflictError):
        await store.admission.admit(replace(row, **change))
