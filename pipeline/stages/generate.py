"""Generate: the one call that is paid for, and its pictures sealed before anybody looks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from classifiers import canonical, mask
from classifiers.content import Purpose
from pipeline.engines.engine import Engine
from pipeline.errors import VaultError
from pipeline.items import (
    Contents,
    Generated,
    Halted,
    PublicCode,
    Recorded,
    Screened,
    Sealed,
    Stage,
    Submission,
)
from pipeline.judge import Judge
from pipeline.novelai.archive import Picture
from pipeline.novelai.errors import (
    NoAccountError,
    UpstreamAbandonedError,
    UpstreamBusyError,
    UpstreamError,
    UpstreamObjectedError,
    UpstreamUnreachableError,
)
from pipeline.novelai.request import Place
from pipeline.vault import Vault

SICK_RETRY_SECONDS = 30
UNPAID = (
    UpstreamAbandonedError,
    UpstreamBusyError,
    UpstreamUnreachableError,
    NoAccountError,
)
"""What went wrong before anything was sent."""


@dataclass(frozen=True, slots=True)
class Generate:
    """Sends an approved request upstream, once, and seals what comes back."""

    engine: Engine
    judge: Judge
    vault: Vault
    missed: Callable[[Submission, UpstreamObjectedError], Awaitable[None]]
    """Is told what NovelAI objected to although it was approved here."""
    stage: Stage = Stage.GENERATE

    async def __call__(self, item: Recorded[Screened], /) -> Generated | Halted:
        """Return the sealed pictures, or say why there are none."""
        started = perf_counter()
        submission = item.outcome.submission
        try:
            images: Mapping[Place, bytes] = {}
            if submission.contents.pictures:
                images = await self.judge.run(lambda: _images(submission.contents))
            answer = await self.engine.generate(
                submission.work,
                images,
                item.outcome.begin,
                submission.subject.tenant,
                is_job=submission.is_job,
            )
        except UpstreamError as fault:
            if isinstance(fault, UpstreamObjectedError):
                await self.missed(submission, fault)
            return _halted(submission.id, fault)
        sealed = await self._seal_all(submission.id, answer.pictures)
        lost = {*range(submission.work.samples)} - {each.index for each in sealed}
        milliseconds = round((perf_counter() - started) * 1000)
        return Generated(item.outcome, sealed, milliseconds, lost=tuple(sorted(lost)))

    async def _seal_all(self, submission: UUID, pictures: Sequence[Picture]) -> tuple[Sealed, ...]:
        """Seal what can be sealed: a disk that is full after the first loses no more than it must.

        Raises:
            VaultError: it is none of them.
        """
        if len(pictures) == 1:
            return (await self._seal(submission, pictures[0]),)
        done = await asyncio.gather(
            *(self._seal(submission, picture) for picture in pictures), return_exceptions=True
        )
        sealed = tuple(each for each in done if isinstance(each, Sealed))
        for fault in done:
            if isinstance(fault, BaseException) and not (sealed and isinstance(fault, VaultError)):
                raise fault
        return sealed

    async def _seal(self, submission: UUID, picture: Picture) -> Sealed:
        name = picture_name(picture.index)
        vault_id = await self.vault.put(picture.data, submission, name)
        return Sealed(vault_id, picture.index, picture.sha256)


def picture_name(index: int) -> str:
    """Return the name under which a sample is sealed; it finds the picture again after a crash."""
    return f"picture-{index}"


def _images(contents: Contents) -> Mapping[Place, bytes]:
    """Write the pictures that were judged anew: nothing that came with them is forwarded.

    Of a mask that is black and white: nothing can hide in its levels.
    """
    return {
        (picture.carrier, picture.index): mask.one_bit(picture)
        if picture.purpose is Purpose.MASK
        else canonical.stripped(picture)
        for picture in contents.pictures
    }


def _halted(submission: UUID, fault: UpstreamError) -> Halted:
    """Say what became of the call. Only what was surely not paid invites the client to repeat."""
    unpaid = isinstance(fault, UNPAID)
    code = PublicCode.TEMPORARILY_UNAVAILABLE if unpaid else PublicCode.UPSTREAM_REFUSED
    wait = fault.retry_after_seconds if isinstance(fault, UpstreamBusyError) else SICK_RETRY_SECONDS
    return Halted(
        submission,
        Stage.GENERATE,
        code,
        None,
        fault.reason,
        retry_after_seconds=wait if unpaid else None,
    )
