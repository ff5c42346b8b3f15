"""What the routes work with: every part of the house that they may ask, built by `app.py`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from audit.log import Log
from pipeline.access.callers import Callers
from pipeline.access.tokens import SubjectTokens
from pipeline.duties.appeals.appeals import Appeals
from pipeline.duties.enforcement.enforcing import Enforcing
from pipeline.duties.reports.reporting import Reports
from pipeline.engines.routing import Routing
from pipeline.engines.standings import Standings
from pipeline.gateway.texts import Texts
from pipeline.halts import Halts
from pipeline.items import Json
from pipeline.jobs.desk import Desk
from pipeline.jobs.shelf import Shelf
from pipeline.judge import Judge
from pipeline.novelai.accounts import Accounts
from pipeline.novelai.limits import Limits
from pipeline.novelai.price import Plan
from pipeline.novelai.tags import Suggestion, Typed
from pipeline.seizure import Seizure
from pipeline.store.store import Store
from pipeline.tenancy import Tenancy


@dataclass(slots=True)
class Troubles:
    """What fails, by the name of the part, with the kind of its fault."""

    failed: dict[str, str] = field(default_factory=dict)
    tried_at: datetime | None = None
    """When what failed was last tried again."""
    trying: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Gate:
    """The parts behind the routes."""

    desk: Desk
    shelf: Shelf
    judge: Judge
    store: Store
    log: Log
    callers: Callers
    tokens: SubjectTokens
    accounts: Accounts
    tenancy: Tenancy
    texts: Texts
    limits: Limits
    plan: Plan
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    banks: Callable[[], Mapping[str, Mapping[str, Json]]]
    """What is known of each bank in use; empty when the operator declared that there are none."""
    subject_key: bytes = field(repr=False)
    """Keys the fingerprints by which refusals are counted."""
    refusals_a_day: int
    """After how many refusals in a day a subject has no more dry runs: nobody maps the rules."""
    seizure: Seizure
    halts: Halts
    appeals: Appeals
    enforcing: Enforcing
    reports: Reports
    suggest: Callable[[Typed], Awaitable[tuple[Suggestion, ...]]]
    """Asks NovelAI which tags a text may be going to be; it MUST have been judged."""
    routing: Routing = field(default_factory=Routing)
    """What names stand for that are no model's."""
    engines: Standings = field(default_factory=lambda: Standings((), lambda: 0.0))
    """How the engines of one's own stand."""
    outside: Callable[[], Mapping[str, Json]] = dict
    """What is remembered of the log outside it, for the operator."""
    troubles: Troubles = field(default_factory=Troubles)
    """Which of the stores failed when it was last written to; whether the server is stopping."""
