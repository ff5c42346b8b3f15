"""Prepare: everything that a request brings along is read once, before anybody judges it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from classifiers.content import Image, Prompt, of_tenant
from classifiers.signals import Finding
from pipeline.encodings import Mintage, evidence
from pipeline.items import Contents, Encoding, Work
from pipeline.judge import Judge
from pipeline.lineage import Lineage
from pipeline.novelai import encodings


@dataclass(frozen=True, slots=True)
class Prepare:
    """Reads texts and pictures, and where the pictures come from if that was here."""

    judge: Judge
    lineage: Lineage
    mintage: Mintage
    check: Callable[[str, Work], None]
    """Raises RequestRefusedError unless an engine may be asked for what is named."""

    async def work(self, tenant: str, work: Work) -> Contents:
        """Return all that is to be looked at of a request.

        Raises:
            RequestRefusedError: an encoding in it was not made here for this tenant and model, or
                what it names is on no engine's list.
            UnreadableError, StoreError, TimeoutError: as for its texts and pictures.
        """
        self.check(tenant, work)
        vouched = [await self._vouched(tenant, each, work.model) for each in work.encodings]
        contents = await self(tenant, work.prompt, work.images)
        told = tuple(finding for found in vouched for finding in found)
        return replace(contents, evidence=(*contents.evidence, *told))

    async def _vouched(self, tenant: str, encoding: Encoding, model: str) -> tuple[Finding, ...]:
        """Return what was seen in the picture of an encoding."""
        minted = await self.mintage.minted(tenant, encoding)
        if not minted:
            raise encodings.not_minted(encoding)
        encodings.check_model(encoding, frozenset(each.model for each in minted), model)
        return evidence(encoding, minted)

    async def __call__(self, tenant: str, prompt: Prompt, images: Sequence[Image]) -> Contents:
        """Return all that is to be looked at.

        Raises:
            UnreadableError: an image is not one, or is beyond the limits: the caller's bad input.
            StoreError: where a picture comes from cannot be told now.
            TimeoutError: as `Judge.prepare`.
        """
        prompt = replace(prompt, tenant=tenant)
        contents = await self.judge.prepare(prompt, of_tenant(images, tenant))
        evidence = await self.lineage.evidence(tenant, contents.pictures)
        return replace(contents, evidence=evidence)
