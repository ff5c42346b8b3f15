"""Escalation to the child-safety team: from then on a case is of `CSE.*`, and theirs alone."""

from datetime import datetime

from pipeline.projection import due_of
from pipeline.store.holds import Hold, Lane, Worse
from pipeline.store.store import Store
from policies.labels import HarmCode


async def to_the_team(store: Store, hold: Hold, code: HarmCode, now: datetime) -> bool:
    """Make an open hold one of `code`; False if it has ended, and nobody has got it.

    Nothing is told to be like it any more. The entry that says who did it MUST be written before.
    """
    due = min(due_of(code, now, hold.expires_at), hold.due_at or hold.expires_at)
    if not await store.holds.escalate(hold, Lane.ANY, Worse(code.value, code.severity, due)):
        return False
    await store.precedents.forget(hold.submission)
    return True
