"""Erasures in app.db: what waits, and when each was complete."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pipeline.items import Cause, Stage, Tier
from pipeline.store.erasures import ErasureRow
from pipeline.store.holds import Hold
from pipeline.store.origins import Origin
from pipeline.store.pictures import Picture, PictureState
from pipeline.store.refusals import RefusedText
from pipeline.store.store import Store
from pipeline.store.subject_tokens import SubjectToken
from pipeline.store.submissions import SubmissionRow

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
SUBJECT = "5" * 64
WAITING = (UUID(int=100), UUID(int=101))
ROW = ErasureRow(UUID(int=1), "harbour", SUBJECT, "gdpr-17", "Ada", NOON, WAITING)


async def test_an_erasure_is_complete_once_nothing_waits_and_a_period_began_after_it(
    store: Store,
) -> None:
    """Neither before the last of it, nor with a period that had begun already."""
    await store.erasures.order(ROW)
    await store.erasures.done(ROW.id, WAITING[0], 5, 3)
    assert await store.erasures.complete(99, NOON) == 0

    await store.erasures.done(ROW.id, WAITING[1], 7, 2)
    await store.erasures.done(ROW.id, WAITING[1], 4, 0)
    (row,) = await store.erasures.all()
    assert (row.waiting, row.erased, row.last) == ((), 5, 7)
    assert await store.erasures.complete(7, NOON) == 0
    assert await store.erasures.complete(8, LATER) == 1
    assert await store.erasures.complete(9, NOON) == 0
    (row,) = await store.erasures.all()
    assert row.completed_at == LATER


async def test_marks_move_on(store: Store) -> None:
    """Retention goes on where it was."""
    assert await store.erasures.marks() == {}
    for at in (5, 9):
        await store.erasures.mark("allowed", at)
    await store.erasures.mark("refused", 2)
    assert await store.erasures.marks() == {"allowed": 9, "refused": 2}


async def test_what_a_submission_was_made_of_is_forgotten(store: Store, row: SubmissionRow) -> None:
    """That it happened stays: for the budget, and for what the log says."""
    row, other = replace(row, subject=SUBJECT), replace(row, id=UUID(int=101), vault_id="0" * 32)
    await store.admission.admit(row, "key-1")
    await store.admission.admit(other, "key-2")
    kept = Picture("harbour", row.id, 0, "a" * 32, "d" * 64, PictureState.RELEASED, NOON)
    await store.pictures.add([kept, replace(kept, submission=other.id, vault_id="e" * 32)])
    hold = Hold(UUID(int=5), "harbour", row.id, Stage.EXAMINE, 0, Cause.SUSPICION, "a" * 32, NOON,
                LATER, facts={"code": "GORE"}, reason="why")  # fmt: skip
    await store.holds.open(hold)
    for each in (row, other):
        await store.origins.keep(Origin("harbour", each.id, "d" * 64, None, {}, LATER))

    assert await store.forgetting.submissions_of("harbour", SUBJECT) == (row.id,)
    for _ in range(2):
        assert await store.forgetting.submission(row.id) == {"f" * 32, "a" * 32}

    blanked = await store.submissions.get("harbour", row.id)
    assert blanked == replace(row, subject="", body_sha256="")
    (picture,) = await store.pictures.of("harbour", row.id)
    assert (picture.state, picture.sha256) == (PictureState.DESTROYED, "")
    (held,) = await store.holds.of("harbour", row.id)
    assert (held.facts, held.reason) == ({}, None)
    assert await store.forgetting.submissions_of("harbour", SUBJECT) == ()
    assert len(await store.origins.scores("harbour", "d" * 64, ())) == 1
    again = await store.admission.admit(replace(other, id=UUID(int=102)), "key-2")
    assert again.submission == other
    assert (await store.admission.admit(replace(row, id=UUID(int=103)), "key-1")).entrance == "new"


async def test_what_a_subject_was_refused_is_forgotten(store: Store) -> None:
    """And its tokens end, which name it."""
    await store.refusals.add("harbour", SUBJECT, NOON)
    await store.refusals.add("harbour", "6" * 64, NOON)
    await store.refusals.remember("harbour", SUBJECT, RefusedText(1, disguised=False), NOON)
    for secret, name in (("1" * 64, "u1"), ("2" * 64, "u2")):
        token = SubjectToken(
            secret, "harbour", UUID(int=1), name, Tier.GENERAL, None, None, None, LATER
        )
        await store.subject_tokens.add(token)

    await store.forgetting.subject("harbour", SUBJECT, "u1")

    assert await store.refusals.count("harbour", SUBJECT, NOON) == 0
    assert await store.refusals.count("harbour", "6" * 64, NOON) == 1
    assert await store.refusals.texts("harbour", SUBJECT, NOON) == ()
    assert await store.subject_tokens.of_secret("1" * 64, NOON) is None
    assert await store.subject_tokens.of_secret("2" * 64, NOON) is not None
