"""The path of a request: the stages in their order, and the seam between them.

    Screen > Generate > Examine > Release,  and for encodings  Screen > Generate > Mint > Release

The seam writes down what a stage did before anyone may use the result. A fault in a stage is an
outcome: before the paid call it halts, after it it holds, so that nothing paid for is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb
from typing import TypeVar

import structlog

from pipeline.errors import StoreError
from pipeline.items import (
    Cause,
    Cleared,
    Examined,
    Generated,
    Halted,
    Held,
    Judged,
    Operation,
    PublicCode,
    Recorded,
    Released,
    Screened,
    Sealed,
    Stage,
    Submission,
    again,
)
from pipeline.novelai.price import where_included
from pipeline.record import Outcome, Record
from pipeline.stages.stage import Step
from pipeline.telemetry import Metrics

In = TypeVar("In")
_say = structlog.get_logger("flow")
Out = TypeVar("Out", bound=Outcome)
Fault = TypeVar("Fault", bound=Outcome)

KILL_SWITCH = "kill_switch"
"""Why something went no further that the operator has halted."""

SUSPECTED = "subject_suspected"
"""Why a job is held whose end user got pictures of the worst kind for another request."""

End = Recorded[Released | Examined | Held | Halted]
"""How a request ends here: with pictures, with none of them cleared, held, or halted."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Takes a request along the path."""

    screen: Step[Submission, Screened | Held | Halted]
    generate: Step[Recorded[Screened], Generated | Halted]
    examine: Step[Recorded[Generated], Examined]
    mint: Step[Recorded[Generated], Examined]
    """Stands in the place of `examine` for encodings, which nobody can look into."""
    release: Step[Recorded[Examined], Released]
    record: Record
    metrics: Metrics
    now: Callable[[], datetime]
    hold_for: timedelta
    halted: Callable[[Submission], bool]
    """Whether the kill switch stops it now."""

    async def run(self, submission: Submission, gone: Callable[[], bool]) -> End:
        """Take a submission to its end. `gone` says whether its client has left.

        Raises:
            AuditError: the log could not be written. Nothing leaves; the log says how far it came.
        """
        taken = await self._take(self.screen, submission, submission, _halted)
        if isinstance(taken.outcome, Screened):
            return await self.approved(Recorded(taken.outcome, taken.receipts), gone)
        return Recorded(taken.outcome, taken.receipts)

    async def suspected(self, submission: Submission) -> End:
        """Hold a request of whom another request's pictures were of the worst: a person looks."""
        until = self.now() + self.hold_for
        stage, cause, sealed = Stage.SCREEN, Cause.SUSPICION, submission.vault_id
        held = Held(submission.id, stage, cause, None, sealed, until, None, SUSPECTED)
        return Recorded(held, await self.record.write(submission, held))

    async def approved(self, screened: Recorded[Screened], gone: Callable[[], bool]) -> End:
        """Go on from a request that may be sent upstream, unless nobody waits for it any more.

        Raises:
            AuditError, StoreError: it cannot be noted, or somebody else carries it. Nothing was
                sent, and it goes on or is closed from where it stood.
        """
        submission = screened.outcome.submission
        begun = False

        def why_not() -> str:
            return KILL_SWITCH if self.halted(submission) else "client_left" if gone() else ""

        async def begin(account: str) -> str:
            nonlocal begun
            reason = why_not()
            if not reason:
                included = where_included(submission.work)
                await self.record.calling(submission, account, included, again=begun)
                begun = True
            return reason

        def stopped(_: Submission, stage: Stage, fault: Exception) -> Halted:
            if isinstance(fault, StoreError) and not begun:
                raise fault  # it stays what it was: nothing of it was sent
            return _halted(submission, stage, fault, called=begun)

        if reason := why_not():
            halted = _stopped(submission, screened.outcome.judged, reason)
            return Recorded(halted, await self.record.write(submission, halted))
        waits = replace(screened, outcome=replace(screened.outcome, begin=begin))
        taken = await self._take(self.generate, waits, submission, stopped)
        if isinstance(taken.outcome, Generated):
            return await self.returned(Recorded(taken.outcome, taken.receipts))
        return Recorded(taken.outcome, taken.receipts)

    async def returned(self, generated: Recorded[Generated]) -> End:
        """Go on from pictures that came back. A fault from here on holds: they are paid for."""
        submission = generated.outcome.screened.submission

        def wait(_: Submission, __: Stage, fault: Exception) -> Examined:
            return self._waiting(generated.outcome, _reason(fault))

        encodes = submission.work.operation is Operation.ENCODE_VIBE
        step = self.mint if encodes else self.examine
        return await self.examined(await self._take(step, generated, submission, wait))

    async def examined(self, examined: Recorded[Examined]) -> End:
        """Go on from pictures that were judged: release those that are cleared."""
        outcome = examined.outcome
        if not any(isinstance(each, Cleared) for each in outcome.outcomes):
            return examined
        submission = outcome.generated.screened.submission

        def wait(reason: str) -> Examined:
            left = tuple(each.picture for each in outcome.outcomes if isinstance(each, Cleared))
            return self._waiting(replace(again(outcome.generated), pictures=left), reason)

        if self.halted(submission):
            held = wait(KILL_SWITCH)
            return Recorded(held, await self.record.write(submission, held))
        return await self._take(
            self.release, examined, submission, lambda _, __, fault: wait(_reason(fault))
        )

    async def _take(
        self,
        step: Step[In, Out],
        item: In,
        submission: Submission,
        faulted: Callable[[Submission, Stage, Exception], Fault],
    ) -> Recorded[Out | Fault]:
        """Run a step, and write down what it did before anyone may use the result."""
        outcome: Out | Fault
        try:
            with self.metrics.stage_seconds.labels(step.stage).time():
                outcome = await step(item)
        except Exception as fault:  # noqa: BLE001 - one of two: a fault of a stage is an outcome
            _say.error("fault", stage=step.stage, kind=type(fault).__name__, at=_place(fault))
            outcome = faulted(submission, step.stage, fault)
        receipts = await self.record.write(submission, outcome)
        return Recorded(outcome, receipts)

    def _waiting(self, generated: Generated, reason: str) -> Examined:
        """Hold pictures on which nobody has decided, or that were about to leave."""
        held = tuple(self._held(generated, picture, reason) for picture in generated.pictures)
        return Examined(generated, held)

    def _held(self, generated: Generated, picture: Sealed, reason: str) -> Held:
        return Held(
            generated.screened.submission.id,
            Stage.EXAMINE,
            Cause.INCAPACITY,
            picture.index,
            picture.vault_id,
            generated.held_until or self.now() + self.hold_for,
            None,
            reason,
        )


def _reason(fault: Exception) -> str:
    return f"fault_{type(fault).__name__}"


def _place(fault: Exception) -> str:
    """Say where a fault was raised: a file and a line, and nothing that it holds."""
    last = extract_tb(fault.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _stopped(submission: Submission, judged: Judged, reason: str) -> Halted:
    unavailable = PublicCode.TEMPORARILY_UNAVAILABLE
    return Halted(submission.id, Stage.GENERATE, unavailable, judged, reason)


def _halted(
    submission: Submission, stage: Stage, fault: Exception, *, called: bool = False
) -> Halted:
    """Stop a submission. From the paid call on nobody is invited to repeat it: it may be paid."""
    return Halted(
        submission.id,
        stage,
        PublicCode.UPSTREAM_REFUSED if called else PublicCode.TEMPORARILY_UNAVAILABLE,
        None,
        _reason(fault),
    )
