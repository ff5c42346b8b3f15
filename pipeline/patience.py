"""Patience: whoever is refused often waits before the next request, ever longer.

A filter that answers as fast as it is asked can be mapped. So each end user, and each API key, has
some refusals a day that cost nothing; after those each one doubles the wait. To write a refused
text again in a disguise that it lacked counts for several.
"""

from datetime import datetime, timedelta

from classifiers.likeness import is_near, likeness
from classifiers.signals import Finding, Signal, SignalName
from pipeline.items import Halted, Held, PublicCode, Submission, public_code
from pipeline.store.refusals import Refusals, RefusedText, Standing
from pipeline.store.submissions import SubmissionRow

OF_A_KEY = 50
"""How many times an end user's refusals an API key may have, which speaks for many."""
LONGEST = timedelta(hours=1)
EVASION = 5
"""As how many refusals an evasion counts."""
_TELLING = frozenset({PublicCode.CONTENT_NOT_ALLOWED, PublicCode.HELD})
"""The answers that tell of the rules. Who writes in a language that is not read tried nothing."""


async def count(
    refusals: Refusals, row: SubmissionRow, submission: Submission, outcome: Held | Halted
) -> None:
    """Count the refusal of a request, if that is what its outcome is."""
    judged = outcome.judged
    if outcome.index is not None or judged is None or judged.decision.allows:
        return
    if public_code(judged.decision) not in _TELLING or not judged.decision.was_seen:
        return
    tenant, subject, at = row.tenant, row.subject, row.received_at
    text = RefusedText(
        likeness(submission.contents.reading),
        disguised=any(map(_is_disguise, judged.findings)),
    )
    before = await refusals.texts(tenant, subject, at)
    weight = EVASION if _evades(text, before) else 1
    for name in (subject, _key_name(row)):
        await refusals.add(tenant, name, at, weight)
    await refusals.remember(tenant, subject, text, at)


async def asks_again_at(
    refusals: Refusals, row: SubmissionRow, now: datetime, free: int, *, named: bool
) -> datetime | None:
    """Return when a request may be made that may not be made now; None if it may.

    `free` refusals a day cost nothing. Without a named end user all are counted as one, who then
    stands for as many as the key does.
    """
    budgets = ((row.subject, free if named else free * OF_A_KEY), (_key_name(row), free * OF_A_KEY))
    standings = [(await refusals.standing(row.tenant, name, now), limit) for name, limit in budgets]
    due = max((_due(standing, limit) for standing, limit in standings if standing), default=now)
    return due if due > now else None


def _is_disguise(found: Finding) -> bool:
    disguised = SignalName.TEXT_DISGUISED
    return isinstance(found, Signal) and found.name is disguised and found.score > 0


def _evades(text: RefusedText, before: tuple[RefusedText, ...]) -> bool:
    """Whether nearly the same was refused before without the disguise that it now needs."""
    return text.disguised and any(
        not each.disguised and is_near(each.likeness, text.likeness) for each in before
    )


def _due(standing: Standing, free: int) -> datetime:
    over = standing.count - free
    if over < 0:
        return standing.last_at
    return standing.last_at + min(timedelta(seconds=2 ** min(over, 12)), LONGEST)


def _key_name(row: SubmissionRow) -> str:
    return f"key {row.key_id.hex}"
