"""Release: what was cleared is opened with the receipt of its examination, and marked.

There is no other door: whoever gives a picture out takes what `open` made of it. What it was made
from is kept first, for when it comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from audit.entry import Receipt
from pipeline.items import (
    Cleared,
    Examined,
    Marked,
    Operation,
    Recorded,
    Released,
    ReleasedMetadata,
    Sealed,
    Stage,
)
from pipeline.lineage import Lineage
from pipeline.marking.leaving import leaving
from pipeline.tenancy import Tenancy
from pipeline.vault import Vault

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
"""How pictures begin; an encoding, which begins otherwise, holds no texts."""


@dataclass(frozen=True, slots=True)
class Release:
    """Opens the cleared pictures of a batch. What it returns leaves only once it is recorded."""

    vault: Vault
    lineage: Lineage
    tenancy: Tenancy
    """Says for each tenant what of NovelAI's texts (the prompt among them) leaves."""
    sign: Callable[[bytes], bytes] | None = None
    """Signs the file that leaves, if the operator has a certificate for that."""
    stage: Stage = Stage.RELEASE

    async def __call__(self, item: Recorded[Examined], /) -> Released:
        """Return the cleared pictures, each opened with the receipt of its own examination."""
        examined = item.outcome
        submission = examined.generated.screened.submission
        pictures: list[Marked] = []
        for outcome, receipt in zip(examined.outcomes, item.receipts, strict=True):
            if isinstance(outcome, Cleared):
                leaves = await self.open(outcome.picture, receipt, submission.subject.tenant)
                if submission.work.operation is not Operation.ENCODE_VIBE:  # Mint kept it
                    await self.lineage.keep(submission, leaves.data, outcome.judged.findings)
                pictures.append(leaves)
        withheld = len(examined.outcomes) + len(examined.generated.lost) - len(pictures)
        return Released(submission, tuple(pictures), withheld)

    async def open(self, picture: Sealed, examined: Receipt, tenant: str) -> Marked:
        """Open one picture as it leaves for `tenant`.

        Raises:
            VaultError: the receipt is not that of its examination, or the object does not open.
            MarkingError: it cannot be marked, or is not the same picture afterwards.
            StoreError, TimeoutError: what is to become of its texts cannot be told, or not in time.
        """
        metadata = await self.tenancy.metadata_of(tenant)
        return await self.lineage.run(lambda: self._opened(picture, examined, metadata))

    def _opened(self, picture: Sealed, examined: Receipt, metadata: ReleasedMetadata) -> Marked:
        data = self.vault.unseal(picture, examined)
        if not data.startswith(_PICTURES):  # an encoding
            return Marked(picture, data, picture.sha256)
        leaves = leaving(data, metadata, self.sign)
        return Marked(picture, leaves.data, sha256(leaves.data).hexdigest(), leaves.mark)
