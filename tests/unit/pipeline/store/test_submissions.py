import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pipeline.items import PublicCode
from pipeline.jobs.budgets import charge
from pipeline.jobs.errors import SubjectSpentError
from pipeline.store.store import Store
from pipeline.store.submissions import BEFORE, IN_FLIGHT, State, SubmissionRow
from pipeline.store.tenants import Tenant

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=9)
ENDS = {State.RELEASED, State.WITHHELD, State.HALTED}


class TestMove:
    async def test_the_way_to_release_can_be_gone(self, store: Store, row: SubmissionRow) -> None:
        """The main job of the gateway, seen from its memory."""
        await store.admission.admit(row)

        for state in (State.CALLING, State.RELEASED):
            assert await store.submissions.move("harbour", row.id, state, LATER)
        moved = await store.submissions.get("harbour", row.id)
        assert moved == replace(row, state=State.RELEASED, changed_at=LATER)

    @pytest.mark.parametrize("to", State)
    async def test_only_the_drawn_ways_can_be_gone(
        self, store: Store, row: SubmissionRow, to: State
    ) -> None:
        """A stale worker cannot release what was withheld meanwhile."""
        moved: set[State] = set()

        for number, start in enumerate(State):
            one = replace(row, id=UUID(int=number), body_sha256=str(number) * 64, state=start)
            await store.admission.admit(one)
            if await store.submissions.move("harbour", one.id, to, LATER):
                moved.add(start)

        assert moved == BEFORE[to]

    async def test_of_two_that_move_it_one_succeeds(self, store: Store, row: SubmissionRow) -> None:
        """Nothing is paid twice or released twice."""
        await store.admission.admit(row)

        moved = await asyncio.gather(
            *(store.submissions.move("harbour", row.id, State.CALLING, LATER) for _ in range(8))
        )

        assert sum(moved) == 1

    async def test_another_tenant_neither_sees_nor_moves_it(
        self, store: Store, row: SubmissionRow
    ) -> None:
        """Tenants are apart, even for one who knows an id."""
        await store.admission.admit(row)

        assert await store.submissions.get("meadow", row.id) is None
        assert not await store.submissions.move("meadow", row.id, State.HALTED, LATER)

    async def test_the_callers_code_is_remembered(self, store: Store, row: SubmissionRow) -> None:
        """Who asks again is told the same."""
        await store.admission.admit(row)
        code = PublicCode.CONTENT_NOT_ALLOWED

        await store.submissions.move("harbour", row.id, State.HALTED, LATER, code)

        moved = await store.submissions.get("harbour", row.id)
        assert moved is not None
        assert moved.code is code

    def test_nothing_leaves_an_end(self) -> None:
        """What is withheld is never released."""
        assert not ENDS & frozenset().union(*BEFORE.values())

    def test_nothing_is_released_that_was_not_called_or_held(self) -> None:
        """What never went upstream has no picture; what each picture needs, its own table holds."""
        assert BEFORE[State.RELEASED] == {State.CALLING, State.HELD}

    def test_every_state_says_how_it_is_reached(self) -> None:
        """A new state without a way would be a dead end."""
        assert set(BEFORE) == set(State)


class TestRecovery:
    async def test_what_an_earlier_process_left_is_found(
        self, store: Store, row: SubmissionRow
    ) -> None:
        """No paid picture is lost when a server is killed."""
        for number, state in enumerate(State):
            await store.admission.admit(
                replace(row, id=UUID(int=number), body_sha256=str(number) * 64, state=state)
            )

        left = await store.submissions.abandoned("process-2")

        assert {found.state for found in left} == IN_FLIGHT
        assert await store.submissions.abandoned("process-1") == ()

    async def test_it_is_adopted_once(self, store: Store, row: SubmissionRow) -> None:
        """Two that recover do not carry the same submission."""
        await store.admission.admit(row)

        assert await store.submissions.adopt(row, "process-2", LATER)
        assert not await store.submissions.adopt(row, "process-3", LATER)
        assert await store.submissions.abandoned("process-2") == ()

    async def test_what_moved_meanwhile_is_not_adopted(
        self, store: Store, row: SubmissionRow
    ) -> None:
        """Its owner was alive after all."""
        await store.admission.admit(row)
        await store.submissions.move("harbour", row.id, State.CALLING, LATER)

        assert not await store.submissions.adopt(row, "process-2", LATER)

    async def test_sealed_requests_are_told_to_the_sweep(
        self, store: Store, row: SubmissionRow
    ) -> None:
        """The sweep destroys what nobody knows of, and only that."""
        await store.admission.admit(row)

        assert await store.submissions.sealed_requests() == {row.vault_id}


class TestCharged:
    """What an end user was charged: their budget is what they may be charged in a day."""

    async def test_of_a_thousand_at_once_as_many_pass_as_their_budget_holds(
        self, store: Store, url: str | None, row: SubmissionRow
    ) -> None:
        """Not one more, and not one less: also where two gateways admit at once."""
        stores = [store] if url is None else [store, await Store.connect(url)]
        pier = Tenant("pier", "Pier", NOON, anlas_budget=10_000, subject_budget=100)
        await store.tenants.add(pier)

        async def admitted(number: int) -> bool:
            known_as, body = UUID(int=number), f"{number:064}"
            asked = replace(row, id=known_as, body_sha256=body, price=1, tenant=pier.id)

            async def work(part: Store) -> None:
                await part.admission.admit(asked)
                await charge(part, asked)

            try:
                await stores[number % len(stores)].together(work)
            except SubjectSpentError:
                return False
            return True

        passed = await asyncio.gather(*(admitted(number) for number in range(1, 1_001)))

        assert sum(passed) == 100
        after = await store.tenants.get(pier.id)
        assert after == replace(pier, anlas_spent=100)
        for other in stores[1:]:
            await other.close()

    async def test_it_is_their_own_of_late_and_what_was_not_given_back(
        self, store: Store, row: SubmissionRow
    ) -> None:
        """Nobody pays for somebody else, for what never came, or for yesterday."""
        old, new = NOON - timedelta(hours=24), NOON - timedelta(hours=23)
        asked = [
            replace(row, price=1, subject="one", received_at=old),
            replace(row, price=2, subject="one", received_at=new),
            replace(row, price=4, subject="one"),
            replace(row, price=8, subject="two"),
            replace(row, price=16, subject="one", tenant="meadow", key_id=UUID(int=2)),
            replace(row, price=32, subject="one"),
        ]
        for number, each in enumerate(asked):
            known_as = UUID(int=number)
            await store.admission.admit(replace(each, id=known_as, body_sha256=str(number) * 64))
        await store.submissions.uncharge("meadow", UUID(int=5))  # it is none of theirs
        await store.submissions.uncharge("harbour", UUID(int=5))

        assert await store.submissions.charged("harbour", "one", old) == 6
        assert await store.submissions.charged("harbour", "nobody", old) == 0
