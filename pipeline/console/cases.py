"""Cases: what is held, as people work on it. Whatever they do is an entry before it happens.

A case of `CSE.*` is for the child-safety role alone: to others it is not there. What a person has
to see in order to rule (the request's words, the picture) is shown to whoever has claimed the case.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from uuid import UUID

from audit.entry import Entry, Json, Kind, Receipt, entry_id
from audit.errors import AbsentError, AuditError
from audit.leaf import Leaf
from audit.log import Log
from classifiers import normalise
from pipeline.console.derivative import derivative
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.ordinary import (
    Act,
    Ordinary,
    acts_of,
    family_of,
    is_of_the_worst,
    sees_escalated,
    sees_worst,
)
from pipeline.console.places import MOST_BOXES, Box, box_of, span_of
from pipeline.console.resembling import Resembling
from pipeline.console.sessions import Session
from pipeline.console.words import Said, said_of
from pipeline.duties.enforcement.standing import Standing
from pipeline.errors import MissingObjectError
from pipeline.items import Cause, Sealed, Stage
from pipeline.jobs.errors import RestError
from pipeline.jobs.received import Received
from pipeline.jobs.uncovered import Uncovered
from pipeline.novelai.limits import Limits
from pipeline.settings.queues import ReviewQueue
from pipeline.store.holds import Hold, Lane
from pipeline.store.pasts import Past
from pipeline.store.precedents import Precedent
from pipeline.store.queue import Counts, Waiting, Wanted
from pipeline.store.store import Store
from pipeline.vault import Vault

_NO_MORE: Mapping[str, Json] = MappingProxyType({})
_SHORT = 12
"""Letters of a digest that are shown: enough to tell two versions apart."""


class TakenError(ConsoleError):
    """Somebody else works on the case, or nobody does and it has to be claimed first."""

    status = 409
    title = "This case is not yours now"


class EnoughError(ConsoleError):
    """Somebody has looked at enough pictures for now, or asked not to be given such cases."""

    status = 429
    title = "Not now"


@dataclass(frozen=True, slots=True)
class Opened:
    """What is shown of a case to whoever has claimed it."""

    said: Sequence[Said]
    past: Past | None
    """What its end user asked for before; None if the platform names nobody."""
    precedents: Sequence[Precedent] | None
    """Decisions on what is nearly the same; None if nobody could compare."""
    boxes: Sequence[Box] = ()
    """Where in pictures something was found, the highest scores first."""
    size: tuple[int, int] = (0, 0)
    """Width and height of the pictures that came back."""
    stands: Standing | None = None
    """Where its end user stands; None if the platform names nobody."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry about a submission, as its timeline shows it."""

    index: int
    entry: UUID
    kind: str
    at: str
    code: str
    milliseconds: int | None
    versions: Sequence[str]
    """What judged: the beginnings of the digests of policy, models and banks."""


@dataclass(frozen=True, slots=True)
class Cases:
    """What the pages of cases do, short of ruling."""

    store: Store
    log: Log
    vault: Vault
    uncovered: Uncovered
    resembling: Resembling
    standing: Callable[[str, str], Awaitable[Standing]]
    """Tells where an end user stands, by tenant and fingerprint."""
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    queues: Sequence[ReviewQueue] = ()
    """Those that have a name."""

    def acts_of(self, hold: Hold) -> frozenset[Act]:
        """Return what may be done with a case here."""
        return acts_of(hold, self.queues)

    async def theirs(self, session: Session) -> Wanted:
        """Return all of the queue that somebody may work on."""
        return Wanted(
            session.tenants,
            person=session.person.name,
            worst=sees_worst(session),
            senior=sees_escalated(session),
            without=await self.store.exposures.opted_out(session.person.name),
        )

    async def queue(self, wanted: Wanted, after: UUID | None) -> tuple[Sequence[Waiting], Counts]:
        """Return a page of what somebody may work on, and how much there is."""
        queue, now = self.store.queue, self.now()
        return await queue.page(wanted, now, after), await queue.counts(wanted, now)

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
        if hold.lane is Lane.SENIOR and not sees_escalated(session):
            raise NowhereError
        return hold

    async def claim(self, session: Session, hold: Hold) -> None:
        """Take a case, or go on having it. Who takes one is written down; that they keep it is not.

        Raises:
            TakenError: somebody else has it, or it is ruled on already.
            EnoughError: they asked not to be given such cases.
            AuditError: it could not be written down; the case is nobody's.
        """
        if await self.store.intents.of(hold.id) is not None:
            raise TakenError("It is ruled on already, and that is about to be carried out.")
        if family_of(hold) in await self.store.exposures.opted_out(session.person.name):
            raise EnoughError("You opted out of cases of this kind: somebody else takes them.")
        had = await self.has(session, hold)
        if not await self.store.claims.take(hold.id, session.person.name, self.now()):
            raise TakenError("Somebody else is working on it: take the next one.")
        if not had:
            await self._assigned(session, hold)
        if not is_of_the_worst(hold):
            await self.resembling.look(Ordinary(hold), self.now())

    async def _assigned(self, session: Session, hold: Hold) -> None:
        try:
            await self.write(Kind.CASE, "case.assigned", session, hold)
        except AuditError:
            await self.give_back(session, hold)
            raise

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

    async def opened(self, session: Session, hold: Hold) -> Opened:
        """Return the words of the request, what came before it, and what was decided on the like.

        Raises:
            TakenError: the case is not theirs.
            PipelineError, AuditError: it cannot be read; nothing was shown.
        """
        await self.require_claim(session, hold)
        decided = _decided(hold)
        await self.write(Kind.ACCESS, "case.opened", session, hold, {"entries": [str(decided)]})
        row = await self.store.submissions.get(hold.tenant, hold.submission)
        if row is None:
            raise MissingObjectError(str(hold.submission), "a submission", "none")
        received = Received.read(await self.vault.look(row.vault_id))
        findings = await self._findings(decided)
        spans = [span for each in findings if (span := span_of(each)) is not None]
        boxes = [box for each in findings if (box := box_of(each)) is not None]
        boxes.sort(key=lambda box: -box.score)

        def read() -> tuple[Sequence[Said], tuple[int, int]]:
            work = received.work(Limits())
            said = said_of(work.prompt, normalise.read(work.prompt), spans)
            return said, (work.width, work.height)

        named, past, stands = received.subject.pseudonym is not None, None, None
        if named and row.subject:
            past = await self.store.pasts.of(row.tenant, row.subject, row.id)
            stands = await self.standing(row.tenant, row.subject)
        precedents: Sequence[Precedent] | None = ()
        if not is_of_the_worst(hold):
            precedents = await self.resembling.precedents(Ordinary(hold))
        said, size = await asyncio.to_thread(read)
        return Opened(said, past, precedents, boxes[:MOST_BOXES], size, stands)

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

    async def proof(self, entry: UUID) -> Mapping[str, object]:
        """Return what proves that an entry is in the log: its leaf, the way up, and the keys.

        Raises:
            AuditError: it cannot be told.
        """
        receipt = await self.log.receipt(entry)
        if receipt is None:
            raise NowhereError
        chain = await self.log.keys()
        return {
            "leaf": base64.b64encode(receipt.leaf).decode(),
            "proof": await self.log.proof(entry),
            "keys": [key.write() for key in (chain.first, *(each.vkey for each in chain.changes))],
        }

    async def small(self, hold: Hold) -> bytes:
        """Return what a page may show of a picture.

        Raises:
            NowhereError: there is no picture, or nobody is shown anything of it.
        """
        shown = _shown(hold).hold
        return await asyncio.to_thread(derivative, await self.vault.look(shown.vault_id))

    async def reveal(self, session: Session, hold: Hold) -> tuple[UUID, bytes]:
        """Return a picture as it is, and the id of the entry that says so.

        Raises:
            NowhereError: there is no picture, or nobody is shown it.
            TakenError: the case is not theirs.
            EnoughError: they have looked at enough for now.
            PipelineError, AuditError: it cannot be shown, or not be written down.
        """
        hold = _shown(hold).hold
        await self.require_claim(session, hold)
        pictures = await self.store.pictures.of(hold.tenant, hold.submission)
        picture = next((each for each in pictures if each.index == hold.index), None)
        examined = await self.log.receipt(_decided(hold))
        if picture is None or examined is None or hold.index is None:
            raise NowhereError
        try:
            entry = await self.uncovered.begin(hold, session.person.name, session.role)
        except RestError as enough:
            message = f"Nothing is shown before {enough.until:%H:%M} UTC: rest, or rule by facts."
            raise EnoughError(message) from None
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

    async def write(
        self,
        kind: Kind,
        event: str,
        session: Session,
        hold: Hold,
        more: Mapping[str, Json] = _NO_MORE,
        reason: str = "",
    ) -> UUID:
        """Write down what somebody did with a case; return the id of the entry.

        Raises:
            AuditError: it is not written down, and MUST NOT be done.
        """
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
        if reason:
            person["reason"] = reason
        await self.log.append(Entry(entry, kind, self.now(), public, person))
        return entry


def has_picture(hold: Hold) -> bool:
    """Whether a case is about a picture that may be shown, small or revealed."""
    return hold.stage is Stage.EXAMINE and hold.index is not None and not is_of_the_worst(hold)


def _shown(hold: Hold) -> Ordinary:
    if not has_picture(hold):
        raise NowhereError
    return Ordinary(hold)


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
        _versions(leaf.public),
    )


def _versions(public: Mapping[str, Json]) -> Sequence[str]:
    found: list[str] = []
    policy, models, banks = (public.get(name) for name in ("policy_digest", "models", "banks"))
    if isinstance(policy, str):
        found.append(f"policy {policy[:_SHORT]}")
    for name, digests in (("models", models), ("banks", banks)):
        if isinstance(digests, list | tuple) and digests:
            together = sha256("".join(sorted(map(str, digests))).encode()).hexdigest()
            found.append(f"{len(digests)} {name} {together[:_SHORT]}")
    return found
