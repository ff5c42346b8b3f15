"""Screen: every text and every image of a request is judged before NovelAI sees any of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from classifiers.signals import Finding, Reason, Unavailable
from pipeline.items import (
    Cause,
    Halted,
    Held,
    Judged,
    PublicCode,
    Screened,
    Stage,
    Submission,
    public_code,
)
from pipeline.judge import Judge
from pipeline.repeats import TAINTED
from policies.decision import Action
from policies.policy import Moment
from policies.requirement import lacking

SICK_RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Screen:
    """Judges a request. What this installation cannot judge is refused before it is paid for."""

    judge: Judge
    now: Callable[[], datetime]
    hold_for: timedelta
    repeats: Callable[[Submission], Awaitable[bool]]
    """Whether a request nearly repeats one whose pictures showed the worst."""
    stage: Stage = Stage.SCREEN

    async def __call__(self, item: Submission, /) -> Screened | Held | Halted:
        """Return the request as screened, hold it for a person, or refuse it."""
        judged = await self.judge.judge(
            item.contents, item.policy, Moment.REQUEST, item.subject.facts
        )
        decision = judged.decision
        if decision.allows:
            sick = lacking(decision.needed, self.judge.healthy())
            if sick:
                return self._later(item, judged, "detector_sick")
            if await self.repeats(item):
                return self._held(item, judged, Cause.SUSPICION, TAINTED)
            return Screened(item, judged)
        if decision.action is not Action.HOLD:
            return Halted(item.id, self.stage, public_code(decision), judged, reason="refused")
        if could_not_look(judged):
            return self._later(item, judged, "could_not_look")
        cause = Cause.SUSPICION if decision.was_seen else Cause.INCAPACITY
        return self._held(item, judged, cause, "")

    def _held(self, item: Submission, judged: Judged, cause: Cause, reason: str) -> Held:
        until = self.now() + self.hold_for
        return Held(item.id, self.stage, cause, None, item.vault_id, until, judged, reason)

    def _later(self, item: Submission, judged: Judged, reason: str) -> Halted:
        """Refuse for now: nobody has paid, and the same request may pass when all are well."""
        return Halted(
            item.id,
            self.stage,
            PublicCode.TEMPORARILY_UNAVAILABLE,
            judged,
            reason=reason,
            retry_after_seconds=SICK_RETRY_SECONDS,
        )


def could_not_look(judged: Judged) -> bool:
    """Whether what stops it is that nobody could look just now, for a reason of ours."""
    return not judged.decision.was_seen and any(map(_will_pass, judged.findings))


def _will_pass(finding: Finding) -> bool:
    """Whether nobody could look for a reason of ours, not of the content's."""
    passing = {Reason.FAILED, Reason.TIMED_OUT}
    return isinstance(finding, Unavailable) and finding.reason in passing
