"""Screen: every text and every image of a request is judged before NovelAI sees any of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.items import (
    Cause,
    Halted,
    Held,
    PublicCode,
    Screened,
    Stage,
    Submission,
    public_code,
)
from pipeline.judge import Judge
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
    stage: Stage = Stage.SCREEN

    async def __call__(self, item: Submission, /) -> Screened | Held | Halted:
        """Return the request as screened, hold it for a person, or refuse it."""
        judged = await self.judge.judge(
            item.contents, item.policy, Moment.REQUEST, item.subject.facts
        )
        decision = judged.decision
        if decision.allows:
            sick = lacking(decision.needed, self.judge.healthy())
            if not sick:
                return Screened(item, judged)
            return Halted(
                item.id,
                self.stage,
                PublicCode.TEMPORARILY_UNAVAILABLE,
                judged,
                reason="detector_sick",
                retry_after_seconds=SICK_RETRY_SECONDS,
            )
        if decision.action is Action.HOLD and not decision.was_seen:  # nobody could approve it
            return Halted(
                item.id,
                self.stage,
                PublicCode.TEMPORARILY_UNAVAILABLE,
                judged,
                reason="could_not_look",
                retry_after_seconds=SICK_RETRY_SECONDS,
            )
        if decision.action is Action.HOLD:
            return Held(
                item.id,
                self.stage,
                Cause.SUSPICION,
                None,
                item.vault_id,
                self.now() + self.hold_for,
                judged,
            )
        return Halted(item.id, self.stage, public_code(decision), judged, reason="refused")
