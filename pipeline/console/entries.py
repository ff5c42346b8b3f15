"""What the log says of people who come and go. By pseudonym: the names are in app.db alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.entry import Entry, Json, Kind
from audit.log import Log
from pipeline.store.reviewers import Reviewer


@dataclass(frozen=True, slots=True)
class Entries:
    """Writes entries about accounts; each is durable once its method returns."""

    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def write(self, event: str, reviewer: Reviewer | None, by: str | None = None) -> None:
        """Write down what happened to an account, or to a name that nobody has.

        `by` is who did it, if not its owner.

        Raises:
            AuditError: it is not written down: what it tells of MUST NOT happen.
        """
        public: dict[str, Json] = {"event": event}
        personal: dict[str, str | bytes] = {}
        if reviewer is not None:
            public["role"] = reviewer.role
            personal["account"] = reviewer.pseudonym
        if by is not None:
            personal["person"] = by
        elif reviewer is not None:
            personal["person"] = reviewer.pseudonym
        await self.log.append(Entry(self.new_id(), Kind.ACCESS, self.now(), public, personal))
