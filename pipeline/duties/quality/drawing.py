"""Follows the log: counts decisions by day, and draws a random share of them to be checked.

Whether something is drawn follows from its entry's id and the installation's key: nobody outside
can tell what will be, and whoever reads the log again draws the same. What is of `CSE.*` is never
drawn: nobody looks at it for the sake of figures. What lies in the quarantine cannot be: this sees
entries of the log and the vault's pictures, and knows of no other place.
"""

import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, cast
from uuid import UUID, uuid5

from audit.entry import Kind, entry_id
from audit.errors import AbsentError
from audit.leaf import Leaf
from audit.log import Log
from classifiers.signals import Finding, Signal
from pipeline.errors import FindingsError
from pipeline.history.findings import findings_of
from pipeline.history.replay import facts_of
from pipeline.items import NEVER_RELEASED, Cause, Stage
from pipeline.projection import hold_id
from pipeline.store.samples import Frame, Opinion, Sample
from pipeline.store.store import Store
from pipeline.store.tallies import Cell, Day
from policies.decision import Action
from policies.facts import Moment
from policies.policy import Policy
from policies.truth import Truth

READER: Final = "quality"
GIVEN: Final = "check.given"
PAGE: Final = 256
KEPT: Final = timedelta(days=400)
"""How long figures are kept: a year, and time to report on it."""
_DECIDED: Final = {
    Kind.ADMIT: Stage.SCREEN,
    Kind.HALTED: Stage.SCREEN,
    Kind.HELD: Stage.SCREEN,
    Kind.EXAMINED: Stage.EXAMINE,
}
_LET_GO: Final = frozenset({Action.ALLOW.value, Action.LABEL.value})
_SEXUAL: Final = ("CSE", "SEX", "NCII")


@dataclass(frozen=True, slots=True)
class Drawing:
    """Reads the log from where it stopped; once over, everything is counted once."""

    store: Store
    log: Log
    key: bytes = field(repr=False)
    share: float
    policy_of: Callable[[str], Awaitable[Policy]]
    now: Callable[[], datetime]

    async def follow(self) -> None:
        """Count and draw what came since last time.

        Raises:
            StoreError, AuditError, PolicyError: the next time goes on where this one stopped.
        """
        at = await self.store.tallies.next(READER)
        while found := await self.log.entries(at, PAGE):
            leaves = [Leaf.parse(each.leaf) for each in found]
            drawn = [sample for leaf in leaves for sample in await self._drawn(leaf)]
            said = [opinion for leaf in leaves for opinion in await self._said(leaf)]
            read = _Read(at, found[-1].index + 1, Counter(_cells(leaves)), drawn, said)
            await self.store.together(read.keep)
            at = read.until
        before = self.now() - KEPT
        await self.store.samples.purge(before)
        await self.store.tallies.purge(before.date())

    def draws(self, entry: UUID) -> bool:
        """Whether an entry is of those that are checked."""
        digest = hmac.digest(self.key, b"check/" + entry.bytes, sha256)
        return int.from_bytes(digest[:8], "big") < self.share * 2**64

    async def _drawn(self, leaf: Leaf) -> Sequence[Sample]:
        if leaf.kind not in {Kind.RELEASE, Kind.HELD} or not self.draws(leaf.entry_id):
            return ()
        said, attempt = leaf.public, _number(leaf, "attempt")
        submission, tenant = UUID(str(said.get("submission"))), str(said.get("tenant"))
        of_request = leaf.kind is Kind.HELD and said.get("stage") == Stage.SCREEN
        index = None if of_request else _index(leaf)
        decided = await self._decision(leaf, submission, index, attempt)
        if decided is None or not _is_checked(leaf, decided):
            return ()
        hold = hold_id(submission, index, attempt) if leaf.kind is Kind.HELD else None
        return [
            Sample(
                uuid5(leaf.entry_id, "sample"),
                decided.entry_id,
                tenant,
                submission,
                index,
                Frame.HELD if hold else Frame.RELEASED,
                str(decided.public.get("code", "")),
                hold,
                datetime.fromisoformat(leaf.at),
                await self._seen(decided, tenant),
            )
        ]

    async def _decision(
        self, leaf: Leaf, submission: UUID, index: int | None, attempt: int
    ) -> Leaf | None:
        """Return the entry of what machines decided last."""
        if index is None:
            return leaf
        receipt = await self.log.receipt(entry_id(submission, Kind.EXAMINED, index, attempt))
        return None if receipt is None else Leaf.parse(receipt.leaf)

    async def _seen(self, decided: Leaf, tenant: str) -> Mapping[str, Mapping[str, object]]:
        """Return what each version of a classifier said, and whether that would stop anything.

        By today's policy, a few minutes later. What is erased by then was not seen.
        """
        try:
            detail = (await self.log.detail(decided.entry_id)).detail
            findings = findings_of(detail.get("findings"))
        except (AbsentError, FindingsError):
            return {}
        facts = facts_of(cast("Any", detail.get("facts") or _NOBODY), findings)
        moment = Moment.OUTPUT if decided.kind is Kind.EXAMINED else Moment.REQUEST
        policy = await self.policy_of(tenant)
        flagging = {
            finding
            for each in policy.account(moment, findings, facts).judgements
            if each.verdict is not None and not each.verdict.shadow
            if each.answer.truth is Truth.TRUE
            if each.verdict.action.severity >= Action.HOLD.severity
            for finding in each.answer.because
        }
        return seen(findings, {each.source for each in flagging}, families(policy))

    async def _said(self, leaf: Leaf) -> Sequence[Opinion]:
        """Return an opinion that was written down: usually it is known, unless app.db was lost."""
        if leaf.public.get("event") != GIVEN:
            return ()
        try:
            person = (await self.log.detail(leaf.entry_id)).personal["person"]
        except AbsentError:
            return ()
        code, sample = str(leaf.public.get("code")), UUID(str(leaf.public.get("object")))
        return [Opinion(sample, str(person), code, datetime.fromisoformat(leaf.at))]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the log, from one index until another."""

    start: int
    until: int
    counts: Mapping[tuple[Day, Cell], int]
    drawn: Sequence[Sample]
    said: Sequence[Opinion]

    async def keep(self, part: Store) -> None:
        """Keep it, as a part of one transaction, unless somebody else did."""
        if await part.tallies.next(READER) != self.start:
            return
        await part.tallies.add(self.counts)
        await part.samples.add(self.drawn)
        for each in self.said:
            await part.samples.give(each)
        await part.tallies.read(READER, self.until)


_NOBODY = {"tier_adult": False, "age_claim": False}


def seen(
    findings: Sequence[Finding], flagging: set[str], speaks: Mapping[str, frozenset[str]]
) -> Mapping[str, Mapping[str, object]]:
    """Return, by source, the highest scores, whether it flagged anything, and of what it speaks."""
    found: dict[str, dict[str, object]] = {}
    scores: dict[str, dict[str, float]] = {}
    for each in findings:
        if isinstance(each, Signal):
            own = scores.setdefault(each.source, {})
            own[each.name.value] = max(own.get(each.name.value, 0.0), round(each.score, 4))
    for source, own in scores.items():
        about = sorted({family for name in own for family in speaks.get(name, ())})
        found[source] = {"scores": own, "flagged": source in flagging, "families": about}
    return found


def families(policy: Policy) -> Mapping[str, frozenset[str]]:
    """Return, by signal, for what families of harms a policy stops anything because of it."""
    found: dict[str, set[str]] = {}
    for own in policy.sets:
        for rule in own.rules:
            if rule.reaction.action.severity >= Action.HOLD.severity and not rule.shadow:
                for name in rule.when.reads():
                    found.setdefault(name.value, set()).add(rule.reaction.code.family)
    for name in policy.floor.evidence.reads():
        found.setdefault(name.value, set()).update(_SEXUAL)
    return {name: frozenset(each) for name, each in found.items()}


def _is_checked(leaf: Leaf, decided: Leaf) -> bool:
    """Whether machines let it go, or hold it for what people may look at."""
    code = str(decided.public.get("code", ""))
    if code.partition(".")[0] == NEVER_RELEASED:
        return False
    if leaf.kind is Kind.RELEASE:
        return decided.public.get("action") in _LET_GO
    return leaf.public.get("cause") == Cause.SUSPICION


def _cells(leaves: Sequence[Leaf]) -> Sequence[tuple[Day, Cell]]:
    """Return what is counted: each decision of machines, at its stage."""
    found: list[tuple[Day, Cell]] = []
    for leaf in leaves:
        said, stage = leaf.public, _DECIDED.get(leaf.kind)
        if stage is None or "action" not in said:
            continue
        if leaf.kind is Kind.HELD and said.get("stage") != Stage.SCREEN:
            continue  # the look at the picture is an entry of its own
        day = Day(datetime.fromisoformat(leaf.at).date(), str(said.get("tenant", "")))
        found.append((day, Cell(stage.value, str(said["action"]), str(said.get("code", "")))))
    return found


def _number(leaf: Leaf, key: str) -> int:
    value = leaf.public.get(key)
    return value if isinstance(value, int) else 0


def _index(leaf: Leaf) -> int:
    return _number(leaf, "sample")
