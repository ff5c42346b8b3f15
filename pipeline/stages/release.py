"""Release: what was cleared is opened with the receipt of its examination, as it will leave.

What it was made from is kept first, for when it comes back.
"""

from dataclasses import dataclass
from hashlib import sha256

from audit.entry import Receipt
from classifiers.container.take_apart import take_apart
from pipeline.items import (
    Cleared,
    Examined,
    Marked,
    Operation,
    Recorded,
    Released,
    Sealed,
    Stage,
)
from pipeline.lineage import Lineage
from pipeline.vault import Vault

MAX_METADATA_BYTES = 1024 * 1024
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
"""How pictures begin; an encoding, which begins otherwise, holds no texts."""


@dataclass(frozen=True, slots=True)
class Release:
    """Opens the cleared pictures of a batch. What it returns leaves only once it is recorded."""

    vault: Vault
    lineage: Lineage
    strip_text: bool
    """Whether the texts that NovelAI writes into a file (the prompt among them) are taken out."""
    stage: Stage = Stage.RELEASE

    async def __call__(self, item: Recorded[Examined], /) -> Released:
        """Return the cleared pictures, each opened with the receipt of its own examination."""
        examined = item.outcome
        submission = examined.generated.screened.submission
        pictures: list[Marked] = []
        for outcome, receipt in zip(examined.outcomes, item.receipts, strict=True):
            if isinstance(outcome, Cleared):
                leaves = await self.open(outcome.picture, receipt)
                if submission.work.operation is not Operation.ENCODE_VIBE:  # Mint kept it
                    await self.lineage.keep(submission, leaves.data, outcome.judged.findings)
                pictures.append(leaves)
        withheld = len(examined.outcomes) + len(examined.generated.lost) - len(pictures)
        return Released(submission, tuple(pictures), withheld)

    async def open(self, picture: Sealed, examined: Receipt) -> Marked:
        """Open one picture as it leaves.

        Raises:
            VaultError: the receipt is not that of its examination, or the object does not open.
        """
        data = await self.vault.open(picture, examined)
        if not self.strip_text or not data.startswith(_PICTURES):  # the vault held the digest
            return Marked(picture, data, picture.sha256)
        leaves = take_apart(data, MAX_METADATA_BYTES).pixels
        return Marked(picture, leaves, sha256(leaves).hexdigest())
