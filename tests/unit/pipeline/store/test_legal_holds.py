"""Legal holds in app.db: what each stands over, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from pipeline.store.legal_holds import LegalHold
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
HOLD = LegalHold(UUID(int=7), "harbour", None, None, "court 7", NOON, "Ada")
ONE, OTHER = UUID(int=100), UUID(int=101)
SOME, ELSE = "5" * 64, "6" * 64


@pytest.fixture
async def known(store: Store, row: SubmissionRow) -> Store:
    """A store with a submission of each of two subjects."""
    await store.admission.admit(replace(row, id=ONE, subject=SOME))
    await store.admission.admit(replace(row, id=OTHER, subject=ELSE, body_sha256="c" * 64))
    return store


@pytest.mark.parametrize(
    ("hold", "expected"),
    [
        (replace(HOLD, submission=ONE), {ONE}),
        (replace(HOLD, subject=ELSE), {OTHER}),
        (HOLD, {ONE, OTHER}),
        (replace(HOLD, tenant="meadow"), set[UUID]()),
        (replace(HOLD, tenant="meadow", subject=SOME), set[UUID]()),
    ],
)
async def test_a_hold_stands_over_what_it_names_until_it_is_lifted(
    known: Store, hold: LegalHold, expected: set[UUID]
) -> None:
    """Nobody else's is kept for it, and nothing of it is lost meanwhile."""
    holds = known.legal_holds
    await holds.place(hold)
    await holds.place(hold)

    assert await holds.among([ONE, OTHER, UUID(int=9)]) == expected
    assert await holds.requests() == ({"f" * 32} if expected else set())
    for each, subject in ((ONE, SOME), (OTHER, ELSE)):
        assert await holds.covers("harbour", each, subject) == (each in expected)
    assert await holds.all() == (hold,)

    assert await holds.lift(hold.id, NOON, "Bea")
    assert not await holds.lift(hold.id, NOON, "Cleo")
    assert await holds.among([ONE, OTHER]) == set()
    assert not await holds.covers("harbour", ONE, SOME)
    assert await holds.all() == ()
    assert await holds.all(lifted=True) == (replace(hold, lifted_at=NOON, lifted_by="Bea"),)


async def test_nobody_is_no_subject(known: Store) -> None:
    """What has no submission, or no subject, stands under the holds of its whole tenant only."""
    await known.legal_holds.place(replace(HOLD, submission=ONE))
    assert not await known.legal_holds.covers("harbour", None, None)
    await known.legal_holds.place(replace(HOLD, id=UUID(int=8)))
    assert await known.legal_holds.covers("harbour", None, None)


async def test_many_submissions_are_asked_about_at_once(known: Store) -> None:
    """More than SQLite takes in one statement."""
    await known.legal_holds.place(replace(HOLD, submission=ONE))
    many = {UUID(int=number) for number in range(100, 2000)}
    assert await known.legal_holds.among(many) == {ONE}
