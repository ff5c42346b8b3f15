"""Takes notices, runs their clocks, and has people decide. No clock decides anything.

A clock begins when the notice has everything that its law asks for. What arrives is told by the
platform's people; the text, and who wrote it, stay with them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from audit.entry import Entry, Json, Kind
from audit.errors import ConflictError
from audit.fields import write_time
from audit.leaf import Leaf
from audit.log import Log
from classifiers.hash_bank import EXACT, OF_NOTHING, HashType, Status
from classifiers.hash_bank import Entry as Row
from pipeline.duties.takedown.errors import TakedownError
from pipeline.store.store import Store
from pipeline.store.takedowns import NoticeKind, Takedown, Taken


class Element(StrEnum):
    """What a law asks a notice for."""

    CONTACT = "contact"
    EXPLANATION = "explanation"
    GOOD_FAITH = "good-faith"
    IDENTIFICATION = "identification"
    LOCATION = "location"
    SIGNATURE = "signature"


_DSA = frozenset({Element.EXPLANATION, Element.LOCATION, Element.CONTACT, Element.GOOD_FAITH})
NEEDED: Mapping[NoticeKind, frozenset[Element]] = {
    NoticeKind.TAKE_IT_DOWN: frozenset(
        {Element.SIGNATURE, Element.IDENTIFICATION, Element.GOOD_FAITH, Element.CONTACT}
    ),
    NoticeKind.ARTICLE_16: _DSA,
    NoticeKind.TRUSTED_FLAGGER: _DSA,
}
DUE: Mapping[NoticeKind, timedelta] = {
    NoticeKind.TAKE_IT_DOWN: timedelta(hours=48),
    NoticeKind.ARTICLE_16: timedelta(hours=72),
    NoticeKind.TRUSTED_FLAGGER: timedelta(hours=24),
}
"""The first is the law's; of the others it says `timely` and `with priority`."""
MOST_HASHES: Final = 1_000
DECIDED: Final = "takedown.decided"
"""The kind of the webhook that says what a person decided."""
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MATCHED = EXACT | {HashType.PDQ}


@dataclass(frozen=True, slots=True)
class Told:
    """What a platform says of a notice that came to it."""

    tenant: str
    kind: NoticeKind
    elements: frozenset[Element]
    hashes: Sequence[tuple[str, str]] = field(repr=False)
    submission: UUID | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes notices, and what people decide on them."""

    store: Store
    log: Log
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    async def take(
        self,
        tenant: str,
        kind: NoticeKind,
        elements: frozenset[Element],
        hashes: Sequence[tuple[str, str]],
        person: str,
        submission: UUID | None = None,
        *,
        known_as: UUID | None = None,
    ) -> Takedown:
        """Take a notice, under an id of its own or `known_as`; its clock begins if it is whole.

        Raises:
            TakedownError: there is no such tenant or generation of it, or a hash is none.
            StoreError, AuditError: it was not taken.
        """
        if await self.store.tenants.get(tenant) is None:
            raise TakedownError("tenant", "one that is served", "another")
        if submission is not None and await self.store.submissions.get(tenant, submission) is None:
            raise TakedownError("generation", "one of this tenant", "another")
        now = self.now()
        valid_at = now if NEEDED[kind] <= elements else None
        notice = Takedown(
            known_as or self.new_id(),
            tenant,
            kind,
            submission,
            now,
            tuple(sorted(elements)),
            valid_at,
            None if valid_at is None else valid_at + DUE[kind],
            tuple(checked(hashes)),
        )
        with suppress(ConflictError):  # written before a crash, when its row was not
            await self._write(notice.id, "takedown.received", notice, {"person": person})
        await self.store.takedowns.add(notice)
        return notice

    async def take_once(self, reference: str, said: Told, person: str) -> Takedown:
        """Take what a platform sends, by its own reference; sent again, more of it may be there.

        Raises:
            TakedownError: another notice has the reference, it was decided, or as for `take`.
            StoreError, AuditError: it was not taken, and can be sent again.
        """
        known_as = uuid5(NAMESPACE_URL, f"takedown/{said.tenant}/{reference}")
        found = await self.store.takedowns.get(known_as)
        if found is None:
            given = said.tenant, said.kind, said.elements, said.hashes, person, said.submission
            return await self.take(*given, known_as=known_as)
        same = found.kind, tuple(found.hashes), found.submission
        if same != (said.kind, tuple(checked(said.hashes)), said.submission):
            raise TakedownError("reference", "one of its own for each notice", "another's")
        more = said.elements - frozenset(map(Element, found.elements))
        return await self.complete(found, said.elements, person) if more else found

    async def complete(
        self, notice: Takedown, elements: frozenset[Element], person: str
    ) -> Takedown:
        """Add what came later; the clock begins once all is there.

        Raises:
            TakedownError: it was decided meanwhile.
        """
        now, every = self.now(), frozenset(map(Element, notice.elements)) | elements
        valid_at = notice.valid_at or (now if NEEDED[notice.kind] <= every else None)
        due_at = None if valid_at is None else valid_at + DUE[notice.kind]
        await self._write(self.new_id(), "takedown.completed", notice, {"person": person})
        if not await self.store.takedowns.complete(notice, sorted(every), valid_at, due_at):
            raise TakedownError("notice", "one that waits", "one that was decided")
        return await self._again(notice)

    async def decide(self, notice: Takedown, taken: Taken, person: str, reason: str) -> Takedown:
        """Decide on a notice; the same again is the same.

        Raises:
            TakedownError: there is no reason, or it was decided otherwise.
        """
        if not reason.strip():
            raise TakedownError("decision", "a reason", "none")
        said = {"person": person, "reason": reason}
        known_as = uuid5(notice.id, "decided")
        try:
            await self._write(known_as, "takedown.decided", notice, said, outcome=taken.value)
        except ConflictError:  # it was written before a crash, or somebody decides it now
            earlier = await self.log.receipt(known_as)
            if earlier is None or Leaf.parse(earlier.leaf).public.get("outcome") != taken:
                raise TakedownError("notice", "one that waits", "one decided otherwise") from None
        body, at = {"notice": str(notice.id), "taken": taken.value}, self.now()

        async def keep(part: Store) -> None:
            if await part.takedowns.decide(notice, taken, person, at):
                known_as = uuid5(notice.id, f"webhook/{DECIDED}")
                await part.webhooks.enqueue(known_as, notice.tenant, DECIDED, body, at)

        await self.store.together(keep)
        return await self._again(notice)

    async def _again(self, notice: Takedown) -> Takedown:
        found = await self.store.takedowns.get(notice.id)
        if found is None:
            raise TakedownError("notice", "one that is there", "none")
        return found

    async def _write(
        self,
        known_as: UUID,
        event: str,
        notice: Takedown,
        personal: Mapping[str, str],
        **more: Json,
    ) -> None:
        public: dict[str, Json] = {
            "event": event,
            "tenant": notice.tenant,
            "case": str(notice.id),
            "class": notice.kind.value,
            "count": len(notice.hashes),
            **more,
        }
        if notice.submission is not None:
            public["submission"] = str(notice.submission)
        if notice.due_at is not None:
            public["due_at"] = write_time(notice.due_at)
        await self.log.append(Entry(known_as, Kind.TAKEDOWN, self.now(), public, {**personal}))


def checked(hashes: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return hashes as a bank takes them.

    Raises:
        TakedownError: one is none, or would match what nobody meant.
    """
    if len(hashes) > MOST_HASHES:
        raise TakedownError("hashes", f"at most {MOST_HASHES}", len(hashes))
    return [(row.type.value, row.hash.hex()) for row in rows_of("notice", "0", hashes)]


def rows_of(
    source: str, entry: str, hashes: Sequence[tuple[str, str]], at: datetime = _NO_TIME
) -> list[Row]:
    """Return hashes as the rows of a bank.

    Raises:
        TakedownError: one is none.
    """
    try:
        rows = [
            Row(source, entry, HashType(kind), bytes.fromhex(said), "", 1, (), Status.ACTIVE, at)
            for kind, said in hashes
        ]
    except ValueError:
        raise TakedownError("hash", "a type and its digest in hex", "something else") from None
    if any(row.type not in _MATCHED or row.hash in OF_NOTHING for row in rows):
        raise TakedownError("hash", "md5, sha1, sha256 or pdq of a picture", "another")
    return rows
