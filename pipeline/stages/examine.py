"""Examine: every picture that came back is judged, together with what its request carried."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from classifiers import canonical, normalise
from classifiers.content import Image, Prompt, Purpose
from classifiers.errors import UnreadableError
from classifiers.signals import Finding, Picture, Reason, Signal, SignalName, Unavailable
from pipeline.gathering import all_of
from pipeline.items import (
    Cause,
    Cleared,
    Contents,
    Examined,
    Generated,
    Halted,
    Held,
    Judged,
    PublicCode,
    Recorded,
    Sealed,
    Stage,
    Submission,
    may_go_on,
    public_code,
    taints,
)
from pipeline.judge import Judge
from pipeline.novelai import marks
from pipeline.novelai.marks import Marks, PromptMark, SignatureMark
from pipeline.stages.approval import carried, covering
from pipeline.vault import Vault
from policies.decision import Action
from policies.policy import Moment

MARKS = "novelai_marks@1"


@dataclass(frozen=True, slots=True)
class Examine:
    """Judges the pictures of a batch, each alone, unless one of them taints all."""

    judge: Judge
    vault: Vault
    verify_key: Ed25519PublicKey
    now: Callable[[], datetime]
    hold_for: timedelta
    stage: Stage = Stage.EXAMINE

    async def __call__(self, item: Recorded[Generated], /) -> Examined:
        """Return every picture with its own outcome, in its own place."""
        generated = item.outcome
        outcomes = await all_of([self._one(generated, each) for each in generated.pictures])
        return Examined(generated, _inherit(generated.screened.submission.id, outcomes))

    async def _one(self, generated: Generated, picture: Sealed) -> Cleared | Held | Halted:
        submission = generated.screened.submission
        try:
            judged, right_size = await self.judge.read_and_judge(
                lambda: self._read(submission, picture),
                submission.policy,
                Moment.OUTPUT,
                submission.subject.facts,
                generated.screened.judged.findings,
            )
        except UnreadableError:
            return self._held(generated, picture, Cause.SUSPICION, None, "picture_unreadable")
        decision = judged.decision
        if not decision.allows and decision.action is not Action.HOLD:
            return Halted(
                submission.id, self.stage, public_code(decision), judged, "refused", picture.index
            )
        if not right_size and generated.approval is None:
            return self._held(generated, picture, Cause.SUSPICION, judged, "picture_of_other_size")
        screened = generated.screened
        ruling = covering(decision, generated.approval) or carried(
            judged, screened.judged, screened.ruling
        )
        if may_go_on(decision, ruling):
            return Cleared(picture, judged, ruling)
        cause = Cause.INCAPACITY if decision.incapable else Cause.SUSPICION
        return self._held(generated, picture, cause, judged, "")

    def _read(self, submission: Submission, sealed: Sealed) -> tuple[Contents, bool]:
        """Decode a picture once, and read the marks in it and the texts that nobody approved.

        Also tells whether it is as large as was asked for.
        """
        data, tenant = self.vault.read(sealed.vault_id), submission.subject.tenant
        picture = canonical.read(Image("output", sealed.index, Purpose.OUTPUT, data, tenant))
        prompt = submission.work.prompt
        found = marks.read(picture, submission.work, self.verify_key)
        reading = normalise.read(Prompt(found.texts, prompt.grammar, tenant))
        evidence = _findings(found, sealed.index)
        return Contents(reading, (picture,), evidence=evidence), found.right_size

    def _held(
        self,
        generated: Generated,
        picture: Sealed,
        cause: Cause,
        judged: Judged | None,
        reason: str,
    ) -> Held:
        return Held(
            generated.screened.submission.id,
            self.stage,
            cause,
            picture.index,
            picture.vault_id,
            generated.held_until or self.now() + self.hold_for,
            judged,
            reason,
        )


def _findings(found: Marks, index: int) -> tuple[Finding, ...]:
    """Say what a picture's own marks mean; a mark that is not there is no answer."""
    where = Picture("output", index)
    signature = {SignatureMark.VALID: 0.0, SignatureMark.INVALID: 1.0}.get(found.signature)
    prompt = {PromptMark.MATCHES: 0.0, PromptMark.DIFFERS: 1.0}.get(found.prompt)
    said = ((SignalName.IMAGE_MARK_ALTERED, signature), (SignalName.IMAGE_MARK_FOREIGN, prompt))
    return tuple(
        Unavailable(name, where, MARKS, Reason.NOT_ASSESSED)
        if score is None
        else Signal(name, score, where, MARKS)
        for name, score in said
    )


def _inherit(
    submission: UUID, outcomes: Sequence[Cleared | Held | Halted]
) -> tuple[Cleared | Held | Halted, ...]:
    """Halt the whole batch if one of its pictures shows what taints its siblings."""
    if not any(map(taints, outcomes)):
        return tuple(outcomes)
    return tuple(
        outcome
        if isinstance(outcome, Halted)
        else Halted(
            submission,
            Stage.EXAMINE,
            PublicCode.CONTENT_NOT_ALLOWED,
            outcome.judged,
            "sibling",
            outcome.picture.index if isinstance(outcome, Cleared) else outcome.index,
        )
        for outcome in outcomes
    )
