"""Appeals, as people decide them. Those about `CSE.*` are there for the child-safety role alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.entry import Json
from audit.errors import AbsentError
from audit.leaf import Leaf
from audit.log import Log
from pipeline.access.permissions import Permission
from pipeline.console.errors import ConsoleError, NowhereError
from pipeline.console.sessions import Session
from pipeline.duties.appeals.appeals import Appeals, Deciding
from pipeline.duties.appeals.errors import NotDecidableError, NothingDecidedError
from pipeline.store.appeals import Appeal, Case, Outcome, Scope
from pipeline.store.submissions import SubmissionRow
from policies.labels import HarmCode

_MOST_READ = 20
"""Of how many appeals of a case the words are shown, the oldest first."""
_NOTABLE = 0.5
_MOST_SCORES = 12


@dataclass(frozen=True, slots=True)
class Read:
    """One appeal of a case, with what it says if whoever looks may decide it."""

    appeal: Appeal
    text: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a code was contested, and what came of it."""

    code: str
    upheld: int
    reversed: int

    @property
    def share(self) -> str:
        """How many of a hundred were reversed."""
        return f"{100 * self.reversed / (self.upheld + self.reversed):.0f} %"


@dataclass(frozen=True, slots=True)
class AppealDesk:
    """What the pages of appeals and notices do."""

    appeals: Appeals

    async def waiting(self, session: Session) -> Sequence[Case]:
        """Return the cases that wait, as far as they are theirs to see."""
        return await self.appeals.store.appeals.open(scope_of(session))

    async def tallies(self, session: Session) -> Sequence[Tally]:
        """Return what was decided so far, by the code that was contested."""
        counts = await self.appeals.store.appeals.counts(scope_of(session))
        return [
            Tally(
                code,
                counts.get((code, Outcome.UPHELD), 0),
                counts.get((code, Outcome.REVERSED), 0),
            )
            for code in sorted({code for code, _ in counts})
        ]

    async def case(self, session: Session, known_as: UUID) -> Sequence[Appeal]:
        """Return the appeals of a case, the oldest first.

        Raises:
            NowhereError: there is none, or it is not theirs to see.
        """
        found = await self.appeals.store.appeals.case(known_as, scope_of(session))
        if not found:
            raise NowhereError
        return found

    async def read(self, session: Session, case: Sequence[Appeal]) -> Sequence[Read]:
        """Return what the appeals of a case say; to whoever may decide them, and on record.

        Raises:
            AuditError: it is not written down, and MUST NOT be shown.
        """
        may = session.may(Permission.APPEALS_DECIDE)
        name, role = session.person.name, session.role
        return [
            Read(each, await self.appeals.read(each, name, role) if may else None)
            for each in case[:_MOST_READ]
        ]

    async def is_own(self, session: Session, case: Sequence[Appeal]) -> bool:
        """Whether this person ruled first on something in the case, or nobody knows who did."""
        try:
            people = [await self.appeals.first_people(each) for each in case]
        except NotDecidableError:
            return True
        return any(session.person.name in each for each in people)

    async def facts(self, appeal: Appeal) -> tuple[Sequence[str], Sequence[tuple[str, float]]]:
        """Return the rules and scores of the decision that is contested, once `read` is done."""
        return await decided_by(self.appeals.log, appeal.entry)

    async def decide(
        self,
        session: Session,
        case: Sequence[Appeal],
        outcome: Outcome,
        code: HarmCode,
        reason: str,
    ) -> int:
        """Decide a case; return how many appeals that were.

        Raises:
            ConsoleError: it cannot be decided so; the message says why, and nothing was done.
        """
        deciding = Deciding(session.person.name, session.role, outcome, code, reason)
        try:
            return await self.appeals.decide(case, deciding)
        except NotDecidableError as fault:
            message = f"It cannot be decided so: {fault}."
            raise ConsoleError(message) from None

    async def generation(self, session: Session, known_as: UUID) -> SubmissionRow:
        """Return a generation whose notice somebody may see.

        Raises:
            NowhereError: there is none, or it is not theirs to see.
        """
        for receipt in await self.appeals.log.of_submission(known_as):
            tenant = str(Leaf.parse(receipt.leaf).public.get("tenant", ""))
            row = await self.appeals.store.submissions.get(tenant, known_as)
            if row is not None and session.sees(tenant):
                return row
        raise NowhereError

    async def notices(self, row: SubmissionRow) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
        """Return the notice as it is given now, and as it is once it is lifted.

        Raises:
            NowhereError: there is none.
        """
        notices, table = self.appeals.notices, self.appeals.store.appeals
        try:
            found = await notices.restriction(row)
        except NothingDecidedError:
            raise NowhereError from None
        appeal, lifted = await table.of(row.tenant, row.id), await self.is_lifted(row)
        language = notices.templates.language("")
        return (
            notices.say(found, appeal, language, lifted=lifted),
            notices.say(found, appeal, language, lifted=True),
        )

    async def is_lifted(self, row: SubmissionRow) -> bool:
        """Whether everything is told of a generation."""
        return await self.appeals.store.appeals.is_lifted(row.tenant, row.id)

    async def lift(self, session: Session, row: SubmissionRow, reason: str) -> None:
        """Have everything told of a generation from now on.

        Raises:
            ConsoleError: there is no reason, or nothing to tell; nothing was done.
        """
        if not reason.strip():
            raise ConsoleError("It needs a reason: write one, in your own words.")
        try:
            await self.appeals.notices.lift(row, session.person.name, session.role, reason)
        except NothingDecidedError:
            raise NowhereError from None


async def decided_by(log: Log, entry: UUID) -> tuple[Sequence[str], Sequence[tuple[str, float]]]:
    """Return the rules and the greatest scores of a decision; who asks MUST be on record."""
    try:
        detail = (await log.detail(entry)).detail
    except AbsentError:  # erased, or it ended without being judged again
        return (), ()
    rules = [str(each["rule"]) for each in _objects(detail.get("verdicts")) if _holds(each)]
    scores = {
        str(each["name"]): float(score)
        for each in _objects(detail.get("findings"))
        if isinstance(score := each.get("score"), int | float) and score >= _NOTABLE
    }
    return rules, sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_SCORES]


def scope_of(session: Session) -> Scope:
    """Return whose appeals somebody may see."""
    return Scope(session.tenants, session.may(Permission.CHILD_SAFETY_OPEN))


def _objects(value: Json) -> Sequence[Mapping[str, Json]]:
    if not isinstance(value, list):
        return ()
    return [each for each in value if isinstance(each, Mapping)]


def _holds(verdict: Mapping[str, Json]) -> bool:
    return verdict.get("truth") == "true" and verdict.get("action") not in {"allow", "label"}
