"""Cases: what is held, as people work on it. Whatever they do is an entry before it happens.

A case of `CSE.*` is for the child-safety role alone: to others it is not there. What a person has
to see in order to rule (the request's words, the picture) is shown to whoever has claimed the case.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.entry import Entry, Json, Kind, Receipt, entry_id
from audit.errors import AbsentError
from audit.leaf import Leaf
from audit.log import Log
from pipeline.access.permissions import Permission
from pipeline.console.derivative import derivative
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.places import Piece, pieces, span_of
from pipeline.console.sessions import Session
from pipeline.errors import MissingObjectError
from pipeline.items import NEVER_RELEASED, Cause, Sealed, Stage
from pipeline.jobs.errors import RulingError
from pipeline.jobs.received import Received
from pipeline.jobs.rulings import Ruling, Rulings
from pipeline.jobs.uncovered import Uncovered
from pipeline.novelai.limits import Limits
from pipeline.store.first_approvals import FirstApproval
from pipeline.store.holds import Hold
from pipeline.store.queue import Counts, Waiting, Wanted
from pipeline.store.store import Store
from pipeline.vault import Vault
from policies.labels import HarmCode

TWO_PEOPLE = frozenset({"SEX", "NCII"})
"""Families of codes of which nothing is released because of one person."""


class TakenError(ConsoleError):
    """Somebody else works on the case, or nobody does and it has to be claimed first."""

    status = 409
    title = "This case is not yours now"


@dataclass(frozen=True, slots=True)
class Said:
    """One text of a request, cut where something was found in it."""

    path: str
    polarity: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry about a submission, as its timeline shows it."""

    index: int
    entry: UUID
    kind: str
    at: str
    code: str
    milliseconds: int | None


@dataclass(frozen=True, slots=True)
class Cases:
    """What the pages of cases do."""

    store: Store
    log: Log
    vault: Vault
    rulings: Rulings
    uncovered: Uncovered
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    closed: Callable[[], bool]
    """Whether the server is about to stop, and takes no rulings."""

    async def queue(self, wanted: Wanted, page: int) -> tuple[Sequence[Waiting], Counts]:
        """Return a page of what somebody may work on, and how much there is."""
        queue, now = self.store.queue, self.now()
        return await queue.page(wanted, now, page), await queue.counts(wanted, now)

    async def find(self, session: Session, known_as: UUID) -> Hold:
        """Return a case that waits for a person and that this one may see.

        Raises:
            NowhereError: there is none, or it is not theirs to see, or it has ended.
        """
        hold = await self.store.holds.get_for_review(known_as)
        if hold is None or hold.end is not None or hold.cause is not Cause.SUSPICION:
            raise NowhereError
        if not session.sees(hold.tenant) or (is_of_the_worst(hold) and not sees_worst(session)):
            raise NowhereError
        return hold

    async def claim(self, session: Session, hold: Hold) -> None:
        """Take a case, or go on having it.

        Raises:
            TakenError: somebody else has it.
        """
        if not await self.store.claims.take(hold.id, session.person.name, self.now()):
            raise TakenError("Somebody else is working on it: take the next one.")

    async def give_back(self, session: Session, hold: Hold) -> None:
        """Let others have a case."""
        await self.store.claims.give_back(hold.id, session.person.name)

    async def has(self, session: Session, hold: Hold) -> bool:
        """Whether this person has claimed a case, and still has it."""
        claim = await self.store.claims.of(hold.id, self.now())
        return claim is not None and claim.person == session.person.name

    async def require_claim(self, session: Session, hold: Hold) -> None:
        """Return if this person has the case.

        Raises:
            TakenError: they have not, or not any more.
        """
        if not await self.has(session, hold):
            raise TakenError("Claim it first: your claim may have run out, or another has it.")

    async def said(self, session: Session, hold: Hold) -> Sequence[Said]:
        """Return the words of the request, with what was found in them.

        Raises:
            PipelineError, AuditError: it cannot be read; nothing was shown.
        """
        await self.require_claim(session, hold)
        decided = _decided(hold)
        await self._write(Kind.ACCESS, "case.opened", session, hold, entries=[str(decided)])
        row = await self.store.submissions.get(hold.tenant, hold.submission)
        if row is None:
            raise MissingObjectError(str(hold.submission), "a submission", "none")
        received = Received.read(await self.vault.look(row.vault_id))
        work = await asyncio.to_thread(received.work, Limits())
        spans = [span_of(each) for each in await self._findings(decided)]
        return [
            Said(
                text.path,
                text.polarity.value,
                pieces(text.text, [s for s in spans if s is not None and s.path == text.path]),
            )
            for text in work.prompt.texts
            if text.text.strip()
        ]

    async def _findings(self, decided: UUID) -> Sequence[Json]:
        try:
            found = (await self.log.detail(decided)).detail.get("findings", [])
        except AbsentError:  # erased: the facts of the case are what is left
            return ()
        return found if isinstance(found, list) else ()

    async def timeline(self, hold: Hold) -> Sequence[Step]:
        """Return what the log says of the submission so far, oldest first."""
        ids = [entry_id(hold.submission, Kind.ADMIT), entry_id(hold.submission, Kind.HELD)]
        ids += [entry_id(hold.submission, Kind.GENERATED), _decided(hold)]
        found = [await self.log.receipt(each) for each in dict.fromkeys(ids)]
        return sorted(
            (_step(each) for each in found if each is not None), key=lambda step: step.index
        )

    async def small(self, hold: Hold) -> bytes:
        """Return what a page may show of a picture.

        Raises:
            NowhereError: there is no picture, or nobody is shown anything of it.
        """
        _check_shown(hold)
        return await asyncio.to_thread(derivative, await self.vault.look(hold.vault_id))

    async def reveal(self, session: Session, hold: Hold) -> tuple[UUID, bytes]:
        """Return a picture as it is, and the id of the entry that says so.

        Raises:
            NowhereError: there is no picture, or nobody is shown it.
            TakenError: the case is not theirs.
            PipelineError, AuditError: it cannot be shown, or not be written down.
        """
        _check_shown(hold)
        await self.require_claim(session, hold)
        pictures = await self.store.pictures.of(hold.tenant, hold.submission)
        picture = next((each for each in pictures if each.index == hold.index), None)
        examined = await self.log.receipt(_decided(hold))
        if picture is None or examined is None or hold.index is None:
            raise NowhereError
        entry = await self.uncovered.begin(hold, session.person.name, session.role)
        sealed = Sealed(picture.vault_id, hold.index, picture.sha256)
        return entry, await self.vault.open(sealed, examined)

    async def covered(
        self, session: Session, hold: Hold, revealed: UUID, milliseconds: int
    ) -> None:
        """Write down that a picture is covered again, and for how long it was not.

        Raises:
            NowhereError: they have not revealed it, or it was covered before.
        """
        if not await self.uncovered.end(hold, session.person.name, revealed, milliseconds):
            raise NowhereError

    async def rule(
        self, session: Session, hold: Hold, *, approves: bool, reason: str, code: HarmCode | None
    ) -> str:
        """Rule on a case; return what became of it: `approved once`, or the outcome.

        Without a `code` it is ruled by the one that it is held for.

        Raises:
            TakenError: the case is not theirs.
            ConsoleError: it cannot be ruled so; the message says why, and nothing was done.
        """
        await self.require_claim(session, hold)
        if self.closed():
            raise ConsoleError("The server is stopping: rule again when it has started.")
        if not reason.strip():
            raise ConsoleError("A ruling needs a reason: write one, in your own words.")
        if approves and _family(hold) in TWO_PEOPLE and await self._is_first(session, hold):
            await self.give_back(session, hold)
            return "approved once"
        try:
            ruling = Ruling(session.person, approves, reason, code or hold.code)
            end = await self.rulings.rule(hold, ruling)
        except RulingError as fault:
            message = f"It cannot be ruled so: {fault}."
            raise ConsoleError(message) from None
        await self.give_back(session, hold)
        return "withheld" if end is None else type(end.outcome).__name__.lower()

    async def _is_first(self, session: Session, hold: Hold) -> bool:
        """Keep a first approval; False if there is one of somebody else's, which this seconds."""
        me = session.person.name
        first = await self.store.first_approvals.of(hold.id)
        if first is None:
            await self._write(Kind.CASE, "case.first_approval", session, hold, outcome="approved")
            given = FirstApproval(hold.id, me, self.now())
            if await self.store.first_approvals.give(given):
                return True
            first = await self.store.first_approvals.of(hold.id)
        if first is None or first.person == me:
            raise ConsoleError("You approved it already: a second person has to agree.")
        session.person.require(Permission.REVIEW_APPROVE_SECOND)
        return False

    async def _write(
        self, kind: Kind, event: str, session: Session, hold: Hold, **more: Json
    ) -> UUID:
        entry = self.new_id()
        public: dict[str, Json] = {
            "event": event,
            "case": str(hold.id),
            "submission": str(hold.submission),
            "tenant": hold.tenant,
            "role": session.role,
            **more,
        }
        person: dict[str, str | bytes] = {"person": session.person.name}
        await self.log.append(Entry(entry, kind, self.now(), public, person))
        return entry


def sees_worst(session: Session) -> bool:
    """Whether cases of `CSE.*` are there for this person."""
    return session.may(Permission.CHILD_SAFETY_OPEN)


def is_of_the_worst(hold: Hold) -> bool:
    """Whether a case is for the child-safety role alone."""
    return _family(hold) == NEVER_RELEASED


def has_picture(hold: Hold) -> bool:
    """Whether a case is about a picture that may be shown, small or revealed."""
    return hold.stage is Stage.EXAMINE and hold.index is not None and not is_of_the_worst(hold)


def _check_shown(hold: Hold) -> None:
    if not has_picture(hold):
        raise NowhereError


def _family(hold: Hold) -> str:
    return hold.code.partition(".")[0]


def _decided(hold: Hold) -> UUID:
    """Return the id of the entry that says why it is held."""
    kind = Kind.HELD if hold.index is None else Kind.EXAMINED
    return entry_id(hold.submission, kind, hold.index or 0, hold.attempt)


def _step(receipt: Receipt) -> Step:
    leaf = Leaf.parse(receipt.leaf)
    lasted = leaf.public.get("duration_us")
    return Step(
        receipt.index,
        receipt.entry_id,
        leaf.kind.value,
        leaf.at,
        str(leaf.public.get("code", "")),
        lasted // 1000 if isinstance(lasted, int) else None,
    )
