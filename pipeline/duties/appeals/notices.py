"""The statement of reasons to an end user, which the platform passes on.

Of what is of `CSE.*`, or is kept for the authorities, it says what is said of everything that
cannot be told, until the child-safety team lifts that: nobody is tipped off, and nobody can tell
by the shape of a notice that there is something that it does not say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.errors import ConflictError
from audit.log import Log
from pipeline.duties.appeals.errors import NothingDecidedError
from pipeline.duties.appeals.restriction import Restriction, restriction_of
from pipeline.duties.appeals.templates import UNTOLD, Templates
from pipeline.store.appeals import Appeal
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

GIVEN, LIFTED = "notice.given", "notice.lifted"


@dataclass(frozen=True, slots=True)
class Notices:
    """Says what was decided, in the words of the templates."""

    store: Store
    log: Log
    templates: Templates
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def give(self, row: SubmissionRow, wanted: str) -> dict[str, Json]:
        """Return the notice of a submission, in a language of `wanted`; the entry comes first.

        Raises:
            NothingDecidedError: nothing was decided that could be told.
            StoreError, AuditError: it MUST NOT be given.
        """
        found = await self.restriction(row)
        appeal = await self.store.appeals.of(row.tenant, row.id)
        lifted = await self.store.appeals.is_lifted(row.tenant, row.id)
        said = self.say(found, appeal, self.templates.language(wanted), lifted=lifted)
        await self._given(row, appeal, lifted=lifted)
        return said

    async def restriction(self, row: SubmissionRow) -> Restriction:
        """Return what was decided on a submission.

        Raises:
            NothingDecidedError: nothing was, for its content.
        """
        found = await restriction_of(self.store, self.log, row)
        if found is None:
            raise NothingDecidedError("generation", "a decision on its content", "none")
        return found

    def say(
        self, found: Restriction, appeal: Appeal | None, language: str, *, lifted: bool
    ) -> dict[str, Json]:
        """Return the notice; `lifted` says that what MUST NOT be told is told after all."""
        texts = self.templates.texts[language]
        code = found.code
        ground = (
            UNTOLD if found.worst and not lifted else self.templates.ground(code, lifted=lifted)
        )
        what = "pictures_withheld" if found.withheld else "request_refused"
        how = "partially" if found.rulings else "fully"
        until = found.at + self.templates.open_for
        return {
            "generation": str(found.submission),
            "decided_at": found.at.isoformat(),
            "restriction": what,
            "withheld": found.withheld,
            "code": None if ground == UNTOLD else code.value,
            "language": language,
            "facts": texts[what],
            "ground": texts[ground],
            "automated_detection": True,
            "automated_decision": how,
            "automation": texts[how],
            "redress": texts["redress"],
            "appeal_until": until.isoformat(),
            "appeal_at": f"/v1/generations/{found.submission}/appeal",
            "appeal": None if appeal is None else _told(appeal, texts),
            "templates": self.templates.digest,
        }

    async def lift(self, row: SubmissionRow, person: str, role: str, reason: str) -> None:
        """Let be told what was decided on a submission, for a reason; the entry comes first.

        Raises:
            NothingDecidedError: there is nothing to tell.
            StoreError, AuditError: it is not lifted.
        """
        await self.restriction(row)
        public: dict[str, Json] = {
            "event": LIFTED,
            "submission": str(row.id),
            "tenant": row.tenant,
            "role": role,
            "automated": False,
        }
        personal: dict[str, str | bytes] = {"person": person, "reason": reason}
        await self.log.append(Entry(self.new_id(), Kind.NOTICE, self.now(), public, personal))
        await self.store.appeals.lift(row.tenant, row.id, person, self.now())

    async def _given(self, row: SubmissionRow, appeal: Appeal | None, *, lifted: bool) -> None:
        """Write down, once for each state of it, that a notice was given."""
        state = "none" if appeal is None else appeal.outcome or "waiting"
        named = f"notice/{self.templates.digest}/{state}/{lifted}"
        public: dict[str, Json] = {
            "event": GIVEN,
            "submission": str(row.id),
            "tenant": row.tenant,
            "config_digest": self.templates.digest,
            "outcome": state,
        }
        known_as = uuid5(row.id, named)
        if await self.log.receipt(known_as) is None:
            try:
                await self.log.append(Entry(known_as, Kind.NOTICE, self.now(), public))
            except ConflictError:  # somebody else asked at the same moment: it is written
                return


def _told(appeal: Appeal, texts: Mapping[str, str]) -> dict[str, Json]:
    """Return how an appeal stands. Neither the code nor the reason of its outcome is told."""
    decided = appeal.decided_at
    return {
        "id": str(appeal.id),
        "received_at": appeal.received_at.isoformat(),
        "due_at": appeal.due_at.isoformat(),
        "outcome": appeal.outcome,
        "decided_at": None if decided is None else decided.isoformat(),
        "text": texts[appeal.outcome or "waiting"],
    }
