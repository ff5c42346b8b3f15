"""Writes down what the path did: first into the audit log, then into the working records.

The log is what happened; `app.db` only repeats it for quick questions. If the log cannot be
written, whoever asked gets the error, and with it nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from audit.entry import Entry, Json, Kind, Receipt, entry_id
from audit.errors import AuditError
from audit.fields import write_time
from audit.log import Log
from classifiers.disagreement import disagreements
from classifiers.signals import Field, Finding, Signal
from pipeline.gathering import Gathering, all_of
from pipeline.items import (
    NOTHING,
    Cleared,
    Examined,
    Generated,
    Halted,
    Held,
    Judged,
    Released,
    Screened,
    Stage,
    Subject,
    Submission,
)
from pipeline.projection import Projection
from pipeline.store.holds import Hold
from pipeline.store.submissions import SubmissionRow
from pipeline.telemetry import Metrics
from policies.decision import Verdict
from policies.labels import HarmCode

_STAGES = {
    Kind.ADMIT: Stage.SCREEN,
    Kind.HALTED: Stage.SCREEN,
    Kind.EXAMINED: Stage.EXAMINE,
}
"""The entries that carry a decision, each counted once."""

LOST = "lost"
"""Why a sample is withheld that was paid for and never sealed."""

Outcome = Screened | Held | Halted | Generated | Examined | Released
"""Everything that a stage may return, and that is written down."""


@dataclass(frozen=True, slots=True)
class Record:
    """The one writer of what happens to submissions."""

    log: Log
    projection: Projection
    metrics: Metrics
    now: Callable[[], datetime]
    versions: Callable[[], Mapping[str, Json]]
    """The digests of models and banks in use, as the public part of a leaf has them."""
    gathering: Gathering
    """Lets entries wait for each other while everybody waits anyway."""

    async def write(self, submission: Submission, outcome: Outcome) -> tuple[Receipt, ...]:
        """Make an outcome durable, and return a receipt for it, or for each of its samples.

        Raises:
            AuditError: it is not durable, and MUST NOT be used.
        """
        entries: list[Entry] = []
        if isinstance(outcome, Examined):
            submission = outcome.generated.screened.submission  # it knows which look this was
            siblings = await self.projection.tainted(submission, outcome)
            entries = [self._withdrawn(submission, index) for index in siblings]
        if isinstance(outcome, Generated):
            for index in outcome.lost:  # first: then recovery does not wait for them
                await self._append(self._lost(submission, index))
        entries = [*self._entries(submission, outcome), *entries]
        receipts = await all_of([self._append(entry) for entry in entries])
        await self.projection.follow(submission, outcome)
        return tuple(receipts[: _count(outcome, len(receipts))])

    async def calling(
        self,
        submission: Submission,
        account: str = "",
        included: tuple[int, int] = (0, 0),
        *,
        again: bool = False,
    ) -> None:
        """Note that the paid call is about to be made, so that a crash never makes it twice.

        `account` is the digest of the one that pays, `included` what that costs, at least and at
        most, if its plan includes generations. `again` is said with another one, once the first
        was refused before anything was done.

        Raises:
            ConflictError: somebody else makes it, or it has ended; the caller MUST NOT.
            StoreError: nobody knows; the caller MUST NOT.
        """
        await self.projection.calling(submission, account, included, again=again)

    async def close(
        self,
        row: SubmissionRow,
        stage: Stage,
        index: int | None,
        reason: str,
        attempt: int = 0,
        harm: str = "",
    ) -> Receipt:
        """End a submission, or one sample of it, for good and without looking at it again.

        `attempt` is the number of the look after which a sample was held, `harm` the code that it
        was held for.

        Raises:
            AuditError: it is not durable.
        """
        kind = Kind.HALTED if index is None else Kind.WITHHOLD
        said: dict[str, Json] = {"tenant": row.tenant, "stage": stage, "reason": reason}
        receipt = await self._append(self._bare(kind, row.id, index or 0, attempt, said))
        await self.projection.close(row, index, reason, harm)
        return receipt

    async def end(self, row: SubmissionRow, hold: Hold, reason: str) -> Receipt:
        """End what is held, for good.

        Raises:
            AuditError: it is not durable.
        """
        harm = str(hold.facts.get("code", ""))
        return await self.close(row, hold.stage, hold.index, reason, hold.attempt, harm)

    async def withdraw(
        self, row: SubmissionRow, index: int, attempt: int, code: HarmCode | None
    ) -> Receipt:
        """Withhold a picture that was released, because a person saw what machines had not.

        `code` is what they saw in it; None for another of its batch.

        Raises:
            AuditError: it is not durable.
        """
        reason = "sibling" if code is None else "blind_check"
        said: dict[str, Json] = {"tenant": row.tenant, "stage": Stage.EXAMINE, "reason": reason}
        said |= {} if code is None else {"code": code}
        receipt = await self._append(self._bare(Kind.WITHHOLD, row.id, index, attempt, said))
        await self.projection.close(row, index, reason, "" if code is None else code.value)
        return receipt

    def _bare(
        self, kind: Kind, submission: UUID, sample: int, attempt: int, said: dict[str, Json]
    ) -> Entry:
        """Return the entry that ends what nobody judged at this look."""
        public = {"submission": str(submission), "sample": sample, "attempt": attempt, **said}
        return Entry(entry_id(submission, kind, sample, attempt), kind, self.now(), public)

    async def _append(self, entry: Entry) -> Receipt:
        await self.gathering.join()
        try:
            receipt = await self.log.append(entry)
        except AuditError:
            self.metrics.audit_failures.inc()
            raise
        self.metrics.audit_appends.inc()
        action, stage = entry.public.get("action"), _STAGES.get(entry.kind)
        if action is not None and stage is not None:
            self.metrics.decisions.labels(stage, action).inc()
        return receipt

    def _entries(self, submission: Submission, outcome: Outcome) -> Sequence[Entry]:
        match outcome:
            case Screened(judged=judged):
                return [self._entry(submission, Kind.ADMIT, judged, self._work(submission))]
            case Generated(milliseconds=milliseconds):
                return [self._generated(submission, outcome, milliseconds)]
            case Examined(outcomes=outcomes):
                seen = [self._examined(submission, each) for each in outcomes]
                after = [
                    self._entries(submission, each)[0]
                    for each in outcomes
                    if not isinstance(each, Cleared)
                ]
                return [*seen, *after]
            case Held(judged=judged, index=index):
                held: dict[str, Json] = {
                    "stage": outcome.stage,
                    "cause": outcome.cause,
                    "expires_at": write_time(outcome.expires_at),
                }
                # A request and a picture of it may both be held: it stands after the last of them.
                place = submission.work.samples if index is None else index
                return [self._entry(submission, Kind.HELD, judged, held | _reason(outcome), place)]
            case Halted(judged=judged, index=index):
                kind = Kind.HALTED if index is None else Kind.WITHHOLD
                public = _reason(outcome) | {"stage": outcome.stage}
                return [self._entry(submission, kind, judged, public, index or 0)]
            case Released(pictures=pictures, withheld=withheld):
                return [
                    self._entry(
                        submission,
                        Kind.RELEASE,
                        None,
                        {
                            "withheld": withheld,
                            "bytes": len(picture.data),
                            "marked": picture.sha256 != picture.sealed.sha256,
                            **({"mark": picture.mark} if picture.mark else {}),
                        },
                        picture.sealed.index,
                        {"examined_sha256": picture.sealed.sha256, "sha256": picture.sha256},
                    )
                    for picture in pictures
                ]

    def _withdrawn(self, submission: Submission, index: int) -> Entry:
        """Withhold what was held, or released, before another picture of its batch tainted it."""
        public: dict[str, Json] = {"stage": Stage.EXAMINE, "reason": "sibling"}
        return self._entry(submission, Kind.WITHHOLD, None, public, index)

    def _lost(self, submission: Submission, index: int) -> Entry:
        """Withhold what was paid for and could not be sealed.

        It says nothing of policy and banks, which may be others when a recovery is repeated.
        """
        tenant, attempt = submission.subject.tenant, submission.attempt
        said: dict[str, Json] = {"tenant": tenant, "stage": Stage.GENERATE, "reason": LOST}
        return self._bare(Kind.WITHHOLD, submission.id, index, attempt, said)

    def _examined(self, submission: Submission, outcome: Cleared | Held | Halted) -> Entry:
        index = outcome.picture.index if isinstance(outcome, Cleared) else outcome.index
        return self._entry(
            submission, Kind.EXAMINED, outcome.judged, {"automated": True}, index or 0
        )

    def _generated(self, submission: Submission, outcome: Generated, milliseconds: int) -> Entry:
        return self._entry(
            submission,
            Kind.GENERATED,
            None,
            {"samples": len(outcome.pictures), "duration_us": milliseconds * 1000},
            personal={f"sha256_{picture.index}": picture.sha256 for picture in outcome.pictures},
        )

    def _work(self, submission: Submission) -> dict[str, Json]:
        work = submission.work
        return {
            "model": work.model,
            "samples": work.samples,
            "width": work.width,
            "height": work.height,
            "tier": submission.subject.tier,
            "received_at": write_time(submission.received_at),
        }

    def _entry(
        self,
        submission: Submission,
        kind: Kind,
        judged: Judged | None,
        public: dict[str, Json],
        sample: int = 0,
        personal: dict[str, str | bytes] | None = None,
    ) -> Entry:
        subject = submission.subject
        who = {
            "subject": subject.pseudonym,
            "age_claim": subject.age_claim,
            "territory": subject.territory,
            "request_sha256": submission.body_sha256,
        }
        return Entry(
            entry_id(submission.id, kind, sample, submission.attempt),
            kind,
            self.now(),
            {
                "submission": str(submission.id),
                "sample": sample,
                "attempt": submission.attempt,
                "tenant": subject.tenant,
                "policy_digest": submission.policy.digest,
                **self.versions(),
                **(_decided(judged) if judged else {}),
                **public,
            },
            {**{name: value for name, value in who.items() if value}, **(personal or {})},
            {**detail_of(judged, subject), **_added(submission)} if judged else {},
        )


def _count(outcome: Outcome, written: int) -> int:
    """How many of the receipts are for the outcome itself: the others follow from it."""
    return len(outcome.outcomes) if isinstance(outcome, Examined) else written


def _reason(outcome: Held | Halted) -> dict[str, Json]:
    return {"reason": outcome.reason} if outcome.reason else {}


def _decided(judged: Judged) -> dict[str, Json]:
    return {
        "action": judged.decision.action,
        "code": judged.decision.code,
        "duration_us": judged.milliseconds * 1000,
    }


def detail_of(judged: Judged, subject: Subject) -> dict[str, Json]:
    """Return all that was judged, the request's part too: an entry explains itself.

    And what the policy knew of who asked: without it nobody could decide again.
    """
    facts = subject.facts
    return {
        "findings": [_finding(finding) for finding in judged.findings],
        "verdicts": [_verdict(verdict) for verdict in judged.decision.verdicts],
        "missing": sorted(map(str, judged.decision.missing)),
        "disagreed": [asdict(each) for each in disagreements(judged.findings)],
        "took_us": dict(judged.took),
        "facts": {"tier_adult": facts.tier_adult, "age_claim": facts.age_claim},
    }


def _added(submission: Submission) -> dict[str, Json]:
    """Return what was added to the texts that came: the rest of them its user wrote."""
    added = submission.work.added
    if added == NOTHING:
        return {}
    return {"added": {"prompt": added.prompt, "negative_prompt": added.negative}}


def _finding(finding: Finding) -> dict[str, Json]:
    where = finding.where
    place = (
        f"{where.path}{list(where.span) if where.span else ''}"
        if isinstance(where, Field)
        else f"{where.carrier}/{where.index}{list(where.box) if where.box else ''}"
    )
    said: dict[str, Json] = (
        {"score": finding.score, "evidence": finding.evidence}
        if isinstance(finding, Signal)
        else {"unavailable": finding.reason}
    )
    return {"name": finding.name, "where": place, "source": finding.source, **said}


def _verdict(verdict: Verdict) -> dict[str, Json]:
    return {
        "rule": verdict.rule,
        "layer": verdict.layer,
        "action": verdict.action,
        "code": verdict.code,
        "truth": verdict.truth.name.lower(),
        "shadow": verdict.shadow,
    }
