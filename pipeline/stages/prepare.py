"""Prepare: everything that a request brings along is read once, before anybody judges it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from classifiers.content import Image, Prompt, of_tenant
from pipeline.items import Contents
from pipeline.judge import Judge
from pipeline.lineage import Lineage


@dataclass(frozen=True, slots=True)
class Prepare:
    """Reads texts and pictures, and where the pictures come from if that was here."""

    judge: Judge
    lineage: Lineage

    async def __call__(self, tenant: str, prompt: Prompt, images: Sequence[Image]) -> Contents:
        """Return all that is to be looked at.

        Raises:
            UnreadableError: an image is not one, or is beyond the limits: the caller's bad input.
            StoreError: where a picture comes from cannot be told now.
            TimeoutError: as `Judge.prepare`.
        """
        contents = await self.judge.prepare(prompt, of_tenant(images, tenant))
        evidence = await self.lineage.evidence(tenant, contents.pictures)
        return replace(contents, evidence=evidence)
