"""The kill switch: what is halted is not begun, not sent, not released and not handed out again.

One person halts, at once: the switch works before it is written down, so a log or a disk that fails
does not keep it open. Two people lift it. What was on its way is kept: pictures that were paid for
are held, and looked at again by machine once nothing stops them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from audit.entry import Entry, Json, Kind, entry_id
from audit.leaf import Leaf
from audit.log import Log
from pipeline.access.subjects import fingerprint
from pipeline.errors import HaltError
from pipeline.items import Subject, Submission, Tier, engine_of
from pipeline.store.halts import Halt, HaltTable, Scope
from pipeline.store.submissions import SubmissionRow

ENGINE: Final = "novelai"
"""The engine of every model that names none of one's own."""


@dataclass(slots=True)
class Halts:
    """Every halt that stands, in memory, because every stage asks."""

    table: HaltTable
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    subject_key: bytes = field(repr=False)
    own_models: tuple[str, ...] = ()
    """Those of self-hosted engines."""
    _standing: dict[UUID, Halt] = field(default_factory=dict)
    _unwritten: dict[UUID, Halt] = field(default_factory=dict)

    @property
    def engines(self) -> frozenset[str]:
        """Every engine there is."""
        return frozenset({ENGINE, *(engine_of(each) or ENGINE for each in self.own_models)})

    async def load(self) -> None:
        """Read what stands. It MUST be called before anything is served.

        Raises:
            StoreError: nobody knows what is halted: nothing may be served.
        """
        self._standing = {halt.id: halt for halt in await self.table.standing()}

    async def refresh(self) -> None:
        """Read what stands again: another gateway may have halted, or two people lifted it there.

        What this one placed and could not write down still stands.

        Raises:
            StoreError: nobody knows; what stood still stands.
        """
        unwritten = dict(self._unwritten)  # first: what is written meanwhile is among those read
        self._standing = {halt.id: halt for halt in await self.table.standing()} | unwritten
        self._standing |= self._unwritten

    def standing(self) -> tuple[Halt, ...]:
        """Return every halt that stands, oldest first."""
        return tuple(self._standing.values())

    def stops(self, submission: Submission) -> bool:
        """Whether a submission may not go on."""
        return self.stops_request(submission.subject, submission.work.model)

    def stops_request(self, subject: Subject, model: str = "", route: str = "") -> bool:
        """Whether what is asked for may not be done; whoever does not know the model leaves it."""
        if not self._standing:
            return False
        who = fingerprint(self.subject_key, subject)
        return self._any(subject.tenant, who, subject.tier, model, route)

    async def stops_row(self, row: SubmissionRow, route: str = "") -> bool:
        """Whether what came of a submission may not be handed out, nor a ruling on it carried out.

        Raises:
            AuditError: nobody knows what it was; it MUST NOT be.
        """
        if not self._standing:
            return False
        admitted = await self.log.receipt(entry_id(row.id, Kind.ADMIT))
        if admitted is None:  # held before it was: whatever is halted by tier or model may be it
            return self._any(row.tenant, row.subject, None, None, route)
        said = Leaf.parse(admitted.leaf).public
        return self._any(row.tenant, row.subject, str(said["tier"]), str(said["model"]), route)

    async def place(
        self, scope: Scope, value: str, subject_of: str, reason: str, person: str
    ) -> Halt:
        """Halt from now on. `subject_of` is the tenant whose subject, by pseudonym, `value` is.

        Raises:
            HaltError: it does not say what to stop; nothing is.
            StoreError, AuditError: it is stopped, and will not be after a restart, or nobody can
                read in the log that it is.
        """
        halt = self._new(scope, value, subject_of, reason, person)
        self._standing[halt.id] = self._unwritten[halt.id] = halt
        await self.table.place(halt)
        del self._unwritten[halt.id]
        await self._write(halt, "halt.placed", person, {"reason": reason, "value": value})
        return halt

    async def lift(self, halt_id: UUID, person: str) -> bool:
        """Ask to lift a halt; True if it is lifted, because somebody else had asked before.

        Raises:
            HaltError: there is no such halt, or the same person asked before.
            AuditError, StoreError: it still stands.
        """
        halt = self._standing.get(halt_id)
        if halt is None:
            raise HaltError("there is no such halt, or it is lifted")
        if halt.lifting is None:
            await self._write(halt, "halt.lifting", person)
            if not await self.table.ask_to_lift(halt_id, person):
                raise HaltError("somebody else has just asked to lift it: ask again")
            self._standing[halt_id] = replace(halt, lifting=person)
            return False
        if halt.lifting == person:
            raise HaltError("you have asked for it: a second person has to lift it")
        await self._write(halt, "halt.lifted", person)
        await self.table.lift(halt_id, self.now())
        del self._standing[halt_id]
        return True

    def _new(self, scope: Scope, value: str, subject_of: str, reason: str, person: str) -> Halt:
        if not reason.strip():
            raise HaltError("a halt needs a reason")
        if (scope is Scope.ALL) is bool(value):
            raise HaltError("name what to halt: everything, or one value")
        if scope is Scope.TIER and value not in set(Tier):
            message = f"expected the tier {' or '.join(Tier)}"
            raise HaltError(message)
        if scope is Scope.ENGINE and value not in self.engines:
            message = f"expected the engine {' or '.join(sorted(self.engines))}"
            raise HaltError(message)
        if (scope is Scope.SUBJECT) is not bool(subject_of):
            raise HaltError("name the tenant of a subject, and of nothing else")
        if scope is Scope.SUBJECT:
            value = fingerprint(self.subject_key, Subject(subject_of, pseudonym=value))
        return Halt(self.new_id(), scope, value, subject_of, reason, person, self.now())

    def _any(self, tenant: str, who: str, tier: str | None, model: str | None, route: str) -> bool:
        asked = {
            Scope.TENANT: tenant,
            Scope.SUBJECT: who,
            Scope.ROUTE: route,
            Scope.MODEL: model,
            Scope.ENGINE: None if model is None else engine_of(model) or ENGINE,
            Scope.TIER: tier,
            Scope.ALL: "",
        }
        return any(asked[halt.scope] in {halt.value, None} for halt in self._standing.values())

    async def _write(
        self, halt: Halt, event: str, person: str, said: dict[str, str] | None = None
    ) -> None:
        public: dict[str, Json] = {"event": event, "name": halt.scope, "trace": str(halt.id)}
        tenant = halt.value if halt.scope is Scope.TENANT else halt.tenant
        if tenant:
            public["tenant"] = tenant
        entry = Entry(
            self.new_id(), Kind.CONFIG, self.now(), public, {"person": person, **(said or {})}
        )
        await self.log.append(entry)
