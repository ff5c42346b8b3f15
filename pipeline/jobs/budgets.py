"""Budgets: what may still be spent by a tenant, and by each of its end users within a day.

A tenant's budget is spent for good. An end user's is what every one of that tenant may spend in any
24 hours; requests that name nobody are one end user's, all together.
"""

from datetime import datetime, timedelta
from typing import Final

from pipeline.jobs.errors import OverBudgetError, SubjectSpentError
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

WITHIN: Final = timedelta(hours=24)
"""For so long what an end user was charged counts."""


async def charge(part: Store, row: SubmissionRow) -> None:
    """Charge for what was just admitted, as a part of the transaction that admitted it.

    What costs nothing is never refused.

    Raises:
        OverBudgetError, SubjectSpentError: it is not paid for; the transaction MUST be undone.
    """
    if not await part.tenants.charge(row.tenant, row.price):
        raise OverBudgetError
    left_now = await left_of(part, row.tenant, row.subject, row.received_at) if row.price else None
    if left_now is not None and left_now < 0:  # its own price is in what was charged
        raise SubjectSpentError


async def left_of(store: Store, tenant: str, subject: str, now: datetime) -> int | None:
    """Return what an end user may still spend; negative if it is too much already.

    None where the tenant bounds nobody. `subject` is their fingerprint.

    Raises:
        StoreError: nobody knows.
    """
    budget = await store.tenants.subject_budget(tenant)
    if budget is None:
        return None
    return budget - await store.submissions.charged(tenant, subject, now - WITHIN)


async def left(store: Store, tenant: str, subject: str, now: datetime) -> int:
    """Return what may still be spent for an end user: by the tenant, and by themselves.

    Raises:
        StoreError: nobody knows.
    """
    known = await store.tenants.get(tenant)
    of_tenant = 0 if known is None else known.anlas_budget - known.anlas_spent
    of_subject = await left_of(store, tenant, subject, now)
    return max(0, of_tenant if of_subject is None else min(of_tenant, of_subject))
