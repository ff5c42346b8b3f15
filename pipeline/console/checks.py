"""Blind checks: people say what they would decide, and are told nothing of what was decided.

Neither whose it is, nor the rules and scores, nor what others said. What they look at is kept for
its own reasons; if that ends meanwhile, there is nothing to check any more.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.leaf import Leaf
from audit.log import Log
from pipeline.console.cases import EnoughError
from pipeline.console.derivative import derivative
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.escalating import to_the_team
from pipeline.console.sessions import Session
from pipeline.duties.quality.drawing import GIVEN
from pipeline.duties.quality.golden import Golden
from pipeline.items import NEVER_RELEASED, Cause, Sealed, Stage
from pipeline.jobs.errors import RestError
from pipeline.jobs.received import Received
from pipeline.jobs.uncovered import Uncovered
from pipeline.novelai.limits import Limits
from pipeline.projection import WORST_FAMILIES
from pipeline.record import Record
from pipeline.store.holds import Hold, Lane
from pipeline.store.pictures import Picture, PictureState
from pipeline.store.samples import Opinion, Sample
from pipeline.store.store import Store
from pipeline.vault import Vault
from policies.labels import HarmCode

GOLDEN_A_DAY: Final = 3
"""How many golden items one person is given within a day."""
_SHOWN: Final = frozenset({PictureState.RELEASED, PictureState.HELD})


class UnescalatedError(ConsoleError):
    """Somebody saw something of `CSE.*`, and the team has not got it."""

    status = 409
    title = "Not escalated"

    def __init__(self) -> None:
        super().__init__("It has ended meanwhile, and nobody has it: tell the child-safety team.")


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a request, as whoever checks sees it."""

    path: str
    polarity: str
    words: str


@dataclass(frozen=True, slots=True)
class Item:
    """What somebody is to check: a sample, or a golden item; nobody can tell which by its page."""

    id: UUID
    sample: Sample | None
    golden: Golden | None = None

    @property
    def has_picture(self) -> bool:
        """Whether it is about a picture."""
        return self.sample is not None and self.sample.index is not None


@dataclass(frozen=True, slots=True)
class Checks:
    """What the pages of blind checks do."""

    store: Store
    log: Log
    vault: Vault
    uncovered: Uncovered
    record: Record
    golden: Sequence[Golden]
    now: Callable[[], datetime]

    async def next(self, session: Session) -> Item | None:
        """Return what somebody is to check next, in an order that is another for each person."""
        person = session.person.name
        waiting = await self._waiting(session)
        return min(waiting, key=lambda each: uuid5(each.id, person), default=None)

    async def find(self, session: Session, known_as: UUID) -> Item:
        """Return an item that somebody can check now.

        Raises:
            NowhereError: there is none, it is not theirs, or what it is of is not kept any more.
        """
        found = next((each for each in await self._waiting(session) if each.id == known_as), None)
        if found is None:
            raise NowhereError
        return found

    async def _waiting(self, session: Session) -> Sequence[Item]:
        person, now = session.person.name, self.now()
        found = await self.store.samples.waiting(session.tenants, person, now)
        items = [Item(each.id, each) for each in found]
        given = await self.store.samples.given(now - timedelta(days=1))
        known = {each.id for each in self.golden}
        today = sum(each.person == person and each.sample in known for each in given)
        if today < GOLDEN_A_DAY:
            said = [await self.store.samples.opinion(each.id, person) for each in self.golden]
            new = zip(self.golden, said, strict=True)
            items += [Item(each.id, None, each) for each, earlier in new if earlier is None]
        return items

    async def texts(self, session: Session, item: Item) -> Sequence[Text]:
        """Return the words of an item, once it is written down that they are shown.

        Raises:
            PipelineError, AuditError: they cannot be read; nothing was shown.
        """
        opened = uuid5(item.id, f"opened/{session.person.name}/{self.now().isoformat()}")
        await self._write(session, item, Kind.ACCESS, {"event": "check.opened"}, opened)
        if item.sample is None:
            return [Text("input", "positive", item.golden.words)] if item.golden else ()
        row = await self.store.submissions.get(item.sample.tenant, item.sample.submission)
        if row is None:
            raise NowhereError
        received = Received.read(await self.vault.look(row.vault_id))
        work = await asyncio.to_thread(received.work, Limits())
        return [
            Text(each.path, each.polarity.value, each.text)
            for each in work.prompt.texts
            if each.text.strip()
        ]

    async def small(self, item: Item) -> bytes:
        """Return what a page may show of a picture.

        Raises:
            NowhereError: there is none.
        """
        picture = await self._picture(item)
        return await asyncio.to_thread(derivative, await self.vault.look(picture.vault_id))

    async def reveal(self, session: Session, item: Item) -> tuple[UUID, bytes]:
        """Return a picture as it is, and the id of the entry that says so.

        Raises:
            NowhereError: there is none.
            EnoughError: they have looked at enough for now.
            PipelineError, AuditError: it cannot be shown, or not be written down.
        """
        picture, sample = await self._picture(item), item.sample
        examined = None if sample is None else await self.log.receipt(sample.entry)
        if sample is None or examined is None:
            raise NowhereError
        try:
            entry = await self.uncovered.begin(_as_case(sample), session.person.name, session.role)
        except RestError as enough:
            message = f"Nothing is shown before {enough.until:%H:%M} UTC: rest."
            raise EnoughError(message) from None
        sealed = Sealed(picture.vault_id, picture.index, picture.sha256)
        return entry, await self.vault.open(sealed, examined)

    async def covered(
        self, session: Session, known_as: UUID, revealed: UUID, milliseconds: int
    ) -> None:
        """Write down that a picture is covered again, also if it cannot be checked any more.

        Raises:
            NowhereError: they have not revealed it, or it was covered before.
        """
        sample = await self.store.samples.get(known_as)
        person = session.person.name
        if sample is None or not session.sees(sample.tenant):
            raise NowhereError
        if not await self.uncovered.end(_as_case(sample), person, revealed, milliseconds):
            raise NowhereError

    async def give(self, session: Session, item: Item, code: HarmCode) -> None:
        """Keep what somebody would decide; what they said first counts.

        Who sees in what was released something of `CSE.*` or `NCII.*` withdraws it at once. Who
        sees something of `CSE.*` in what is held gives it to the child-safety team.

        Raises:
            ConsoleError: it is given already; or the team has not got what it should have.
            StoreError, AuditError: it is not kept, or not withdrawn: the same again goes on.
        """
        stops = code is not HarmCode.OK
        more: dict[str, Json] = {
            "event": GIVEN,
            "outcome": "block" if stops else "allow",
            "code": code.value,
            "automated": False,
        }
        known_as = uuid5(item.id, f"given/{session.person.name}")
        earlier = await self.log.receipt(known_as)
        if earlier is None:
            await self._write(session, item, Kind.CASE, more, known_as)
        elif Leaf.parse(earlier.leaf).public.get("code") != code.value:
            raise ConsoleError("You have said something else of it before.")
        if item.sample is not None and code.family in WORST_FAMILIES:
            done = await self._withdraw(item.sample, code)
            if code.family == NEVER_RELEASED:
                done |= await self._escalate(session, item.sample, code)
                if not done:
                    raise UnescalatedError
        opinion = Opinion(item.id, session.person.name, code.value, self.now())
        await self.store.samples.give(opinion)  # last: until then it is asked again

    async def _escalate(self, session: Session, sample: Sample, code: HarmCode) -> bool:
        """Give what is held to the child-safety team; False if it is not held any more."""
        hold = None
        if sample.hold is not None:
            hold = await self.store.holds.get(sample.tenant, sample.hold)
        if hold is None or hold.end is not None:
            return False
        public: dict[str, Json] = {
            "event": "case.escalated",
            "case": str(hold.id),
            "submission": str(hold.submission),
            "tenant": hold.tenant,
            "role": session.role,
            "outcome": Lane.ANY.value,
            "code": code.value,
        }
        person: dict[str, str | bytes] = {"person": session.person.name, "reason": "blind check"}
        known_as = uuid5(sample.id, f"escalated/{session.person.name}")
        if await self.log.receipt(known_as) is None:
            await self.log.append(Entry(known_as, Kind.CASE, self.now(), public, person))
        return await to_the_team(self.store, hold, code, self.now())

    async def _withdraw(self, sample: Sample, code: HarmCode) -> bool:
        """Withhold what was released, with the others of its batch; False if nothing was."""
        row = await self.store.submissions.get(sample.tenant, sample.submission)
        pictures = await self.store.pictures.of(sample.tenant, sample.submission)
        examined = await self.log.receipt(sample.entry)
        if row is None or examined is None:
            return False
        released = [each for each in pictures if each.state is PictureState.RELEASED]
        attempt = Leaf.parse(examined.leaf).public.get("attempt")
        for each in released:
            own = code if each.index == sample.index else None
            at = attempt if isinstance(attempt, int) else 0
            await self.record.withdraw(row, each.index, at, own)
        return any(each.index == sample.index for each in released)

    async def _picture(self, item: Item) -> Picture:
        sample = item.sample
        if sample is None or sample.index is None:
            raise NowhereError
        for each in await self.store.pictures.of(sample.tenant, sample.submission):
            if each.index == sample.index and each.state in _SHOWN:
                return each
        raise NowhereError

    async def _write(
        self, session: Session, item: Item, kind: Kind, more: dict[str, Json], known_as: UUID
    ) -> None:
        """Write an entry that names no submission: a check keeps nothing from being erased.

        Nor a tenant: nobody is told which of their requests was drawn.
        """
        public: dict[str, Json] = {"object": str(item.id), "role": session.role, **more}
        person: dict[str, str | bytes] = {"person": session.person.name}
        await self.log.append(Entry(known_as, kind, self.now(), public, person))


def _as_case(sample: Sample) -> Hold:
    """Return a sample as that which is uncovered: it stands for itself, and names no submission."""
    return Hold(
        sample.id,
        sample.tenant,
        sample.id,
        Stage.EXAMINE,
        sample.index,
        Cause.SUSPICION,
        "",
        sample.at,
        sample.at,
    )
